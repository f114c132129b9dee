# SPDX-License-Identifier: Apache-2.0

import ddt
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.cpi import schema

SCHEMA = schema.Schema({
    'flag': schema.BOOLEAN,
    'count': schema.POSITIVE,
    'seconds': schema.NUMBER,
    'name': schema.STRING,
    'names': schema.STRINGS,
    'rest': schema.ANYTHING,
    'nested': schema.HASH,
    'items': schema.ARRAY,
    'colour': ('red', 'green'),
}, dead=('old',), prefix='outer.')


@ddt.ddt
class TestSchema(base.BaseTestCase):

    @ddt.data(
        ('flag', 1, 'a Boolean, got: Integer'),
        ('flag', 'true', 'a Boolean, got: String'),
        ('count', 0, 'a positive Integer, got: Integer 0'),
        ('count', 1.5, 'a positive Integer, got: Float 1.5'),
        ('count', True, 'a positive Integer, got: Boolean'),
        ('seconds', '7', 'a positive number, got: String'),
        ('seconds', -1, 'a positive number, got: Integer -1'),
        ('seconds', float('inf'), 'a positive number, got: Float inf'),
        ('name', {}, 'a String, got: Hash'),
        ('names', 'a', 'an Array of Strings, got: String'),
        ('names', ['a', 7],
         'an Array of Strings, got: Array with other values'),
        ('nested', [], 'a Hash, got: Array'),
        ('items', {}, 'an Array, got: Hash'),
        ('colour', 'blue', "one of red, green, got: 'blue'"),
        ('colour', ['red'], 'one of red, green, got: Array'),
    )
    @ddt.unpack
    def test_wrong(self, key, value, expected):
        self.assertEqual(
            [f"'outer.{key}' must be {expected}"],
            SCHEMA.wrong({key: value}))

    @ddt.data(
        {}, {'flag': None, 'colour': None}, {'flag': False},
        {'count': 1}, {'seconds': 0.5}, {'name': ''}, {'names': []},
        {'names': ['a']}, {'rest': [7]}, {'nested': {}}, {'items': [{}]},
        {'colour': 'green'}, {'colour': ''}, {'old': 7},
    )
    def test_right(self, values):
        self.assertEqual([], SCHEMA.wrong(values))
        self.assertEqual([], SCHEMA.unknown(values))
        SCHEMA.require(values, AssertionError)

    @ddt.data(
        ('nam', "; did you mean 'outer.name'?"),
        ('COLOR', "; did you mean 'outer.colour'?"),
        ('zzz', ''),
        ('', ''),
        (7, ''),
    )
    @ddt.unpack
    def test_unknown(self, key, hint):
        self.assertEqual(
            [f"'outer.{key}' is not known{hint}"],
            SCHEMA.unknown({key: 1, 'name': 'x', 'old': 2}))

    def test_long_key_is_cut(self):
        sentence, = SCHEMA.unknown({'x' * 300000: 1})
        self.assertLess(len(sentence), 200)

    def test_all_mistakes_at_once(self):
        error = self.assertRaises(
            ValueError, SCHEMA.require,
            {'nam': 'x', 'flag': 7, 'items': {}}, ValueError)
        for key in ('nam', 'flag', 'items'):
            self.assertIn(f"'outer.{key}'", str(error))

    def test_values_are_not_quoted(self):
        for value in ('a-password', 987654, ['a-password']):
            for key in set(SCHEMA.kinds) - {'colour', 'count', 'seconds'}:
                found = str(SCHEMA.wrong({key: value}))
                self.assertNotIn('password', found)
                self.assertNotIn('987654', found)

    def test_anything(self):
        json = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats()
            | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(
                st.text(), inner), max_leaves=4)

        @settings(max_examples=100, deadline=None, database=None)
        @given(st.dictionaries(
            st.sampled_from(sorted(SCHEMA.kinds)) | st.text(), json))
        def check(values):
            named = SCHEMA.unknown(values) + SCHEMA.wrong(values)
            for sentence in named:
                assert any(f"'outer.{key}'" in sentence for key in values)

        check()
