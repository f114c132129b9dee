# SPDX-License-Identifier: Apache-2.0

import json

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.director import events

STEP = {'time': 7414830569, 'stage': 'Updating instance', 'tags': ['router'],
        'total': 3, 'task': 'router/6f1c (0) (canary)', 'index': 2,
        'state': 'in_progress', 'progress': 70,
        'data': {'status': 'executing pre-start'}}

_words = strategies.text(max_size=20)
_documents = strategies.fixed_dictionaries(
    {'time': strategies.integers(0, 2 ** 40)},
    optional={
        'stage': _words, 'task': _words, 'state': _words,
        'tags': strategies.lists(_words, max_size=2),
        'total': strategies.none() | strategies.integers(0, 99),
        'index': strategies.integers(0, 99),
        'data': strategies.fixed_dictionaries({'status': _words}),
        'type': _words, 'message': _words, 'unheard of': _words})
_lines = strategies.lists(
    _documents.map(lambda document: json.dumps(
        document, ensure_ascii=False).encode('utf-8', 'surrogatepass'))
    | strategies.sampled_from([b'', b'  ', b'\r', b'not json', b'[1]',
                               '{"stage":"\u2028\u0085"}'.encode()]))


def _event(**changes):
    document = {**STEP, **changes}
    return events.parse_line(json.dumps(document).encode('utf-8'))


@ddt.ddt
class ParseLineTest(base.BaseTestCase):

    def test_step(self):
        event = _event()
        self.assertEqual(
            events.Event(
                time=7414830569, stage='Updating instance',
                tags=('router',), total=3, task='router/6f1c (0) (canary)',
                index=2, state='in_progress', progress=70,
                status='executing pre-start'), event)

    def test_error(self):
        event = events.parse_line(
            b'{"time":1,"error":{"code":400007,"message":"\'a/0\' is not '
            b'running"}}')
        self.assertEqual(events.EventError(400007, "'a/0' is not running"),
                         event.error)
        self.assertEqual("Error 400007: 'a/0' is not running", event.summary)

    @ddt.data(
        ({}, 'Updating instance router: router/6f1c (0) (canary): '
             'executing pre-start'),
        ({'state': 'finished', 'data': {}},
         'Updating instance router: router/6f1c (0) (canary): finished'),
        ({'state': 'failed', 'data': {'error': 'no agent'}},
         'Updating instance router: router/6f1c (0) (canary): failed: '
         'no agent'),
        ({'stage': 'Preparing deployment', 'task': 'Preparing deployment',
          'tags': [], 'total': None, 'state': 'started', 'data': None},
         'Preparing deployment: started'),
        ({'data': {}}, 'Updating instance router: router/6f1c (0) (canary): '
                       'in progress'),
        ({'stage': None, 'type': 'warning', 'message': 'Ignored instances.'},
         'Warning: Ignored instances.'),
        ({'error': 'just text'}, 'Error: just text'),
        ({'error': {'message': 'no code'}}, 'Error: no code'))
    @ddt.unpack
    def test_summary(self, changes, summary):
        self.assertEqual(summary, _event(**changes).summary)

    @ddt.data(b'not json', b'[1, 2]', b'"text"', b'\xff\xfe', b'{"a":')
    def test_unreadable_is_kept(self, line):
        event = events.parse_line(line)
        self.assertEqual('unreadable', event.type)
        self.assertIn(event.message, event.summary)

    @ddt.data({'tags': 'router'}, {'tags': None}, {'time': 'noon'},
              {'progress': True}, {'index': 1.0}, {'data': ['x']},
              {'stage': 7}, {'total': 1e400}, {'time': 10 ** 30})
    def test_odd_fields_are_tolerated(self, changes):
        self.assertNotEqual('', _event(**changes).summary)

    def test_identity(self):
        self.assertEqual(_event().identity,
                         _event(time=1, progress=71).identity)
        self.assertNotEqual(_event().identity,
                            _event(state='finished').identity)
        self.assertEqual(_event().step, _event(state='finished').step)
        self.assertNotEqual(_event().step, _event(task='router/0').step)


class ParseTest(base.BaseTestCase):

    def test_rest_of_a_line_is_left(self):
        found, used = events.parse(b'{"stage":"a"}\n\n{"stage":"\xc3')
        self.assertEqual((['a'], 15), ([event.stage for event in found],
                                       used))

    def test_last_line_without_line_feed(self):
        found, used = events.parse(b'{"stage":"a"}\n{"stage":"b"}',
                                   final=True)
        self.assertEqual((['a', 'b'], 27), ([event.stage for event in found],
                                            used))

    @hypothesis.settings(deadline=None, max_examples=100)
    @hypothesis.given(_lines, strategies.lists(strategies.integers(0, 400)),
                      strategies.booleans())
    def test_whatever_the_chunks(self, lines, sizes, terminated):
        stream = b'\n'.join(lines) + (b'\n' if terminated else b'')
        whole, used = events.parse(stream, final=True)
        self.assertEqual(len(stream), used)
        self.assertEqual(
            len([line for line in lines if line.strip()]), len(whole))
        read, offset, end = [], 0, 0
        for size in [*sizes, len(stream)]:
            end = min(end + size, len(stream))
            found, used = events.parse(stream[offset:end],
                                       final=end == len(stream))
            read.extend(found)
            offset += used
        self.assertEqual(len(stream), offset)
        self.assertEqual(whole, read)


class LastErrorTest(base.BaseTestCase):

    def test_last_of_two(self):
        found = [_event(error={'code': 1, 'message': 'first'}),
                 _event(error={'code': 2, 'message': 'second'}),
                 _event(state='failed', data={'error': 'step'})]
        self.assertEqual('Error 2: second', events.last_error(found))

    def test_failed_step(self):
        found = [_event(state='failed', data={'error': 'no agent'}),
                 _event(state='finished')]
        self.assertIn('no agent', events.last_error(found))

    def test_none(self):
        self.assertIsNone(events.last_error([_event()]))
