# SPDX-License-Identifier: Apache-2.0
"""create_disk, delete_disk, has_disk and set_disk_metadata."""

import logging
from typing import Any

from openstack.block_storage.v3 import volume as sdk_volume
from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import disk_properties
from cf_openstack.cpi import errors
from cf_openstack.cpi import servers
from cf_openstack.cpi import volumes

LOG = logging.getLogger(__name__)


def create_disk(
    call: calls.Call, size: Any, cloud_properties: Any, vm_cid: Any = None
) -> str:
    """Create a volume and return its id.

    :param size: MiB.
    :param cloud_properties: see :mod:`cf_openstack.cpi.disk_properties`.
    :param vm_cid: the server it is for, in whose availability zone it
        then is; ignored if there is no such server.
    :raises errors.InvalidCall: size or properties are wrong.
    :raises errors.CloudError: there is no such volume type.
    """
    properties = disk_properties.parse(cloud_properties, call.config)
    attributes = {
        'name': naming.volume_name(),
        'description': '',
        'size': disk_properties.gib(size),
        'metadata': naming.volume_metadata({
            'disk_name': properties.name,
            **call.origin().metadata(),
        }),
    }
    if properties.type:
        attributes['volume_type'] = properties.type
    zone = _zone(call, vm_cid)
    if zone:
        attributes['availability_zone'] = zone
    name = attributes['name']
    with undo.UndoStack() as undo_stack:
        undo_stack.push(f'delete {name}',
                        lambda: volumes.delete_named(call, name))
        volume = _post(call, attributes)
        LOG.info("Volume `%s' of %d GiB", volume.id, attributes['size'])
        volumes.wait(call, volume.id, 'available')
        return volume.id


def delete_disk(call: calls.Call, disk_cid: Any) -> None:
    """Delete a volume that nothing uses; absent is deleted.

    :raises errors.CloudError: it is in use.
    """
    cid = arguments.cid('disk_cid', disk_cid)
    volume = volumes.find(call, cid)
    if volume is None:
        LOG.info("Volume `%s' does not exist", cid)
        return
    status = volumes.settle(call, volume).status
    if status not in ('available', 'deleting') and not (
            status.startswith('error')):
        users = volumes.attached_to(volume)
        where = f" at server `{', '.join(users)}'" if users else ''
        raise errors.CloudError(
            f"Cannot delete volume `{cid}', state is {status}{where}")
    volumes.delete(call, cid)


def has_disk(call: calls.Call, disk_cid: Any) -> bool:
    """Return whether a volume exists, in whatever state."""
    return volumes.find(
        call, arguments.cid('disk_cid', disk_cid)) is not None


def set_disk_metadata(
    call: calls.Call, disk_cid: Any, metadata: Any
) -> None:
    """Add metadata to a volume.

    :raises errors.DiskNotFound: there is no such volume.
    """
    cid = arguments.cid('disk_cid', disk_cid)
    values = naming.volume_metadata(arguments.hash_('metadata', metadata))

    def post() -> None:
        response = call.cloud.block_storage.post(
            f'/volumes/{cid}/metadata', json={'metadata': values})
        sdk_exceptions.raise_from_response(response)

    try:
        retry.repeat(post)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            raise errors.DiskNotFound(f"Disk `{cid}' not found") from exc
        raise


def _post(
    call: calls.Call, attributes: dict[str, Any]
) -> sdk_volume.Volume:
    name = attributes['name']
    try:
        return retry.create(
            name,
            lambda: call.cloud.block_storage.create_volume(**attributes),
            lambda: volumes.find_named(call, name))
    except cloud_errors.API_ERRORS as exc:
        # Nothing else that it names can be missing.
        if cloud_errors.is_not_found(exc) and 'volume_type' in attributes:
            raise disk_properties.type_not_found(
                attributes['volume_type']) from exc
        raise


def _zone(call: calls.Call, vm_cid: Any) -> str | None:
    if vm_cid is None or call.config.ignore_server_availability_zone:
        return None
    server = servers.find(call, arguments.cid('vm_cid', vm_cid))
    return server.availability_zone if server else None
