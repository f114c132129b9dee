# SPDX-License-Identifier: Apache-2.0
"""The whole life of a VM, as a director leads it."""

import base64
import json
from typing import Any

from openstack import exceptions

from tests.functional.cpi import base


class LifeTestCase(base.CpiTestCase):

    def test_life_of_a_vm(self) -> None:
        self.assertEqual(3, self.call('info')['api_version'])
        stemcell = self._stemcell()
        vm = self._vm(stemcell)
        disk = self._disk(vm)
        self._attached(vm, disk)
        self._detached(vm, disk)
        self.call('reboot_vm', vm)
        self.assertEqual(
            'ACTIVE', self.cloud.compute.get_server(vm).status)
        self._end_of_vm(vm, disk)
        self.call('delete_disk', disk)
        self.assertFalse(self.call('has_disk', disk))
        self.call('delete_disk', disk)
        self.call('delete_stemcell', stemcell)
        self.call('delete_stemcell', stemcell)
        self.assert_nothing_left()

    def _stemcell(self) -> str:
        cid = self.call('create_stemcell', *self.stemcell())
        self.addCleanup(self.call, 'delete_stemcell', cid)
        image = self.cloud.image.get_image(cid)
        self.assertEqual('active', image.status)
        self.assertEqual('bosh-openstack-kvm/1.1', image.name)
        self.assertEqual('qcow2', image.disk_format)
        self.assertEqual('private', image.visibility)
        self.assertEqual('kvm', image.hypervisor_type)
        self.assertEqual(self.tag, image.properties['team'])
        return cid

    def _vm(self, stemcell: str) -> str:
        cid, networks = self.call('create_vm', *self.vm_arguments(
            stemcell, {'default': self.manual('10.77.0.10')}))
        self.addCleanup(self.call, 'delete_vm', cid)
        self.assertTrue(self.call('has_vm', cid))
        server = self.admin.compute.get_server(cid)
        self.assertEqual('ACTIVE', server.status)
        port, = self.cloud.network.ports(device_id=cid)
        self.assertEqual('10.77.0.10', port.fixed_ips[0]['ip_address'])
        self.assertEqual(port.mac_address, networks['default']['mac'])
        self.assertIn('bosh_deployment=cf', port.tags)
        self.assertEqual('cf', server.metadata['bosh_deployment'])
        self.assertEqual(self.tag, server.metadata['team'])
        self._check_user_data(server, networks)
        self.call('set_vm_metadata', cid, {
            'director': 'd', 'deployment': 'cf', 'index': 0,
            'job': 'api', 'id': 'abc', 'name': 'api/abc', 'null': None})
        server = self.cloud.compute.get_server(cid)
        self.assertEqual('api/abc', server.name)
        self.assertEqual('0', server.metadata['index'])
        self.assertEqual('abc', server.metadata['id'])
        self.assertEqual('cf', server.metadata['bosh_deployment'])
        return cid

    def _check_user_data(
        self, server: Any, networks: dict[str, Any]
    ) -> None:
        data = json.loads(base64.b64decode(server.user_data))
        self.assertEqual(networks, data['networks'])
        self.assertEqual(f'agent-{self.tag}', data['agent_id'])
        self.assertEqual(self.agent['mbus'], data['mbus'])
        self.assertEqual({'name': server.name}, data['vm'])
        self.assertEqual({'nameserver': ['8.8.8.8']}, data['dns'])

    def _disk(self, vm: str) -> str:
        cid = self.call('create_disk', 1500, {}, vm)
        self.addCleanup(self.call, 'delete_disk', cid)
        self.assertTrue(self.call('has_disk', cid))
        volume = self.cloud.block_storage.get_volume(cid)
        self.assertEqual('available', volume.status)
        self.assertEqual(2, volume.size)
        self.assertEqual(
            'cpi-123456', volume.metadata['bosh_request_id'])
        return cid

    def _attached(self, vm: str, disk: str) -> None:
        device = self.call('attach_disk', vm, disk)
        self.assertRegex(device, '^/dev/sd[a-z]$')
        volume = self.cloud.block_storage.get_volume(disk)
        self.assertEqual('in-use', volume.status)
        self.assertEqual(vm, volume.attachments[0]['server_id'])
        self.assertEqual(device, self.call('attach_disk', vm, disk))
        self.assertEqual([disk], self.call('get_disks', vm))
        self.call('set_disk_metadata', disk, {
            'deployment': 'cf', 'instance_index': 0})
        volume = self.cloud.block_storage.get_volume(disk)
        self.assertEqual('0', volume.metadata['instance_index'])
        self.assertIn('bosh_director_uuid', volume.metadata)
        error = self.refused('delete_disk', disk)
        self.assertIn('state is in-use', error['message'])

    def _detached(self, vm: str, disk: str) -> None:
        self.call('detach_disk', vm, disk)
        volume = self.cloud.block_storage.get_volume(disk)
        self.assertEqual('available', volume.status)
        self.assertEqual([], self.call('get_disks', vm))
        self.call('detach_disk', vm, disk)

    def _end_of_vm(self, vm: str, disk: str) -> None:
        self.call('attach_disk', vm, disk)
        self.call('delete_vm', vm)
        self.assertRaises(
            exceptions.NotFoundException,
            self.cloud.compute.get_server, vm)
        volume = self.cloud.block_storage.get_volume(disk)
        self.assertEqual('available', volume.status)
        self.assertFalse(self.call('has_vm', vm))
        self.call('delete_vm', vm)
        self.assert_nothing_left('images', 'volumes')


class RecreateTestCase(base.CpiTestCase):

    def test_disk_moves_to_another_vm(self) -> None:
        stemcell = self.make_stemcell()
        networks = {'default': self.manual('10.77.0.20')}
        first, _networks = self.make_vm(stemcell, networks)
        disk = self.call('create_disk', 1024, {}, first)
        self.addCleanup(self.call, 'delete_disk', disk)
        self.call('attach_disk', first, disk)
        self.call('delete_vm', first)
        # The same address at once, and in the disk's zone.
        second, _networks = self.make_vm(stemcell, networks, (disk,))
        self.call('attach_disk', second, disk)
        volume = self.cloud.block_storage.get_volume(disk)
        self.assertEqual(second, volume.attachments[0]['server_id'])
        error = self.refused('attach_disk', first, disk)
        self.assertIn(second, error['message'])
        # Not attached to that one is detached.
        self.call('detach_disk', first, disk)
        self.call('detach_disk', second, disk)
