# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a CloudFoundry::BOSH::Deployment."""

import json

from heat.engine import resource
from heat.engine import scheduler

from cf_openstack.director import exceptions as director_exceptions
from heat_plugins.resources import base as resource_base
from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import life_director

TAKE = ('POST', '/deployments/cf/snapshots')
SCHEDULED = 'snap-of-a-schedule'
MANIFEST = deployments.manifest(instance_groups=[
    {'name': 'database', 'instances': 1, 'persistent_disk': 1024},
    {'name': 'cell', 'instances': 2}])


class SnapshotTest(life_director.LifeTestCase):

    def setUp(self):
        super().setUp()
        self.rsrc = self.created(manifest=MANIFEST)

    def record(self, rsrc):
        return json.loads(rsrc.data()['snapshot'])

    def delete_snapshot(self, data, rsrc=None):
        """As Heat does it: with the resource as the snapshot has it."""
        rsrc = resource.Resource('thing', self.rsrc.t, self.stk)
        rsrc.id = None
        rsrc._data = data['resource_data']
        scheduler.TaskRunner(rsrc.delete_snapshot, data)()

    def taken(self):
        rsrc = self.act(self.rsrc, 'snapshot')
        return rsrc, {'resource_data': rsrc.data()}

    def test_take_and_delete(self):
        self.bosh.snapshots[SCHEDULED] = life_director.BEFORE
        rsrc, data = self.taken()
        [cid] = self.record(rsrc)['cids']
        self.assertEqual({SCHEDULED, cid}, set(self.bosh.snapshots))
        self.assertIn('Snapshots of 1 persistent disks',
                      str(self.events(rsrc)))
        self.delete_snapshot(data)
        self.assertEqual([SCHEDULED], list(self.bosh.snapshots))
        # Once more, as after a crash.
        self.delete_snapshot(data)
        self.delete(self.reload(rsrc))

    def test_each_has_its_own(self):
        _rsrc, first = self.taken()
        rsrc, _second = self.taken()
        self.assertEqual(2, len(self.bosh.snapshots))
        self.delete_snapshot(first)
        self.assertEqual(self.record(rsrc)['cids'],
                         list(self.bosh.snapshots))

    def test_no_secret_is_kept_with_it(self):
        _rsrc, data = self.taken()
        self.assertNotIn(self.bosh.secret, json.dumps(data))

    def test_delete_when_the_deployment_is_gone(self):
        rsrc, data = self.taken()
        self.run_action(self.reload(rsrc).delete)
        self.delete_snapshot(data)

    def test_delete_when_the_resource_is_gone(self):
        _rsrc, data = self.taken()
        self.stk = self.stack({})
        self.delete_snapshot(data)
        self.assertEqual({}, self.bosh.snapshots)

    def test_delete_is_not_done_on_another_director(self):
        _rsrc, data = self.taken()
        self.bosh.uuid = 'another'
        error = self.assertRaises(resource_base.AnotherDirector,
                                  self.delete_snapshot, data)
        self.assertIn('Another director', str(error))
        self.assertEqual(1, len(self.bosh.snapshots))

    def test_delete_fails(self):
        _rsrc, data = self.taken()
        self.bosh.failures['delete snapshot'] = 'volume is busy'
        error = self.assertRaises(director_exceptions.TaskFailed,
                                  self.delete_snapshot, data)
        self.assertIn('volume is busy', str(error))

    def test_nothing_was_snapshotted(self):
        self.delete_snapshot({'resource_data': {}})
        self.assertEqual({}, self.bosh.snapshots)

    def test_director_takes_none(self):
        self.bosh.snapshots_on = False
        self.assertIn('director.enable_snapshots',
                      self.act_badly(self.rsrc, 'snapshot'))
        self.assertEqual(0, self.bosh.count(*TAKE))

    def test_no_disks(self):
        self.update(self.reload(self.rsrc), manifest=deployments.manifest())
        rsrc, data = self.taken()
        self.assertIn('no persistent disk', str(self.events(rsrc)))
        self.delete_snapshot(data)

    def test_it_fails_half_way(self):
        self.bosh.snapshots[SCHEDULED] = life_director.BEFORE
        self.bosh.failures['snapshot deployment'] = 'no space left'
        self.assertIn('no space left',
                      self.act_badly(self.rsrc, 'snapshot'))
        self.assertEqual([SCHEDULED], list(self.bosh.snapshots))
        self.assertNotIn('snapshot', self.reload(self.rsrc).data())

    def test_some_disks_fail(self):
        self.bosh.snapshot_result = (
            "snapshots of deployment 'cf' created, with 1 failure(s)")
        self.assertIn('1 failure(s)', self.act_badly(self.rsrc, 'snapshot'))
        self.assertEqual({}, self.bosh.snapshots)

    def cut_short(self, task_is_noted):
        """Take a snapshot in an engine that dies during it."""
        rsrc = self.reload(self.rsrc)
        self.bosh.polls['snapshot deployment'] = 20
        self.until(rsrc.snapshot, lambda: self.tasks('snapshot deployment'))
        if not task_is_noted:
            noted = rsrc.journal.get('snapshots')
            del noted['task']
            rsrc.journal.put(snapshots=noted)
        rsrc = self.die(rsrc)
        self.bosh.polls.clear()
        rsrc, _data = self.taken()
        first, second = self.tasks('snapshot deployment')
        self.assertEqual(('cancelled', 'done'), (first.state, second.state))
        self.assertEqual(self.record(rsrc)['cids'],
                         list(self.bosh.snapshots))

    def test_another_engine_takes_over(self):
        self.cut_short(True)

    def test_another_engine_does_not_know_the_task(self):
        self.cut_short(False)

    def test_cancel(self):
        rsrc = self.reload(self.rsrc)
        self.bosh.polls['snapshot deployment'] = 20
        runner = self.until(rsrc.snapshot,
                            lambda: self.tasks('snapshot deployment'))
        runner.cancel()
        [task] = self.tasks('snapshot deployment')
        self.assertEqual('cancelling', task.state)
        self.delete(self.reload(rsrc))

    def test_while_suspended(self):
        self.act(self.rsrc, 'suspend')
        self.taken()
        self.assertEqual(1, len(self.bosh.snapshots))
