# SPDX-License-Identifier: Apache-2.0
"""Persistent disks: kept, moved, replaced, orphaned."""

from tests.unit.pocket_director import base


class DisksTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()

    def deploy_db(self, kind: str | None = '1GB') -> str:
        group = base.group('db')
        if kind:
            group['persistent_disk_type'] = kind
        self.done(self.deploy(base.manifest(group)))
        (cid,) = self.in_cloud('vms')
        return cid

    def change_state(self, state: str) -> None:
        self.done(self.http.put(
            f'/deployments/dep/jobs/db?state={state}',
            content_type='text/yaml'))

    def orphans(self) -> list[str]:
        return [disk['disk_cid'] for disk in self.get('/disks')]

    def test_delete_of_the_deployment_deletes_it(self) -> None:
        vm = self.deploy_db()
        (cid,) = self.in_cloud('disks')
        self.assertEqual(
            {'size': 1024, 'vm': vm}, self.in_cloud('disks')[cid])
        self.forget_calls()
        task = self.done(self.http.delete('/deployments/dep'))
        self.assertEqual(
            ['delete_vm', 'delete_disk'],
            [call['method'] for call in self.calls()])
        self.assertEqual(
            ['Deleting instances', 'Removing deployment artifacts',
             'Deleting orphaned disks', 'Deleting properties'],
            list(dict.fromkeys(e['stage'] for e in self.events(task))))
        self.assertEqual({}, self.in_cloud('disks'))

    def test_new_size_takes_a_new_disk(self) -> None:
        vm = self.deploy_db('1GB')
        (old,) = self.in_cloud('disks')
        self.forget_calls()
        self.assertEqual(vm, self.deploy_db('2GB'))
        self.assertEqual(
            ['create_disk', 'attach_disk', 'set_disk_metadata',
             'detach_disk'], [call['method'] for call in self.calls()])
        disks = self.in_cloud('disks')
        (new,) = set(disks) - {old}
        self.assertEqual({'size': 2048, 'vm': vm}, disks[new])
        self.assertIsNone(disks[old]['vm'])
        (orphan,) = self.get('/disks')
        (instance,) = self.instances()
        self.assertEqual(
            (old, 1024, 'dep', f"db/{instance['id']}", 'z1'),
            tuple(orphan[key] for key in (
                'disk_cid', 'size', 'deployment_name', 'instance_name',
                'az')))

    def test_disk_that_is_wanted_no_more(self) -> None:
        self.deploy_db()
        self.deploy_db(None)
        self.assertEqual(list(self.in_cloud('disks')), self.orphans())

    def test_recreate_keeps_it(self) -> None:
        old = self.deploy_db()
        (cid,) = self.in_cloud('disks')
        self.change_state('recreate')
        (new,) = self.in_cloud('vms')
        self.assertNotEqual(old, new)
        self.assertEqual({cid: {'size': 1024, 'vm': new}},
                         self.in_cloud('disks'))

    def test_detached_keeps_it(self) -> None:
        self.deploy_db()
        (cid,) = self.in_cloud('disks')
        self.change_state('detached')
        self.assertEqual({}, self.in_cloud('vms'))
        (instance,) = self.instances()
        self.assertEqual((None, False),
                         (instance['cid'], instance['expects_vm']))
        self.assertEqual([], self.orphans())
        self.change_state('started')
        (vm,) = self.in_cloud('vms')
        self.assertEqual({cid: {'size': 1024, 'vm': vm}},
                         self.in_cloud('disks'))

    def test_recreate_persistent_disks(self) -> None:
        self.deploy_db()
        (old,) = self.in_cloud('disks')
        self.done(self.deploy(
            base.manifest(base.group('db', persistent_disk_type='1GB')),
            '?recreate_persistent_disks=true'))
        self.assertEqual([old], self.orphans())

    def test_scale_in_orphans(self) -> None:
        self.done(self.deploy(base.manifest(
            base.group('db', 2, persistent_disk=1024))))
        self.done(self.deploy(base.manifest(
            base.group('db', 1, persistent_disk=1024))))
        self.assertEqual(1, len(self.orphans()))
        self.done(self.http.delete('/deployments/dep'))
        self.assertEqual({}, self.in_cloud('disks'))

    def test_orphan_is_deleted_by_cid(self) -> None:
        self.deploy_db('1GB')
        self.deploy_db('2GB')
        (orphan,) = self.orphans()
        self.done(self.http.delete(f'/disks/{orphan}'))
        self.assertNotIn(orphan, self.in_cloud('disks'))
        self.assertEqual([], self.orphans())

    def test_orphan_is_attached_again(self) -> None:
        self.deploy_db('1GB')
        (first,) = self.in_cloud('disks')
        self.deploy_db('2GB')
        (instance,) = self.instances()
        path = (f"/disks/{first}/attachments?deployment=dep&job=db&"
                f"instance_id={instance['id']}")
        self.assertEqual(520003, self.error(self.http.put(path))['code'])
        self.change_state('detached')
        self.done(self.http.put(path))
        self.change_state('started')
        (vm,) = self.in_cloud('vms')
        self.assertEqual(vm, self.in_cloud('disks')[first]['vm'])

    def test_active_disk_is_not_orphaned_by_hand(self) -> None:
        self.deploy_db()
        (cid,) = self.in_cloud('disks')
        self.assertEqual(520000, self.error(
            self.http.delete(f'/disks/{cid}?orphan=true'))['code'])

    def test_failed_attach_is_made_good(self) -> None:
        self.order_faults(cpi=[{
            'method': 'attach_disk', 'type': 'Bosh::Clouds::CloudError',
            'message': 'no', 'times': 1}])
        group = base.group('db', persistent_disk=1024)
        self.error(self.deploy(base.manifest(group)))
        self.done(self.deploy(base.manifest(group)))
        (vm,) = self.in_cloud('vms')
        self.assertIn({'size': 1024, 'vm': vm},
                      self.in_cloud('disks').values())
        self.done(self.http.delete('/deployments/dep'))
        self.assertEqual({}, self.in_cloud('disks'))


