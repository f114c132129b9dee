# SPDX-License-Identifier: Apache-2.0
"""Networks that a director manages."""

from tests.functional.cpi import base

RANGE = '10.79.0.0/24'


class ManagedNetworkTestCase(base.CpiTestCase):

    def test_network_with_a_vm_in_it(self) -> None:
        router = self.cloud.network.create_router(name=self.name('router'))
        self.addCleanup(self.cloud.network.delete_router, router)
        cid, addresses, properties = self.call('create_network', {
            'type': 'manual', 'range': RANGE, 'gateway': '10.79.0.1',
            'cloud_properties': {'router': router.name}})
        self.addCleanup(self._delete, cid)
        self.assertEqual({
            'range': RANGE, 'gateway': '10.79.0.1',
            'reserved': ['10.79.0.240-10.79.0.254']}, addresses)
        self._check_objects(cid, router.id)
        spec = self.manual('10.79.0.2') | {
            'gateway': addresses['gateway'], 'cloud_properties': properties}
        vm, _networks = self.make_vm(self.make_stemcell(), {'d': spec})
        port, = self.cloud.network.ports(device_id=vm)
        self.assertEqual(
            [(cid, '10.79.0.2')], [
                (port.network_id, fixed['ip_address'])
                for fixed in port.fixed_ips])
        error = self.refused('delete_network', cid)
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn(f'1 port(s) use it: {port.id} (compute:',
                      error['message'])
        self.call('delete_vm', vm)
        self.call('delete_network', cid)
        error = self.refused('delete_network', cid)
        self.assertEqual('Bosh::Clouds::NetworkNotFound', error['type'])
        self.assertEqual(
            [], list(self.cloud.network.ports(device_id=router.id)))

    def test_range_of_a_subnet_pool(self) -> None:
        pool = self.cloud.network.create_subnet_pool(
            name=self.name('pool'), prefixes=['10.80.0.0/16'],
            default_prefix_length=24)
        self.addCleanup(self.cloud.network.delete_subnet_pool, pool)
        self.openstack['use_dhcp'] = False
        cid, addresses, properties = self.call('create_network', {
            'type': 'manual', 'netmask_bits': 28,
            'cloud_properties': {'subnetpool': pool.name}})
        self.addCleanup(self._delete, cid)
        self.assertEqual({'net_id': cid}, properties)
        subnet, = self.cloud.network.subnets(network_id=cid)
        self.assertRegex(subnet.cidr, r'^10\.80\.\d+\.\d+/28$')
        self.assertIs(False, subnet.is_dhcp_enabled)
        share, = subnet.allocation_pools
        self.assertEqual({
            'range': subnet.cidr, 'gateway': subnet.gateway_ip,
            'reserved': [f"{share['start']}-{share['end']}"]}, addresses)
        self.call('delete_network', cid)

    def test_network_that_cannot_be(self) -> None:
        error = self.refused('create_network', {
            'range': RANGE, 'cloud_properties': {'router': 'nope'}})
        self.assertEqual("Router `nope' not found", error['message'])
        # A router of the administrator: the last step fails.
        router = self.admin.network.create_router(name=self.name('router'))
        self.addCleanup(self.admin.network.delete_router, router)
        before = self._names()
        self.refused('create_network', {
            'range': RANGE, 'cloud_properties': {'router': router.id}})
        self.assertEqual(before, self._names())

    def _names(self) -> list[str]:
        """The networks of this test's director."""
        return sorted(
            network.name for network in self.cloud.network.networks(
                tags=f'bosh_director_uuid={self.director_uuid}'))

    def _delete(self, cid: str) -> None:
        if self.cloud.network.find_network(cid):
            self.call('delete_network', cid)

    def _check_objects(self, cid: str, router_id: str) -> None:
        network = self.cloud.network.get_network(cid)
        self.assertRegex(network.name, '^bosh-network-')
        self.assertIn(f'bosh_director_uuid={self.director_uuid}',
                      network.tags)
        self.assertIn(self.director_uuid, network.description)
        subnet, = self.cloud.network.subnets(network_id=cid)
        self.assertEqual(
            [{'start': '10.79.0.240', 'end': '10.79.0.254'}],
            subnet.allocation_pools)
        self.assertTrue(subnet.is_dhcp_enabled)
        interface, = self.cloud.network.ports(device_id=router_id)
        self.assertEqual(cid, interface.network_id)
