# SPDX-License-Identifier: Apache-2.0

import math

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base
import yaml

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import document
from cf_openstack.manifest import errors

TEXT = strategies.text(max_size=12) | strategies.sampled_from([
    'yes', 'y', 'On', 'null', '~', '1', '0o17', '017', '1e3', '1_000', '.5',
    '12:30:45', '2001-01-01', '=', '<<', '((a))', 'a: b', '- a', '#',
    'line\nline\n', ' lead', 'trail ', '\ttab', '-----BEGIN\nA\n-----END\n'])
SCALARS = (strategies.none() | strategies.booleans() | TEXT
           | strategies.integers(-2 ** 63, 2 ** 64 - 1)
           | strategies.floats(allow_nan=False))
DOCUMENTS = strategies.recursive(
    SCALARS, lambda inner: strategies.lists(inner, max_size=4)
    | strategies.dictionaries(TEXT, inner, max_size=4), max_leaves=15)


@ddt.ddt
class TestLoad(base.BaseTestCase):

    @ddt.data(
        # What go-yaml v2, and so the bosh CLI, makes of plain scalars.
        ('true', True), ('Yes', True), ('on', True), ('y', True),
        ('OFF', False), ('no', False), ('N', False), ('tRue', 'tRue'),
        ('~', None), ('NULL', None), ('""', ''), ('nil', 'nil'),
        ('5', 5), ('-5', -5), ('+5', 5), ('1_000', 1000), ('0x1F', 31),
        ('0b101', 5), ('017', 15), ('0o17', 15), ('-0o17', -15),
        ('18446744073709551615', 2 ** 64 - 1),
        ('-9223372036854775808', -2 ** 63),
        ('18446744073709551616', 2.0 ** 64),
        ('1.5', 1.5), ('1.', 1.0), ('.5', 0.5), ('1e3', 1000.0),
        ('089', 89.0), ('1_2.5', 12.5), ('.5_0', 0.5), ('-.inf', -math.inf),
        ('1e999', '1e999'), ('0b2', '0b2'), ('1.2.3', '1.2.3'),
        ('._5', '._5'), ('-', [None]), ('12:30:45', '12:30:45'),
        ('2001-01-01', '2001-01-01'), ('=', '='), ("'5'", '5'),
        ('"yes"', 'yes'), ('!!str 5', '5'), ('!!float 5', 5.0),
        ('!!binary YWJj', 'abc'), ('!x 5', '5'), ('!!set 5', '5'),
        ('!!python/object:os.system x', 'x'), ('|\n  a\n  b\n', 'a\nb\n'),
    )
    @ddt.unpack
    def test_scalar(self, text, expected):
        found = document.load(text, 'doc')
        self.assertEqual(expected, found)
        self.assertIs(type(expected), type(found))

    def test_structure_and_order(self):
        found = document.load('b: [1, {c: 2}]\na:\n- x\nyes: 1\n', 'doc')
        self.assertEqual({'b': [1, {'c': 2}], 'a': ['x'], True: 1}, found)
        self.assertEqual(['b', 'a', True], list(found))

    @ddt.data('!!set {a: }', '!!seq {a: }', '!x {a: null}', '!!map {a}')
    def test_tags_of_collections_say_nothing(self, text):
        self.assertEqual({'a': None}, document.load(text, 'doc'))

    def test_empty(self):
        self.assertIsNone(document.load('', 'doc'))
        self.assertIsNone(document.load('---\n# nothing\n', 'doc'))

    def test_aliases_are_copies(self):
        found = document.load('a: &x [1]\nb: *x\n', 'doc')
        found['b'].append(2)
        self.assertEqual({'a': [1], 'b': [1, 2]}, found)

    def test_merge(self):
        found = document.load(
            'x: &x {a: 1, b: 1}\ny: &y {a: 2, c: 2}\n'
            'z: {b: 3, <<: [*x, *y], c: 3}\n', 'doc')
        # As in the CLI: what stands later counts.
        self.assertEqual({'a': 1, 'b': 1, 'c': 3}, found['z'])

    @ddt.data(
        ('a: 1\nb: 2\na: 3\n', 3, 'the key "a" stands twice'),
        ('x:\n  yes: 1\n  on: 2\n', 3, 'the key "on" stands twice'),
        ('a: 1\n---\nb: 2\n', 2, 'a second document'),
        ('a: [1\nb: 2\n', 2, "did not find expected ',' or ']'"),
        ('a: *x\n', 1, 'undefined alias'),
        ('a: &x [1, *x]\n', 1, 'contains an alias of itself'),
        ('a: !!int b\n', 1, '"b" is not of the type !!int'),
        ('a: !!binary "&"\n', 1, '!!binary'),
        ('? [a]\n: 1\n', 1, 'a key is not a scalar'),
        ('a:\n  <<: 5\n', 2, '<< needs a mapping'),
        ('a: "\\q"\n', 1, 'escape character'),
        ('a: \x00\n', None, 'characters that YAML does not allow'),
    )
    @ddt.unpack
    def test_refused(self, text, line, reason):
        error = self.assertRaises(
            errors.DocumentError, document.load, text, 'ops/x.yml')
        self.assertIn('ops/x.yml', str(error))
        self.assertIn(reason, str(error))
        if line is not None and 'expected' not in reason:
            self.assertEqual(line, error.line)
            self.assertIn('line %d' % line, str(error))

    def fails(self, text, bounds=manifest_bounds.DEFAULT):
        return str(self.assertRaises(
            errors.DocumentError, document.load, text, 'doc', bounds))

    def test_billion_laughs(self):
        lines = ['a0: &a0 [x, x]']
        lines += ['a%d: &a%d [%s]' % (n, n, ', '.join(['*a%d' % (n - 1)] * 9))
                  for n in range(1, 9)]
        self.assertIn('more than 300000 values, with its aliases',
                      self.fails('\n'.join(lines)))

    def test_aliases_of_a_long_text(self):
        text = 'a: &a %s\nb: [%s]\n' % ('x' * 90000, ', '.join(['*a'] * 99))
        self.assertIn('more than 8388608 characters', self.fails(text))

    def test_aliases_of_aliases_nest(self):
        lines = ['a0: &a0 [x]']
        lines += ['a%d: &a%d [*a%d]' % (n, n, n - 1) for n in range(1, 101)]
        document.load('\n'.join(lines[:99]), 'doc')
        self.assertIn('line 100: it is nested too deeply',
                      self.fails('\n'.join(lines)))

    @ddt.data('[', '- ', '{a: ')
    def test_nested_too_deeply(self, opening):
        # More than the stack of the process would bear.
        self.assertIn('nested too deeply', self.fails(opening * 200000))

    def test_too_long(self):
        self.assertIn('more than 9 characters', self.fails(
            'a: 12345678', manifest_bounds.Bounds(characters=9)))

    def test_measured_as_it_is_read(self):
        text = 'a: &x [b, {c: d}]\ne: *x\n? ee\n: 1\n'
        extent = manifest_bounds.measure(document.load(text, 'doc'), 'doc')
        self.assertEqual(manifest_bounds.Extent(15, 11, 3), extent)
        document.load(text, 'doc', manifest_bounds.Bounds(35, 15, 3))
        for bounds in (manifest_bounds.Bounds(35, 15, 2),
                       manifest_bounds.Bounds(35, 14, 3)):
            self.fails(text, bounds)


