# SPDX-License-Identifier: Apache-2.0
"""The client and the switches of the pocket director: its tasks.

The numbers are those of the table in the page on the pocket director.
"""

import json
import time

import ddt

from cf_openstack.director import exceptions
from cf_openstack.director import tasks
from tests.unit.director import against
from tests.unit.pocket_director import base

NO_HOST = {'method': 'create_vm', 'type': 'Bosh::Clouds::VMCreationFailed',
           'message': 'Kein Wirt für größe/☃'}


@ddt.ddt
class OutputTest(against.AgainstDirectorTestCase):

    @ddt.data(19, 64, 1000)
    def test_06_chunks(self, size: int) -> None:
        noise = {'interleave': True, 'warnings': ['größer ☃ 𝛼']}
        self.order_faults(output_chunk=size, events=noise)
        manifest = self.prepare(base.group('web'))
        task_id = self.client.deployments.create(manifest)
        seen = self.wait(task_id)
        self.order_faults(events=noise)
        whole, end = self.client.tasks.events(task_id, final=True)
        self.assertEqual(whole, seen)
        self.assertNotIn('unreadable', [event.type for event in whole])
        # From any byte on, the rest is the same.
        text = self.client.tasks.output(task_id, 'event').encode()
        self.assertEqual(end, len(text))
        self.order_faults(output_chunk=size)
        for offset in (text.index(b'\n') + 1, len(text) - 1, len(text),
                       len(text) + 5):
            pages = list(self.client.tasks.event_pages(task_id, offset))
            self.assertEqual(
                len(text[offset:].splitlines()) - (
                    text[offset:] == b'\n'),
                sum(len(page.events) for page in pages))
            self.assertTrue(pages[-1].is_last)

    @ddt.data(200, 416)
    def test_06_nothing_yet(self, status: int) -> None:
        self.order_faults(empty_range=status)
        with self.held() as begun:
            task_id = self.client.deployments.create(self.prepare())
            begun.wait(against.LIMIT_S)
            monitor = self.client.tasks.monitor(task_id)
            for _ in range(2):
                self.assertEqual([], monitor.refresh())
            self.assertEqual(([], 5), self.client.tasks.events(task_id, 5))
            self.assertEqual('', self.client.tasks.output(task_id, 'event'))
        self.wait(task_id)
        monitor.refresh()
        self.assertEqual('Preparing deployment', monitor.events[0].stage)
        # The end was reached: there is nothing more.
        self.assertEqual([], monitor.refresh())

    @ddt.data({}, {'junk': True, 'broken': True},
              {'interleave': True, 'total': None, 'junk': True, 'broken': True,
               'warnings': ['You have ignored instances.'],
               'errors': ['First of two']})
    def test_08_streams(self, noise: dict[str, object]) -> None:
        self.order_faults(events=noise, cpi=[NO_HOST])
        seen: list[object] = []
        task_id = self.client.deployments.create(
            self.prepare(base.group('web', 2)))
        monitor = self.client.tasks.monitor(task_id)
        error = self.assertRaises(
            exceptions.TaskFailed, monitor.wait, timeout=against.LIMIT_S,
            interval=0.01, on_event=seen.append)
        # The last error is what the task died of.
        self.assertIn(f"Error 100: CPI error '{NO_HOST['type']}' with "
                      f"message '{NO_HOST['message']}' in 'create_vm' CPI",
                      str(error))
        failed = [event for event in seen if event.state == 'failed']
        self.assertIn(NO_HOST['message'], failed[0].status)
        stages = {event.stage for event in seen}
        self.assertIn('Creating missing vms', stages)
        kinds = {event.type for event in seen}
        if 'warnings' in noise:
            self.assertEqual({None, 'warning', 'deprecation', 'unreadable'},
                             kinds)
            self.assertEqual({None}, {event.total for event in seen})
            beside = [event for event in seen
                      if event.stage == 'Watching others']
            self.assertIn(2, [event.index for event in beside])
            self.assertIn('½', [event.status for event in beside])
        # A monitor that begins late knows the reason as well.
        late = self.client.tasks.monitor(task_id, offset=monitor.offset)
        late.refresh()
        self.assertIn(NO_HOST['message'], late.failure)

    @ddt.data(True, False)
    def test_12_instances(self, silent: bool) -> None:
        document = base.manifest(
            base.group('web', 2), base.group('test', lifecycle='errand'))
        self.prepare()
        self.deploy(base.yaml.safe_dump(document))
        if silent:
            self.order_faults(unresponsive=['*'])
        task_id = self.client.deployments.vitals('dep')
        self.wait(task_id)
        text = self.client.tasks.output(task_id, 'result')
        lines = text.splitlines(keepends=True)
        for order in (lines, lines[::-1]):
            found = self.client.deployments.parse_vitals(''.join(order))
            self.assertEqual([('test', 0), ('web', 0), ('web', 1)],
                             [(one.group, one.index) for one in found])
        errand, *webs = found
        self.assertEqual((None, None, None),
                         (errand.cid, errand.job_state, errand.cpu_user))
        for web in webs:
            self.assertEqual(
                ('unresponsive agent', None, ()) if silent
                else ('running', 0.7, ('job',)),
                (web.job_state, web.cpu_user,
                 tuple(one.name for one in web.processes)))
        noted = self.client.deployments.instances('dep')
        self.assertEqual(
            {('test', False), ('web', True)},
            {(one.group, one.expects_vm) for one in noted})

    def test_14_failing_cpi(self) -> None:
        self.order_faults(cpi=[NO_HOST])
        error = self.assertRaises(exceptions.TaskFailed, self.deploy,
                                  self.prepare(base.group('web')))
        self.assertRegex(
            str(error), r"Error 100: CPI error '[\w:]+' with message '.*' in "
            r"'create_vm' CPI method \(CPI request ID: 'cpi-\d+'\)")


