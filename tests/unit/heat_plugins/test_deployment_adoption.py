# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Deployment abandoned, adopted, and replaced."""

from heat.common import exception
from heat.engine import scheduler
from heat.engine import stk_defn
from heat.objects import resource as resource_objects
from heat.objects import stack as stack_objects

from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import fake_director
from tests.unit.heat_plugins import life_director


class AdoptionTestCase(life_director.LifeTestCase):

    def abandon(self, rsrc):
        """Abandon a resource; what Heat gives out."""
        data = rsrc.prepare_abandon()
        self.run_action(rsrc.delete)
        self.assertIn('cf', self.bosh.deployments)
        return data

    def adopt(self, data, **changes):
        rsrc = self.deployment(**changes)
        scheduler.TaskRunner(rsrc.adopt, data)()
        self.assertEqual((rsrc.ADOPT, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def refused(self, data, **changes):
        rsrc = self.deployment(**changes)
        error = self.assertRaises(exception.ResourceFailure,
                                  scheduler.TaskRunner(rsrc.adopt, data))
        self.assertEqual((rsrc.ADOPT, rsrc.FAILED), rsrc.state)
        self.assertIsNone(rsrc.resource_id)
        # Whatever becomes of it, nothing is deleted at the director.
        had = dict(self.bosh.deployments)
        self.run_action(rsrc.delete)
        self.assertEqual(had, self.bosh.deployments)
        return str(error)


class AdoptionTest(AdoptionTestCase):

    def test_of_an_abandoned_stack(self):
        rsrc = self.adopt(self.abandon(self.created()))
        self.assertEqual('cf', rsrc.resource_id)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        # The same manifest is not deployed again.
        self.update(self.reload(rsrc), director=self.sealed())
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        # All that was brought to the director goes with it.
        self.delete(self.reload(rsrc))

    def test_of_a_deployment_made_by_hand(self):
        self.bosh.deployments['cf'] = deployments.manifest()
        self.bosh.stemcells[deployments.STEMCELL_KEY] = 'theirs'
        self.bosh.releases['capi'] = ['1.2']
        rsrc = self.adopt({'resource_id': 'cf'})
        self.act(rsrc, 'check')
        self.update(self.reload(rsrc), director=self.sealed(),
                    manifest=deployments.manifest(update={'a': 1}))
        self.run_action(self.reload(rsrc).delete)
        self.assertEqual({}, self.bosh.deployments)
        self.assertIn(deployments.STEMCELL_KEY, self.bosh.stemcells)

    def test_of_a_suspended_one(self):
        rsrc = self.act(self.created(), 'suspend')
        rsrc = self.adopt(self.abandon(rsrc))
        self.act(rsrc, 'check')
        self.update(self.reload(rsrc))
        self.assertEqual(set(), self.bosh.detached)

    def test_of_one_whose_deploy_goes_on(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        data = self.reload(rsrc).prepare_abandon()
        adopted = self.adopt(data)
        self.tasks('create deployment')[0].polls = 1
        self.update(self.reload(adopted))
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_there_is_none(self):
        self.assertIn('has no deployment "cf" to adopt',
                      self.refused({'resource_id': 'cf'}))

    def test_no_id(self):
        self.assertIn('no resource_id', self.refused({}))
        self.assertIn('no resource_id', self.refused(None))

    def test_another_name(self):
        self.bosh.deployments['other'] = deployments.manifest()
        self.assertIn('is named "cf"',
                      self.refused({'resource_id': 'other'}))

    def test_another_director(self):
        data = self.abandon(self.created())
        self.bosh.uuid = 'another'
        self.assertIn('Another director', self.refused(data))

    def test_data_of_a_stranger(self):
        self.bosh.deployments['cf'] = deployments.manifest()
        for text in ('', '[]', '{"owned": 7, "deployed": [], "action": 1}',
                     '{"owned": [["disk", "a", "b"], [1, 2, 3], "abc"]}'):
            rsrc = self.adopt({'resource_id': 'cf',
                               'resource_data': {'journal': text}})
            self.assertIsNone(rsrc.journal.get('owned'))
            self.assertIsNone(rsrc.journal.get('action'))

    def test_rollback_of_an_adoption_leaves_it(self):
        rsrc = self.adopt(self.abandon(self.created()))
        rsrc.stack.action = rsrc.stack.ROLLBACK
        self.run_action(rsrc.delete)
        self.assertIn('cf', self.bosh.deployments)

    def test_rollback_of_a_later_update_does_not(self):
        rsrc = self.adopt(self.abandon(self.created()))
        rsrc = self.act(rsrc, 'update', self.definition(
            rsrc, manifest=deployments.manifest(update={'a': 1})))
        rsrc.stack.action = rsrc.stack.ROLLBACK
        self.delete(rsrc)


class ReplacementTest(AdoptionTestCase):
    """Heat makes the new resource first and deletes the old one then."""

    def replace(self, old, **changes):
        """The row of a replacement, as convergence loads it."""
        stack = self.stk
        new_id = old.make_replacement(stack.t.id, set())
        new = self.deployment(**changes)
        new.id, new.replaces = new_id, old.id
        new.uuid = resource_objects.Resource.get_obj(
            old.context, new_id).uuid
        old.replaced_by = new_id
        self.old_stack = stack
        return new

    def test_of_the_same_name(self):
        # As when the type of the resource changes.
        old = self.created()
        new = self.replace(old)
        old.stack.action = new.stack.action = 'UPDATE'
        self.run_action(new.create)
        self.assertEqual('cf', new.resource_id)
        self.run_action(old.delete)
        self.assertEqual((old.DELETE, old.COMPLETE), old.state)
        self.assertIn('cf', self.bosh.deployments)
        self.assertIn('stays', str(self.all_events(old)))
        self.stk = new.stack
        new.stack.action = 'DELETE'
        self.delete(new)

    def test_rolled_back(self):
        old = self.created()
        new = self.replace(old)
        self.bosh.failures['create deployment'] = 'no'
        old.stack.action = new.stack.action = 'ROLLBACK'
        self.failed(new)
        self.run_action(new.delete)
        self.assertIn('cf', self.bosh.deployments)
        self.bosh.failures.clear()
        old.stack.action = 'DELETE'
        self.delete(old)

    def test_both_go_with_the_stack(self):
        old = self.created()
        new = self.replace(old)
        self.run_action(new.create)
        for rsrc in (new, old):
            rsrc.stack.action = 'DELETE'
            self.run_action(rsrc.delete)
        self.assertEqual({}, self.bosh.deployments)

    def all_events(self, rsrc):
        self.stk, made = rsrc.stack, self.stk
        self.addCleanup(lambda: made)
        return self.events(rsrc)


class CancelledStackTest(life_director.LifeTestCase):
    """Heat itself lets what is in progress go on."""

    def stop(self, rsrc, status='FAILED', traversal='stopped'):
        stack_objects.Stack.update_by_id(rsrc.context, rsrc.stack.id, {
            'status': status, 'current_traversal': traversal})

    def deploying(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.rsrc(deployments.TYPE, {
            'director': self.sealed(), 'manifest': deployments.manifest(),
            'stemcells': [deployments.STEMCELL]}, convergence=True)
        rsrc.stack.current_traversal = 'mine'
        self.stop(rsrc, 'IN_PROGRESS', 'mine')
        runner = self.until(rsrc.create,
                            lambda: self.tasks('create deployment'))
        return rsrc, runner

    def test_cancelled_without_rollback(self):
        rsrc, runner = self.deploying()
        self.stop(rsrc)
        self.assertRaises(BaseException, runner.run_to_completion)
        self.assertEqual((rsrc.CREATE, rsrc.FAILED), rsrc.state)
        self.assertIn('cancel', rsrc.status_reason)
        self.assertEqual('cancelling',
                         self.tasks('create deployment')[0].state)

    def test_another_resource_failed(self):
        rsrc, runner = self.deploying()
        self.stop(rsrc, traversal='')
        runner.run_to_completion()
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)

    def test_newer_update(self):
        rsrc, runner = self.deploying()
        self.stop(rsrc, 'IN_PROGRESS', 'newer')
        runner.run_to_completion()
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)

    def preempt(self, action, **changes):
        rsrc, _runner = self.deploying()
        newest = self.stack({'thing': {
            'type': deployments.TYPE,
            'properties': {**rsrc.t._properties, **changes}}})
        again = self.reload(rsrc)
        again.stack.defn = newest.defn
        again.stack.action = action
        again.handle_preempt()
        return self.tasks('create deployment')[0].state

    def test_newer_update_of_something_else(self):
        self.assertEqual('queued', self.preempt('UPDATE').replace(
            'processing', 'queued'))

    def test_newer_update_of_this(self):
        for action in ('UPDATE', 'ROLLBACK'):
            self.assertEqual('cancelling', self.preempt(
                action, manifest=deployments.manifest(update={'a': 1})))
            self.bosh.tasks.clear()
            self.bosh.deployments.clear()

    def test_check_does_not_disturb(self):
        self.assertEqual('queued', self.preempt(
            'CHECK', manifest=deployments.manifest(update={'a': 1}),
        ).replace('processing', 'queued'))


class AdoptedStackTest(life_director.LifeTestCase):
    """A director and a deployment that gets its connection, as a stack."""

    def resources(self):
        return {
            'director': {
                'type': 'CloudFoundry::BOSH::Director',
                'properties': {
                    'endpoint': fake_director.ENDPOINT,
                    'client': fake_director.CLIENT,
                    'client_secret': fake_director.SECRET}},
            'cf': {
                'type': deployments.TYPE,
                'properties': {
                    'director': {'get_attr': ['director', 'connection']},
                    'manifest': deployments.manifest(),
                    'stemcells': [deployments.STEMCELL]}}}

    def test_abandon_and_adopt(self):
        old = self.stack(self.resources())
        old.create()
        self.assertEqual((old.CREATE, old.COMPLETE), old.state)
        data = old.prepare_abandon()
        old.delete(abandon=True)
        self.assertIn('cf', self.bosh.deployments)

        new = self.stack(self.resources())
        for name in ('director', 'cf'):
            self.run_action(new[name].adopt, data['resources'][name])
            # As convergence does it; the old engine forgets it.
            stk_defn.update_resource_data(
                new.defn, name, new[name].node_data())
            self.run_action(new[name].check)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        new.delete()
        self.assertEqual({}, self.bosh.deployments)
        self.assertEqual({}, self.bosh.stemcells)
