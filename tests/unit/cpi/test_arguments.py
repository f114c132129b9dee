# SPDX-License-Identifier: Apache-2.0

import urllib.parse

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.cpi import arguments
from cf_openstack.cpi import errors
from tests.unit.cpi import grammar

SETTINGS = hypothesis.settings(
    max_examples=200, deadline=None, database=None, derandomize=True)
ID = 'aaaaaaaa-0000-4000-8000-000000000001'


@ddt.ddt
class TestIds(base.BaseTestCase):

    @ddt.data(ID, ID.replace('-', ''), 'Some_id', 'a.b', '7')
    def test_good(self, value):
        self.assertEqual(value, arguments.cid('x', value))
        self.assertEqual(value, arguments.image_id('x', value))
        self.assertEqual(value, arguments.image_id('x', f'{value} light'))
        self.assertEqual([value], arguments.cids('x', [value]))

    @ddt.data('', ' ', '.', '..', 'a..b', 'a/b', 'a?b', 'a#b', 'a b', 'a\n',
              f'{ID} light light', ' light', 'light ', f'{ID}  light',
              None, 7, True, [], {}, [ID])
    def test_bad(self, value):
        for check in (arguments.cid, arguments.image_id):
            error = self.assertRaises(
                errors.InvalidCall, check, 'the_name', value)
            self.assertIn("'the_name'", error.message)

    def test_suffix_is_of_stemcells_alone(self):
        self.assertRaises(
            errors.InvalidCall, arguments.cid, 'x', f'{ID} light')

    def test_what_is_taken_addresses_one_object(self):
        @SETTINGS
        @hypothesis.given(
            st.text() | st.text('ab.-/_%2F \n', max_size=8))
        def check(text: str) -> None:
            try:
                cid = arguments.cid('x', text)
            except errors.InvalidCall:
                return
            self.assertEqual(text, urllib.parse.quote(cid, safe=''))
            url = urllib.parse.urljoin('http://h/servers/', f'./{cid}')
            self.assertEqual(f'http://h/servers/{cid}', url)

        check()


class TestTypes(base.BaseTestCase):

    def test_null_is_empty(self):
        self.assertEqual({}, arguments.hash_('x', None))
        self.assertEqual([], arguments.cids('x', None))

    def test_anything(self):
        @SETTINGS
        @hypothesis.given(grammar.ANY_JSON)
        def check(value: object) -> None:
            for function, kinds in (
                    (arguments.string, str), (arguments.hash_, dict),
                    (arguments.cids, list), (arguments.cid, str)):
                try:
                    self.assertIsInstance(function('a_name', value), kinds)
                except errors.InvalidCall as exc:
                    self.assertIn("'a_name'", exc.message)
                    self.assertIn('got: ', exc.message)
                    self.assertLess(len(exc.message), 1000)

        check()
