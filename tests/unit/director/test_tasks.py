# SPDX-License-Identifier: Apache-2.0

import ddt
import requests

from cf_openstack.director import exceptions
from tests.unit.director import base

TASK = {'id': 42, 'state': 'processing', 'description': 'create deployment',
        'timestamp': None, 'started_at': 1755859200, 'result': None,
        'user': 'admin', 'deployment': 'cf', 'context_id': 'stack-1',
        'unheard_of': 1}
# A character of three bytes stands across byte 16.
STREAM = ('{"stage":"a\u20acb\u20acc"}\n'
          '{"stage":"d"}\n').encode()
FIRST = STREAM.index(b'\n') + 1


@ddt.ddt
class TasksTest(base.DirectorTestCase):

    def test_get(self):
        self.stub('GET', '/tasks/42', TASK)
        task = self.director.tasks.get(42)
        self.assertEqual((42, 'processing', 'create deployment', 'cf',
                          'stack-1', None),
                         (task.id, task.state, task.description,
                          task.deployment, task.context_id, task.timestamp))

    @ddt.data(('queued', True, False), ('processing', True, False),
              ('cancelling', True, False), ('done', False, True),
              ('error', False, False), ('cancelled', False, False),
              ('timeout', False, False), ('unheard of', False, False))
    @ddt.unpack
    def test_states(self, state, processing, succeeded):
        self.stub('GET', '/tasks/42', {**TASK, 'state': state})
        task = self.director.tasks.get(42)
        self.assertEqual(
            (processing, not processing, not processing, succeeded),
            (task.is_processing, task.is_terminal, task.is_done,
             task.succeeded))

    def test_gone(self):
        self.stub('GET', '/tasks/42', status_code=404,
                  document={'code': 10000,
                            'description': 'Task 42 not found'})
        error = self.assertRaises(exceptions.NotFound,
                                  self.director.tasks.get, 42)
        self.assertEqual(10000, error.code)
        self.assertIn('Task 42 not found', str(error))

    @ddt.data({}, {'id': 'x', 'state': 'done'}, {'id': 1}, [], 'text')
    def test_no_task(self, document):
        self.stub('GET', '/tasks/42', document)
        self.assertRaises(exceptions.BadResponse, self.director.tasks.get,
                          42)

    def test_find_looks_behind_the_scenes(self):
        listed = self.stub('GET', '/tasks', [
            TASK, {**TASK, 'id': 41, 'context_id': 'other'}])
        found = self.director.tasks.find('stack-1')
        self.assertEqual([42], [task.id for task in found])
        self.assertEqual({'context_id': ['stack-1'], 'verbose': ['2']},
                         listed.last_request.qs)

    def test_list(self):
        listed = self.stub('GET', '/tasks', [TASK])
        self.director.tasks.list(state='queued,processing', limit=3,
                                 deployment='cf')
        self.assertEqual(
            {'state': ['queued,processing'], 'limit': ['3'],
             'deployment': ['cf']}, listed.last_request.qs)

    def test_cancel_is_singular(self):
        cancelled = self.stub('DELETE', '/task/42', status_code=204)
        self.assertTrue(self.director.tasks.cancel(42))
        self.assertEqual(1, cancelled.call_count)

    @ddt.data(('done', False), ('error', False), ('cancelling', True))
    @ddt.unpack
    def test_cancel_too_late(self, state, answer):
        self.stub('DELETE', '/task/42', status_code=400,
                  text=f'Cannot cancel task 42: invalid state ({state})')
        self.stub('GET', '/tasks/42', {**TASK, 'state': state})
        self.assertEqual(answer, self.director.tasks.cancel(42))

    def test_cancel_refused(self):
        self.stub('DELETE', '/task/42', status_code=400, text='Out of order')
        self.stub('GET', '/tasks/42', TASK)
        error = self.assertRaises(exceptions.BadRequest,
                                  self.director.tasks.cancel, 42)
        self.assertIn('Out of order', str(error))

    def test_cancel_gone(self):
        self.stub('DELETE', '/task/42', status_code=404)
        self.assertFalse(self.director.tasks.cancel(42))

    @ddt.data((200, 'text\u20ac', 'text\u20ac'), (204, '', ''),
              (416, 'Byte range unsatisfiable', ''))
    @ddt.unpack
    def test_output(self, status, text, expected):
        asked = self.stub('GET', '/tasks/42/output', status_code=status,
                          text=text)
        self.assertEqual(expected, self.director.tasks.output(42, 'result'))
        self.assertEqual({'type': ['result']}, asked.last_request.qs)


