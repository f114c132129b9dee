# SPDX-License-Identifier: Apache-2.0
"""attach_disk, detach_disk and get_disks."""

import logging
from typing import Any

from openstack.block_storage.v3 import volume as sdk_volume
from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cloud import waits
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import disk_hints
from cf_openstack.cpi import errors
from cf_openstack.cpi import servers
from cf_openstack.cpi import volumes

LOG = logging.getLogger(__name__)


def attach_disk(
    call: calls.Call, vm_cid: Any, disk_cid: Any
) -> str | dict[str, str]:
    """Attach a volume to a server and return the hint where it is.

    It is the path ``/dev/sdX`` whatever the bus: the agent tries xvdX,
    vdX and sdX for it.  X is what Nova says it gave to the volume.  With
    ``disk_hint: by_id`` it is a Hash, see
    :func:`cf_openstack.cpi.disk_hints.by_id`.

    :raises errors.VMNotFound: there is no such server.
    :raises errors.DiskNotFound: there is no such volume.
    :raises errors.CloudError: it is in use elsewhere.
    """
    server_id = arguments.cid('vm_cid', vm_cid)
    volume_id = arguments.cid('disk_cid', disk_cid)
    volume = volumes.get(call, volume_id)
    attachment = volumes.attachment_to(volume, server_id)
    if attachment is not None and volume.status == 'detaching':
        volume = volumes.wait(call, volume_id, 'available')
        attachment = None
    if attachment is not None:
        LOG.info("Volume `%s' is attached already", volume_id)
        return _hint(call, server_id, volume_id, attachment.get('device'))
    _wait_free(call, volume)
    with undo.UndoStack() as undo_stack:
        undo_stack.push(
            f"detach volume `{volume_id}'",
            lambda: _undo(call, server_id, volume_id))
        device = _attach(call, server_id, volume_id)
        # Nova reserves the volume before it answers, so one that is
        # available again could not be attached.
        volumes.wait(call, volume_id, 'in-use', failed=('available',))
        return _hint(call, server_id, volume_id, device)


def detach_disk(call: calls.Call, vm_cid: Any, disk_cid: Any) -> None:
    """Detach a volume from a server; what is not attached is detached.

    :raises errors.CloudError: the server is gone, but Cinder does not
        know it.
    :raises cloud_errors.CloudFailure: the volume does not get free.
    """
    server_id = arguments.cid('vm_cid', vm_cid)
    volume_id = arguments.cid('disk_cid', disk_cid)
    volume = volumes.find(call, volume_id)
    if volume is None or volumes.attachment_to(volume, server_id) is None:
        LOG.info("Volume `%s' is not attached to server `%s'",
                 volume_id, server_id)
        return
    if volume.status != 'detaching':
        _detach(call, server_id, volume_id)
    try:
        _wait_detached(call, server_id, volume_id)
    except cloud_errors.WaitTimedOut as exc:
        if servers.find(call, server_id) is None:
            raise errors.CloudError(
                f"Server `{server_id}' is gone, yet Cinder has volume "
                f"`{volume_id}' attached to it. Have an administrator "
                'delete the attachment.') from exc
        raise


def get_disks(call: calls.Call, vm_cid: Any) -> list[str]:
    """Return the cids of a server's disks, its boot volume left out.

    :raises errors.VMNotFound: there is no such server.
    """
    cid = arguments.cid('vm_cid', vm_cid)
    server = servers.get(call, cid)
    attached = server.attached_volumes or ()
    disks = [volume.id for volume in attached
             if not volume.delete_on_termination]
    from_volume = not (server.image or {}).get('id')
    if from_volume and disks and len(disks) == len(attached):
        # Somebody made it so that its boot volume outlives it.
        root = {
            attachment.volume_id
            for attachment in call.cloud.compute.volume_attachments(cid)
            if disk_hints.letter(attachment.device) == 'a'}
        disks = [disk for disk in disks if disk not in root]
    return disks