class StateTest(against.AgainstDirectorTestCase):
    options = {'lock_timeout': 0.3}

    def test_07_times(self) -> None:
        with self.held() as begun:
            task_id = self.client.deployments.create(self.prepare())
            begun.wait(against.LIMIT_S)
            task = self.client.tasks.get(task_id)
            self.assertEqual(('processing', None),
                             (task.state, task.timestamp))
            self.assertIsInstance(task.started_at, int)
        self.wait(task_id)
        self.assertIsInstance(self.client.tasks.get(task_id).timestamp, int)

    def test_07_stuck(self) -> None:
        self.order_faults(task_timeout=0.3, tasks=[
            {'match': 'create deployment', 'stuck': True, 'times': 1}])
        manifest = self.prepare()
        monitor = self.client.tasks.monitor(
            self.client.deployments.create(manifest))
        self.assertFalse(monitor.check())
        error = self.assertRaises(exceptions.TaskFailed, monitor.wait,
                                  timeout=against.LIMIT_S, interval=0.01)
        self.assertIn('in state timeout', str(error))
        self.deploy(manifest)

    def test_07_stuck_and_cancelled(self) -> None:
        self.order_faults(task_timeout=0.3, tasks=[{'stuck': True}])
        task_id = self.client.deployments.create(self.prepare())
        while self.client.tasks.get(task_id).state == 'queued':
            continue
        self.assertTrue(self.client.tasks.cancel(task_id))
        self.assertRaises(exceptions.TaskFailed, self.wait, task_id)
        self.assertEqual('timeout', self.client.tasks.get(task_id).state)

    def test_07_vanished(self) -> None:
        self.order_faults(tasks=[{'match': 'create', 'gone': True}])
        task_id = self.client.deployments.create(self.prepare(), 'mark')
        error = self.assertRaises(exceptions.NotFound, self.wait, task_id)
        self.assertEqual(10000, error.code)
        self.assertEqual([], self.client.tasks.find('mark'))
        self.assertFalse(self.client.tasks.cancel(task_id))
        self.assertIsNotNone(self.client.deployments.manifest('dep'))

    def test_11_locked(self) -> None:
        manifest = self.prepare()
        self.order_faults(locked=['dep'])
        begun = time.monotonic()
        error = self.assertRaises(exceptions.TaskFailed, self.deploy,
                                  manifest)
        self.assertGreater(time.monotonic() - begun, 0.3)
        self.assertIn('Error 100: Failed to acquire lock for '
                      'lock:deployment:dep', str(error))
        self.assertTrue(self.client.deployments.get('dep').locked)
        self.order_faults()
        self.deploy(manifest)

    def test_11_second_deploy(self) -> None:
        manifest = self.prepare(base.group('web'))
        self.order_faults(cpi=[{'method': 'create_vm', 'delay': 1}])
        first = self.client.deployments.create(manifest)
        while not self.client.locks.list():
            continue
        lock, = self.client.locks.list()
        self.assertEqual((('dep',), first), (lock.resource, lock.task_id))
        error = self.assertRaises(exceptions.TaskFailed, self.deploy,
                                  manifest)
        self.assertIn(f'Locking task id is {first}', str(error))
        self.wait(first)

    def test_11_cancelling(self) -> None:
        self.order_faults(cancel_delay=0.3, cpi=[
            {'method': 'create_vm', 'delay': 0.3}])
        task_id = self.client.deployments.create(
            self.prepare(base.group('web', 2)))
        while not self.client.locks.list():
            continue
        begun = time.monotonic()
        self.assertTrue(self.client.tasks.cancel(task_id))
        self.assertTrue(self.client.tasks.cancel(task_id))
        monitor = self.client.tasks.monitor(task_id)
        monitor.refresh()
        self.assertTrue(monitor.is_processing)
        self.assertEqual('cancelling', monitor.task.state)
        error = self.assertRaises(exceptions.TaskFailed, monitor.wait,
                                  timeout=against.LIMIT_S, interval=0.01)
        self.assertGreater(time.monotonic() - begun, 0.3)
        self.assertIn(f'in state cancelled: Error 10001: Task {task_id} '
                      'cancelled', str(error))
        self.assertEqual([], self.client.locks.list())

    def test_13_ignored(self) -> None:
        self.deploy(self.prepare(base.group('web')))
        self.order_faults(ignored=['web'])
        error = self.assertRaises(exceptions.TaskFailed, self.wait,
                                  self.client.deployments.delete('dep'))
        self.assertIn('Error 190021: ', str(error))
        self.order_faults()
        self.wait(self.client.deployments.delete('dep'))

    def test_15_first_deploy_fails(self) -> None:
        manifest = self.prepare(base.group('web'))
        for fault in ({'tasks': [{'match': 'create', 'code': 450002,
                                  'message': 'Timed out'}]},
                      {'cpi': [NO_HOST]}):
            self.order_faults(**fault)
            self.assertRaises(exceptions.TaskFailed, self.deploy, manifest)
            deployment = self.client.deployments.get('dep')
            self.assertEqual('dep', deployment.name)
            self.assertIsNone(self.client.deployments.manifest('dep'))
            self.assertEqual([], self.client.deployments.errands('dep'))
            self.order_faults()
            self.wait(self.client.deployments.delete('dep'))
            self.assertIsNone(self.client.deployments.get('dep'))


