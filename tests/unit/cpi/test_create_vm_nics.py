# SPDX-License-Identifier: Apache-2.0
"""NICs of several networks, allowed address pairs and vip networks."""

import base64
import json
from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud

SIX = base.manual('2001:db8::10') | {
    'prefix': '128', 'gateway': '2001:db8::1', 'default': [],
    'dns': ['2001:db8::8'], 'nic_group': '1'}
FOUR = base.manual() | {'nic_group': '1'}
PREFIX = base.manual('10.0.1.16') | {
    'prefix': '28', 'default': [], 'nic_group': '1'}


class TestNicGroups(create_vm_case.CreateVmCase):

    def test_two_stacks_on_one_port(self):
        _cid, networks = self.call('create_vm', *self.arguments(
            networks={'four': FOUR, 'six': SIX}))
        port, = self.cloud.ports.values()
        self.assertEqual(
            [{'ip_address': '10.0.0.10'}, {'ip_address': '2001:db8::10'}],
            port['fixed_ips'])
        self.assertEqual([{'port': port['id']}], self.posted()['networks'])
        added = {'mac': port['mac_address'], 'use_dhcp': True}
        self.assertEqual(
            {'four': FOUR | added, 'six': SIX | added}, networks)
        data = json.loads(base64.b64decode(self.posted()['user_data']))
        self.assertEqual(networks, data['networks'])
        self.assertEqual({'nameserver': ['2001:db8::8']}, data['dns'])

    def test_prefix(self):
        self.call('create_vm', *self.arguments(
            networks={'prefix': PREFIX, 'four': FOUR}))
        port, = self.cloud.ports.values()
        self.assertEqual(
            [{'ip_address': '10.0.0.10'}], port['fixed_ips'])
        self.assertEqual(
            [{'ip_address': '10.0.1.16/28'}], port['allowed_address_pairs'])

    def test_prefix_on_a_nic_of_its_own(self):
        self.config = self.write_config(
            use_dhcp=False, config_drive='cdrom')
        prefix = base.manual(
            '10.0.1.16', net_id=fake_cloud.OTHER_NET_ID) | {
                'prefix': '28', 'default': []}
        _cid, networks = self.call('create_vm', *self.arguments(
            {'allowed_address_pairs': '10.0.0.0/30'},
            networks={'four': FOUR, 'prefix': prefix}))
        four, alone = self.cloud.ports.values()
        self.assertEqual(
            [{'ip_address': '10.0.1.16'}], alone['fixed_ips'])
        self.assertEqual(
            [{'ip_address': '10.0.1.16/28'}], alone['allowed_address_pairs'])
        self.assertEqual(
            [{'ip_address': '10.0.0.0/30'}], four['allowed_address_pairs'])
        self.assertEqual(alone['mac_address'], networks['prefix']['mac'])

    def test_unused_ports_on_the_addresses(self):
        for address in ('10.0.0.10', '2001:db8::10'):
            self.cloud.add_port(
                network_id=fake_cloud.NET_ID,
                fixed_ips=[{'ip_address': address}])
        # Spelled otherwise than Neutron does.
        self.call('create_vm', *self.arguments(networks={
            'four': FOUR, 'six': SIX | {'ip': '2001:DB8:0::0010'}}))
        port, = self.cloud.ports.values()
        self.assertEqual(2, len(port['fixed_ips']))


@ddt.ddt
class TestAllowedAddressPairs(create_vm_case.CreateVmCase):

    def setUp(self) -> None:
        super().setUp()
        self.cloud.add_port(
            network_id=fake_cloud.NET_ID,
            fixed_ips=[{'ip_address': '10.0.0.99'}])

    def _pairs(self) -> list[dict[str, str]]:
        body, = self.cloud.body('POST network/ports')['ports']
        return [pair['ip_address']
                for pair in body['allowed_address_pairs']]

    def test_several(self):
        wanted = ['10.0.0.99', '10.0.7.0/24', '10.0.0.99']
        self.call('create_vm', *self.arguments(
            {'allowed_address_pairs': wanted}))
        self.assertEqual(wanted[:2], self._pairs())
        self.assertEqual(1, len([
            call for call in self.cloud.calls
            if call == 'GET network/ports']))

    @ddt.data(
        ({'vrrp_port_check': False}, {}),
        ({}, {'vrrp_port_check': False}),
        ({'vrrp_port_check': True}, {'vrrp_port_check': False}),
    )
    @ddt.unpack
    def test_without_check(self, of_network, of_vm):
        self.call('create_vm', *self.arguments(
            {'allowed_address_pairs': '10.0.0.98'} | of_vm,
            {'n': base.manual(**of_network)}))
        self.assertEqual(['10.0.0.98'], self._pairs())

    def test_vm_wants_the_check(self):
        error = self.refused('create_vm', *self.arguments(
            {'allowed_address_pairs': ['10.0.0.99', '10.0.0.98'],
             'vrrp_port_check': True},
            {'n': base.manual(vrrp_port_check=False)}))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn("VRRP port with ip '10.0.0.98' does not exist.",
                      error['message'])

    def test_no_address(self):
        error = self.refused('create_vm', *self.arguments(
            {'allowed_address_pairs': ['10.0.0.99', 'x.y']}))
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn("'allowed_address_pairs' has 'x.y'", error['message'])

    def test_dynamic_network(self):
        error = self.refused('create_vm', *self.arguments(
            {'allowed_address_pairs': '10.0.0.99'}, {'d': {
                'type': 'dynamic',
                'cloud_properties': {'net_id': fake_cloud.NET_ID}}}))
        self.assertEqual(
            f'Network with id {fake_cloud.NET_ID} is a dynamic network. '
            'VRRP is not supported for dynamic networks', error['message'])


