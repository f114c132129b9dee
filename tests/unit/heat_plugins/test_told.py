# SPDX-License-Identifier: Apache-2.0
"""A story that goes on with another engine."""

from heat_plugins.tasks import told as task_told
from heat_plugins.tasks import watch as task_watch
from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import fake_director


class ToldTest(deployments.DeploymentTestCase):

    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.sentences = []
        self.task = self.bosh.tasks[7] = fake_director.FakeTask(
            7, 'create deployment', 100, lambda task: None)
        self.thing = self.deployment()
        self.thing.store()

    def watch(self, rsrc=None):
        rsrc = rsrc or self.thing
        return task_watch.TaskWatch(
            rsrc.director(), 7, self.sentences.append,
            told=task_told.Told(rsrc), clock=lambda: self.now)

    def test_nothing_told_yet(self):
        self.assertEqual((0, []), task_told.Told(self.thing).get(7))

    def test_goes_on_where_the_other_engine_ended(self):
        self.task.stage('Creating', 'a', total=3)
        self.watch().poll()
        self.task.stage('Creating', 'b', total=3)      # unseen
        again = self.reload(self.thing)
        watch = self.watch(again)
        watch.poll()
        self.now += 60
        self.task.stage('Creating', 'c', total=3)
        watch.poll()
        self.assertEqual(
            ['Task 7: Creating: 1 of 3 (33 %), last a',
             'Creating: 2 of 3 (66 %), last b', 'Creating: done (3)'],
            self.sentences)

    def test_an_engine_that_died_before_it_told_anything(self):
        self.task.stage('Creating', 'a')
        self.watch(self.reload(self.thing)).poll()
        self.assertEqual(['Task 7: Creating: done'], self.sentences)

    def test_the_reason_has_what_the_other_engine_saw(self):
        self.task.stage('Creating', 'api/0', 'failed', error='No host')
        self.watch().poll()
        self.task.fail('No host')
        watch = self.watch(self.reload(self.thing))
        self.assertIsNotNone(watch.poll())
        self.assertTrue(str(watch.failure()).startswith(
            'api/0: Error 100: No host (task 7 of the director'))

    def test_tasks_of_another_owner_of_the_row(self):
        told = task_told.Told(self.thing)
        told.put(7, 99, [])
        self.assertEqual((99, []), told.get(7))
        self.thing.uuid = 'another'
        self.assertEqual((0, []), told.get(7))

    def test_only_the_latest_tasks_and_what_heat_can_keep(self):
        told = task_told.Told(self.thing)
        stages = [[100 * 'x', [100 * 'y'], 1, 1]] * 100
        for number in range(20):
            told.put(number, 5, stages)
        self.assertEqual((5, stages), told.get(19))
        self.assertEqual((0, []), told.get(0))
        self.assertLess(len(self.thing.data()['told']), 65536)

    def test_the_journal_is_left_alone(self):
        self.thing.journal.put(action={'kind': 'deploy'})
        task_told.Told(self.thing).put(7, 1, [])
        self.assertEqual({'kind': 'deploy'},
                         self.thing.journal.get('action'))


class TakeoverTest(deployments.DeploymentTestCase):

    def test_a_deploy_is_told_once(self):
        self.bosh.polls['create deployment'] = 50
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        [task] = self.tasks('create deployment')
        task.stage('Creating', 'a', total=2)
        rsrc = self.die(rsrc)
        task.polls = 1
        self.update(rsrc)
        told = [text for text in self.events(rsrc) if 'Creating' in text]
        self.assertEqual(1, len(told), told)
