# SPDX-License-Identifier: Apache-2.0
"""Volumes."""

from typing import Any
import uuid

from tests.unit.cpi import fake_service


class Cinder(fake_service.Service):
    """Volumes."""

    def __init__(self) -> None:
        super().__init__()
        self.volumes: dict[str, dict[str, Any]] = {}
        self.volume_status = 'available'

    def routes(self) -> list[fake_service.Route]:
        return super().routes() + [
            ('GET volume/volumes/detail', self._list_volumes),
            ('POST volume/volumes', self._create_volume),
            ('GET volume/volumes/([^/]+)', self._get_volume),
            ('DELETE volume/volumes/([^/]+)',
             fake_service.delete(self.volumes)),
            ('POST volume/volumes/([^/]+)/metadata', self._volume_meta),
        ]

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
        return fake_service.found('volume', self.volumes, cid)

    def _volume_meta(self, request: Any, cid: str) -> Any:
        if cid not in self.volumes:
            return fake_service.missing(cid)
        self.volumes[cid]['metadata'].update(request.json()['metadata'])
        return 200, {'metadata': self.volumes[cid]['metadata']}
