# SPDX-License-Identifier: Apache-2.0
"""Disks: types, snapshots, and changes while they keep their cid."""

from typing import Any

from openstack.block_storage.v3 import type as sdk_type

from tests.functional.cpi import base

#: Both as in upstream's volume_spec.
DISK_METADATA = {
    'director': 'Director', 'deployment': 'deployment',
    'instance_id': 'instance', 'job': 'openstack_cpi_spec',
    'instance_index': '0', 'instance_name': 'openstack_cpi_spec/instance',
    'attached_at': '2017-08-23T16:13:00Z',
}
SNAPSHOT_METADATA = {
    'deployment': 'deployment', 'job': 'openstack_cpi_spec', 'index': 0,
    'instance_id': 'instance', 'agent_id': 'agent',
    'director_name': 'Director',
    'director_uuid': '6d06b0cc-2c08-43c5-95be-f1b2dd247e18',
}
#: What becomes of it, but for our own marks.
SNAPSHOT_METADATA_EXPECTED = {
    'director': 'Director', 'deployment': 'deployment',
    'instance_id': 'instance', 'agent_id': 'agent',
    'director_uuid': '6d06b0cc-2c08-43c5-95be-f1b2dd247e18',
    'instance_index': '0', 'instance_name': 'openstack_cpi_spec/instance',
}
NOT_SUPPORTED = 'Bosh::Clouds::NotSupported'


class DiskCase(base.CpiTestCase):

    def make_type(self, kind: str, **specs: str) -> str:
        """A volume type, gone when the test ends; returns its name."""
        name = self.name(kind)
        created: sdk_type.Type = self.admin.block_storage.create_type(
            name=name)
        self.addCleanup(self.admin.block_storage.delete_type, created)
        if specs:
            self.admin.block_storage.update_type_extra_specs(
                created, **specs)
        return name

    def make_disk(self, size: int, properties: dict[str, Any],
                  vm: str | None = None) -> str:
        """The cid of a disk, gone when the test ends."""
        cid = self.call('create_disk', size, properties, vm)
        self.addCleanup(self._delete_disk, cid)
        return cid

    def _delete_disk(self, cid: str) -> None:
        volumes = self.cloud.block_storage
        if volumes.find_volume(cid) is None:
            return
        volumes.delete_volume(cid)
        # Its type can go only when it has gone.
        self.wait_gone(lambda: volumes.get_volume(cid), 'the volume')

    def volume(self, cid: str) -> Any:
        return self.cloud.block_storage.get_volume(cid)


