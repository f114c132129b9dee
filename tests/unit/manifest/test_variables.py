# SPDX-License-Identifier: Apache-2.0

import copy

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import errors
from cf_openstack.manifest import variables

VALUES = {
    'text': 't', 'number': 5, 'yes': True, 'half': 0.5, 'null': None,
    'list': [1, 2], 'empty': '', 'über': 'ü', '/dir/cf/pw': 'abs',
    'cert': {'ca': 'CA', 'chain': ['a', 'b'], '0': 'zero', 'n': {'m': 1}},
}


@ddt.ddt
class TestInterpolate(base.BaseTestCase):

    @ddt.data(
        # The type of a whole value is kept.
        ('((text))', 't'), ('((number))', 5), ('((yes))', True),
        ('((half))', 0.5), ('((null))', None), ('((list))', [1, 2]),
        ('((!text))', 't'), ('(( number ))', 5), ('(( !number ))', 5),
        ('((über))', 'ü'), ('((/dir/cf/pw))', 'abs'),
        ('((cert.ca))', 'CA'), ('((cert.chain.1))', 'b'),
        ('((cert.0))', 'zero'), ('((cert.n.m))', 1),
        # In a text it is text.
        ('a((text))b', 'atb'), ('((number))((text))', '5t'),
        ('x((!text))', 'xt'), ('http://((cert.ca)):((number))/',
                               'http://CA:5/'),
        ('((text))((text))', 'tt'), ('(((text)))', '(t)'),
        # What is left after another was filled in is a whole value.
        ('((empty))((number))', 5),
        # Only a whole value may have blanks.
        ('a(( text ))', 'a(( text ))'),
        # No variables.
        ('((no))', '((no))'), ('((no)) ((text))', '((no)) t'),
        ('((a b))', '((a b))'), ('((text)', '((text)'), ('(())', '(())'),
        ('((text$))', '((text$))'), ('((  text))', '((  text))'),
        (5, 5), (None, None), (True, True),
    )
    @ddt.unpack
    def test_values(self, text, expected):
        found = variables.interpolate({'a': [text]}, VALUES)['a'][0]
        self.assertEqual(expected, found)
        self.assertIs(type(expected), type(found))

    def test_keys_keep_their_place(self):
        found = variables.interpolate(
            {'a': 1, '((text))': '((number))', 'b((text))': 2}, VALUES)
        self.assertEqual([('a', 1), ('t', 5), ('bt', 2)],
                         list(found.items()))

    @ddt.data(
        ('a((half))', 'half', 'float'), ('a((yes))', 'yes', 'bool'),
        ('a((null))', 'null', 'NoneType'), ('a((list))', 'list', 'list'),
        ('((cert.no))', 'cert.no', 'no key "no"'),
        ('((text.no))', 'text.no', 'no such part'),
        ('((cert.chain.7))', 'cert.chain.7', 'no such part'),
        ({'((list))': 1}, '((list))', 'cannot be a key'),
    )
    @ddt.unpack
    def test_refused(self, doc, name, reason):
        error = self.assertRaises(
            errors.VariableError, variables.interpolate, doc, VALUES)
        self.assertIn('Variable "%s"' % name, str(error))
        self.assertIn(reason, str(error))

    def test_value_is_not_told(self):
        error = self.assertRaises(
            errors.VariableError, variables.interpolate, 'x((a))',
            {'a': ['hunter2']})
        self.assertNotIn('hunter2', str(error))

    def test_parts_given_one_by_one(self):
        values = {'cert.ca': 'CA', 'cert.key.pem': 'K', 'cert': {'x': 1}}
        before = copy.deepcopy(values)
        self.assertEqual(
            ['CA', 'K', {'x': 1, 'ca': 'CA', 'key': {'pem': 'K'}}],
            variables.interpolate(
                ['((cert.ca))', '((cert.key.pem))', '((cert))'], values))
        self.assertEqual(before, values)

    def test_part_of_a_text(self):
        error = self.assertRaises(
            errors.VariableError, variables.interpolate, 'x',
            {'a': 'text', 'a.b': 1})
        self.assertIn('"a" has a value that has no parts', str(error))

    def test_definitions_of_given_variables_are_taken_out(self):
        doc = {'a': '((pw))', 'variables': [
            {'name': 'pw', 'type': 'password'},
            {'name': 'other', 'type': 'password',
             'options': {'length': '((number))'}}, 'odd']}
        self.assertEqual(
            {'a': 'x', 'variables': [
                {'name': 'other', 'type': 'password',
                 'options': {'length': 5}}, 'odd']},
            variables.interpolate(doc, {'pw': 'x', 'number': 5}))

    @ddt.data(
        # What is left of the definitions, and whether pw is filled in.
        ({'name': 'pw', 'options': {'ca': '((no))'}}, False, False),
        ({'name': 'pw', 'options': {'cn': ['*.((no.x)) ((text))']}}, False,
         False),
        ({'name': 'pw', 'options': {'((no))': 1}}, False, False),
        ({'name': 'pw', 'type': '((no))'}, True, True),
        ({'name': 'pw', 'options': {'ca': '((text))'}}, True, True),
        # Only what has no value itself blocks.
        ({'name': 'pw', 'options': {'ca': '((blocked))'}}, True, True),
        # A name that was filled in itself.
        ({'name': '((other))', 'type': 'password'}, True, False),
    )
    @ddt.unpack
    def test_options_that_lack_a_value(self, definition, filled, taken_out):
        blocked = {'name': 'blocked', 'options': {'ca': '((no))'}}
        found = variables.interpolate(
            {'a': '((pw))', 'variables': [definition, blocked]},
            {'pw': 'x', 'text': 't', 'blocked': 1, 'other': 'pw'})
        self.assertEqual('x' if filled else '((pw))', found['a'])
        self.assertEqual(1 if taken_out else 2, len(found['variables']))

    @ddt.data(
        ([{'name': 'a', 'options': '((a))'}], 'refers to itself'),
        ([{'name': 'a', 'options': '((b))'}, {'name': 'b', 'options':
                                              '((a.x))'}], 'refers to itself'),
        ([{'name': 'n%d' % n, 'options': '((n%d))((n%d))' % (n + 1, n + 1)}
          for n in range(5000)] + [{'name': 'a', 'options': '((n0))'}],
         'a chain of more than 100 others'),
        ([{'name': 'a'}, {'name': 'a', 'type': 'password'}],
         'it is defined twice'),
    )
    @ddt.unpack
    def test_definitions_refused(self, definitions, reason):
        error = self.assertRaises(
            errors.VariableError, variables.interpolate,
            {'x': '((a))', 'variables': definitions}, {'a': 1})
        self.assertIn(reason, str(error))

    @ddt.data(
        ({'a': ['((v))'] * 9}, 'more than 1000 characters'),
        ({'((v))%d' % n: 1 for n in range(9)}, 'more than 1000 characters'),
        ({'a': '((v))' * 9}, 'a text becomes too long'),
        ({'a': '((w))' * 150}, 'a text becomes too long'),
        ({'a': [['((list))'] * 9]}, 'more than 99 values'),
        ({'a': [[['((list))']]]}, 'nested too deeply'),
    )
    @ddt.unpack
    def test_too_large_when_filled_in(self, doc, reason):
        error = self.assertRaises(
            errors.DocumentError, variables.interpolate, doc,
            {'v': 'x' * 200, 'w': '((w))', 'list': [1] * 19},
            manifest_bounds.Bounds(1000, 99, 4))
        self.assertIn(reason, str(error))

    def test_names_are_text(self):
        error = self.assertRaises(
            errors.VariableError, variables.interpolate, 'x', {True: 1})
        self.assertIn('its name is not text', str(error))

    def test_a_value_stays_the_callers(self):
        values = {'a': [{'b': 1}]}
        found = variables.interpolate(['((a))', '((a))'], values)
        found[0][0]['b'] = 2
        self.assertEqual([[{'b': 2}], [{'b': 1}]], found)
        self.assertEqual({'a': [{'b': 1}]}, values)

    @hypothesis.given(
        texts=strategies.lists(strategies.text('ab() ', max_size=8),
                               min_size=1, max_size=5),
        names=strategies.lists(strategies.text('abc/-_', min_size=1,
                                               max_size=3), max_size=5))
    @hypothesis.settings(max_examples=60, deadline=None)
    def test_what_is_filled_in_is_not_missing(self, texts, names):
        doc = {'d': [text.join('((%s))' % name for name in names)
                     for text in texts]}
        before = copy.deepcopy(doc)
        found = variables.missing(doc)
        self.assertEqual(doc, variables.interpolate(doc, {}))
        self.assertEqual(set(), variables.missing(variables.interpolate(
            doc, {name: 'x' for name in found})))
        self.assertEqual(before, doc)


class TestMissing(base.BaseTestCase):

    DOC = {'a': ['x((one))y((two.ca))', {'((key))': '(( three ))'}],
           'b': '((!four)) ((/five/six))', 'c': '((', 'variables': [
               {'name': 'one', 'options': {'ca': '((seven))'}}, 5,
               {'type': 'x'}]}

    def test_missing(self):
        self.assertEqual(
            {'one', 'two', 'key', 'three', 'four', '/five/six', 'seven'},
            variables.missing(self.DOC))

    def test_defined(self):
        self.assertEqual({'one'}, variables.defined(self.DOC))
        for doc in ([], None, {'variables': None}, {'variables': {}}):
            self.assertEqual(set(), variables.defined(doc))
