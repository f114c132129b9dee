# SPDX-License-Identifier: Apache-2.0
"""Images."""

from typing import Any

from tests.unit.cpi import fake_service

IMAGE_ID = '33333333-3333-4333-8333-333333333333'


class Glance(fake_service.Service):
    """Images."""

    def __init__(self) -> None:
        super().__init__()
        self.images: dict[str, dict[str, Any]] = {
            IMAGE_ID: {'id': IMAGE_ID, 'status': 'active', 'name': 's/1'}}

    def routes(self) -> list[fake_service.Route]:
        return super().routes() + [
            ('GET image/images/([^/]+)', self._get_image),
            ('POST image/images', self._create_image),
            ('PUT image/images/([^/]+)/file', self._upload),
            ('DELETE image/images/([^/]+)', fake_service.delete(self.images)),
        ]

    def _get_image(self, request: Any, cid: str) -> Any:
        if cid not in self.images:
            return fake_service.missing(cid)
        return 200, self.images[cid]

    def _create_image(self, request: Any) -> Any:
        image = request.json() | {'status': 'queued'}
        self.images[image['id']] = image
        return 201, image

    def _upload(self, request: Any, cid: str) -> Any:
        self.images[cid].update(
            status='active', data=len(b''.join(request.body)))
        return 204, None
