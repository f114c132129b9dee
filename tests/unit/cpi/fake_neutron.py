# SPDX-License-Identifier: Apache-2.0
"""Ports, networks, security groups and floating IPs."""

from typing import Any
import urllib.parse
import uuid

from tests.unit.cpi import fake_service

NET_ID = '11111111-1111-4111-8111-111111111111'
OTHER_NET_ID = '22222222-2222-4222-8222-222222222222'
GROUP_ID = '44444444-4444-4444-8444-444444444444'


class Neutron(fake_service.Service):
    """Ports, networks, security groups and floating IPs."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: dict[str, dict[str, Any]] = {}
        self.floating_ips: list[dict[str, Any]] = []
        self.groups = [{'id': GROUP_ID, 'name': 'bosh'}]
        self.networks = {NET_ID, OTHER_NET_ID}

    def routes(self) -> list[fake_service.Route]:
        return super().routes() + [
            ('GET network/security-groups', self._list_groups),
            ('GET network/networks/([^/]+)', self._get_network),
            ('GET network/ports', self._list_ports),
            ('POST network/ports', self._create_ports),
            ('PUT network/ports/([^/]+)', self._update_port),
            ('DELETE network/ports/([^/]+)', self._delete_port),
            ('PUT network/ports/([^/]+)/tags', self._tag_port),
            ('GET network/floatingips', self._list_ips),
            ('PUT network/floatingips/([^/]+)', self._update_ip),
        ]

    def _list_groups(self, request: Any) -> Any:
        names = request.qs.get('name', [])
        ids = request.qs.get('id', [])
        return 200, {'security_groups': [
            g for g in self.groups
            if g['name'].lower() in names or g['id'] in ids]}

    def _get_network(self, request: Any, net_id: str) -> Any:
        if net_id not in self.networks:
            return fake_service.missing(net_id)
        return 200, {'network': {'id': net_id}}

    def _list_ports(self, request: Any) -> Any:
        found = list(self.ports.values())
        query = urllib.parse.parse_qs(
            urllib.parse.urlsplit(request.url).query, keep_blank_values=True)
        for key in ('name', 'device_id', 'network_id'):
            if key in query:
                found = [p for p in found if p[key] in query[key]]
        addresses = {item.removeprefix('ip_address=')
                     for item in request.qs.get('fixed_ips', [])}
        if addresses:
            found = [p for p in found if any(
                ip['ip_address'] in addresses for ip in p['fixed_ips'])]
        return 200, {'ports': [_shown(port) for port in found]}

    def _create_ports(self, request: Any) -> Any:
        wanted = request.json()['ports']
        for port in wanted:
            if port['network_id'] not in self.networks:
                return fake_service.missing(port['network_id'])
            if any(ip in p['fixed_ips'] for ip in port['fixed_ips']
                   for p in self.ports.values()):
                return 409, {'NeutronError': {
                    'type': 'IpAddressAlreadyAllocated',
                    'message': 'IP address is in use', 'detail': ''}}
        # A plain ML2 accepts tags and drops them.
        made = [self.add_port(**port | {'tags': []}) for port in wanted]
        return 201, {'ports': [_shown(port) for port in made]}

    def add_port(self, **port: Any) -> dict[str, Any]:
        """Put a port there and return it."""
        port = {
            'id': str(uuid.uuid4()), 'status': 'DOWN', 'device_id': '',
            'device_owner': '', 'name': '',
            'mac_address': f'fa:16:3e:00:00:{len(self.ports):02x}'} | port
        self.ports[port['id']] = port
        return port

    def _update_port(self, request: Any, port_id: str) -> Any:
        self.ports[port_id].update(request.json()['port'])
        return 200, {'port': _shown(self.ports[port_id])}

    def _delete_port(self, request: Any, port_id: str) -> Any:
        port = self.ports.get(port_id)
        if port and port['device_owner'].startswith('compute:'):
            return 403, {'NeutronError': {
                'type': 'PolicyNotAuthorized', 'detail': '',
                'message': 'rule:delete_port is disallowed by policy'}}
        return fake_service.delete(self.ports)(request, port_id)

    def _tag_port(self, request: Any, port_id: str) -> Any:
        self.ports[port_id]['tags'] = request.json()['tags']
        return 200, {'tags': self.ports[port_id]['tags']}

    def add_ip(self, address: str, **ip: Any) -> dict[str, Any]:
        """Put a floating IP there and return it."""
        ip = {
            'id': f'fip-{address}', 'floating_ip_address': address,
            'port_id': None, 'fixed_ip_address': None,
            'floating_network_id': 'ext'} | ip
        self.floating_ips.append(ip)
        return ip

    def _list_ips(self, request: Any) -> Any:
        addresses = request.qs['floating_ip_address']
        return 200, {'floatingips': [
            ip for ip in self.floating_ips
            if ip['floating_ip_address'] in addresses]}

    def _update_ip(self, request: Any, ip_id: str) -> Any:
        ip = next(ip for ip in self.floating_ips if ip['id'] == ip_id)
        wanted = request.json()['floatingip']
        if wanted['port_id'] and wanted['port_id'] not in self.ports:
            return fake_service.missing(wanted['port_id'])
        wanted.setdefault('fixed_ip_address', None)
        if wanted['port_id'] and any(
                all(other[key] == wanted[key] for key in wanted)
                and other['floating_network_id'] == ip['floating_network_id']
                for other in self.floating_ips if other is not ip):
            return 409, {'NeutronError': {
                'type': 'FloatingIPPortAlreadyAssociated',
                'message': 'That fixed IP already has a floating IP',
                'detail': ''}}
        ip.update(wanted)
        return 200, {'floatingip': ip}


def _shown(port: dict[str, Any]) -> dict[str, Any]:
    """A port as Neutron shows it: with the subnets of its addresses."""
    return port | {'fixed_ips': [
        {'subnet_id': 'subnet-1'} | ip for ip in port.get('fixed_ips', ())]}
