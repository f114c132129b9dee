# SPDX-License-Identifier: Apache-2.0

import copy

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import document
from cf_openstack.manifest import errors
from cf_openstack.manifest import operations

DOC = """
name: cf
key2: {nested: {super: 2}, other: 3}
array: [4, 5, 6]
items:
- name: i7
- name: i8
- name: i8
groups:
- name: api
  jobs: [{name: cc, port: 80}, {name: log}]
- name: db
  jobs: [{name: sql}]
nothing: null
"""


def replaced(path, value=10):
    return [{'type': 'replace', 'path': path, 'value': value}]


def removed(path):
    return [{'type': 'remove', 'path': path}]


class OperationsTestCase(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.doc = document.load(DOC, 'doc')

    def apply(self, content, name='ops.yml'):
        text = content if isinstance(content, str) else document.dump(content)
        before = copy.deepcopy(self.doc)
        try:
            return operations.apply(
                self.doc, [operations.OperationsFile(name, text)])
        finally:
            self.assertEqual(before, self.doc)

    def fails(self, content):
        return str(self.assertRaises(
            errors.OperationError, self.apply, content))


class TestLongErrors(OperationsTestCase):

    def test_path(self):
        text = self.fails(removed('/' + 'x' * 10 ** 5))
        self.assertLess(len(text), 2000)
        self.assertIn('remove /xxxxx', text)
        self.assertIn('no key "xxxxx', text)

    def test_steps(self):
        self.assertIn('more than 200 steps',
                      self.fails(removed('/x' * 201)))

    def test_keys(self):
        self.doc = {'key%d' % number: 1 for number in range(2000)}
        text = self.fails(removed('/x'))
        self.assertIn('keys there: 2000, such as key0, key1, key10', text)
        self.assertLess(len(text), 2000)

    def test_match(self):
        text = self.fails(removed('/array/%s=%s' % ('y' * 999, 'x' * 999)))
        self.assertIn('found 0', text)
        self.assertLess(len(text), 2000)


class TestBounds(OperationsTestCase):

    def refused(self, content, *bounds):
        return str(self.assertRaises(
            errors.DocumentError, operations.apply, self.doc,
            [operations.OperationsFile('ops', document.dump(content))],
            manifest_bounds.Bounds(*bounds)))

    def test_values_in_values(self):
        path, content = '/new?', []
        for _level in range(9):
            content += replaced(path, {'a': 1})
            path += '/a'
        operations.apply(self.doc, [operations.OperationsFile(
            'ops', document.dump(content))])
        self.assertIn('nested too deeply', self.refused(
            content, 10000, 1000, 6))

    def test_growing(self):
        # Each of the two files is small enough.
        files = [operations.OperationsFile('ops', document.dump(
            replaced('/array/-', [1] * 30)))] * 2
        operations.apply(self.doc, files, manifest_bounds.Bounds(nodes=120))
        error = self.assertRaises(
            errors.DocumentError, operations.apply, self.doc, files,
            manifest_bounds.Bounds(nodes=70))
        self.assertIn('together they have 114 values', str(error))

    def test_many_steps_through_much(self):
        # Each operation would look at every item.
        self.doc = {'l': [{}] * 199997}
        self.assertIn('2001 steps are too many for documents of 200667 '
                      'values', self.refused(removed('/l/a=b?') * 667))


@ddt.ddt
class TestReplace(OperationsTestCase):

    @ddt.data(
        # path, where the result shows, what is there
        ('/name', ['name'], 10),
        ('/new?', ['new'], 10),
        ('/key2/nested/super', ['key2', 'nested'], {'super': 10}),
        ('/key2/nested?/another/super', ['key2', 'nested'],
         {'super': 2, 'another': {'super': 10}}),
        ('/array/0', ['array'], [10, 5, 6]),
        ('/array/-1', ['array'], [4, 5, 10]),
        ('/array/-3', ['array'], [10, 5, 6]),
        ('/array/-', ['array'], [4, 5, 6, 10]),
        ('/array2?/-', ['array2'], [10]),
        ('/array/1:prev', ['array'], [10, 5, 6]),
        ('/array/0:next', ['array'], [4, 10, 6]),
        # What is before the first counts from the end, as in the CLI.
        ('/array/0:prev', ['array'], [4, 5, 10]),
        ('/array/0:after', ['array'], [4, 10, 5, 6]),
        ('/array/0:before', ['array'], [10, 4, 5, 6]),
        ('/array/-1:after', ['array'], [4, 5, 6, 10]),
        ('/array/0:next:before', ['array'], [4, 10, 5, 6]),
        ('/array/0:next:next:after', ['array'], [4, 5, 6, 10]),
        ('/items/name=i7/count?', ['items', 0], {'name': 'i7', 'count': 10}),
        ('/items/name=i7', ['items', 0], 10),
        ('/items/name=i7:next', ['items', 1], 10),
        ('/items/name=i9?', ['items', 3], 10),
        ('/items/name=i9?/count', ['items', 3], {'name': 'i9', 'count': 10}),
        ('/items/name=i9?/a/b', ['items', 3],
         {'name': 'i9', 'a': {'b': 10}}),
        ('/items/name=i9?/a/n=x/b', ['items', 3],
         {'name': 'i9', 'a': [{'n': 'x', 'b': 10}]}),
        ('/items/name=i7:before', ['items', 0], 10),
        ('/items/name=i7:after', ['items', 1], 10),
        ('/items/name=i9?:before', ['items', 3], 10),
        ('/fresh?/name=a/b', ['fresh'], [{'name': 'a', 'b': 10}]),
        ('/groups/name=api/jobs/name=cc/port', ['groups', 0, 'jobs', 0],
         {'name': 'cc', 'port': 10}),
        ('/groups/name=api:next/name', ['groups', 1, 'name'], 10),
        ('/groups/1:prev/jobs/-1/name', ['groups', 0, 'jobs', 1],
         {'name': 10}),
        ('', [], 10),
    )
    @ddt.unpack
    def test_result(self, path, where, expected):
        found = self.apply(replaced(path))
        for key in where:
            found = found[key]
        self.assertEqual(expected, found)

    @ddt.data(
        ('/new', 'no key "new" (keys there: array, groups, items, key2, '
                 'name, nothing, other)'),
        ('/key2/x/y', 'no key "x" (keys there: nested, other) at "/key2/x"'),
        ('/array/3', 'no item 3 in a list of 3'),
        ('/array/-4', 'no item -4'),
        ('/array/x', 'expected a mapping, found a list'),
        ('/name/0', 'expected a list, found text'),
        ('/name/a', 'expected a mapping, found text'),
        ('/nothing/a', 'expected a mapping, found null'),
        ('/array/0/a', 'expected a mapping, found a number'),
        ('/key2/-', 'expected a list, found a mapping'),
        ('/items/name=i8', 'exactly one item with name=i8, found 2'),
        ('/items/name=no', 'exactly one item with name=no, found 0'),
        ('/items/name=i7:prev:prev:prev:prev/a', 'no item -4'),
        ('/array/0:after/a', '":after" is for the last step'),
        ('/array/0:after:before', '":after" is for the last step'),
        ('/array/0:before:next', '":before" is for the last step'),
        ('/array/-/a', 'expected a mapping, found a list'),
        ('/new?/0', 'can only be a key, name=value or "-"'),
        ('array', 'has to begin with "/"'),
    )
    @ddt.unpack
    def test_refused(self, path, reason):
        text = self.fails(replaced('/other?') + replaced(path))
        self.assertIn('Operation [1] in ops.yml', text)
        self.assertIn('replace %s' % path, text)
        self.assertIn(reason, text)

    def test_value_is_a_copy(self):
        result = self.apply(
            replaced('/new?', {'a': 1}) + replaced('/new/a', 2))
        self.assertEqual({'a': 2}, result['new'])
        result = self.apply('- {type: replace, path: /a?, value: &v [1]}\n'
                            '- {type: replace, path: /b?, value: *v}\n'
                            '- {type: replace, path: /b/-, value: 2}\n')
        self.assertEqual([1], result['a'])

    def test_numbers_do_not_match_text(self):
        self.doc = [{'n': 5}, {'n': '5', 'x': 1}]
        self.assertEqual({'n': '5', 'x': 10},
                         self.apply(replaced('/n=5/x'))[1])

    def test_empty_text_and_false_are_values(self):
        for value in ('', False, 0, [], {}):
            self.assertEqual(
                value, self.apply(replaced('/name', value))['name'])


@ddt.ddt
class TestRemove(OperationsTestCase):

    @ddt.data(
        ('/name', 'name', None), ('/key2/nested', 'key2', {'other': 3}),
        ('/array/1', 'array', [4, 6]), ('/array/-1', 'array', [4, 5]),
        ('/array/0:next', 'array', [4, 6]),
        ('/items/name=i7', 'items', [{'name': 'i8'}, {'name': 'i8'}]),
        ('/items/name=i7:next', 'items', [{'name': 'i7'}, {'name': 'i8'}]),
        ('/items/name=no?', 'items',
         [{'name': 'i7'}, {'name': 'i8'}, {'name': 'i8'}]),
        ('/items/name=no?/x/y', 'items',
         [{'name': 'i7'}, {'name': 'i8'}, {'name': 'i8'}]),
        ('/key2/no?', 'key2', {'nested': {'super': 2}, 'other': 3}),
        ('/key2/no?/x/y', 'key2', {'nested': {'super': 2}, 'other': 3}),
        ('/new?/x/0', 'new', None),
    )
    @ddt.unpack
    def test_result(self, path, key, expected):
        self.assertEqual(expected, self.apply(removed(path)).get(key))

    @ddt.data(
        ('/no', 'no key "no"'), ('', 'whole document'),
        ('/array/3', 'no item 3'), ('/array/-', 'behind the end'),
        ('/array/0:before', '":before" is for the last step of a replace'),
        ('/items/name=i8', 'found 2'), ('/items/name=no', 'found 0'),
        ('/name/x', 'expected a mapping'), ('/key2/0', 'expected a list'),
    )
    @ddt.unpack
    def test_refused(self, path, reason):
        text = self.fails(removed(path))
        self.assertIn('Operation [0] in ops.yml (remove %s)' % path, text)
        self.assertIn(reason, text)


@ddt.ddt
class TestTest(OperationsTestCase):

    @ddt.data(
        {'path': '/name', 'value': 'cf'},
        {'path': '/key2', 'value': {'other': 3, 'nested': {'super': 2}}},
        {'path': '/items/name=i7', 'value': {'name': 'i7'}},
        {'path': '/items/name=i9?', 'value': {'name': 'i9'}},
        {'path': '/items/name=i9?/name', 'value': 'i9'},
        {'path': '/nothing', 'absent': False},
        {'path': '/no?', 'absent': False},
        {'path': '/no?/a/n=v/n', 'value': 'v'},
        {'path': '/no', 'absent': True},
        {'path': '/key2/no', 'absent': True},
        {'path': '/array/3', 'absent': True},
    )
    def test_holds(self, definition):
        self.assertEqual(
            self.doc, self.apply([dict(definition, type='test')]))

    @ddt.data(
        ({'path': '/name', 'value': 'x'}, 'not the expected one'),
        ({'path': '/key2/other', 'value': 3.5}, 'not the expected one'),
        ({'path': '/array', 'value': [4, 5, '6']}, 'not the expected one'),
        ({'path': '/no', 'value': 1}, 'no key "no"'),
        ({'path': '/name', 'absent': True}, 'expected nothing'),
        # An optional path always leads somewhere.
        ({'path': '/no?', 'absent': True}, 'expected nothing'),
        # Absent is only what the last step does not find.
        ({'path': '/no/x', 'absent': True}, 'no key "no"'),
        ({'path': '/items/name=no', 'absent': True}, 'found 0'),
        ({'path': '/array/-', 'absent': True}, 'behind the end'),
        ({'path': '/no?/0', 'value': 1}, 'a key, name=value'),
    )
    @ddt.unpack
    def test_fails(self, definition, reason):
        self.assertIn(reason, self.fails([dict(definition, type='test')]))

    def test_types_count(self):
        self.doc = {'a': [1, True, 1.0]}
        for value in ([1, 1, 1.0], [True, True, 1.0], [1, True]):
            self.fails([{'type': 'test', 'path': '/a', 'value': value}])


@ddt.ddt
class TestFile(OperationsTestCase):

    @ddt.data(
        ('- {type: move, path: /a, value: 1}', 'replace, remove, test'),
        ('- {path: /a}', 'its type is none'),
        ('- text', 'not a mapping'),
        ('- {type: replace, value: 1}', 'no path'),
        ('- {type: replace, path: /name}', 'no value'),
        ('- {type: replace, path: /name, value: null}', 'no value'),
        ('- {type: remove, path: /name, value: 1}', 'has no value'),
        ('- {type: test, path: /name}', 'neither value nor absent'),
        ('- {type: test, path: /name, absent: 1}', 'not true or false'),
        ('- {type: remove, path: /name:x}', '":x" is none of'),
    )
    @ddt.unpack
    def test_definition_refused(self, text, reason):
        found = self.fails(text)
        self.assertIn('Operation [0] in ops.yml', found)
        self.assertIn(reason, found)

    @ddt.data('a: 1', '5', 'text')
    def test_no_list(self, text):
        error = self.assertRaises(errors.DocumentError, self.apply, text)
        self.assertIn('ops.yml: an operations file is a list', str(error))

    def test_empty_file(self):
        self.assertEqual(self.doc, self.apply('# nothing\n'))

    def test_all_files_are_read_before_any_is_applied(self):
        one = document.dump(removed('/no'))
        files = [operations.OperationsFile('one.yml', one),
                 operations.OperationsFile('two.yml', '[')]
        error = self.assertRaises(
            errors.DocumentError, operations.apply, self.doc, files)
        self.assertIn('two.yml', str(error))

    def test_files_in_turn(self):
        texts = [document.dump(replaced('/array/-', number))
                 for number in range(2)]
        files = [operations.OperationsFile('x', text) for text in texts]
        self.assertEqual([4, 5, 6, 0, 1],
                         operations.apply(self.doc, files)['array'])

    def test_hint_of_the_author(self):
        text = self.fails([dict(removed('/no')[0],
                                error='Apply base.yml before.')])
        self.assertTrue(text.endswith('. Apply base.yml before.'), text)

    def test_content_is_not_told(self):
        self.doc = {'password': 'hunter2'}
        self.assertNotIn('hunter2', self.fails(removed('/password/x')))

    @hypothesis.given(
        items=strategies.lists(strategies.integers(), min_size=1,
                               max_size=6),
        data=strategies.data())
    @hypothesis.settings(max_examples=60, deadline=None)
    def test_lists_by_slices(self, items, data):
        """The list operations, against Python's own."""
        index = data.draw(strategies.integers(-len(items), len(items) - 1))
        start = index % len(items)
        self.doc = items
        self.assertEqual(
            items[:start] + ['x'] + items[start:],
            self.apply(replaced('/%d:before' % index, 'x')))
        self.assertEqual(
            items[:start + 1] + ['x'] + items[start + 1:],
            self.apply(replaced('/%d:after' % index, 'x')))
        self.assertEqual(
            items[:start] + ['x'] + items[start + 1:],
            self.apply(replaced('/%d' % index, 'x')))
        self.assertEqual(items[:start] + items[start + 1:],
                         self.apply(removed('/%d' % index)))
        self.assertEqual(items + ['x'], self.apply(replaced('/-', 'x')))
