# SPDX-License-Identifier: Apache-2.0
"""What a director and the bosh CLI send, in their order.

The shapes are those that unmodified programs were seen to send: a director
that speaks version 3, and ``bosh create-env``, which speaks 2.
"""

import io
import json
import os
import tarfile
from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

QCOW2 = b'QFI\xfb' + b'\0' * 5000
STEMCELL = {
    'name': 'bosh-openstack-kvm-ubuntu-jammy-go_agent', 'version': '1.200',
    'infrastructure': 'openstack', 'hypervisor': 'kvm', 'disk': 5120,
    'disk_format': 'qcow2', 'container_format': 'bare', 'os_type': 'linux',
    'os_distro': 'ubuntu', 'architecture': 'x86_64',
    'auto_disk_config': True,
}
CERT = {'cert': {'ca': 'ca', 'certificate': 'crt', 'private_key': 'key'}}
VM = {'instance_type': 'm1.small', 'availability_zone': 'az1'}
MANUAL = base.manual()


class ClientCase(base.MethodTestCase):
    """Sends requests as a client does, and checks each reply."""

    def image(self) -> str:
        path = os.path.join(self.temp_dir, 'image')
        with tarfile.open(path, 'w:gz') as archive:
            member = tarfile.TarInfo('root.img')
            member.size = len(QCOW2)
            archive.addfile(member, io.BytesIO(QCOW2))
        return path

    def reply_to(
        self, method: str, arguments: tuple[Any, ...],
        context: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        # In this order and without a newline.
        return self.respond(json.dumps({
            'method': method, 'arguments': list(arguments),
            'context': context} | more).encode(), self.config)


class TestCli(ClientCase):
    """bosh create-env and delete-env."""

    CONTEXT = {
        'director_uuid': 'cli-uuid',
        'vm': {'stemcell': {'api_version': 3}}}

    def send(self, method: str, *arguments: Any) -> Any:
        info = self.reply_to('info', (), self.CONTEXT, api_version=1)
        self.assertIsNone(info['error'])
        version = min(info['result']['api_version'], 2)
        reply = self.reply_to(
            method, arguments, self.CONTEXT, api_version=version)
        self.assertIsNone(reply['error'], reply)
        return reply['result']

    def test_create_and_delete(self):
        stemcell = self.send('create_stemcell', self.image(), STEMCELL)
        self.assertIsInstance(stemcell, str)
        vm, networks = self.send(
            'create_vm', 'agent', stemcell, VM, {'default': MANUAL}, [],
            {'bosh': {'mbus': CERT, 'password': 'hash',
                      'tags': {'team': 'a'}}})
        self.assertIn('mac', networks['default'])
        self.assertIsNone(self.send('set_vm_metadata', vm, {
            'deployment': 'bosh', 'director': 'bosh-init', 'index': '0',
            'instance_group': 'bosh', 'job': 'bosh', 'name': 'bosh/0',
            'created_at': '2026-11-01T00:00:00Z', 'team': 'a'}))
        disk = self.send('create_disk', 65536, {}, vm)
        self.assertTrue(self.send('attach_disk', vm, disk))
        self.assertIsNone(self.send('set_disk_metadata', disk, {
            'director': 'bosh-init', 'deployment': 'bosh',
            'instance_group': 'bosh', 'instance_index': '0',
            'attached_at': '2026-11-01T00:00:00Z'}))
        # delete-env does not detach.
        self.assertIs(True, self.send('has_vm', vm))
        self.send('delete_vm', vm)
        self.assertEqual(
            'available', self.cloud.volumes[disk]['status'])
        self.send('delete_disk', disk)
        self.send('delete_stemcell', stemcell)
        self.assert_nothing_left()

    def test_recreate_with_a_disk(self):
        disk = self.send('create_disk', 1024, {}, None)
        vm, _networks = self.send(
            'create_vm', 'agent', fake_cloud.IMAGE_ID, VM,
            {'default': MANUAL}, [disk], {'bosh': {}})
        self.assertTrue(self.send('attach_disk', vm, disk))

    def test_context_without_the_version_of_the_stemcell(self):
        for context in (
                {'director_uuid': 'c'}, {'director_uuid': 'c', 'vm': {}},
                {'director_uuid': 'c', 'vm': {'stemcell': {}}},
                {'director_uuid': 'c', 'vm': None}):
            for method, arguments in (('info', ()), ('has_vm', ('x',))):
                reply = self.reply_to(
                    method, arguments, context, api_version=2)
                self.assertIsNone(reply['error'])

    def test_what_the_cli_takes_for_absent(self):
        self.assertIs(False, self.send('has_vm', 'gone'))
        for method in ('delete_vm', 'delete_disk', 'delete_stemcell'):
            self.assertIsNone(self.send(method, 'gone'))


@ddt.ddt
class TestDirector(ClientCase):
    """Sequences of a director's tasks."""

    OF_VMS = ('create_vm', 'delete_vm', 'attach_disk', 'detach_disk')
    ENV = {'bosh': {
        'password': 'hash', 'tags': {'team': 'a'}, 'mbus': CERT,
        'group': 'director-cf-web',
        'groups': ['director', 'cf', 'web', 'director-cf', 'cf-web',
                   'director-cf-web']}}

    def send(
        self, method: str, *arguments: Any, **properties: Any
    ) -> Any:
        context = {'director_uuid': 'uuid', 'request_id': 'cpi-292300'}
        context |= properties
        if method in self.OF_VMS:
            context['vm'] = {'stemcell': {'api_version': 3}}
        # No api_version in this one.
        info = self.reply_to('info', (), context)
        version = min(info['result']['api_version'], 3)
        reply = self.reply_to(
            method, arguments, context, api_version=version)
        self.assertIsNone(reply['error'], reply)
        return reply['result']

    def vm(self, disks: tuple[str, ...] = (), ip: str = '10.0.0.10') -> str:
        vm, networks = self.send(
            'create_vm', 'agent', fake_cloud.IMAGE_ID, VM,
            {'default': base.manual(ip)}, list(disks), self.ENV)
        self.assertIn('mac', networks['default'])
        self.send('set_vm_metadata', vm, {
            'director': 'd', 'deployment': 'cf', 'id': 'i', 'job': 'web',
            'instance_group': 'web', 'index': '0', 'name': 'web/i',
            'created_at': '2026-11-01T00:00:00Z', 'team': 'a'})
        return vm

    def disk(self, vm: str, properties: Any = None) -> str:
        disk = self.send('create_disk', 1024, properties or {}, vm)
        self.assertTrue(self.send('attach_disk', vm, disk))
        self.send('set_disk_metadata', disk, {
            'director': 'd', 'deployment': 'cf', 'instance_id': 'i',
            'job': 'web', 'instance_index': '0', 'instance_name': 'web/i',
            'attached_at': '2026-11-01T00:00:00Z'})
        return disk

    def snapshot(self, disk: str) -> str:
        return self.send('snapshot_disk', disk, {
            'deployment': 'cf', 'job': 'web', 'index': 0,
            'director_name': 'd', 'director_uuid': 'uuid',
            'agent_id': 'agent', 'instance_id': 'i', 'team': 'a'})

    def test_resize(self):
        vm = self.vm()
        disk = self.disk(vm)
        snapshot = self.snapshot(disk)
        self.send('detach_disk', vm, disk)
        self.assertIsNone(self.send('resize_disk', disk, 2048))
        self.assertTrue(self.send('attach_disk', vm, disk))
        self.assertEqual([disk], self.send('get_disks', vm))
        self.send('delete_snapshot', snapshot)

    def test_other_disk_type(self):
        vm = self.vm()
        old = self.disk(vm)
        new = self.disk(vm, {'type': 'fast'})
        self.send('detach_disk', vm, old)
        self.assertTrue(self.send('has_disk', old))
        # clean-up --all
        self.send('delete_disk', old)
        self.assertFalse(self.send('has_disk', old))
        self.assertEqual([new], self.send('get_disks', vm))

    def test_recreate(self):
        vm = self.vm()
        disk = self.disk(vm)
        self.snapshot(disk)
        self.send('detach_disk', vm, disk)
        self.send('delete_vm', vm)
        again = self.vm((disk,))
        self.assertNotEqual(vm, again)
        self.assertTrue(self.send('attach_disk', again, disk))

    def test_delete_deployment(self):
        vm = self.vm()
        disk = self.disk(vm)
        # With the disk still attached.
        self.send('delete_vm', vm)
        self.assertEqual(
            'available', self.cloud.volumes[disk]['status'])

    def test_cloud_check(self):
        vm = self.vm()
        disk = self.disk(vm)
        self.assertTrue(self.send('has_vm', vm))
        self.assertTrue(self.send('has_disk', disk))
        self.assertIsNone(self.send('reboot_vm', vm))
        del self.cloud.servers[vm]
        self.assertFalse(self.send('has_vm', vm))
        # All the same it is deleted before the next is made.
        self.assertIsNone(self.send('delete_vm', vm))
        self.vm((disk,), ip='10.0.0.11')

    def test_stemcells(self):
        cid = self.send(
            'create_stemcell', self.image(), STEMCELL, {'tags': {}})
        self.send('delete_stemcell', cid)
        light = self.send(
            'create_stemcell', '/unused',
            {'image_id': fake_cloud.IMAGE_ID}, {'tags': {'team': 'a'}})
        self.assertEqual(f'{fake_cloud.IMAGE_ID} light', light)
        self.send('delete_stemcell', light)
        self.assertIn(fake_cloud.IMAGE_ID, self.cloud.images)

    def test_director_at_2_sends_no_tags(self):
        context = {'director_uuid': 'uuid', 'request_id': 'cpi-1'}
        reply = self.reply_to(
            'create_stemcell', (self.image(), STEMCELL), context,
            api_version=2)
        self.assertIsNone(reply['error'])
        self.assertIsInstance(reply['result'], str)

    def test_networks(self):
        self.cloud.floating_ips = [{
            'id': 'fip', 'floating_ip_address': '192.0.2.1',
            'port_id': None}]
        _vm, networks = self.send(
            'create_vm', 'agent', fake_cloud.IMAGE_ID, VM, {
                'default': base.manual(),
                'floating': {'type': 'vip', 'ip': '192.0.2.1',
                             'cloud_properties': {}, 'prefix': '32'},
            }, [], self.ENV)
        self.assertEqual({'default', 'floating'}, set(networks))
        self.assertIsNotNone(self.cloud.floating_ips[0]['port_id'])
        _vm, networks = self.send(
            'create_vm', 'agent', fake_cloud.IMAGE_ID, VM, {
                'default': {
                    'type': 'dynamic', 'prefix': '32', 'default': [
                        'dns', 'gateway'], 'dns': ['8.8.8.8'],
                    'cloud_properties': {'net_id': fake_cloud.NET_ID}},
            }, [], self.ENV)
        self.assertEqual({'default'}, set(networks))

    def test_properties_of_a_cpi_config_come_with_every_call(self):
        properties = {
            'region': 'r1', 'state_timeout': 10, 'username': 'other',
            'api_key': 'other-secret', 'default_volume_type': 'fast'}
        disk = self.send('create_disk', 1024, {}, None, **properties)
        self.assertEqual(
            'fast', self.cloud.volumes[disk]['volume_type'])
        asked = self.cloud.body('POST identity/auth/tokens')
        self.assertEqual('other', asked['auth']['identity'][
            'password']['user']['name'])
        self.assertNotIn('other-secret', self.log())

    @ddt.data(b'\n', b'', b'\r\n')
    def test_end_of_the_request(self, end):
        raw = json.dumps({
            'method': 'has_vm', 'arguments': ['x'], 'context': {
                'director_uuid': 'd', 'request_id': 'cpi-292300'}}).encode()
        self.assertIs(False, self.respond(raw + end, self.config)['result'])