@ddt.ddt
class EventsTest(base.DirectorTestCase):

    def _serve(self, stream, status=None, ignore_range=False):
        def answer(request, context):
            wanted = request.headers.get('Range')
            if status:
                context.status_code = status
                return b'Byte range unsatisfiable'
            if wanted is None or ignore_range or not stream:
                return stream
            start = int(wanted.removeprefix('bytes=').rstrip('-'))
            if start >= len(stream):
                context.status_code = 416
                return b'Byte range unsatisfiable'
            context.status_code = 206
            context.headers['Content-Range'] = (
                f'bytes {start}-{len(stream) - 1}/{len(stream)}')
            return stream[start:]
        return self.stub('GET', '/tasks/42/output?type=event',
                         content=answer)

    @ddt.data(False, True)
    def test_from_an_offset(self, ignore_range):
        asked = self._serve(STREAM, ignore_range=ignore_range)
        found, offset = self.director.tasks.events(42, FIRST)
        self.assertEqual((['d'], len(STREAM)),
                         ([event.stage for event in found], offset))
        self.assertEqual(f'bytes={FIRST}-',
                         asked.last_request.headers['Range'])

    @ddt.data(*range(len(STREAM) + 1))
    def test_stream_that_grows(self, size):
        self._serve(STREAM[:size])
        first, offset = self.director.tasks.events(42)
        self.assertIn(offset, (0, FIRST, len(STREAM)))
        self._serve(STREAM)
        rest, offset = self.director.tasks.events(42, offset)
        self.assertEqual(['a\u20acb\u20acc', 'd'],
                         [event.stage for event in first + rest])
        self.assertEqual(len(STREAM), offset)

    @ddt.data(204, 416)
    def test_nothing_new(self, status):
        self._serve(STREAM, status=status)
        self.assertEqual(([], 7), self.director.tasks.events(42, 7))

    @ddt.data(0, 7)
    def test_empty(self, offset):
        self._serve(b'')
        self.assertEqual(([], offset),
                         self.director.tasks.events(42, offset))

    def test_range_that_begins_too_late(self):
        self.stub('GET', '/tasks/42/output', status_code=206, content=b'x',
                  headers={'Content-Range': 'bytes 20-20/21'})
        self.assertRaises(exceptions.BadResponse, self.director.tasks.events,
                          42, 10)

    def test_range_that_begins_too_early(self):
        self.stub('GET', '/tasks/42/output', status_code=206, content=STREAM,
                  headers={'Content-Range': 'bytes 0-9/10'})
        found, _offset = self.director.tasks.events(42, FIRST)
        self.assertEqual(['d'], [event.stage for event in found])

    def test_error_with_its_code(self):
        self._serve(b'{"error":{"code":10001,"message":"Task 42 cancelled"}}'
                    b'\n{"error":{"code":100,"message":"CPI error"}}')
        self.assertEqual('Error 100: CPI error',
                         self.director.tasks.error(42))

    @ddt.data(('no such vm_type', 'no such vm_type'),
              (None, 'it ended in state timeout'))
    @ddt.unpack
    def test_error_without_event(self, result, expected):
        self._serve(b'')
        self.stub('GET', '/tasks/42',
                  {**TASK, 'state': 'timeout', 'result': result})
        self.assertEqual(expected, self.director.tasks.error(42))


