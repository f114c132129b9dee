# SPDX-License-Identifier: Apache-2.0
"""create_network and delete_network."""

from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud
from tests.unit.cpi import fake_networks

DEFINITION = {
    'type': 'manual', 'range': '10.0.0.0/24', 'gateway': '10.0.0.1',
    'cloud_properties': {'router': 'router', 'security_groups': ['bosh']}}
STATUSES = (400, 403, 409, 500, 503, None)


class NetworkCase(base.MethodTestCase):

    cloud: fake_networks.CloudOfNetworks
    CLOUD = fake_networks.CloudOfNetworks

    def create(self, **spec: Any) -> list[Any]:
        return self.call('create_network', DEFINITION | spec)

    def subnet(self) -> dict[str, Any]:
        return self.cloud.body('POST network/subnets')['subnet']

    def assert_no_network(self, why: str = '') -> None:
        self.assertEqual(
            ({}, {}, {}), (self.cloud.managed, self.cloud.subnets,
                           self.cloud.ports), why)


@ddt.ddt
class TestCreateNetwork(NetworkCase):

    def test_result(self):
        cid, addresses, properties = self.create()
        self.assertEqual([cid], list(self.cloud.managed))
        self.assertEqual({
            'range': '10.0.0.0/24', 'gateway': '10.0.0.1',
            'reserved': ['10.0.0.240-10.0.0.254']}, addresses)
        self.assertEqual(
            {'net_id': cid, 'security_groups': ['bosh']}, properties)

    def test_bodies(self):
        cid, _addresses, _properties = self.create()
        network = self.cloud.managed[cid]
        self.assertRegex(network['name'], '^bosh-network-[0-9a-f-]{36}$')
        tags = ['bosh_director_uuid=dir-1', 'bosh_request_id=cpi-123456']
        self.assertEqual(tags, network['tags'])
        self.assertEqual(' '.join(tags), network['description'])
        self.assertEqual({
            'network_id': cid, 'name': network['name'],
            'description': ' '.join(tags), 'ip_version': 4,
            'cidr': '10.0.0.0/24', 'gateway_ip': '10.0.0.1',
            'enable_dhcp': True, 'allocation_pools': [
                {'start': '10.0.0.240', 'end': '10.0.0.254'}],
        }, self.subnet())
        port, = self.cloud.ports.values()
        self.assertEqual('id-router', port['device_id'])

    def test_little(self):
        self.config = self.write_config(use_dhcp=False)
        cid, addresses, properties = self.call(
            'create_network', {'range': '10.1.0.0/29'})
        self.assertEqual('10.1.0.1', addresses['gateway'])
        self.assertEqual({'net_id': cid}, properties)
        self.assertIs(False, self.subnet()['enable_dhcp'])
        self.assertEqual({}, self.cloud.ports)

    def test_ipv6(self):
        self.create(range='2001:db8::/64', gateway='2001:db8::1')
        body = self.subnet()
        self.assertEqual(
            (6, 'dhcpv6-stateful', 'dhcpv6-stateful'),
            (body['ip_version'], body['ipv6_ra_mode'],
             body['ipv6_address_mode']))

    def test_range_of_a_subnet_pool(self):
        self.cloud.early_port = True
        cid, addresses, _properties = self.call('create_network', {
            'netmask_bits': 27, 'cloud_properties': {'subnetpool': 'pool'}})
        self.assertEqual({
            'range': '10.9.0.0/27', 'gateway': '10.9.0.1',
            # Besides its share what Neutron took when all was its own.
            'reserved': ['10.9.0.29-10.9.0.30', '10.9.0.2'],
        }, addresses)
        self.assertEqual('id-pool', self.subnet()['subnetpool_id'])
        subnet, = self.cloud.subnets.values()
        self.assertEqual([{'start': '10.9.0.29', 'end': '10.9.0.30'}],
                         subnet['allocation_pools'])

    def test_pool_by_id(self):
        self.call('create_network', {
            'cloud_properties': {'subnetpool': 'id-two'}})
        self.assertEqual('id-two', self.subnet()['subnetpool_id'])

    def test_pool_that_gives_too_little(self):
        error = self.refused('create_network', {
            'netmask_bits': 30, 'cloud_properties': {'subnetpool': 'pool'}})
        self.assertIn('too small', error['message'])
        self.assert_no_network()

    @ddt.data(
        ({'router': 'none'}, "Router `none' not found"),
        ({'subnetpool': 'none'}, "Subnet pool `none' not found"),
        ({'subnetpool': 'twice'},
         "Subnet pool `twice' exists 2 times, use its id"),
    )
    @ddt.unpack
    def test_absent(self, properties, message):
        error = self.refused(
            'create_network', DEFINITION | {'cloud_properties': properties})
        self.assertEqual(('Bosh::Clouds::CloudError', message),
                         (error['type'], error['message']))
        self.assert_no_network()

    def test_wrong(self):
        error = self.refused('create_network', {'range': 'x'})
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn('Invalid managed network: ', error['message'])
        self.assertEqual([], self.cloud.calls)

    def test_tags_are_refused(self):
        self.cloud.fail_route('/tags', fake_cloud.Fault(404))
        cid, _addresses, _properties = self.create()
        self.assertIn(cid, self.cloud.managed)

    @ddt.data(*STATUSES)
    def test_one_request_fails(self, status):
        self.create()
        calls = list(self.cloud.calls)
        # Token, router, network, tags, subnet, interface, ports.
        self.assertEqual(7, len(calls))
        for effective in (False, True):
            for index, name in enumerate(calls):
                self.cloud.heal()
                for objects in (self.cloud.calls, self.cloud.managed,
                                self.cloud.subnets, self.cloud.ports):
                    objects.clear()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request('create_network', DEFINITION)
                if reply['error'] is None:
                    self.assertEqual(
                        [reply['result'][0]], list(self.cloud.managed))
                    self.assertEqual(1, len(self.cloud.ports))
                else:
                    self.assert_no_network(f'{status} for {name}')


