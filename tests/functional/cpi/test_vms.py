# SPDX-License-Identifier: Apache-2.0
"""Networks, boot volumes and credentials of VMs."""

import base64
import json

from devstack.pocket.seed import infrastructure
from devstack.pocket.seed import tenant
from openstack import exceptions
from tests.functional.cpi import base


class NetworkTestCase(base.CpiTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.stemcell_cid = self.make_stemcell()

    def test_dynamic_network(self) -> None:
        vm, networks = self.make_vm(self.stemcell_cid, {'d': {
            'type': 'dynamic', 'prefix': '32',
            'cloud_properties': {'net_id': self.network_id}}})
        port, = self.cloud.network.ports(device_id=vm)
        self.assertEqual(self.network_id, port.network_id)
        self.assertTrue(networks['d']['use_dhcp'])
        group = self.cloud.network.find_security_group(tenant.BOSH)
        self.assertEqual([group.id], port.security_group_ids)

    def test_two_networks_without_dhcp(self) -> None:
        self.openstack |= {'use_dhcp': False, 'config_drive': 'cdrom'}
        other = self.make_network('10.78.0.0/24')
        second = self.manual('10.78.0.3', other)
        second['default'] = []
        vm, networks = self.make_vm(self.stemcell_cid, {
            'a': self.manual('10.77.0.3'), 'b': second})
        macs = {port.network_id: port.mac_address
                for port in self.cloud.network.ports(device_id=vm)}
        self.assertEqual(macs, {
            self.network_id: networks['a']['mac'],
            other: networks['b']['mac']})
        server = self.admin.compute.get_server(vm)
        self.assertTrue(server.has_config_drive)
        data = json.loads(base64.b64decode(server.user_data))
        self.assertEqual(networks, data['networks'])
        self.call('delete_vm', vm)
        self.assert_nothing_left('images')

    def test_vip(self) -> None:
        external = self.cloud.network.find_network(infrastructure.NETWORK)
        floating = self.cloud.network.create_ip(
            floating_network_id=external.id)
        self.addCleanup(self.cloud.network.delete_ip, floating)
        private = self.cloud.network.find_network(tenant.NETWORK)
        # Far from where Neutron and others take addresses.
        addresses = ('10.100.3.201', '10.100.3.202')
        vip = {'type': 'vip', 'ip': floating.floating_ip_address,
               'prefix': '32', 'cloud_properties': {}}
        for address in addresses:
            vm, networks = self.make_vm(self.stemcell_cid, {
                'p': self.manual(address, private.id), 'v': vip})
            port, = self.cloud.network.ports(device_id=vm)
            # From the second VM on it is taken from the one before.
            self.assertEqual(
                port.id, self.cloud.network.get_ip(floating).port_id)
            self.assertNotIn('use_dhcp', networks['v'])

    def test_unused_port_on_the_address(self) -> None:
        port = self.cloud.network.create_port(
            network_id=self.network_id,
            fixed_ips=[{'ip_address': '10.77.0.30'}])
        self.addCleanup(self.cloud.network.delete_port, port)
        self.make_vm(
            self.stemcell_cid, {'d': self.manual('10.77.0.30')})
        self.assertRaises(exceptions.NotFoundException,
                          self.cloud.network.get_port, port.id)

    def test_allowed_address_pair(self) -> None:
        reserved = self.cloud.network.create_port(
            network_id=self.network_id,
            fixed_ips=[{'ip_address': '10.77.0.99'}])
        self.addCleanup(self.cloud.network.delete_port, reserved)
        arguments = self.vm_arguments(
            self.stemcell_cid, {'d': self.manual('10.77.0.31')},
            allowed_address_pairs='10.77.0.99')
        vm, _networks = self.call('create_vm', *arguments)
        self.addCleanup(self.call, 'delete_vm', vm)
        port, = self.cloud.network.ports(device_id=vm)
        self.assertEqual(
            '10.77.0.99', port.allowed_address_pairs[0]['ip_address'])

    def test_light_stemcell(self) -> None:
        light = self.call(
            'create_stemcell', '', {'image_id': self.stemcell_cid})
        self.assertEqual(f'{self.stemcell_cid} light', light)
        vm, _networks = self.make_vm(
            light, {'d': self.manual('10.77.0.32')})
        self.call('delete_vm', vm)
        self.call('delete_stemcell', light)
        self.assertEqual('active', self.cloud.image.get_image(
            self.stemcell_cid).status)

    def test_boot_from_volume(self) -> None:
        self.openstack['boot_from_volume'] = True
        arguments = self.vm_arguments(
            self.stemcell_cid, {'d': self.manual('10.77.0.33')},
            root_disk={'size': 1.5})
        vm, _networks = self.call('create_vm', *arguments)
        self.addCleanup(self.call, 'delete_vm', vm)
        volume, = self.cloud.compute.get_server(vm).attached_volumes
        self.assertEqual(
            2, self.cloud.block_storage.get_volume(volume.id).size)
        self.assertEqual([], self.call('get_disks', vm))
        self.call('delete_vm', vm)
        self.wait_gone(
            lambda: self.cloud.block_storage.get_volume(volume.id),
            'the boot volume')

    def test_application_credential(self) -> None:
        credential = self.cloud.identity.create_application_credential(
            self.cloud.current_user_id, self.name('cpi'))
        self.addCleanup(setattr, self, 'openstack', self.openstack)
        self.addCleanup(
            self.cloud.identity.delete_application_credential,
            self.cloud.current_user_id, credential)
        self.openstack = {
            key: value for key, value in self.openstack.items()
            if key not in ('username', 'api_key', 'project', 'domain')
        } | {
            'application_credential_id': credential.id,
            'application_credential_secret': credential.secret}
        # The key pair belongs to the user, whom the credential stands for.
        self.make_vm(self.stemcell_cid, {'d': self.manual('10.77.0.34')})
        self.assertNotIn(credential.secret, self.errors)
