# SPDX-License-Identifier: Apache-2.0
"""Switches that concern no single route."""

import json
import pathlib
import threading

import fixtures
from oslotest import base as test_base

from devstack.pocket_director import errors
from devstack.pocket_director import events
from devstack.pocket_director import faults
from devstack.pocket_director import locks
from devstack.pocket_director import noise
from tests.unit.pocket_director import base


class FaultsTestCase(test_base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.file = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'faults.json'
        self.faults = faults.Faults(self.file)

    def order(self, **content: object) -> None:
        self.file.write_text(json.dumps(content))


class FaultsTest(FaultsTestCase):

    def test_without_a_file(self) -> None:
        for found in (self.faults.task('x'), self.faults.race('cloud', 'x'),
                      self.faults.restart('x', 'y'),
                      self.faults.request('GET', '/'),
                      self.faults.value('redirect')):
            self.assertIsNone(found)

    def test_restart_strikes_once(self) -> None:
        self.order(redirect=303, restart=[
            {'match': 'create', 'stage': 'Updating', 'down': 2},
            {'match': 'delete'}])
        self.assertIsNone(self.faults.restart('create x', 'Preparing'))
        self.assertEqual(2, self.faults.restart(
            'create x', 'Updating instance')['down'])
        # Not even the next director, which has forgotten everything.
        again = faults.Faults(self.file)
        self.assertIsNone(again.restart('create x', 'Updating instance'))
        self.assertEqual(303, again.value('redirect'))
        self.assertIsNotNone(again.restart('delete x', 'any'))

    def test_races(self) -> None:
        self.order(races=[{'type': 'cloud', 'name': '^mine$', 'times': 1}])
        self.assertEqual(
            [None, None, True, None],
            [self.faults.race(*key) and True for key in (
                ('cloud', 'other'), ('cpi', 'mine'), ('cloud', 'mine'),
                ('cloud', 'mine'))])

    def test_strangers_lock(self) -> None:
        self.order(locked=['cf'])
        held = locks.Locks(0.05, str,
                           lambda: self.faults.value('locked', ()))
        self.assertTrue(held.is_locked('deployment', 'cf'))
        self.assertFalse(held.is_locked('release', 'cf'))
        with held.hold(1, 'deployment', 'other'):
            error = self.assertRaises(
                errors.DirectorError,
                held.hold(2, 'deployment', 'cf').__enter__)
        self.assertIn('Locking task id is 0', error.message)
        # It is given back while somebody waits.
        held = locks.Locks(10, str, lambda: self.faults.value('locked', ()))
        begin = threading.Timer(0.05, self.order)
        begin.start()
        self.addCleanup(begin.join)
        with held.hold(2, 'deployment', 'cf'):
            self.assertTrue(held.is_locked('deployment', 'cf'))


class NoiseTest(FaultsTestCase):

    def stream(self, **switch: object) -> list[str]:
        self.order(events=switch)
        path = self.file.with_name('event')
        stages: list[str] = []
        stream = events.EventStream(
            path, noise.Noise(self.faults), stages.append)
        with stream.stage('One', 2).step('first'):
            pass
        stream.error(errors.DirectorError(1, 'last'))
        self.assertEqual(['One'], stages)
        return path.read_text().splitlines()

    def test_none(self) -> None:
        self.assertEqual(3, len(self.stream()))

    def test_total(self) -> None:
        started, *_ = map(json.loads, self.stream(total=None))
        self.assertEqual((None, 'started'),
                         (started['total'], started['state']))

    def test_interleaved(self) -> None:
        lines = [json.loads(line) for line in self.stream(interleave=True)]
        self.assertEqual(
            [('One', 'started'), ('Watching others', 'started'),
             ('Watching others', 'in_progress'), ('One', 'finished'),
             ('Watching others', 'finished')],
            [(line['stage'], line['state']) for line in lines[:-1]])

    def test_errors(self) -> None:
        lines = [json.loads(line) for line in self.stream(errors=['first'])]
        self.assertEqual(['first', 'last'], [
            line['error']['message'] for line in lines[-2:]])

    def test_warnings_come_once(self) -> None:
        lines = [json.loads(line) for line in self.stream(warnings=['w'])]
        self.assertEqual(['warning', 'deprecation', None], [
            line.get('type') for line in lines[:3]])
        self.assertEqual(5, len(lines))

    def test_junk(self) -> None:
        lines = self.stream(junk=True)
        self.assertEqual('', lines[0])
        self.assertIn('unknown', json.loads(lines[1]))
        lines = self.stream(broken=True)
        self.assertRaises(ValueError, json.loads, lines[-2 - 2])


class RestartTest(base.DirectorTestCase):
    options = {'task_timeout': 60}

    def test_it_is_asked_for_in_a_stage(self) -> None:
        downs: list[float] = []
        self.director.tasks.on_restart = downs.append
        self.upload()
        self.order_faults(restart=[
            {'match': 'create', 'stage': 'Updating', 'down': 3}])
        self.done(self.deploy(base.manifest(base.group('web', 2))))
        self.assertEqual([3.0], downs)

    def test_tasks_left_behind(self) -> None:
        number = self.director.store.insert(
            'tasks', type='vms', state='processing', description='x')
        self.start_director()
        task = self.get(f'/tasks/{number}')
        self.assertEqual(('processing', None),
                         (task['state'], task['timestamp']))
        self.order_faults(task_timeout=0)
        self.assertEqual('timeout', self.get(f'/tasks/{number}')['state'])

    def test_down(self) -> None:
        self.director.down_until = float('inf')
        answer = self.http.get('/info')
        self.assertEqual((502, 'text/html'),
                         (answer.status_code, answer.mimetype))
        self.assertIn('502 Bad Gateway', answer.text)