@ddt.ddt
class StartTest(base.DirectorTestCase):

    def _start(self, **kwargs):
        return self.director.tasks.start('POST', '/x', **kwargs)

    @ddt.data(301, 302, 303, 307)
    def test_redirect(self, status):
        started = self.stub_task('POST', '/x', 7, status)
        self.assertEqual(7, self._start(context_id='stack-1'))
        self.assertEqual('stack-1',
                         started.last_request.headers['X-Bosh-Context-Id'])

    @ddt.data('/tasks/7', 'http://wrong/tasks/7', '//wrong:1/tasks/7?x=1')
    def test_only_the_path_counts(self, location):
        self.stub('POST', '/x', status_code=302,
                  headers={'Location': location})
        self.assertEqual(7, self._start())

    @ddt.data('', '/', '/login', '/tasks/', '/tasks/7x', '/x/tasks/7',
              '/tasks/7/output', '/tasks/-7', 'https://wrong:x]/tasks/7',
              '/tasks/\u0667', 'http://wrong/tasks/../admin', '/tasks/7%0a')
    def test_other_target(self, location):
        self.stub('POST', '/x', status_code=302,
                  headers={'Location': location})
        self.assertRaises(exceptions.BadResponse, self._start)

    @ddt.data(200, 201, 204)
    def test_no_redirect(self, status):
        self.stub('POST', '/x', status_code=status)
        self.assertRaises(exceptions.BadResponse, self._start)

    @ddt.data({'exc': requests.ReadTimeout},
              {'exc': requests.exceptions.ChunkedEncodingError},
              {'status_code': 502, 'text': '<html>Bad Gateway</html>'})
    def test_lost_answer_is_looked_up(self, failure):
        posted = self.stub('POST', '/x', **failure)
        self.stub('GET', '/tasks', [TASK])
        self.assertEqual(42, self._start(context_id='stack-1'))
        self.assertEqual(1, posted.call_count)

    @ddt.data(None, 'stack-2')
    def test_lost_answer_that_cannot_be_looked_up(self, context_id):
        posted = self.stub('POST', '/x', exc=requests.ReadTimeout)
        self.stub('GET', '/tasks', [TASK])
        error = self.assertRaises(exceptions.OutcomeUnknown, self._start,
                                  context_id=context_id)
        self.assertIn('POST /x', str(error))
        self.assertEqual(1, posted.call_count)

    def test_find_or_start(self):
        self.stub('GET', '/tasks', [TASK])
        tasks = self.director.tasks
        self.assertEqual(42, tasks.find_or_start('stack-1', lambda: 7))
        self.assertEqual(7, tasks.find_or_start('stack-2', lambda: 7))

    @ddt.data('', 'x' * 65, 'a\r\nX: 1', '\u20ac')
    def test_context_id_that_no_header_takes(self, context_id):
        self.assertRaises(exceptions.InvalidRequest, self._start,
                          context_id=context_id)


class MonitorTest(base.DirectorTestCase):

    def setUp(self):
        super().setUp()
        self.states = ['queued', 'processing', 'done']
        self.streams = [b'', STREAM[:FIRST + 3], STREAM[:-1]]
        self.stub('GET', '/tasks/42', json=lambda request, context: {
            **TASK, 'state': self.states[0]})
        self.stub('GET', '/tasks/42/output', content=self._output)
        self.slept = []

    def _output(self, request, context):
        start = int(request.headers.get('Range', 'bytes=0-')[6:-1])
        chunk = self.streams[0][start:]
        context.status_code = 206 if start and chunk else 200
        if start and not chunk:
            context.status_code = 416
        context.headers['Content-Range'] = f'bytes {start}-x'
        return chunk

    def _next(self, seconds):
        self.slept.append(seconds)
        if len(self.states) > 1:
            del self.states[0], self.streams[0]

    def test_until_done(self):
        seen = []
        monitor = self.director.tasks.monitor(42)
        self.assertTrue(monitor.is_processing)
        monitor.wait(timeout=60, interval=2, sleep=self._next,
                     on_event=lambda event: seen.append(event.stage))
        # The last line, which has no line feed, is seen as well.
        self.assertEqual(['a\u20acb\u20acc', 'd'], seen)
        self.assertEqual([2, 2], self.slept)
        self.assertTrue(monitor.succeeded)
        self.assertIsNone(monitor.failure)

    def test_failure(self):
        self.states = ['processing', 'error']
        self.streams = [
            b'{"error":{"code":100,"message":"CPI error"}}\n'] * 2
        monitor = self.director.tasks.monitor(42)
        error = self.assertRaises(
            exceptions.TaskFailed, monitor.wait, timeout=60,
            sleep=self._next)
        for part in ('Task 42', 'create deployment', 'state error',
                     'Error 100: CPI error'):
            self.assertIn(part, str(error))

    def test_error_before_the_offset_is_found(self):
        self.states = ['error']
        self.streams = [b'{"error":{"code":100,"message":"CPI error"}}\n']
        monitor = self.director.tasks.monitor(42, len(self.streams[0]))
        self.assertEqual([], monitor.refresh())
        self.assertEqual('Error 100: CPI error', monitor.failure)

    def test_time_is_up(self):
        self.states = ['queued']
        monitor = self.director.tasks.monitor(42)
        error = self.assertRaises(
            exceptions.TaskFailed, monitor.wait, timeout=-1,
            sleep=self._next)
        self.assertIn('not ended', str(error))
