# SPDX-License-Identifier: Apache-2.0
"""Volumes: found, waited for, and deleted."""

from collections.abc import Callable
from collections.abc import Collection
from typing import Any

from openstack.block_storage.v3 import volume as sdk_volume
from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import waits
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors

#: States that pass by themselves, in which Cinder refuses most requests.
#: "reserved", "maintenance" and "awaiting-transfer" last until somebody
#: does something.
BUSY = frozenset((
    'attaching', 'backing-up', 'creating', 'detaching', 'downloading',
    'extending', 'restoring-backup', 'retyping', 'reverting', 'uploading',
))

_DELETED = (waits.GONE, 'deleted')


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


def settle(
    call: calls.Call, volume: sdk_volume.Volume
) -> sdk_volume.Volume:
    """Return a volume once nothing is being done to it any more.

    :raises cloud_errors.WaitTimedOut: it took too long.
    """
    return settle_any(
        call, 'Volume', volume, BUSY,
        lambda: call.cloud.block_storage.get_volume(volume.id))


def settle_any(
    call: calls.Call,
    kind: str,
    found: Any,
    busy: Collection[str],
    fetch: Callable[[], Any],
) -> Any:
    """Return a volume or snapshot once its state is none that passes.

    :param found: how it was when it was looked at last.
    :param busy: the states that pass.
    :param fetch: reads the object.
    :raises cloud_errors.WaitTimedOut: it took too long.
    """
    if found.status not in busy:
        return found
    return call.waiter.until(
        kind, found.id, 'left in peace', fetch,
        lambda now: now.status not in busy, lambda now: now.status)


def delete(call: calls.Call, cid: str) -> None:
    """Delete a volume and wait until it is gone; absent is deleted.

    :raises cloud_errors.CloudFailure: Cinder failed to, or took too long.
    """
    storage = call.cloud.block_storage

    def send() -> None:
        # The SDK's own method first asks for Cinder's versions.
        response = storage.delete(f'/volumes/{cid}')
        if response.status_code != 404:
            sdk_exceptions.raise_from_response(response)

    delete_and_wait(
        call, 'Volume', cid, send, lambda: storage.get_volume(cid))


def delete_named(call: calls.Call, name: str) -> None:
    """Delete the volume with a name that is unique, if it is there."""
    volume = find_named(call, name)
    if volume is not None:
        # Cinder deletes none that is being made.
        delete(call, settle(call, volume).id)


def delete_and_wait(
    call: calls.Call,
    kind: str,
    cid: str,
    delete: Callable[[], Any],
    fetch: Callable[[], Any],
) -> None:
    """Delete a volume or snapshot and wait until it is gone.

    :param delete: sends the request; absent is deleted.
    :param fetch: reads the object.
    :raises cloud_errors.ResourceFailed: Cinder could not delete it: it is
        in an error state, or there again as if nothing had been.
    :raises cloud_errors.WaitTimedOut: it took too long.
    """
    seen: list[str] = []

    def state() -> str:
        try:
            return str(fetch().status).lower()
        except cloud_errors.API_ERRORS as exc:
            if cloud_errors.is_not_found(exc):
                return waits.GONE
            raise

    def done(found: str) -> bool:
        if found in _DELETED:
            return True
        if found == 'error_deleting' or (
                found != 'deleting' and 'deleting' in seen):
            raise cloud_errors.ResourceFailed(
                kind=kind, id=cid, state=found, expected='deleted',
                reason='')
        seen.append(found)
        return False

    try:
        delete()
    except cloud_errors.API_ERRORS as exc:
        # So is a request refused that was sent again because the answer
        # to the first got lost.
        if cloud_errors.status_of(exc) != 400 or state() not in (
                'deleting', *_DELETED):
            raise
    call.waiter.until(kind, cid, 'deleted', state, done)


def attached_to(volume: sdk_volume.Volume) -> list[str]:
    """Return the ids of the servers Cinder knows a volume attached to."""
    return [
        attachment['server_id'] for attachment in volume.attachments or ()
        if attachment.get('server_id')]


def attachment_to(
    volume: sdk_volume.Volume, server_id: str
) -> dict[str, str] | None:
    """Return Cinder's record of a volume's attachment to a server."""
    for attachment in volume.attachments or ():
        if attachment.get('server_id') == server_id:
            return attachment
    return None
