# SPDX-License-Identifier: Apache-2.0
"""Suspending, resuming and checking a CloudFoundry::BOSH::Deployment."""

from heat.common import exception

from heat_plugins.deploying import checking
from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import life_director

STATE = ('PUT', '/deployments/cf/jobs/*')


class SuspendTest(life_director.LifeTestCase):

    def test_suspend_and_resume(self):
        rsrc = self.act(self.created(), 'suspend')
        self.assertEqual({'api/id-0', 'cell/id-0', 'cell/id-1'},
                         self.bosh.detached)
        self.assertEqual('cf', rsrc.resource_id)
        self.assertIn('Updating instance', str(self.events(rsrc)))
        rsrc = self.act(rsrc, 'resume')
        self.assertEqual(set(), self.bosh.detached)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        # Nothing is left to do for an update.
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.RESUME, rsrc.COMPLETE), rsrc.state)
        self.delete(self.reload(rsrc))

    def test_delete_while_suspended(self):
        rsrc = self.act(self.created(), 'suspend')
        self.delete(self.reload(rsrc))

    def test_check_while_suspended(self):
        rsrc = self.act(self.created(), 'suspend')
        self.bosh.lost.add('api/id-0')
        self.act(rsrc, 'check')

    def test_update_after_a_check_while_suspended(self):
        # Heat refuses a resume after a check.
        rsrc = self.act(self.created(), 'suspend')
        rsrc = self.act(rsrc, 'check')
        rsrc = self.act(rsrc, 'update', self.definition(rsrc))
        self.assertEqual(set(), self.bosh.detached)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual(2, self.bosh.count(*STATE))

    def test_update_with_another_manifest_while_suspended(self):
        rsrc = self.act(self.act(self.created(), 'suspend'), 'check')
        self.act(rsrc, 'update', self.definition(
            rsrc, manifest=deployments.manifest(update={'a': 1})))
        self.assertEqual(set(), self.bosh.detached)
        self.assertEqual({'a': 1}, self.bosh.deployments['cf']['update'])

    def test_failed_suspend_is_repeated(self):
        self.bosh.failures['detached'] = 'VM is stuck'
        rsrc = self.created()
        self.assertIn('VM is stuck', self.act_badly(rsrc, 'suspend'))
        self.bosh.failures.clear()
        self.act(rsrc, 'suspend')

    def test_failed_resume_is_repeated(self):
        rsrc = self.act(self.created(), 'suspend')
        self.bosh.failures['started'] = 'quota exceeded'
        self.assertIn('quota exceeded', self.act_badly(rsrc, 'resume'))
        self.bosh.failures.clear()
        self.act(rsrc, 'resume')

    def test_failed_resume_is_mended_by_an_update(self):
        rsrc = self.act(self.created(), 'suspend')
        self.bosh.failures['started'] = 'quota exceeded'
        self.act_badly(rsrc, 'resume')
        self.bosh.failures.clear()
        self.act(rsrc, 'update', self.definition(rsrc))
        self.assertEqual(set(), self.bosh.detached)

    def test_deployment_is_gone(self):
        rsrc = self.created()
        self.bosh.deployments.clear()
        self.assertIn('Update the stack', self.act_badly(rsrc, 'suspend'))

    def test_another_director_answers(self):
        rsrc = self.created()
        self.bosh.uuid = 'another'
        for action in ('suspend', 'check', 'snapshot', 'delete'):
            self.assertIn('Another director answers',
                          self.act_badly(rsrc, action))
            self.reload(rsrc).state_set('UPDATE', 'COMPLETE')
        self.assertIn('cf', self.bosh.deployments)

    def test_lost_answer(self):
        rsrc = self.created()
        self.bosh.lose.update({'change_state', 'task_list'})
        self.act(rsrc, 'suspend')
        self.assertEqual(1, self.bosh.count(*STATE))

    def test_another_engine_takes_over(self):
        rsrc = self.created()
        self.bosh.polls['detached'] = 20
        self.until(rsrc.suspend, lambda: self.tasks('detached'))
        rsrc = self.die(rsrc)
        self.bosh.tasks[max(self.bosh.tasks)].polls = 1
        self.act(rsrc, 'suspend')
        self.assertEqual(1, self.bosh.count(*STATE))

    def test_cancel(self):
        for action, kind in (('suspend', 'detached'), ('resume', 'started')):
            rsrc = self.created()
            if action == 'resume':
                rsrc = self.act(rsrc, 'suspend')
            self.bosh.polls[kind] = 20
            runner = self.until(getattr(rsrc, action),
                                lambda: self.tasks(kind))
            runner.cancel()
            self.assertEqual(rsrc.FAILED, rsrc.status)
            self.assertEqual('cancelling', self.tasks(kind)[0].state)
            self.bosh.polls.clear()
            self.delete(self.reload(rsrc))
            self.bosh.detached.clear()


