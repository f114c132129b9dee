# SPDX-License-Identifier: Apache-2.0
"""Volumes: found, waited for, and deleted."""

from collections.abc import Collection

from openstack.block_storage.v3 import volume as sdk_volume

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors


def find(call: calls.Call, cid: str) -> sdk_volume.Volume | None:
    """Return a volume, None if there is none."""
    try:
        return call.cloud.block_storage.get_volume(cid)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            return None
        raise


def get(call: calls.Call, cid: str) -> sdk_volume.Volume:
    """Return a volume.

    :raises errors.DiskNotFound: there is none.
    """
    volume = find(call, cid)
    if volume is None:
        raise errors.DiskNotFound(cid=cid)
    return volume


def find_named(call: calls.Call, name: str) -> sdk_volume.Volume | None:
    """Return the volume with a name that is unique, or None."""
    found = call.cloud.block_storage.volumes(details=True, name=name)
    return next((volume for volume in found if volume.name == name), None)


def wait(
    call: calls.Call, cid: str, status: str, failed: Collection[str] = ()
) -> sdk_volume.Volume:
    """Wait until a volume has a status.

    :param failed: states that mean it will not get there.
    :raises cloud_errors.CloudFailure: it failed, or took too long.
    """
    return call.waiter.for_status(
        'Volume', cid, lambda: call.cloud.block_storage.get_volume(cid),
        status, failed)


def delete(call: calls.Call, cid: str) -> None:
    """Delete a volume and wait until it is gone; absent is deleted."""
    call.cloud.block_storage.delete_volume(cid)
    call.waiter.until_gone(
        'Volume', cid, lambda: call.cloud.block_storage.get_volume(cid))


def delete_named(call: calls.Call, name: str) -> None:
    """Delete the volume with a name that is unique, if it is there."""
    volume = find_named(call, name)
    if volume is not None:
        if volume.status in ('creating', 'downloading'):
            # Cinder deletes none that is being made.
            volume = call.waiter.until(
                'Volume', volume.id, 'created',
                lambda: call.cloud.block_storage.get_volume(volume.id),
                lambda found: found.status not in (
                    'creating', 'downloading'),
                lambda found: found.status)
        delete(call, volume.id)


def attachment_to(
    volume: sdk_volume.Volume, server_id: str
) -> dict[str, str] | None:
    """Return Cinder's record of a volume's attachment to a server."""
    for attachment in volume.attachments or ():
        if attachment.get('server_id') == server_id:
            return attachment
    return None
