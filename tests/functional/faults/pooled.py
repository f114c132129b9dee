# SPDX-License-Identifier: Apache-2.0
"""The methods under test that meet load balancers, on a cloud with them."""

from typing import Any

from cf_openstack.cloud import naming
from openstack import exceptions
from tests.functional.faults import cases
from tests.functional.faults import patience
from tests.functional.faults import scenarios
from tests.functional.faults import site as site_module


class _InPool(scenarios.Scenario):
    """What is common to both: a pool of each thread."""

    def pool(self) -> tuple[str, str]:
        """Name and id of a pool of this thread."""
        return self.own('pool_ids', self._make_pool)

    def pools(self) -> list[str]:
        """Where to look for members."""
        return [self.pool()[1]]

    def _make_pool(self) -> tuple[str, str]:
        cloud = self.site.cloud
        subnet, = cloud.network.subnets(network_id=self.site.network_id)
        # One of each thread needs a name of its own.
        name = f'faults-{self.site.tag}-{self.site.address()}'
        response = cloud.load_balancer.post(
            '/lbaas/loadbalancers', json={'loadbalancer': {
                'name': name, 'vip_subnet_id': subnet.id, 'pools': [{
                    'name': name, 'protocol': 'TCP',
                    'lb_algorithm': 'ROUND_ROBIN'}]}})
        exceptions.raise_from_response(response)
        balancer = response.json()['loadbalancer']['id']
        self.later(lambda: self._remove(balancer))
        self._wait_active(balancer)
        pool, = cloud.load_balancer.pools(loadbalancer_id=balancer)
        return name, pool.id

    def _wait_active(self, balancer: str) -> None:
        octavia = self.site.cloud.load_balancer
        patience.until(
            lambda: octavia.get_load_balancer(
                balancer).provisioning_status == 'ACTIVE',
            f'load balancer {balancer}')

    def _remove(self, balancer: str) -> None:
        self._wait_active(balancer)
        octavia = self.site.cloud.load_balancer
        octavia.delete_load_balancer(balancer, cascade=True)
        patience.until_gone(
            lambda: octavia.get_load_balancer(balancer),
            f'load balancer {balancer}')


class CreateVm(_InPool):
    """create_vm of a VM in a pool."""

    name = 'create_vm_in_pool'
    method = 'create_vm'

    def arguments(self, case: cases.Case) -> list[Any]:
        return [
            'agent-faults', self.site.image_id(),
            {'instance_type': site_module.FLAVOR, 'loadbalancer_pools': [
                {'name': self.pool()[0], 'port': 80}]},
            {'default': {
                'type': 'manual', 'ip': case.address, 'prefix': '32',
                'netmask': '255.255.240.0', 'gateway': '10.76.0.1',
                'dns': [], 'default': ['dns', 'gateway'],
                'cloud_properties': {'net_id': self.site.network_id}}},
            [], {}]

    def made(self, case: cases.Case, result: Any) -> scenarios.Census:
        cloud = self.site.cloud
        port, = cloud.network.ports(device_id=result[0])
        metadata = cloud.compute.get_server(result[0]).metadata
        pool, _slash, member = metadata['lbaas_pool_1'].partition('/')
        case.expect([pool] == self.pools(), f'its pool is {pool}')
        return {'member': [member], 'server': [result[0]],
                'port': [port.id]}


class DeleteVm(_InPool, scenarios.DeleteVm):
    """delete_vm of a VM in a pool."""

    name = 'delete_vm_in_pool'

    def arguments(self, case: cases.Case) -> list[Any]:
        found = super().arguments(case)
        cloud = self.site.cloud
        pool = self.pools()[0]
        member = cloud.load_balancer.create_member(
            pool, address=case.address, protocol_port=80, tags=naming.Origin(
                case.director_uuid, case.request_id).tags())
        patience.until(
            lambda: cloud.load_balancer.get_member(
                member.id, pool).provisioning_status == 'ACTIVE',
            f'member {member.id}')
        cloud.compute.set_server_metadata(
            found[0], lbaas_pool_1=f'{pool}/{member.id}')
        return found


ALL = {scenario.name: scenario for scenario in (CreateVm, DeleteVm)}
