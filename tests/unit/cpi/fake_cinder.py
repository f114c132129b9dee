# SPDX-License-Identifier: Apache-2.0
"""Volumes, their snapshots and types."""

from collections.abc import Callable
from typing import Any
import uuid

from tests.unit.cpi import fake_service


class Cinder(fake_service.Service):
    """Volumes, their snapshots and types.

    :ivar volume_status: the state new volumes are in.
    :ivar snapshot_status: the state new snapshots are in.
    :ivar volume_types: the names of the types; None: every name is one.
    :ivar retypes: whether changing a volume's type succeeds.
    :ivar extends: whether extending a volume succeeds.
    :ivar status_after_action: the state an action leaves a volume in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.volumes: dict[str, dict[str, Any]] = {}
        self.snapshots: dict[str, dict[str, Any]] = {}
        self.volume_status = 'available'
        self.snapshot_status = 'available'
        self.volume_types: list[str] | None = None
        self.retypes = True
        self.extends = True
        self.status_after_action = 'available'

    def routes(self) -> list[fake_service.Route]:
        return super().routes() + [
            ('GET volume/volumes/detail', self._list(self.volumes,
                                                     'volumes')),
            ('POST volume/volumes', self._create_volume),
            ('GET volume/volumes/([^/]+)', self._get_volume),
            ('DELETE volume/volumes/([^/]+)', self._delete_volume),
            ('POST volume/volumes/([^/]+)/metadata', self._volume_meta),
            ('POST volume/volumes/([^/]+)/action', self._volume_action),
            ('GET volume/snapshots/detail', self._list(self.snapshots,
                                                       'snapshots')),
            ('POST volume/snapshots', self._create_snapshot),
            ('GET volume/snapshots/([^/]+)', self._get_snapshot),
            ('DELETE volume/snapshots/([^/]+)', self._delete_snapshot),
            ('GET volume/types', self._list_types),
        ]

    def add_volume(self, **volume: Any) -> dict[str, Any]:
        """Put a volume there and return it."""
        volume = {
            'id': str(uuid.uuid4()), 'status': self.volume_status,
            'attachments': [], 'metadata': {}, 'name': '', 'size': 1,
            'volume_type': 'standard', 'volume_type_id': 'id-standard',
            'availability_zone': 'az1'} | volume
        self.volumes[volume['id']] = volume
        return volume

    def add_snapshot(self, **snapshot: Any) -> dict[str, Any]:
        """Put a snapshot there and return it."""
        snapshot = {
            'id': str(uuid.uuid4()), 'status': self.snapshot_status,
            'metadata': {}, 'name': ''} | snapshot
        self.snapshots[snapshot['id']] = snapshot
        return snapshot

    def _list(
        self, objects: dict[str, dict[str, Any]], key: str
    ) -> Callable[[Any], Any]:
        def answer(request: Any) -> Any:
            name = request.qs.get('name', [None])[0]
            return 200, {key: [
                item for item in objects.values() if item['name'] == name]}
        return answer

    def _create_volume(self, request: Any) -> Any:
        wanted = request.json()['volume']
        if not self._has_type(wanted.get('volume_type')):
            return fake_service.missing('Volume type')
        return 202, {'volume': self.add_volume(**wanted)}

    def _get_volume(self, request: Any, cid: str) -> Any:
        return fake_service.found('volume', self.volumes, cid)

    def _delete_volume(self, request: Any, cid: str) -> Any:
        status = self.volumes.get(cid, {}).get('status', 'available')
        if status not in ('available', 'error', 'error_extending'):
            return _refusal(f'Volume status must be available: {status}')
        return fake_service.delete(self.volumes)(request, cid)

    def _volume_meta(self, request: Any, cid: str) -> Any:
        if cid not in self.volumes:
            return fake_service.missing(cid)
        self.volumes[cid]['metadata'].update(request.json()['metadata'])
        return 200, {'metadata': self.volumes[cid]['metadata']}

    def _volume_action(self, request: Any, cid: str) -> Any:
        if cid not in self.volumes:
            return fake_service.missing(cid)
        (action, values), = request.json().items()
        return {'os-extend': self._extend, 'os-retype': self._retype}[
            action](self.volumes[cid], values)

    def _extend(self, volume: dict[str, Any], values: Any) -> Any:
        if values['new_size'] <= volume['size']:
            return _refusal('New size must be greater than current size')
        if volume['status'] != 'available':
            return _refusal("Volume status must be 'available' to extend")
        if self.extends:
            volume['size'] = values['new_size']
        volume['status'] = self.status_after_action
        return 202, None

    def _retype(self, volume: dict[str, Any], values: Any) -> Any:
        if not self._has_type(values['new_type']):
            return fake_service.missing('Volume type')
        if self.retypes:
            volume['volume_type'] = values['new_type']
        volume['status'] = self.status_after_action
        return 202, None

    def _has_type(self, name: str | None) -> bool:
        return name is None or self.volume_types is None or (
            name in self.volume_types)

    def _list_types(self, request: Any) -> Any:
        return 200, {'volume_types': [
            {'id': f'id-{name}', 'name': name}
            for name in self.volume_types or ()]}

    def _create_snapshot(self, request: Any) -> Any:
        wanted = request.json()['snapshot']
        if wanted['volume_id'] not in self.volumes:
            return fake_service.missing(wanted['volume_id'])
        return 202, {'snapshot': self.add_snapshot(**wanted)}

    def _get_snapshot(self, request: Any, cid: str) -> Any:
        return fake_service.found('snapshot', self.snapshots, cid)

    def _delete_snapshot(self, request: Any, cid: str) -> Any:
        status = self.snapshots.get(cid, {}).get('status', 'available')
        if status not in ('available', 'error'):
            return _refusal(f'Snapshot status must be available: {status}')
        return fake_service.delete(self.snapshots)(request, cid)


def _refusal(message: str) -> tuple[int, Any]:
    return 400, {'badRequest': {'code': 400, 'message': message}}