class SnapshotsTest(base.DirectorTestCase):

    def test_life(self) -> None:
        self.upload()
        self.done(self.deploy(base.manifest(
            base.group('db', persistent_disk=1024), base.group('web'))))
        path = '/deployments/dep/snapshots'
        task = self.done(self.http.post(path))
        self.assertEqual('snapshot deployment', task['description'])
        (cid,) = self.in_cloud('snapshots')
        made = self.in_cloud('snapshots')[cid]
        self.assertEqual(('db', 0, 'pocket'), (
            made['job'], made['index'], made['director_name']))
        (shown,) = self.get(path)
        self.assertEqual((cid, False), (
            shown['snapshot_cid'], shown['clean']))
        one = '/deployments/dep/jobs/db/0/snapshots'
        self.done(self.http.post(one))
        self.assertEqual(2, len(self.get(one)))
        self.done(self.http.delete(f'{path}/{cid}'))
        self.assertEqual(400, self.http.delete(f'{path}/no').status_code)
        self.assertEqual(1, len(self.get(path)))
        # The disk takes its snapshots along.
        self.done(self.http.delete('/deployments/dep'))
        self.assertEqual({}, self.in_cloud('snapshots'))


class ResizeTest(base.DirectorTestCase):
    options = {'cpi_resize_disk': True}

    def test_larger_disk_is_resized(self) -> None:
        self.upload()
        for size in (1024, 4096):
            self.done(self.deploy(base.manifest(
                base.group('db', persistent_disk=size))))
        (vm,) = self.in_cloud('vms')
        (disk,) = self.in_cloud('disks').values()
        self.assertEqual({'size': 4096, 'vm': vm}, disk)
        self.assertEqual([], self.get('/disks'))


class RetentionTest(base.DirectorTestCase):
    options = {'orphan_disk_retention': 432000}

    def test_clean_up_deletes_orphans(self) -> None:
        self.upload()
        self.done(self.deploy(base.manifest(
            base.group('db', persistent_disk=1024))))
        self.done(self.http.delete('/deployments/dep'))
        (cid,) = self.in_cloud('disks')
        self.done(self.http.post('/cleanup', json={'config': {}}))
        self.assertIn(cid, self.in_cloud('disks'))
        found = self.get('/cleanup/dryrun?remove_all=true')
        self.assertEqual(
            [cid], [disk['disk_cid'] for disk in found['orphaned_disks']])
        self.assertEqual(['rel'], [r['name'] for r in found['releases']])
        task = self.done(self.http.post(
            '/cleanup', json={'config': {'remove_all': True}}))
        self.assertEqual('clean up all', task['description'])
        self.assertEqual({}, self.in_cloud('disks'))
        self.assertEqual([], self.get('/disks'))
        self.assertEqual([], self.get('/stemcells'))
        self.assertEqual([], self.get('/releases'))