class VolumeSpecTestCase(DiskCase):

    def test_volume_spec_a_to_d_and_scenario_23(self) -> None:
        """Volume types by default and by name; exact metadata.

        A: neither type nor default.  B: a type.  C: a type that wins over
        the default.  D: the default alone.
        """
        special = self.make_type('special')
        other = self.make_type('other')
        vm, _networks = self.make_vm(
            self.make_stemcell(), {'d': self.manual('10.77.0.60')})
        self._attached_life(vm)
        self._life(special, {'type': special})
        self.openstack['default_volume_type'] = other
        self._life(special, {'type': special})
        self._life(other, {})
        self.call('delete_vm', vm)
        self.assert_nothing_left('images')

    def _attached_life(self, vm: str) -> None:
        disk = self.make_disk(2048, {}, vm)
        self.assertTrue(self.call('has_disk', disk))
        self.assertEqual('pocket', self.volume(disk).volume_type)
        device = self.call('attach_disk', vm, disk)
        self.call('set_disk_metadata', disk, DISK_METADATA)
        metadata = self.volume(disk).metadata
        self.assertEqual(
            DISK_METADATA, {key: metadata.get(key) for key in DISK_METADATA})
        error = self.refused('resize_disk', disk, 4096)
        self.assertEqual(
            f"Cannot resize volume '{disk}' it still has 1 attachment(s)",
            error['message'])
        self._snapshot(disk, '/' + self.volume(disk).attachments[0][
            'device'].removeprefix('/dev/'))
        self.assertRegex(device, '^/dev/sd[a-z]$')
        self.openstack['disk_hint'] = 'by_id'
        self.assertEqual(
            {'path': f'/dev/disk/by-id/virtio-{disk[:20]}',
             'volume_id': disk}, self.call('attach_disk', vm, disk))
        del self.openstack['disk_hint']
        self.call('detach_disk', vm, disk)
        self.call('delete_disk', disk)

    def _life(self, expected: str, properties: dict[str, Any]) -> None:
        disk = self.make_disk(2048, properties)
        self.assertEqual(expected, self.volume(disk).volume_type)
        self._snapshot(disk)
        self.call('delete_disk', disk)

    def _snapshot(self, disk: str, device: str = '') -> None:
        cid = self.call('snapshot_disk', disk, SNAPSHOT_METADATA)
        self.addCleanup(self.cloud.block_storage.delete_snapshot, cid)
        snapshot = self.cloud.block_storage.get_snapshot(cid)
        self.assertEqual('available', snapshot.status)
        self.assertEqual(f'deployment/openstack_cpi_spec/0{device}',
                         snapshot.description)
        self.assertEqual(SNAPSHOT_METADATA_EXPECTED | {
            'bosh_director_uuid': self.director_uuid,
            'bosh_request_id': 'cpi-123456',
            'bosh_deployment': 'deployment'}, snapshot.metadata)
        self.call('delete_snapshot', cid)
        self.wait_gone(
            lambda: self.cloud.block_storage.get_snapshot(cid),
            'the snapshot')


class ChangeTestCase(DiskCase):

    def test_scenarios_18_and_24_and_update_disk(self) -> None:
        """18: no disk to detach.  24: from 2 to 4 GiB.  Then another type."""
        self.call('detach_disk', 'absent', 'absent')
        disk = self.make_disk(2048, {})
        self.call('resize_disk', disk, 4096)
        self.assertEqual(4, self.volume(disk).size)
        # Repeated, as after a lost reply.
        self.call('resize_disk', disk, 4096)
        error = self.refused('resize_disk', disk, 2048)
        self.assertEqual(
            (NOT_SUPPORTED, 'Cannot resize volume to a smaller size from 4 '
             'GiB to 2 GiB'), (error['type'], error['message']))
        self._changed_type(disk)
        self._impossible_type(disk)
        error = self.refused('update_disk', disk, 5120, {'type': 'nope'})
        self.assertIn("Volume type `nope' not found", error['message'])

    def _changed_type(self, disk: str) -> None:
        fast = self.make_type('fast')
        # Before the type goes, the disk must.
        self.addCleanup(self._delete_disk, disk)
        self.assertIsNone(
            self.call('update_disk', disk, 5120, {'type': fast}))
        volume = self.volume(disk)
        self.assertEqual((5, fast, 'available'), (
            volume.size, volume.volume_type, volume.status))

    def _impossible_type(self, disk: str) -> None:
        nowhere = self.make_type('nowhere', volume_backend_name='nowhere')
        error = self.refused('update_disk', disk, 6144, {'type': nowhere})
        self.assertEqual(NOT_SUPPORTED, error['type'])
        volume = self.volume(disk)
        self.assertEqual((5, 'available'), (volume.size, volume.status))

    def test_disks_that_cannot_be(self) -> None:
        error = self.refused('create_disk', 1024, {'type': 'nope'})
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn("Volume type `nope' not found", error['message'])
        nowhere = self.make_type('nowhere', volume_backend_name='nowhere')
        error = self.refused('create_disk', 1024, {'type': nowhere})
        self.assertIn('state is error', error['message'])
        self.assert_nothing_left()
        error = self.refused('snapshot_disk', 'absent', SNAPSHOT_METADATA)
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])
        self.call('delete_snapshot', 'absent')
