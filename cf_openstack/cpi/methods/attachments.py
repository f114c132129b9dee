# SPDX-License-Identifier: Apache-2.0
"""attach_disk, detach_disk and get_disks."""

import logging
from typing import Any

from openstack.block_storage.v3 import volume as sdk_volume

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import servers
from cf_openstack.cpi import volumes

LOG = logging.getLogger(__name__)


def attach_disk(call: calls.Call, vm_cid: Any, disk_cid: Any) -> str:
    """Attach a volume to a server and return its device path.

    The path is ``/dev/sdX`` whatever the bus: the agent tries xvdX, vdX
    and sdX for it.  X is what Nova says it gave to the volume.

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
        return _agent_path(volume_id, attachment['device'])
    _wait_free(call, volume)
    with undo.UndoStack() as undo_stack:
        undo_stack.push(
            f"detach volume `{volume_id}'",
            lambda: call.cloud.compute.delete_volume_attachment(
                server_id, volume_id))
        device = _attach(call, server_id, volume_id)
        # Nova reserves the volume before it answers, so one that is
        # available again could not be attached.
        volumes.wait(call, volume_id, 'in-use', failed=('available',))
        return _agent_path(volume_id, device)


def detach_disk(call: calls.Call, vm_cid: Any, disk_cid: Any) -> None:
    """Detach a volume from a server; what is not attached is detached.

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
        call.cloud.compute.delete_volume_attachment(server_id, volume_id)
    _wait_detached(call, server_id, volume_id)


def get_disks(call: calls.Call, vm_cid: Any) -> list[str]:
    """Return the cids of a server's disks, its boot volume left out.

    :raises errors.VMNotFound: there is no such server.
    """
    server = servers.get(call, arguments.cid('vm_cid', vm_cid))
    return [
        volume.id for volume in server.attached_volumes
        if not volume.delete_on_termination]


def _wait_free(call: calls.Call, volume: sdk_volume.Volume) -> None:
    """Wait until a volume that is on its way out of a server is free."""
    others = [
        attachment['server_id'] for attachment in volume.attachments or ()
        if attachment.get('server_id')]
    if volume.status == 'available' or volume.is_multiattach:
        return
    if volume.status == 'in-use':
        for other in others:
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


def _agent_path(volume_id: str, device: str | None) -> str:
    letter = (device or '')[-1:]
    if not letter.isalpha():
        raise errors.CloudError(
            f"Nova names no device for volume `{volume_id}', but: {device}")
    return f'/dev/sd{letter}'