class PageTest(against.AgainstDirectorTestCase):

    def stream(self, content: bytes) -> int:
        """A task that has ended with this event stream."""
        task_id = self.client.deployments.create(self.prepare())
        self.wait(task_id)
        (self.director.tasks.folder(task_id) / 'event').write_bytes(content)
        return task_id

    def test_06_streams_longer_than_a_page(self) -> None:
        count = 3 * tasks.PAGE // 1000
        task_id = self.stream(b''.join(
            json.dumps({'stage': f'{n}', 'task': 'x' * 1000}).encode() + b'\n'
            for n in range(count)))
        page = self.client.tasks.event_page(task_id)
        self.assertFalse(page.is_last)
        self.assertLessEqual(page.offset, tasks.PAGE)
        monitor = self.client.tasks.monitor(task_id)
        monitor.refresh()
        self.assertEqual([f'{n}' for n in range(count)],
                         [event.stage for event in monitor.events])

    def test_06_a_line_longer_than_a_page(self) -> None:
        task_id = self.stream(b'x' * (2 * tasks.PAGE + 5)
                              + b'\n{"error": {"code": 7}}')
        monitor = self.client.tasks.monitor(task_id)
        monitor.refresh()
        self.assertEqual(['unreadable'] * 3 + [None],
                         [event.type for event in monitor.events])
        self.assertIn('Error 7', self.client.tasks.error(task_id))
