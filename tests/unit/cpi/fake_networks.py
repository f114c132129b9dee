# SPDX-License-Identifier: Apache-2.0
"""A cloud in which networks, subnets and router interfaces can be made."""

import ipaddress
from typing import Any
import uuid

from tests.unit.cpi import fake_cloud
from tests.unit.cpi import fake_service

ROUTER = {'id': 'id-router', 'name': 'router'}
POOLS = [
    {'id': 'id-pool', 'name': 'pool', 'ip_version': 4},
    {'id': 'id-one', 'name': 'twice', 'ip_version': 4},
    {'id': 'id-two', 'name': 'twice', 'ip_version': 4},
]


class CloudOfNetworks(fake_cloud.FakeCloud):
    """A fake cloud with what managed networks are made of.

    :ivar managed: networks by id.
    :ivar subnets: by id.
    :ivar early_port: whether Neutron takes an address of a subnet as soon
        as it is there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.managed: dict[str, dict[str, Any]] = {}
        self.subnets: dict[str, dict[str, Any]] = {}
        self.early_port = False

    def routes(self) -> list[fake_service.Route]:
        return [
            ('GET network/networks', self._list_networks),
            ('POST network/networks', self._create_network),
            ('GET network/networks/([^/]+)', self._get_managed),
            ('PUT network/networks/([^/]+)/tags', self._tag_network),
            ('DELETE network/networks/([^/]+)', self._delete_network),
            ('GET network/subnets', self._list_subnets),
            ('POST network/subnets', self._create_subnet),
            ('PUT network/subnets/([^/]+)', self._update_subnet),
            ('GET network/routers', self._list_routers),
            ('GET network/subnetpools', self._list_pools),
            ('PUT network/routers/([^/]+)/add_router_interface',
             self._plug),
            ('PUT network/routers/([^/]+)/remove_router_interface',
             self._unplug),
        ] + super().routes()

    def add_port_of(self, network_id: str, owner: str, device: str,
                    *addresses: tuple[str, str]) -> str:
        """Put a port into a network; returns its id."""
        cid = str(uuid.uuid4())
        self.ports[cid] = {
            'id': cid, 'network_id': network_id, 'device_owner': owner,
            'device_id': device, 'status': 'ACTIVE', 'name': '',
            'fixed_ips': [{'subnet_id': subnet, 'ip_address': address}
                          for subnet, address in addresses]}
        return cid

    def _list_networks(self, request: Any) -> Any:
        return 200, {'networks': _filtered(self.managed.values(), request)}

    def _create_network(self, request: Any) -> Any:
        network = request.json()['network'] | {
            'id': str(uuid.uuid4()), 'tags': []}
        self.managed[network['id']] = network
        return 201, {'network': network}

    def _get_managed(self, request: Any, cid: str) -> Any:
        return fake_service.found('network', self.managed, cid)

    def _tag_network(self, request: Any, cid: str) -> Any:
        self.managed[cid]['tags'] = request.json()['tags']
        return 200, {'tags': self.managed[cid]['tags']}

    def _delete_network(self, request: Any, cid: str) -> Any:
        if any(port['network_id'] == cid
               and port['device_owner'] != 'network:dhcp'
               for port in self.ports.values()):
            return 409, {'NeutronError': {
                'type': 'NetworkInUse', 'message': 'There are ports',
                'detail': ''}}
        if cid in self.managed:
            for objects in (self.subnets, self.ports):
                for key, found in list(objects.items()):
                    if found['network_id'] == cid:
                        del objects[key]
        return fake_service.delete(self.managed)(request, cid)

    def _list_subnets(self, request: Any) -> Any:
        return 200, {'subnets': _filtered(self.subnets.values(), request)}

    def _create_subnet(self, request: Any) -> Any:
        wanted = request.json()['subnet']
        length = wanted.get('prefixlen', 26)
        cidr = wanted.get('cidr', f'10.9.0.0/{length}')
        network = ipaddress.ip_network(cidr)
        subnet = {
            'id': str(uuid.uuid4()), 'cidr': cidr,
            'gateway_ip': str(network[1]), 'allocation_pools': [
                {'start': str(network[2]), 'end': str(network[-2])}],
        } | wanted
        self.subnets[subnet['id']] = subnet
        if self.early_port:
            self.add_port_of(
                subnet['network_id'], 'network:dhcp', 'dhcp',
                (subnet['id'], subnet['allocation_pools'][0]['start']))
        return 201, {'subnet': subnet}

    def _update_subnet(self, request: Any, cid: str) -> Any:
        self.subnets[cid].update(request.json()['subnet'])
        return 200, {'subnet': self.subnets[cid]}

    def _list_routers(self, request: Any) -> Any:
        return 200, {'routers': _filtered([ROUTER], request)}

    def _list_pools(self, request: Any) -> Any:
        return 200, {'subnetpools': _filtered(POOLS, request)}

    def _plug(self, request: Any, router: str) -> Any:
        subnet = self.subnets[request.json()['subnet_id']]
        if any(port['device_id'] == router for port in self.ports.values()):
            return 400, {'NeutronError': {
                'type': 'BadRequest', 'detail': '',
                'message': 'Router already has a port on subnet'}}
        self.add_port_of(
            subnet['network_id'], 'network:router_interface', router,
            (subnet['id'], subnet['gateway_ip']))
        return 200, {'id': router, 'subnet_id': subnet['id']}

    def _unplug(self, request: Any, router: str) -> Any:
        if self.ports.pop(request.json()['port_id'], None) is None:
            return fake_service.missing('interface')
        return 200, {'id': router}


def _filtered(objects: Any, request: Any) -> list[dict[str, Any]]:
    return [item for item in objects if all(
        item[key] in request.qs[key]
        for key in ('name', 'id') if key in request.qs)]
