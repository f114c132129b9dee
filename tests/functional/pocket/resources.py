# SPDX-License-Identifier: Apache-2.0
"""Makes things in the tenant's project that go away when the test ends."""

import base64
import os
from typing import Any

from openstack import exceptions

from tests.functional import base

FLAVOR = 'm1.tiny'
NETWORK = 'private'


class ResourceTestCase(base.FunctionalTestCase):
    """Adds makers; each cleans up what it made, in reverse order."""

    def make_image(self) -> Any:
        """A small private image that is active."""
        image = self.cloud.image.create_image(
            name=self.name('image'), disk_format='raw',
            container_format='bare', data=os.urandom(1024 ** 2),
            validate_checksum=False)
        self.addCleanup(self.cloud.image.delete_image, image)
        return self.wait_for_status(
            lambda: self.cloud.image.get_image(image.id), 'active')

    def make_port(self) -> Any:
        """A port on the seeded private network."""
        network = self.cloud.network.find_network(NETWORK)
        port = self.cloud.network.create_port(
            name=self.name('port'), network_id=network.id)
        self.addCleanup(self.cloud.network.delete_port, port)
        return port

    def make_server(self, **more: Any) -> Any:
        """A server on the private network that is ACTIVE."""
        flavor = self.cloud.compute.find_flavor(FLAVOR)
        if 'networks' not in more:
            network = self.cloud.network.find_network(NETWORK)
            more['networks'] = [{'uuid': network.id}]
        if 'image_id' not in more and 'block_device_mapping' not in more:
            more['image_id'] = self.make_image().id
        if 'user_data' in more:
            more['user_data'] = base64.b64encode(
                more['user_data'].encode()).decode()
        server = self.cloud.compute.create_server(
            name=self.name('server'), flavor_id=flavor.id, **more)
        self.addCleanup(self.delete_server, server.id)
        return self.wait_for_status(
            lambda: self.cloud.compute.get_server(server.id), 'ACTIVE')

    def delete_server(self, server_id: str) -> None:
        """Delete a server and wait for its end."""
        self.cloud.compute.delete_server(server_id)
        self.wait_gone(lambda: self.cloud.compute.get_server(server_id),
                       'server ' + server_id)

    def make_volume(self, **more: Any) -> Any:
        """A volume that is available; 1 GiB unless said otherwise."""
        volume = self.cloud.block_storage.create_volume(
            name=self.name('volume'), **{'size': 1, **more})
        self.addCleanup(self.delete_volume, volume.id)
        return self.wait_for_volume(volume.id, 'available')

    def wait_for_volume(self, volume_id: str, status: str) -> Any:
        """Wait until a volume has a status; returns it."""
        return self.wait_for_status(
            lambda: self.cloud.block_storage.get_volume(volume_id), status)

    def delete_volume(self, volume_id: str) -> None:
        """Delete a volume, if it is there, and wait for its end."""
        storage = self.cloud.block_storage
        storage.delete_volume(volume_id, ignore_missing=True)
        self.wait_gone(lambda: storage.get_volume(volume_id),
                       'volume ' + volume_id)

    def make_stack(self, template: str, wait: bool = True,
                   suffix: str = '', **parameters: Any) -> Any:
        """A stack that is CREATE_COMPLETE, or on its way there."""
        stack = self.cloud.orchestration.create_stack(
            name=self.name('stack') + suffix, template=template,
            parameters=parameters, timeout_mins=10)
        self.addCleanup(self.delete_stack, stack.id)
        if wait:
            self.wait_for_stack(stack.id, 'CREATE_COMPLETE')
        return stack

    def stack(self, stack_id: str) -> dict[str, Any]:
        """A stack as Heat lists it, deleted ones too."""
        found = self.cloud.orchestration.get('/stacks', params={
            'id': stack_id, 'show_deleted': True}).json()['stacks']
        return found[0]

    def wait_for_stack(self, stack_id: str, wanted: str,
                       limit: float = 240) -> None:
        """Wait until a stack has a status; fails at once if it failed."""

        def reached() -> bool:
            stack = self.stack(stack_id)
            status = stack['stack_status']
            if status.endswith('_FAILED'):
                self.fail('Stack %s: %s' % (
                    status, stack['stack_status_reason']))
            return status == wanted

        self.wait_for(reached, 'stack %s to be %s' % (stack_id, wanted),
                      limit)

    def delete_stack(self, stack_id: str) -> None:
        """Delete a stack, if it is there, and wait for its end."""
        if self.stack(stack_id)['stack_status'] == 'DELETE_COMPLETE':
            return
        try:
            self.cloud.orchestration.delete_stack(stack_id)
        except exceptions.NotFoundException:
            return
        self.wait_for_stack(stack_id, 'DELETE_COMPLETE')
