# SPDX-License-Identifier: Apache-2.0
"""Objects for the cases, made and removed with openstacksdk alone."""

from collections.abc import Callable
import time
from typing import Any

from openstack import connection
from openstack import exceptions

from tests.functional.faults import site as site_module

_LIMIT_S = 90
_PAUSE_S = 0.3


def until(probe: Callable[[], Any], what: str) -> Any:
    """Poll until something is true; returns what it is.

    :raises TimeoutError: it did not get true.
    """
    end = time.monotonic() + _LIMIT_S
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f'Waited {_LIMIT_S} s for {what}')
        time.sleep(_PAUSE_S)


def until_gone(fetch: Callable[[], Any], what: str) -> None:
    """Poll until something is not found any more.

    :raises TimeoutError: it is still there.
    """
    until(lambda: _gone(fetch), f'the end of {what}')


def server(
    cloud: connection.Connection,
    name: str,
    image: str,
    network: dict[str, str],
    metadata: dict[str, str] | None = None,
) -> str:
    """An active server; returns its id."""
    flavor = cloud.compute.find_flavor(site_module.FLAVOR)
    made = cloud.compute.create_server(
        name=name, image_id=image, flavor_id=flavor.id,
        networks=[network], metadata=metadata or {})
    until(lambda: cloud.compute.get_server(made.id).status == 'ACTIVE',
          f'server {made.id}')
    return made.id


def volume(cloud: connection.Connection, name: str) -> str:
    """A volume of 1 GiB; returns its id."""
    made = cloud.block_storage.create_volume(name=name, size=1)
    _free(cloud, made.id)
    return made.id


def attach(
    cloud: connection.Connection, server_id: str, volume_id: str
) -> None:
    """Attach a volume that may still be on its way out of another."""
    _free(cloud, volume_id)
    cloud.compute.create_volume_attachment(server_id, volume=volume_id)
    until(lambda: cloud.block_storage.get_volume(
        volume_id).status == 'in-use', f'volume {volume_id}')


def detach(
    cloud: connection.Connection, server_id: str, volume_id: str
) -> None:
    """Detach a volume if it is attached."""
    until(lambda: cloud.block_storage.get_volume(volume_id).status in (
        'available', 'in-use'), f'volume {volume_id}')
    if cloud.block_storage.get_volume(volume_id).attachments:
        cloud.compute.delete_volume_attachment(server_id, volume_id)
    _free(cloud, volume_id)


def remove_server(cloud: connection.Connection, server_id: str) -> None:
    """Delete a server and wait until it is gone."""
    cloud.compute.delete_server(server_id)
    until_gone(lambda: cloud.compute.get_server(server_id),
               f'server {server_id}')


def remove_volume(cloud: connection.Connection, volume_id: str) -> None:
    """Delete a volume and wait until it is gone."""
    _free(cloud, volume_id)
    cloud.block_storage.delete_volume(volume_id)
    until_gone(lambda: cloud.block_storage.get_volume(volume_id),
               f'volume {volume_id}')


def _free(cloud: connection.Connection, volume_id: str) -> None:
    until(lambda: cloud.block_storage.get_volume(
        volume_id).status == 'available', f'volume {volume_id}')


def _gone(fetch: Callable[[], Any]) -> bool:
    try:
        fetch()
    except exceptions.NotFoundException:
        return True
    return False