class TestVips(create_vm_case.CreateVmCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(
            use_dhcp=False, config_drive='cdrom')
        self.first = self.cloud.add_ip('1.2.3.4')
        self.second = self.cloud.add_ip('1.2.3.5')

    def _networks(self, **second: Any) -> dict[str, Any]:
        return {
            'a': FOUR,
            'b': base.manual('10.1.0.3', net_id=fake_cloud.OTHER_NET_ID) | {
                'default': [], 'nic_group': '2'},
            'v': {'type': 'vip', 'ip': '1.2.3.4', 'prefix': '32',
                  'cloud_properties': {}},
            'w': {'type': 'vip', 'ip': '1.2.3.5'} | second,
        }

    def test_two(self):
        self.call('create_vm', *self.arguments(
            networks=self._networks(nic_group='2')))
        port_a, port_b = self.cloud.ports.values()
        self.assertEqual(port_a['id'], self.first['port_id'])
        self.assertEqual('10.0.0.10', self.first['fixed_ip_address'])
        self.assertEqual(port_b['id'], self.second['port_id'])
        self.assertEqual('10.1.0.3', self.second['fixed_ip_address'])
        self.assertEqual(1, len([
            call for call in self.cloud.calls
            if call == 'GET network/floatingips']))

    def test_two_by_name_of_a_network(self):
        self.call('create_vm', *self.arguments(networks=self._networks(
            cloud_properties={'network': 'b'})))
        self.assertEqual('10.1.0.3', self.second['fixed_ip_address'])

    def test_two_on_one_address(self):
        error = self.refused('create_vm', *self.arguments(
            networks=self._networks(nic_group='1')))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn("`v' and `w' both lead to network `a'",
                      error['message'])
        self.assertNotIn('POST network/ports', self.cloud.calls)

    def test_two_of_different_external_networks(self):
        self.second['floating_network_id'] = 'other'
        self.call('create_vm', *self.arguments(
            networks=self._networks(nic_group='1')))
        self.assertEqual(self.first['port_id'], self.second['port_id'])

    def test_found_twice(self):
        self.cloud.add_ip('1.2.3.4', id='x', floating_network_id='more')
        error = self.refused('create_vm', *self.arguments(
            networks=self._networks(nic_group='2')))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertTrue(error['ok_to_retry'])
        self.assertIn("Floating IP '1.2.3.4' found in multiple networks: "
                      'ext, more', error['message'])
        self.assert_nothing_left()

    def test_unknown_target(self):
        error = self.refused('create_vm', *self.arguments(
            networks=self._networks(nic_group='3')))
        self.assertEqual('InvalidCall', error['type'])

    def test_taken_from_a_port_of_no_server(self):
        self.first['port_id'] = 'of-a-router'
        self.call('create_vm', *self.arguments(
            networks=self._networks(nic_group='2')))
        self.assertIn(self.first['port_id'], self.cloud.ports)
        # Whose port it was is not asked.
        self.assertFalse([
            call for call in self.cloud.calls
            if call.startswith('GET network/ports/')])

    def test_given_back_when_the_vm_fails(self):
        old = self.cloud.add_port(network_id='n', device_id='old', fixed_ips=[
            {'ip_address': '10.0.0.77'}])
        self.first.update(
            port_id=old['id'], fixed_ip_address='10.0.0.77')
        self.cloud.fail_route(
            f"PUT network/floatingips/{self.second['id']}",
            fake_cloud.Fault(409))
        error = self.refused('create_vm', *self.arguments(
            networks=self._networks(nic_group='2')))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertTrue(error['ok_to_retry'])
        self.assertEqual(old['id'], self.first['port_id'])
        self.assertEqual('10.0.0.77', self.first['fixed_ip_address'])
        self.assertEqual([old['id']], list(self.cloud.ports))

    def test_nobody_left_to_give_it_back_to(self):
        self.first['port_id'] = 'gone'
        self.cloud.fail_route(
            f"PUT network/floatingips/{self.second['id']}",
            fake_cloud.Fault(409))
        self.refused('create_vm', *self.arguments(
            networks=self._networks(nic_group='2')))
        self.assertIn('Port gone, which had floating IP 1.2.3.4, is gone',
                      self.log())
        self.assertNotIn('Undoing failed', self.log())
        self.assert_nothing_left()

    def test_dynamic_network(self):
        cid, _networks = self.call('create_vm', *self.arguments(networks={
            'd': {'type': 'dynamic', 'cloud_properties': {
                'net_id': fake_cloud.NET_ID}},
            'v': {'type': 'vip', 'ip': '1.2.3.4'}}))
        port, = self.cloud.ports.values()
        self.assertEqual(cid, port['device_id'])
        self.assertEqual(port['id'], self.first['port_id'])
        self.assertIsNone(self.first['fixed_ip_address'])

    def test_server_without_a_port(self):
        # Nova makes none of its own choice here.
        error = self.refused('create_vm', *self.arguments(networks={
            'd': {'type': 'dynamic'}, 'v': {'type': 'vip', 'ip': '1.2.3.4'}}))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertIn("Server has no port in network 'any'",
                      error['message'])
        self.assert_nothing_left()