class CheckTest(life_director.LifeTestCase):

    def test_all_is_well(self):
        rsrc = self.act(self.created(), 'check')
        # Nothing is to be done about it.
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.CHECK, rsrc.COMPLETE), rsrc.state)

    def test_a_vm_is_gone(self):
        rsrc = self.created()
        self.bosh.lost.add('api/id-0')
        error = self.act_badly(rsrc, 'check')
        self.assertIn('1 problem in deployment "cf": '
                      "VM for 'api/id-0 (0)' with cloud ID", error)
        self.assertEqual({'api/id-0'}, self.bosh.lost)
        self.assertEqual(0, self.bosh.count('PUT', '/deployments/cf/problems'))
        # An update mends it in place.
        self.act(rsrc, 'update', self.definition(rsrc))
        self.assertEqual([False, True], self.bosh.fixes)
        self.act(rsrc, 'check')
        self.delete(self.reload(rsrc))

    def test_many_vms_are_gone(self):
        rsrc = self.created(manifest=deployments.manifest(
            instance_groups=[{'name': 'cell', 'instances': 6}]))
        self.bosh.lost.update(f'cell/id-{n}' for n in range(6))
        error = self.act_badly(rsrc, 'check')
        self.assertIn('6 problems', error)
        self.assertIn('id-2', error)
        self.assertNotIn('id-3', error)

    def test_instances_without_vm(self):
        rsrc = self.created()
        self.bosh.bare.add('api/id-0')
        self.assertIn('1 instance without VM in deployment "cf": api/id-0.',
                      self.act_badly(rsrc, 'check'))

    def test_the_deployment_is_gone(self):
        rsrc = self.created()
        self.bosh.deployments.clear()
        self.assertIn('has no deployment "cf"',
                      self.act_badly(rsrc, 'check'))
        rsrc = self.reload(rsrc)
        self.assertFalse(rsrc.needs_replace_failed())
        self.act(rsrc, 'update', self.definition(rsrc))
        self.assertIn('cf', self.bosh.deployments)
        self.assertIn('deployed anew', str(self.events(rsrc)))

    def test_a_director_that_is_down_is_no_reason_to_replace(self):
        rsrc = self.created()
        self.bosh.down = True
        self.assertIn('refused', self.act_badly(rsrc, 'check'))
        rsrc = self.reload(rsrc)
        self.assertFalse(rsrc.needs_replace_failed())
        self.assertFalse(rsrc.is_gone)

    def test_check_of_what_was_never_made(self):
        self.bosh.deployments['cf'] = None
        rsrc = self.deployment()
        self.failed(rsrc)
        self.assertFalse(rsrc.needs_replace_failed())
        self.assertIn('has no deployment', self.act_badly(rsrc, 'check'))
        self.assertIn('cf', self.bosh.deployments)

    def test_after_a_failed_deploy(self):
        rsrc = self.created()
        self.bosh.failures['create deployment'] = 'no'
        self.act_badly(rsrc, 'update', self.definition(
            rsrc, manifest=deployments.manifest(update={'a': 1})))
        # What is there is well, and not what the template says.
        self.assertIn('did not succeed', self.act_badly(rsrc, 'check'))
        self.bosh.failures.clear()
        self.act(rsrc, 'update', self.definition(rsrc))
        self.act(rsrc, 'check')

    def test_after_a_crash_the_deploy_is_waited_for(self):
        self.bosh.polls['create deployment'] = 8
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        rsrc = self.die(rsrc)
        rsrc = self.act(rsrc, 'check')
        self.assertEqual('done', self.tasks('create deployment')[0].state)
        self.assertIn('Waiting for task', str(self.events(rsrc)))
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_a_scan_takes_too_long(self):
        self.patchobject(checking, 'SCAN_LIMIT', new=-1)
        rsrc = self.created()
        self.bosh.polls['scan cloud'] = 20
        self.assertIn('was cancelled', self.act_badly(rsrc, 'check'))
        self.assertEqual('cancelling', self.tasks('scan cloud')[0].state)

    def test_cancel(self):
        rsrc = self.created()
        self.bosh.polls['scan cloud'] = 20
        runner = self.until(rsrc.check, lambda: self.tasks('scan cloud'))
        runner.cancel()
        self.assertEqual('cancelling', self.tasks('scan cloud')[0].state)
        self.bosh.polls.clear()
        self.act(rsrc, 'check')
        self.assertEqual(2, len(self.tasks('scan cloud')))

    def test_another_engine_takes_over_a_scan(self):
        rsrc = self.created()
        self.bosh.polls['scan cloud'] = 20
        self.until(rsrc.check, lambda: self.tasks('scan cloud'))
        rsrc = self.die(rsrc)
        self.bosh.tasks[max(self.bosh.tasks)].polls = 1
        self.act(rsrc, 'check')
        self.assertEqual(1, len(self.tasks('scan cloud')))

    def test_not_yet_created(self):
        rsrc = self.deployment()
        self.assertRaises(exception.ResourceFailure, self.run_action,
                          rsrc.check)
        self.assertEqual([], self.bosh.calls)
