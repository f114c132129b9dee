# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Deployment when engines die and actions end early."""

from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import fake_director


class CrashTest(deployments.DeploymentTestCase):
    """Another engine takes over, wherever the first one died."""

    def crash_when(self, condition, rsrc=None, action='create'):
        rsrc = rsrc or self.deployment()
        self.until(getattr(rsrc, action), condition)
        return self.die(rsrc)

    def test_during_the_uploads(self):
        self.bosh.polls = {'create release': 20, 'create stemcell': 20}
        rsrc = self.crash_when(lambda: len(self.bosh.tasks) == 2)
        for task in self.bosh.tasks.values():
            task.polls = 1
        self.update(rsrc)
        self.assertEqual(1, self.bosh.count('POST', '/stemcells'))
        self.assertEqual(1, self.bosh.count('POST', '/releases'))
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.delete(rsrc)

    def test_during_the_deploy(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.crash_when(lambda: self.tasks('create deployment'))
        self.tasks('create deployment')[0].polls = 1
        self.update(rsrc)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.delete(rsrc)

    def test_after_the_deploy(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.crash_when(lambda: self.tasks('create deployment'))
        task = self.tasks('create deployment')[0]
        task.polls = 0
        task.advance()
        self.assertEqual('done', task.state)
        self.update(rsrc)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_between_request_and_note(self):
        rsrc = self.deployment()
        self.bosh.polls['create deployment'] = 20
        # The answer is lost, and so is the search for the task: as if the
        # engine had died right after its request.
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        noted = rsrc.journal.get('action')
        del noted['task']
        rsrc.journal.put(action=noted)
        rsrc = self.die(rsrc)
        self.tasks('create deployment')[0].polls = 1
        self.update(rsrc)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.delete(rsrc)

    def test_before_the_request(self):
        rsrc = self.deployment()
        self.bosh.failures['create deployment'] = 'never'
        self.failed(rsrc)
        rsrc.journal.put(action={'kind': 'deploy', 'digest': 'd',
                                 'context': 'heat-never-sent'})
        self.bosh.failures.clear()
        self.update(self.die(rsrc))

    def test_with_another_manifest(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.crash_when(lambda: self.tasks('create deployment'))
        self.bosh.polls.clear()
        self.update(rsrc, manifest=deployments.manifest(update={'a': 1}))
        first, second = self.tasks('create deployment')
        self.assertEqual(('cancelled', 'done'), (first.state, second.state))
        self.assertEqual({'a': 1}, self.bosh.deployments['cf']['update'])

    def test_deletion_during_the_deploy(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.crash_when(lambda: self.tasks('create deployment'))
        self.delete(rsrc)
        self.assertEqual('cancelled',
                         self.tasks('create deployment')[0].state)

    def test_deletion_after_a_lost_answer(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        noted = rsrc.journal.get('action')
        del noted['task']
        rsrc.journal.put(action=noted)
        self.delete(self.die(rsrc))

    def test_during_the_deletion(self):
        rsrc = self.created()
        self.bosh.polls['delete deployment'] = 20
        rsrc = self.crash_when(lambda: self.tasks('delete deployment'),
                               rsrc, 'delete')
        self.tasks('delete deployment')[0].polls = 1
        self.delete(rsrc)
        self.assertEqual(
            1, self.bosh.count('DELETE', '/deployments/cf'))

    def test_during_the_removal_of_a_stemcell(self):
        rsrc = self.created()
        self.bosh.polls['delete stemcell'] = 20
        rsrc = self.crash_when(lambda: self.tasks('delete stemcell'),
                               rsrc, 'delete')
        self.tasks('delete stemcell')[0].polls = 1
        self.delete(rsrc)
        self.assertEqual(1, len(self.tasks('delete stemcell')))

    def test_lost_answer(self):
        rsrc = self.deployment()
        self.bosh.lose.add('deploy')
        self.run_action(rsrc.create)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_lost_answer_and_a_task_that_shows_late(self):
        rsrc = self.deployment()
        # The answer is lost, and so is that to the search for the task.
        self.bosh.lose.update({'deploy', 'task_list'})
        self.run_action(rsrc.create)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_task_was_forgotten_by_the_director(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.crash_when(lambda: self.tasks('create deployment'))
        self.bosh.tasks = {}
        self.bosh.polls.clear()
        self.update(rsrc)
        self.delete(rsrc)

    def test_no_row_holds_the_directors_secret(self):
        rsrc = self.created()
        self.assertFalse(fake_director.any_secret_in(self.database()))
        self.delete(rsrc)


class CancelTest(deployments.DeploymentTestCase):

    def test_cancel_during_the_deploy(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.deployment()
        runner = self.until(rsrc.create,
                            lambda: self.tasks('create deployment'))
        runner.cancel()
        self.assertEqual(rsrc.FAILED, rsrc.status)
        self.assertEqual('cancelling',
                         self.tasks('create deployment')[0].state)
        self.delete(self.reload(rsrc))

    def test_cancel_during_the_uploads(self):
        self.bosh.polls = {'create release': 20, 'create stemcell': 20}
        rsrc = self.deployment()
        runner = self.until(rsrc.create, lambda: len(self.bosh.tasks) == 2)
        runner.cancel()
        self.assertEqual({'cancelling'},
                         {task.state for task in self.bosh.running()})
        self.delete(self.reload(rsrc))

    def test_update_after_a_cancel(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.deployment()
        runner = self.until(rsrc.create,
                            lambda: self.tasks('create deployment'))
        runner.cancel()
        self.bosh.polls.clear()
        self.update(self.reload(rsrc))
        self.assertEqual(2, self.bosh.count(*deployments.DEPLOY))