@ddt.ddt
class TestDump(base.BaseTestCase):

    @hypothesis.given(doc=DOCUMENTS)
    @hypothesis.settings(max_examples=60, deadline=None)
    def test_load_gives_it_back(self, doc):
        self.assertEqual(doc, document.load(document.dump(doc), 'doc'))

    @hypothesis.given(text=TEXT)
    @hypothesis.settings(max_examples=60, deadline=None)
    def test_text_is_text_for_yaml_1_1_too(self, text):
        # The director's parser.
        self.assertEqual([text], yaml.safe_load(document.dump([text])))

    @ddt.data((1.0, '1'), (-3.0, '-3'), (0.5, '0.5'), (1e300, '1.0e+300'),
              (True, 'true'), (None, 'null'), ('y', "'y'"), ('1e3', "'1e3'"))
    @ddt.unpack
    def test_form(self, value, expected):
        self.assertEqual('- %s\n' % expected, document.dump([value]))

    def test_certificate_stays_readable(self):
        pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
        self.assertEqual('ca: |\n  ' + pem.replace('\n', '\n  ').rstrip(' '),
                         document.dump({'ca': pem}))

    def test_order_and_no_anchors(self):
        shared = {'z': 1, 'a': 2}
        self.assertEqual('b:\n  z: 1\n  a: 2\na:\n  z: 1\n  a: 2\n',
                         document.dump({'b': shared, 'a': shared}))
