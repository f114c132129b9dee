# SPDX-License-Identifier: Apache-2.0
"""create_disk, delete_disk, has_disk and set_disk_metadata."""

import logging
from typing import Any

from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import servers
from cf_openstack.cpi import volumes

LOG = logging.getLogger(__name__)

_MIB_PER_GIB = 1024


def create_disk(
    call: calls.Call, size: Any, cloud_properties: Any, vm_cid: Any = None
) -> str:
    """Create a volume and return its id.

    :param size: MiB.
    :param cloud_properties: ``type``, the volume type, and ``name`` of a
        dynamic disk.
    :param vm_cid: the server it is for, in whose availability zone it
        then is; ignored if there is no such server.
    """
    properties = arguments.hash_('cloud_properties', cloud_properties)
    volume_type = properties.get('type') or call.config.default_volume_type
    if volume_type is not None:
        arguments.string('cloud_properties.type', volume_type)
    attributes = {
        'name': naming.volume_name(),
        'description': '',
        'size': _gib(size),
        'metadata': naming.stringify({
            'disk_name': properties.get('name'),
            **call.origin().metadata(),
        }),
    }
    if volume_type:
        attributes['volume_type'] = volume_type
    zone = _zone(call, vm_cid)
    if zone:
        attributes['availability_zone'] = zone
    name = attributes['name']
    with undo.UndoStack() as undo_stack:
        undo_stack.push(f'delete {name}',
                        lambda: volumes.delete_named(call, name))
        volume = retry.create(
            name,
            lambda: call.cloud.block_storage.create_volume(**attributes),
            lambda: volumes.find_named(call, name))
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
    status = volume.status
    if status not in ('available', 'deleting') and not (
            status.startswith('error')):
        raise errors.CloudError(
            f"Cannot delete volume `{cid}', state is {status}")
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
    values = naming.stringify(arguments.hash_('metadata', metadata))

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


def _gib(size: Any) -> int:
    if type(size) is not int:
        raise errors.InvalidCall('Disk size needs to be an integer')
    if size < _MIB_PER_GIB:
        raise errors.CloudError('Minimum disk size is 1 GiB')
    return -(-size // _MIB_PER_GIB)


def _zone(call: calls.Call, vm_cid: Any) -> str | None:
    if vm_cid is None or call.config.ignore_server_availability_zone:
        return None
    server = servers.find(call, arguments.cid('vm_cid', vm_cid))
    return server.availability_zone if server else None
