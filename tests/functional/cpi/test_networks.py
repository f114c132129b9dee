# SPDX-License-Identifier: Apache-2.0
"""NICs, addresses and floating IPs of VMs, as Neutron sees them."""

import base64
import json
from typing import Any

from devstack.pocket.seed import infrastructure
from devstack.pocket.seed import tenant
from openstack import exceptions
from tests.functional.cpi import lifecycle


class NetworkTestCase(lifecycle.LifecycleTestCase):

    def test_06_14_15_two_networks_and_two_vips(self) -> None:
        """Scenario 6: two manual networks without DHCP; no port is left.

        Scenario 14: a security group by its id.  Scenario 15: config
        drive.  Beyond upstream's: a floating IP for each of the NICs.
        """
        self.openstack |= {'use_dhcp': False, 'config_drive': 'cdrom'}
        private = self.cloud.network.find_network(tenant.NETWORK)
        group = self.cloud.network.find_security_group('default')
        other, octet = self._routed_network()
        first = self.manual('10.100.3.201', private.id) | {'nic_group': '1'}
        first['cloud_properties']['security_groups'] = [group.id]
        second = self.manual(f'10.78.{octet}.3', other) | {
            'nic_group': '2', 'default': []}
        floating = [self._floating_ip(), self._floating_ip()]
        vips = [{'type': 'vip', 'ip': ip.floating_ip_address,
                 'prefix': '32', 'cloud_properties': {}} for ip in floating]
        vips[1]['nic_group'] = '2'

        def check(vm: str, created: dict[str, Any]) -> None:
            ports = {port.network_id: port
                     for port in self.cloud.network.ports(device_id=vm)}
            self.assertEqual(
                {private.id: created['a']['mac'],
                 other: created['b']['mac']},
                {net: port.mac_address for net, port in ports.items()})
            for port in ports.values():
                self.assertEqual([group.id], port.security_group_ids)
            self.assertEqual(
                [ports[private.id].id, ports[other].id],
                [self.cloud.network.get_ip(ip).port_id for ip in floating])
            server = self.admin.compute.get_server(vm)
            self.assertTrue(server.has_config_drive)
            data = json.loads(base64.b64decode(server.user_data))
            self.assertEqual(created, data['networks'])
            self.assertFalse(created['a']['use_dhcp'])

        self.vm_lifecycle(
            {'a': first, 'b': second, 'v': vips[0], 'w': vips[1]},
            check=check)
        self.assertEqual([], list(self.cloud.network.ports(
            network_id=other, device_owner='')))

    def test_07_08_two_stacks_and_a_prefix_on_one_nic(self) -> None:
        """Scenario 7: an unused port has the address.

        Scenario 8: allowed_address_pairs.  Beyond upstream's: a nic_group
        of an IPv4 and an IPv6 network and of a delegated prefix.
        """
        subnet = self.cloud.network.create_subnet(
            network_id=self.network_id, ip_version=6,
            cidr='2001:db8:77::/64', is_dhcp_enabled=False,
            name=self.name('subnet6'))
        self.addCleanup(self.cloud.network.delete_subnet, subnet)
        unused, reserved = (self.cloud.network.create_port(
            network_id=self.network_id, fixed_ips=[{'ip_address': ip}])
            for ip in ('2001:db8:77::30', '10.77.0.99'))
        for port in (unused, reserved):
            self.addCleanup(self.cloud.network.delete_port, port)
        group = {'nic_group': '1'}
        rest = group | {'default': []}
        networks = {
            'four': self.manual('10.77.0.30') | group,
            'six': self.manual('2001:0db8:77::30') | rest | {
                'prefix': '128', 'gateway': '2001:db8:77::1'},
            'prefix': self.manual('10.77.0.128') | rest | {'prefix': '28'}}

        def check(vm: str, created: dict[str, Any]) -> None:
            port, = self.cloud.network.ports(device_id=vm)
            self.assertEqual(
                {'10.77.0.30', '2001:db8:77::30'},
                {fixed['ip_address'] for fixed in port.fixed_ips})
            self.assertEqual(
                {'10.77.0.128/28', '10.77.0.99', '10.77.4.0/24'},
                {pair['ip_address']
                 for pair in port.allowed_address_pairs})
            self.assertEqual({port.mac_address}, {
                network['mac'] for network in created.values()})
            self.assertRaises(exceptions.NotFoundException,
                              self.cloud.network.get_port, unused.id)
            server = self.admin.compute.get_server(vm)
            data = json.loads(base64.b64decode(server.user_data))
            self.assertEqual(created, data['networks'])

        self.vm_lifecycle(
            networks, check=check,
            allowed_address_pairs=['10.77.0.99', '10.77.4.0/24'])
        self.assertEqual([reserved.id], [
            port.id for port in self.cloud.network.ports(
                network_id=self.network_id)])

    def test_two_vips_for_one_address(self) -> None:
        floating = [self._floating_ip(), self._floating_ip()]
        private = self.cloud.network.find_network(tenant.NETWORK)
        networks = {'a': self.manual('10.100.3.203', private.id)} | {
            f'v{number}': {'type': 'vip', 'ip': ip.floating_ip_address}
            for number, ip in enumerate(floating)}
        error = self.refused('create_vm', *self.vm_arguments(
            self.stemcell_cid, networks))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn("`v0' and `v1' both lead to network `a'",
                      error['message'])
        self.assertNotIn('/v2.0/ports', self.errors)
        self.assert_nothing_left()

    def _floating_ip(self) -> Any:
        external = self.cloud.network.find_network(infrastructure.NETWORK)
        floating = self.cloud.network.create_ip(
            floating_network_id=external.id)
        self.addCleanup(self.cloud.network.delete_ip, floating)
        return floating

    def _routed_network(self) -> tuple[str, int]:
        """A network from which floating IPs are reached, 10.78.x.0/24.

        :returns: its id and x, which other tests hardly have.
        """
        octet = int(self.tag[:2], 16)
        network_id = self.make_network(f'10.78.{octet}.0/24')
        subnet, = self.cloud.network.subnets(network_id=network_id)
        router = self.cloud.network.find_router(tenant.ROUTER)
        self.cloud.network.add_interface_to_router(
            router, subnet_id=subnet.id)
        self.addCleanup(
            self.cloud.network.remove_interface_from_router, router,
            subnet_id=subnet.id)
        return network_id, octet
