# SPDX-License-Identifier: Apache-2.0
"""VMs in pools of load balancers, by Octavia's real API."""

from typing import Any

from tests.functional.cpi import octavia


class PoolTestCase(octavia.OctaviaTestCase):

    def test_vms_in_pools(self) -> None:
        self.http, self.https = self.name('http'), self.name('https')
        self.pools = self.make_pools(self.http, self.https)
        self.stemcell_cid = self.make_stemcell()
        self._pool_that_does_not_exist()
        self._vm_in_two_pools()
        self._vm_of_another_cpi()
        self.assert_nothing_left('images', 'ports in the network')

    def _pool_that_does_not_exist(self) -> None:
        error = self.refused('create_vm', *self.vm_arguments(
            self.stemcell_cid, {'default': self.manual('10.77.0.12')},
            loadbalancer_pools=[{'name': self.name('none'), 'port': 80}]))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertIn(f"Load balancer pool '{self.name('none')}' does not "
                      'exist', error['message'])
        self.assertNotIn('POST ' + self.state.url('neutron'), self.errors)

    def _vm_in_two_pools(self) -> None:
        other = self.cloud.load_balancer.create_member(
            self.pools[self.http], address='10.77.0.99', protocol_port=80)
        process = self.start('create_vm', *self.vm_arguments(
            self.stemcell_cid, {'default': self.manual('10.77.0.10')},
            loadbalancer_pools=[
                {'name': self.https, 'port': 443, 'monitoring_port': 8443},
                {'name': self.http, 'port': 80}]))
        reply = self.finish_while_busy(
            process, self.pools[None], f'{self.pools[self.https]}/members')
        self.assertIsNone(reply['error'])
        vm = reply['result'][0]
        self.addCleanup(self.call, 'delete_vm', vm)
        self._check_members(vm, other)

        self.call('set_vm_metadata', vm, {'name': 'api/abc'})
        # As if the CPI had been killed before it wrote that down.
        self.cloud.compute.delete_server_metadata(vm, ['lbaas_pool_2'])
        self.call('delete_vm', vm)
        self.assertEqual([], self._members(self.https))
        self.assertEqual(
            [other.id], [member.id for member in self._members(self.http)])
        self.cloud.load_balancer.delete_member(
            other, self.pools[self.http])

    def _check_members(self, vm: str, other: Any) -> None:
        subnet, = self.cloud.network.subnets(network_id=self.network_id)
        metadata = self.cloud.compute.get_server(vm).metadata
        first, = self._members(self.https)
        second, = (member for member in self._members(self.http)
                   if member.id != other.id)
        for number, member, pool, ports in (
                (1, first, self.https, (443, 8443)),
                (2, second, self.http, (80, None))):
            self.assertEqual('10.77.0.10', member.address)
            self.assertEqual(
                ports, (member.protocol_port, member.monitor_port))
            self.assertEqual(subnet.id, member.subnet_id)
            self.assertEqual(
                f'bosh-{metadata["bosh_vm_name"]}-{number}', member.name)
            self.assertIn(f'bosh_director_uuid={self.director_uuid}',
                          member.tags)
            self.assertIn('bosh_deployment=cf', member.tags)
            self.assertEqual(f'{self.pools[pool]}/{member.id}',
                             metadata[f'lbaas_pool_{number}'])

    def _vm_of_another_cpi(self) -> None:
        url = self.state.url('octavia')
        vm, _networks = self.make_vm(
            self.stemcell_cid, {'default': self.manual('10.77.0.11')})
        # Without a pool Octavia is not asked.
        self.assertNotIn(url, self.errors)
        member = self.cloud.load_balancer.create_member(
            self.pools[self.http], address='10.77.0.11', protocol_port=80)
        self.cloud.compute.set_server_metadata(
            vm, lbaas_pool_1=f'{self.pools[self.http]}/{member.id}',
            lbaas_pool_2=f'{self.pools[self.https]}/{member.id}')
        # What Nova does when it fails to build a server.
        self.admin.compute.reset_server_state(vm, 'error')
        port, = self.cloud.network.ports(device_id=vm)
        self.admin.network.update_port(
            port, device_id='', device_owner='', binding_host_id='')
        self.admin.network.set_tags(port, [])
        self.call('delete_vm', vm)
        self.assertIn(url, self.errors)
        self.assertEqual([], self._members(self.http))
        self.wait_gone(lambda: self.cloud.network.get_port(port), 'the port')
        self.call('delete_vm', vm)
        self.assertNotIn(url, self.errors)

    def _members(self, pool: str) -> list[Any]:
        return list(self.cloud.load_balancer.members(self.pools[pool]))
