# SPDX-License-Identifier: Apache-2.0
"""Following a task of a director."""

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import exceptions
from cf_openstack.director import limits

from heat_plugins.tasks import watch as task_watch
from tests.unit.heat_plugins import base
from tests.unit.heat_plugins import fake_director


class TaskWatchTest(base.BoshTestCase):

    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.told = []
        self.task = self.bosh.tasks[7] = fake_director.FakeTask(
            7, 'create deployment', 3, lambda task: None)
        self.director = client.Director(
            connection.Connection(
                endpoint=fake_director.ENDPOINT, ca_certificate='',
                client=fake_director.CLIENT,
                client_secret=fake_director.SECRET),
            limits=limits.Limits(attempts=1))

    def watch(self, **kwargs):
        return task_watch.TaskWatch(
            self.director, 7, self.told.append, clock=lambda: self.now,
            **kwargs)

    def test_until_the_end(self):
        watch = self.watch()
        polls = 0
        while watch.poll() is None:
            polls += 1
        self.assertEqual(3, polls)

    def test_what_an_earlier_engine_told_is_not_repeated(self):
        self.task.stage('Preparing', 'a')
        watch = self.watch(resumed=True)
        watch.poll()
        self.assertEqual([], self.told)
        self.task.stage('Updating', 'b')
        self.now += 60
        watch.poll()
        self.assertEqual(['Task 7: Updating: done'], self.told)

    def test_waits_grow_to_the_usual_interval(self):
        self.task.polls = 50
        watch = self.watch()
        waits = []
        for _poll in range(8):
            watch.poll()
            waits.append(watch.next_wait)
        self.assertEqual([1, 1, 1, 2, 2, 3, None, None], waits)

    def test_failure_begins_with_the_cause(self):
        self.task.polls = 100
        watch = self.watch()
        watch.poll()
        self.task.fail('No valid host')
        self.assertIsNotNone(watch.poll())
        self.assertEqual(
            'Error 100: No valid host (task 7 of the director, create '
            'deployment, error)', str(watch.failure()))

    def test_a_short_outage_is_told_once(self):
        watch = self.watch()
        self.bosh.down = True
        for _poll in range(5):
            self.assertIsNone(watch.poll())
            self.now += task_watch.OUTAGE_LIMIT / 5
        self.assertEqual(1, len(self.told))
        self.assertIn('Director out of reach', self.told[0])
        self.bosh.down = False
        while watch.poll() is None:
            pass

    def test_a_long_outage_is_an_error(self):
        watch = self.watch()
        self.bosh.down = True
        watch.poll()
        self.now += task_watch.OUTAGE_LIMIT + 1
        self.assertRaises(exceptions.ConnectionFailed, watch.poll)

    def test_outages_do_not_add_up(self):
        self.task.polls = 100
        watch = self.watch()
        for _outage in range(3):
            self.bosh.down = True
            watch.poll()
            self.now += task_watch.OUTAGE_LIMIT - 1
            watch.poll()
            self.bosh.down = False
            watch.poll()
        self.assertEqual(3, len(self.told))

    def test_refused_credentials_are_an_error(self):
        watch = self.watch()
        self.bosh.secret = 'rotated'
        self.assertRaises(exceptions.AuthenticationError, watch.poll)
