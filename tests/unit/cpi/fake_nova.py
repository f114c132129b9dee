# SPDX-License-Identifier: Apache-2.0
"""Servers, flavors and key pairs."""

import re
from typing import Any
import uuid

from tests.unit.cpi import fake_service


class Nova(fake_service.Service):
    """Servers, flavors and key pairs.

    :ivar server_status: the status of servers to be created.
    :ivar keeps_deleted_servers: whether they become SOFT_DELETED.
    :ivar fails_to_delete: whether they go to ERROR instead.
    :ivar coming_states: of a server, one for each time it is read.
    :ivar addresses_of_nova: of the port that Nova makes in a network;
        empty: it makes none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.servers: dict[str, dict[str, Any]] = {}
        self.flavors = [
            flavor('m1.small', disk=20), flavor('no.disk', disk=0),
            flavor('eph', disk=10, ephemeral=8)]
        self.keypairs = ['bosh-key']
        self.server_status = 'ACTIVE'
        self.device: str | None = '/dev/vdb'
        self.keeps_deleted_servers = False
        self.fails_to_delete = False
        self.coming_states: list[dict[str, Any]] = []
        self.addresses_of_nova: list[str] = []

    def routes(self) -> list[fake_service.Route]:
        return super().routes() + [
            ('GET compute/servers(?:/detail)?', self._list_servers),
            ('POST compute/servers', self._create_server),
            ('GET compute/servers/([^/]+)', self._get_server),
            ('PUT compute/servers/([^/]+)', self._rename_server),
            ('DELETE compute/servers/([^/]+)', self._delete_server),
            ('POST compute/servers/([^/]+)/metadata', self._server_meta),
            ('POST compute/servers/([^/]+)/action', self._server_action),
            ('POST compute/servers/([^/]+)/os-volume_attachments',
             self._attach),
            ('GET compute/servers/([^/]+)/os-volume_attachments',
             self._list_attachments),
            ('GET compute/servers/([^/]+)/os-volume_attachments/([^/]+)',
             self._get_attachment),
            ('DELETE compute/servers/([^/]+)/os-volume_attachments/([^/]+)',
             self._detach),
            ('GET compute/flavors/detail',
             lambda request: (200, {'flavors': self.flavors})),
            ('GET compute/os-keypairs', lambda request: (200, {'keypairs': [
                {'keypair': {'name': name}} for name in self.keypairs]})),
        ]

    def _list_servers(self, request: Any) -> Any:
        name = request.qs.get('name', [''])[0]
        return 200, {'servers': [
            s for s in self.servers.values() if re.search(name, s['name'])]}

    def _create_server(self, request: Any) -> Any:
        wanted = request.json()['server']
        cid = str(uuid.uuid4())
        self.add_server(
            cid, name=wanted['name'], status=self.server_status,
            metadata=wanted.get('metadata', {}),
            fault={'message': 'No valid host was found.', 'code': 500})
        for nic in wanted['networks']:
            if isinstance(nic, dict) and 'port' in nic:
                self.ports[nic['port']] |= {
                    'device_id': cid, 'device_owner': 'compute:az1'}
            elif self.addresses_of_nova:
                self.add_port(
                    device_id=cid, network_id=nic['uuid'],
                    device_owner='compute:az1', fixed_ips=[
                        {'ip_address': address}
                        for address in self.addresses_of_nova])
            elif isinstance(nic, dict):
                self.add_port(
                    network_id=nic['uuid'], device_id=cid, fixed_ips=[])
        return 202, {'server': {'id': cid}}

    def add_server(self, cid: str, **server: Any) -> dict[str, Any]:
        """Put a server there and return it."""
        self.servers[cid] = {
            'id': cid, 'name': 'vm-x', 'status': 'ACTIVE', 'metadata': {},
            'OS-EXT-AZ:availability_zone': 'az1',
            'OS-EXT-STS:task_state': None,
            'os-extended-volumes:volumes_attached': []} | server
        return self.servers[cid]

    def _get_server(self, request: Any, cid: str) -> Any:
        if self.coming_states and cid in self.servers:
            self.servers[cid].update(self.coming_states.pop(0))
        return fake_service.found('server', self.servers, cid)

    def _rename_server(self, request: Any, cid: str) -> Any:
        self.servers[cid]['name'] = request.json()['server']['name']
        return self._get_server(request, cid)

    def _delete_server(self, request: Any, cid: str) -> Any:
        if self.keeps_deleted_servers and cid in self.servers:
            self.servers[cid]['status'] = 'SOFT_DELETED'
            return 204, None
        if self.fails_to_delete and cid in self.servers:
            self.servers[cid] |= {
                'status': 'ERROR', 'fault': {'message': 'No such host'}}
            return 204, None
        return self._end_server(request, cid)

    def _end_server(self, request: Any, cid: str) -> Any:
        for port in self.ports.values():
            # It was made by others: Nova only lets go of it.
            if port['device_id'] == cid:
                port |= {'device_id': '', 'device_owner': ''}
        for volume in self.volumes.values():
            volume['attachments'] = [
                a for a in volume['attachments'] if a['server_id'] != cid]
            if volume['status'] == 'in-use' and not volume['attachments']:
                volume['status'] = 'available'
        return fake_service.delete(self.servers)(request, cid)

    def _server_meta(self, request: Any, cid: str) -> Any:
        if cid not in self.servers:
            return fake_service.missing(cid)
        self.servers[cid]['metadata'].update(request.json()['metadata'])
        return 200, {'metadata': self.servers[cid]['metadata']}

    def _server_action(self, request: Any, cid: str) -> Any:
        if 'forceDelete' in request.json():
            return self._end_server(request, cid)
        if not self.coming_states:
            self.servers[cid]['status'] = 'ACTIVE'
        return 202, None

    def _attach(self, request: Any, cid: str) -> Any:
        if cid not in self.servers:
            return fake_service.missing(cid)
        volume_id = request.json()['volumeAttachment']['volumeId']
        self.volumes[volume_id].update(status='in-use', attachments=[
            {'server_id': cid, 'device': self.device}])
        self.servers[cid]['os-extended-volumes:volumes_attached'].append(
            {'id': volume_id, 'delete_on_termination': False})
        return self._get_attachment(request, cid, volume_id)

    def _get_attachment(self, request: Any, cid: str, volume: str) -> Any:
        if cid not in self.servers or not self.volumes[volume][
                'attachments']:
            return fake_service.missing(volume)
        return 200, {'volumeAttachment': {
            'volumeId': volume, 'serverId': cid, 'device': self.device}}

    def _list_attachments(self, request: Any, cid: str) -> Any:
        return 200, {'volumeAttachments': [
            {'id': volume['id'], 'volumeId': volume['id'], 'serverId': cid,
             'device': attachment['device']}
            for volume in self.volumes.values()
            for attachment in volume['attachments']
            if attachment['server_id'] == cid]}

    def _detach(self, request: Any, cid: str, volume: str) -> Any:
        if not self.volumes[volume]['attachments']:
            return fake_service.missing(volume)
        self.volumes[volume].update(status='available', attachments=[])
        attached = 'os-extended-volumes:volumes_attached'
        self.servers[cid][attached] = [
            a for a in self.servers[cid][attached] if a['id'] != volume]
        return 202, None


def flavor(name: str, disk: int, ephemeral: int = 0) -> dict[str, Any]:
    """A flavor as Nova shows it."""
    return {
        'id': f'id-{name}', 'name': name, 'ram': 2048, 'vcpus': 1,
        'disk': disk, 'OS-FLV-EXT-DATA:ephemeral': ephemeral,
        'swap': 0, 'extra_specs': {}}