@ddt.ddt
class TestDeleteNetwork(NetworkCase):

    def setUp(self) -> None:
        super().setUp()
        self.cid, _addresses, _properties = self.create()
        self.cloud.calls.clear()

    def test_delete(self):
        self.cloud.add_port_of(self.cid, 'network:dhcp', 'dhcp')
        self.call('delete_network', self.cid)
        self.assert_no_network()

    def test_absent(self):
        self.call('delete_network', self.cid)
        error = self.refused('delete_network', self.cid)
        self.assertEqual(
            ('Bosh::Clouds::NetworkNotFound',
             f"Network `{self.cid}' not found"),
            (error['type'], error['message']))

    def test_in_use(self):
        vm = self.cloud.add_port_of(self.cid, 'compute:az1', 'vm-1')
        unused = self.cloud.add_port_of(self.cid, '', '')
        error = self.refused('delete_network', self.cid)
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertEqual(
            f"Cannot delete network `{self.cid}', 2 port(s) use it: "
            f'{vm} (compute:az1 vm-1), {unused} (unused). Delete what they '
            'belong to first', error['message'])
        # It is still plugged into its router.
        self.assertEqual(3, len(self.cloud.ports))
        del self.cloud.ports[vm], self.cloud.ports[unused]
        self.call('delete_network', self.cid)

    def test_in_use_by_something_of_neutrons(self):
        self.cloud.add_port_of(self.cid, 'network:router_gateway', 'r')
        error = self.refused('delete_network', self.cid)
        self.assertIn('There are ports', error['message'])

    @ddt.data('', 'a/b', None)
    def test_no_cid(self, cid):
        error = self.refused('delete_network', cid)
        self.assertEqual('InvalidCall', error['type'])

    @ddt.data(500, 503, None)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(5):
                cid = self.create()[0] if not self.cloud.managed else (
                    self.cid)
                self.cloud.calls.clear()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                self.call('delete_network', cid)
                self.assert_no_network(self.cloud.calls[index])
