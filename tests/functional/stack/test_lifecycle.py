# SPDX-License-Identifier: Apache-2.0
"""Every action of Heat on a deployment, as Nova and Cinder see it."""

import io
import json
from typing import Any

from devstack.demo import stack
from tests.functional.stack import small

MANY = 6
_LIMIT_S = 300


class LifeCycleTest(small.SmallStackTestCase):

    def manifest(self, instances: int = 1) -> dict[str, Any]:
        """Two groups of one instance, the first with a persistent disk."""
        manifest = super().manifest(instances)
        return {**manifest, 'instance_groups': [
            self.group('database', persistent_disk_type=f'disk-{self.tag}'),
            self.group('api', instances)],
            'update': {**manifest['update'], 'max_in_flight': 1}}

    def act(self, action: str, begin: Any = None,
            ended: str = 'COMPLETE') -> None:
        """Do an action on the stack."""
        begin = begin or getattr(self.heat.actions, action.lower())
        status = self.follow(action, lambda: begin(self.stack),
                             may_fail=True)
        self.assertEqual(f'{action}_{ended}', status, self.reason())

    def test_life(self):
        [volume] = self.volumes()
        self.suspend_and_resume(volume)
        self.check_names_a_lost_vm_and_an_update_mends_it(volume)
        self.snapshot_and_its_deletion()
        self.cancel_ends_the_task()
        self.abandoned_it_belongs_to_nobody(volume)

    def suspend_and_resume(self, volume):
        before = set(self.servers())
        self.assertEqual(2, len(before))
        self.act('SUSPEND')
        self.assertEqual({}, self.servers())
        self.assertEqual('available', self.volumes()[volume].status)
        self.act('RESUME')
        self.assertEqual(2, len(set(self.servers()) - before))
        self.assertEqual('in-use', self.volumes()[volume].status)
        self.assertEqual({volume}, set(self.volumes()))
        self.act('CHECK')

    def check_names_a_lost_vm_and_an_update_mends_it(self, volume):
        gone = self.server()
        self.cloud.compute.delete_server(gone)
        self.wait_for(lambda: gone not in self.servers(), 'its end')
        self.act('CHECK', ended='FAILED')
        self.assertIn('1 problem', self.reason())
        self.assertIn(gone, self.reason())
        self.assertEqual(1, len(self.servers()))      # nothing is resolved
        self.assertEqual('UPDATE_COMPLETE', self.update())
        self.assertNotIn(self.server(), (None, gone))
        self.assertEqual({volume}, set(self.volumes()))
        self.act('CHECK')

    def snapshot_and_its_deletion(self):
        snapshots = self.cloud.block_storage.snapshots
        before = {snapshot.id for snapshot in snapshots()}
        taken = {}
        self.act('SNAPSHOT', lambda name: taken.update(
            self.heat.stacks.snapshot(name)))
        [cid] = {snapshot.id for snapshot in snapshots()} - before
        self.heat.stacks.snapshot_delete(self.stack, taken['id'])
        self.wait_for(lambda: cid not in {
            snapshot.id for snapshot in snapshots()}, 'no snapshot')
        self.wait_for(lambda: not self.heat.stacks.snapshot_list(
            self.stack)['snapshots'], 'no snapshot of the stack')

    def abandoned_it_belongs_to_nobody(self, volume):
        before = set(self.servers())
        data = self.heat.stacks.abandon(self.stack)
        self.wait_for(lambda: self.demo.get() is None, 'no stack', _LIMIT_S)
        kept = data['resources'][small.RESOURCE]
        self.assertEqual(self.deployment, kept['resource_id'])
        self.assertNotIn(self.parameters['client_secret'], json.dumps(kept))
        # A new stack does not take it by accident.
        self.stack = self.name('second')
        second = stack.Stack(self.cloud, self.stack, out=io.StringIO())
        self.addCleanup(second.delete)
        self.heat.stacks.create(
            stack_name=self.stack, template=self.template(),
            parameters=self.parameters)
        self.wait_settled()
        self.assertEqual('CREATE_FAILED', self.heat.stacks.get(
            self.stack).stack_status)
        self.assertIn('already', self.reason())
        second.delete()
        self.assertEqual((before, {volume}),
                         (set(self.servers()), set(self.volumes())))

    def cancel_ends_the_task(self):
        for cancel, status in (
                (self.heat.actions.cancel_without_rollback,
                 'UPDATE_FAILED'),
                (self.heat.actions.cancel_update, 'ROLLBACK_COMPLETE')):
            latest = self.latest_task().id
            self.heat.stacks.update(
                self.stack, parameters=self.parameters,
                template=self.template(manifest=self.manifest(MANY)))
            task = self.wait_for(
                lambda: self.latest_task().id > latest and (
                    len(self.servers()) > 2) and self.latest_task(),
                'the deploy', _LIMIT_S)
            cancel(self.stack)
            self.wait_for(lambda: self.director.tasks.get(
                task.id).state == 'cancelled', 'the end of the task',
                _LIMIT_S)
            self.wait_for(lambda: self.heat.stacks.get(
                self.stack).stack_status == status, status, _LIMIT_S)
            if status == 'UPDATE_FAILED':
                self.wait_for(lambda: self.heat.resources.get(
                    self.stack, small.RESOURCE).resource_status == status,
                    'the end of the action')
                self.assertEqual('UPDATE_COMPLETE', self.update())
            self.assertEqual(2, len(self.servers()))

    def latest_task(self):
        return self.director.tasks.list(
            deployment=self.deployment, limit=1)[0]
