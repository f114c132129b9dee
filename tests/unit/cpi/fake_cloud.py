# SPDX-License-Identifier: Apache-2.0
"""A small cloud behind requests_mock, with the shapes of the real APIs.

It keeps servers, ports, volumes, images and floating IPs, and can make
single requests fail, before or after they took effect.
"""

from collections.abc import Callable
import json
import re
from typing import Any
import urllib.parse
import uuid

import requests
import requests_mock

from tests.unit.cpi import fake_catalog

NET_ID = '11111111-1111-4111-8111-111111111111'
OTHER_NET_ID = '22222222-2222-4222-8222-222222222222'
IMAGE_ID = '33333333-3333-4333-8333-333333333333'
GROUP_ID = '44444444-4444-4444-8444-444444444444'


class Fault:
    """How one request fails.

    :param status: the answer's status; None: the connection breaks.
    :param effective: whether the request takes effect all the same.
    """

    def __init__(
        self, status: int | None, effective: bool = False,
        headers: dict[str, str] | None = None,
        error: type[Exception] = requests.ConnectionError,
    ) -> None:
        self.status = status
        self.effective = effective
        self.headers = headers or {}
        self.error = error


class FakeCloud:
    """Answers requests; use :meth:`serve` with a requests_mock mocker.

    :ivar calls: ``METHOD path`` of every request so far.
    :ivar bodies: the decoded bodies of POST and PUT requests.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.bodies: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.servers: dict[str, dict[str, Any]] = {}
        self.ports: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, Any]] = {
            IMAGE_ID: {'id': IMAGE_ID, 'status': 'active', 'name': 's/1'}}
        self.floating_ips: list[dict[str, Any]] = []
        self.groups = [{'id': GROUP_ID, 'name': 'bosh'}]
        self.flavors = [
            _flavor('m1.small', disk=20), _flavor('no.disk', disk=0),
            _flavor('eph', disk=10, ephemeral=8)]
        self.keypairs = ['bosh-key']
        self.tags_in_bulk = False
        self.networks = {NET_ID, OTHER_NET_ID}
        self.server_status = 'ACTIVE'
        self.volume_status = 'available'
        self._faults: dict[int, Fault] = {}
        self._route_faults: list[tuple[str, Fault]] = []

    def serve(self, mocker: requests_mock.Mocker) -> None:
        """Answer every request that goes through the mocker."""
        mocker.add_matcher(self._match)

    def fail_call(self, index: int, fault: Fault) -> None:
        """Let the request of that number (from 0) fail, once."""
        self._faults[index] = fault

    def fail_route(self, pattern: str, fault: Fault) -> None:
        """Let each request fail whose ``METHOD path`` has the pattern."""
        self._route_faults.append((pattern, fault))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()
        self._route_faults.clear()

    def body(self, call: str) -> Any:
        """The body of the last request ``METHOD path``."""
        return [body for name, body in self.bodies if name == call][-1]

    def leftovers(self) -> dict[str, list[str]]:
        """What was created and is still there."""
        return {
            'servers': list(self.servers),
            'ports': list(self.ports),
            'volumes': list(self.volumes),
            'images': [i for i in self.images if i != IMAGE_ID],
        }

    def _match(self, request: Any) -> requests.Response:
        path = urllib.parse.urlsplit(request.url).path
        call = f'{request.method} {fake_catalog.short(request.url)}'
        index = len(self.calls)
        self.calls.append(call)
        self.headers.append(dict(request.headers))
        if request.method in ('POST', 'PUT') and isinstance(
                request.body, str | bytes):
            self.bodies.append((call, json.loads(request.body)))
        fault = self._faults.pop(index, None) or next(
            (f for p, f in self._route_faults if re.search(p, call)), None)
        answer = None
        if fault is None or fault.effective:
            answer = self._answer(request, call, path)
        if fault is not None:
            if fault.status is None:
                raise fault.error('connection lost')
            answer = fault.status, {'error': {
                'code': fault.status, 'message': 'injected'}}
        status, body = answer
        return requests_mock.create_response(
            request, status_code=status,
            headers={
                'Content-Type': 'application/json',
                'x-openstack-request-id': f'req-{index}',
                'X-Subject-Token': 'tok-secret',
            } | (fault.headers if fault else {}),
            json=body if body is not None else None)

    def _answer(self, request: Any, call: str, path: str) -> Any:
        known = fake_catalog.answer(call)
        if known is not None:
            return known
        for pattern, handler in self._routes():
            found = re.fullmatch(pattern, call)
            if found:
                return handler(request, *found.groups())
        return 404, {'itemNotFound': {'message': f'no route {call}'}}

    def _routes(self) -> list[tuple[str, Callable[..., Any]]]:
        return [
            ('GET compute/servers', self._list_servers),
            ('POST compute/servers', self._create_server),
            ('GET compute/servers/([^/]+)', self._get_server),
            ('PUT compute/servers/([^/]+)', self._rename_server),
            ('DELETE compute/servers/([^/]+)', self._delete_server),
            ('POST compute/servers/([^/]+)/metadata', self._server_meta),
            ('POST compute/servers/([^/]+)/action', self._server_action),
            ('POST compute/servers/([^/]+)/os-volume_attachments',
             self._attach),
            ('GET compute/servers/([^/]+)/os-volume_attachments/([^/]+)',
             self._get_attachment),
            ('DELETE compute/servers/([^/]+)/os-volume_attachments/([^/]+)',
             self._detach),
            ('GET compute/flavors/detail',
             lambda request: (200, {'flavors': self.flavors})),
            ('GET compute/os-keypairs', lambda request: (200, {'keypairs': [
                {'keypair': {'name': name}} for name in self.keypairs]})),
            ('GET network/security-groups', self._list_groups),
            ('GET network/networks/([^/]+)', self._get_network),
            ('GET network/ports', self._list_ports),
            ('POST network/ports', self._create_ports),
            ('DELETE network/ports/([^/]+)', self._delete(self.ports)),
            ('PUT network/ports/([^/]+)/tags', self._tag_port),
            ('GET network/floatingips', self._list_ips),
            ('PUT network/floatingips/([^/]+)', self._update_ip),
            ('GET image/images/([^/]+)', self._get_image),
            ('POST image/images', self._create_image),
            ('PUT image/images/([^/]+)/file', self._upload),
            ('DELETE image/images/([^/]+)', self._delete(self.images)),
            ('GET volume/volumes/detail', self._list_volumes),
            ('POST volume/volumes', self._create_volume),
            ('GET volume/volumes/([^/]+)', self._get_volume),
            ('DELETE volume/volumes/([^/]+)', self._delete(self.volumes)),
            ('POST volume/volumes/([^/]+)/metadata', self._volume_meta),
        ]

    # Nova

    def _list_servers(self, request: Any) -> Any:
        name = request.qs.get('name', [''])[0]
        return 200, {'servers': [
            s for s in self.servers.values() if re.search(name, s['name'])]}

    def _create_server(self, request: Any) -> Any:
        wanted = request.json()['server']
        cid = str(uuid.uuid4())
        self.servers[cid] = {
            'id': cid, 'name': wanted['name'], 'status': self.server_status,
            'metadata': wanted.get('metadata', {}),
            'OS-EXT-AZ:availability_zone': 'az1',
            'OS-EXT-STS:task_state': None,
            'os-extended-volumes:volumes_attached': [],
            'fault': {'message': 'No valid host was found.', 'code': 500},
        }
        for nic in wanted['networks']:
            if isinstance(nic, dict) and 'port' in nic:
                self.ports[nic['port']]['device_id'] = cid
        return 202, {'server': {'id': cid}}

    def _get_server(self, request: Any, cid: str) -> Any:
        return self._found('server', self.servers, cid)

    def _rename_server(self, request: Any, cid: str) -> Any:
        self.servers[cid]['name'] = request.json()['server']['name']
        return self._get_server(request, cid)

    def _delete_server(self, request: Any, cid: str) -> Any:
        for volume in self.volumes.values():
            volume['attachments'] = [
                a for a in volume['attachments'] if a['server_id'] != cid]
            if volume['status'] == 'in-use' and not volume['attachments']:
                volume['status'] = 'available'
        return self._delete(self.servers)(request, cid)

    def _server_meta(self, request: Any, cid: str) -> Any:
        if cid not in self.servers:
            return _missing(cid)
        self.servers[cid]['metadata'].update(request.json()['metadata'])
        return 200, {'metadata': self.servers[cid]['metadata']}

    def _server_action(self, request: Any, cid: str) -> Any:
        self.servers[cid]['status'] = 'ACTIVE'
        return 202, None

    def _attach(self, request: Any, cid: str) -> Any:
        if cid not in self.servers:
            return _missing(cid)
        volume_id = request.json()['volumeAttachment']['volumeId']
        self.volumes[volume_id].update(status='in-use', attachments=[
            {'server_id': cid, 'device': '/dev/vdb'}])
        self.servers[cid]['os-extended-volumes:volumes_attached'].append(
            {'id': volume_id, 'delete_on_termination': False})
        return self._get_attachment(request, cid, volume_id)

    def _get_attachment(self, request: Any, cid: str, volume: str) -> Any:
        if cid not in self.servers or not self.volumes[volume][
                'attachments']:
            return _missing(volume)
        return 200, {'volumeAttachment': {
            'volumeId': volume, 'serverId': cid, 'device': '/dev/vdb'}}

    def _detach(self, request: Any, cid: str, volume: str) -> Any:
        if not self.volumes[volume]['attachments']:
            return _missing(volume)
        self.volumes[volume].update(status='available', attachments=[])
        return 202, None

    # Neutron

    def _list_groups(self, request: Any) -> Any:
        names = request.qs.get('name', [])
        ids = request.qs.get('id', [])
        return 200, {'security_groups': [
            g for g in self.groups
            if g['name'].lower() in names or g['id'] in ids]}

    def _get_network(self, request: Any, net_id: str) -> Any:
        if net_id not in self.networks:
            return _missing(net_id)
        return 200, {'network': {'id': net_id}}

    def _list_ports(self, request: Any) -> Any:
        found = list(self.ports.values())
        for key in ('name', 'device_id', 'network_id'):
            if key in request.qs:
                found = [p for p in found if p[key] in request.qs[key]]
        for item in request.qs.get('fixed_ips', []):
            address = item.removeprefix('ip_address=')
            found = [p for p in found if any(
                ip['ip_address'] == address for ip in p['fixed_ips'])]
        return 200, {'ports': found}

    def _create_ports(self, request: Any) -> Any:
        wanted = request.json()['ports']
        for port in wanted:
            if port['network_id'] not in self.networks:
                return _missing(port['network_id'])
            if any(p['fixed_ips'] == port['fixed_ips']
                   for p in self.ports.values()):
                return 409, {'NeutronError': {
                    'type': 'IpAddressAlreadyAllocated',
                    'message': 'IP address is in use', 'detail': ''}}
        # A plain ML2 accepts tags and drops them.
        made = [
            self.add_port(**port if self.tags_in_bulk else port
                          | {'tags': []}) for port in wanted]
        return 201, {'ports': made}

    def add_port(self, **port: Any) -> dict[str, Any]:
        """Put a port there and return it."""
        port = {
            'id': str(uuid.uuid4()), 'status': 'DOWN', 'device_id': '',
            'device_owner': '', 'name': '',
            'mac_address': f'fa:16:3e:00:00:{len(self.ports):02x}'} | port
        self.ports[port['id']] = port
        return port

    def _tag_port(self, request: Any, port_id: str) -> Any:
        self.ports[port_id]['tags'] = request.json()['tags']
        return 200, {'tags': self.ports[port_id]['tags']}

    def _list_ips(self, request: Any) -> Any:
        address = request.qs['floating_ip_address'][0]
        return 200, {'floatingips': [
            ip for ip in self.floating_ips
            if ip['floating_ip_address'] == address]}

    def _update_ip(self, request: Any, ip_id: str) -> Any:
        ip = next(ip for ip in self.floating_ips if ip['id'] == ip_id)
        ip.update(request.json()['floatingip'])
        return 200, {'floatingip': ip}

    # Glance

    def _get_image(self, request: Any, cid: str) -> Any:
        if cid not in self.images:
            return _missing(cid)
        return 200, self.images[cid]

    def _create_image(self, request: Any) -> Any:
        image = request.json() | {'status': 'queued'}
        self.images[image['id']] = image
        return 201, image

    def _upload(self, request: Any, cid: str) -> Any:
        self.images[cid].update(
            status='active', data=len(b''.join(request.body)))
        return 204, None

    # Cinder

    def _list_volumes(self, request: Any) -> Any:
        name = request.qs.get('name', [None])[0]
        return 200, {'volumes': [
            v for v in self.volumes.values() if v['name'] == name]}

    def _create_volume(self, request: Any) -> Any:
        volume = self.add_volume(**request.json()['volume'])
        return 202, {'volume': volume}

    def add_volume(self, **volume: Any) -> dict[str, Any]:
        """Put a volume there and return it."""
        volume = {
            'id': str(uuid.uuid4()), 'status': self.volume_status,
            'attachments': [], 'metadata': {}, 'name': '',
            'availability_zone': 'az1'} | volume
        self.volumes[volume['id']] = volume
        return volume

    def _get_volume(self, request: Any, cid: str) -> Any:
        return self._found('volume', self.volumes, cid)

    def _volume_meta(self, request: Any, cid: str) -> Any:
        if cid not in self.volumes:
            return _missing(cid)
        self.volumes[cid]['metadata'].update(request.json()['metadata'])
        return 200, {'metadata': self.volumes[cid]['metadata']}

    @staticmethod
    def _found(key: str, objects: dict[str, Any], cid: str) -> Any:
        if cid not in objects:
            return _missing(cid)
        return 200, {key: objects[cid]}

    @staticmethod
    def _delete(objects: dict[str, Any]) -> Callable[..., Any]:
        def delete(request: Any, cid: str) -> Any:
            if objects.pop(cid, None) is None:
                return _missing(cid)
            return 204, None
        return delete


def _flavor(name: str, disk: int, ephemeral: int = 0) -> dict[str, Any]:
    return {
        'id': f'id-{name}', 'name': name, 'ram': 2048, 'vcpus': 1,
        'disk': disk, 'OS-FLV-EXT-DATA:ephemeral': ephemeral,
        'swap': 0, 'extra_specs': {}}


def _missing(what: str) -> Any:
    return 404, {'itemNotFound': {
        'code': 404, 'message': f'{what} could not be found.'}}
