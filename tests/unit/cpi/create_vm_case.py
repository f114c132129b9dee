# SPDX-License-Identifier: Apache-2.0
"""Arguments of create_vm for its tests."""

from typing import Any

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

VM = {'instance_type': 'm1.small'}
ENV = {'bosh': {
    'password': 'env-secret', 'tags': {'team': 'a'},
    'group': 'd-dep-g',
    'groups': ['d', 'dep', 'g', 'd-dep', 'dep-g', 'd-dep-g'],
}}


class CreateVmCase(base.MethodTestCase):

    def arguments(
        self, properties: dict[str, Any] | None = None,
        networks: dict[str, Any] | None = None,
        disks: list[str] | None = None,
    ) -> list[Any]:
        return [
            'agent-1', fake_cloud.IMAGE_ID, VM | (properties or {}),
            networks or {'default': base.manual()}, disks or [], ENV]

    def posted(self) -> dict[str, Any]:
        return self.cloud.body('POST compute/servers')['server']