def _wait_free(call: calls.Call, volume: sdk_volume.Volume) -> None:
    """Wait until a volume that is on its way out of a server is free."""
    if volume.status == 'available' or volume.is_multiattach:
        return
    if volume.status == 'in-use':
        for other in volumes.attached_to(volume):
            server = servers.find(call, other)
            if server is not None and server.task_state != 'deleting':
                raise errors.CloudError(
                    f"Cannot attach volume `{volume.id}', it is attached to "
                    f"server `{other}'")
    LOG.info("Volume `%s' is %s, waiting for it", volume.id, volume.status)
    volumes.wait(call, volume.id, 'available')


def _wait_detached(
    call: calls.Call, server_id: str, volume_id: str
) -> None:
    seen: set[str] = set()

    def done(volume: sdk_volume.Volume) -> bool:
        status = volume.status
        if status.startswith('error') or (
                status == 'in-use' and 'detaching' in seen
                and volumes.attachment_to(volume, server_id)):
            # The guest may not have let go of it.
            raise cloud_errors.ResourceFailed(
                kind='Volume', id=volume_id, state=status,
                expected='available', reason='')
        seen.add(status)
        # One of several attachments leaves the volume in use.
        return status == 'available' or (
            status == 'in-use'
            and volumes.attachment_to(volume, server_id) is None)

    call.waiter.until(
        'Volume', volume_id, 'available',
        lambda: call.cloud.block_storage.get_volume(volume_id), done,
        lambda volume: volume.status)


def _attach(call: calls.Call, server_id: str, volume_id: str) -> str:
    compute = call.cloud.compute

    def find() -> Any:
        try:
            return compute.get_volume_attachment(server_id, volume_id)
        except cloud_errors.API_ERRORS as exc:
            if cloud_errors.is_not_found(exc):
                return None
            raise

    try:
        attachment = retry.create(
            f"the attachment of volume `{volume_id}'",
            lambda: compute.create_volume_attachment(
                server_id, volume=volume_id),
            find)
    except cloud_errors.API_ERRORS as exc:
        # The volume was there a moment ago.
        if cloud_errors.is_not_found(exc) and (
                servers.find(call, server_id) is None):
            raise errors.VMNotFound(cid=server_id) from exc
        raise
    return attachment.device


def _undo(call: calls.Call, server_id: str, volume_id: str) -> None:
    """Detach a volume if it is, or is about to be, attached.

    Nova first reserves it: then Cinder names no attachment, and Nova
    detaches nothing yet.
    """
    volume = call.waiter.until(
        'Volume', volume_id, 'attached or free',
        lambda: volumes.find(call, volume_id),
        lambda found: found is None or (
            found.status not in (*volumes.BUSY, 'reserved')),
        lambda found: found.status if found else waits.GONE)
    if volume is None or volumes.attachment_to(volume, server_id) is None:
        return
    _detach(call, server_id, volume_id)
    _wait_detached(call, server_id, volume_id)


def _detach(call: calls.Call, server_id: str, volume_id: str) -> None:
    try:
        # The SDK's method asks first which of the ids is the server's.
        response = call.cloud.compute.delete(
            f'/servers/{server_id}/os-volume_attachments/{volume_id}')
        sdk_exceptions.raise_from_response(response)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            return
        # So is a request refused that was sent again because the answer
        # to the first got lost.
        if cloud_errors.status_of(exc) not in (400, 409):
            raise
        volume = volumes.find(call, volume_id)
        if volume is not None and volume.status != 'detaching' and (
                volumes.attachment_to(volume, server_id)):
            raise


def _hint(
    call: calls.Call, server_id: str, volume_id: str, device: str | None
) -> str | dict[str, str]:
    if call.config.disk_hint == 'by_id':
        return disk_hints.by_id(volume_id)
    letter = disk_hints.letter(device)
    if letter is None:
        LOG.warning(
            "Nova names no device for volume `%s' but '%s'; guessing",
            volume_id, device)
        letter = _guess_letter(call, server_id, volume_id)
    return disk_hints.path(letter)


def _guess_letter(
    call: calls.Call, server_id: str, volume_id: str
) -> str:
    compute = call.cloud.compute
    server = servers.get(call, server_id)
    return disk_hints.free_letter(server.flavor, call.config.config_drive, [
        attachment.device
        for attachment in compute.volume_attachments(server_id)
        if attachment.volume_id != volume_id])
