# SPDX-License-Identifier: Apache-2.0
"""snapshot_disk and delete_snapshot."""

import logging
from typing import Any

from openstack.block_storage.v3 import snapshot as sdk_snapshot
from openstack.block_storage.v3 import volume as sdk_volume

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import volumes

LOG = logging.getLogger(__name__)

#: Keys the director sends that are told in another way.
_RENAMED = ('director_name', 'index', 'job')

#: States of a snapshot that pass by themselves.
_BUSY = ('backing-up', 'creating', 'restoring', 'unmanaging')


def snapshot_disk(
    call: calls.Call, disk_cid: Any, metadata: Any = None
) -> str:
    """Take a snapshot of a volume, attached or not, and return its id.

    :param metadata: what the director knows of the disk's instance; all
        but ``deployment`` may be missing, as for a dynamic disk.
    :raises errors.DiskNotFound: there is no such volume.
    :raises errors.CloudError: its state allows no snapshot.
    """
    cid = arguments.cid('disk_cid', disk_cid)
    values = arguments.hash_('metadata', metadata)
    volume = volumes.settle(call, volumes.get(call, cid))
    if volume.status not in ('available', 'in-use'):
        raise errors.CloudError(
            f"Cannot take a snapshot of volume `{cid}', state is "
            f'{volume.status}')
    deployment = values.get('deployment')
    origin = call.origin(
        deployment if isinstance(deployment, str) else None)
    attributes = {
        'name': naming.snapshot_name(),
        'description': _description(volume, values),
        'volume_id': cid,
        # From microversion 3.66 on Cinder needs no such flag, accepts it
        # when true and refuses it when false.
        'is_forced': True,
        'metadata': naming.volume_metadata(
            _metadata(values) | origin.metadata()),
    }
    name = attributes['name']
    storage = call.cloud.block_storage
    with undo.UndoStack() as undo_stack:
        undo_stack.push(f'delete {name}', lambda: _delete_named(call, name))
        snapshot = retry.create(
            name, lambda: storage.create_snapshot(**attributes),
            lambda: _find_named(call, name))
        LOG.info("Snapshot `%s' of volume `%s'", snapshot.id, cid)
        call.waiter.for_status(
            'Snapshot', snapshot.id,
            lambda: storage.get_snapshot(snapshot.id), 'available')
        return snapshot.id


def delete_snapshot(call: calls.Call, snapshot_cid: Any) -> None:
    """Delete a snapshot; absent is deleted.

    :raises errors.CloudError: something else is done with it.
    """
    cid = arguments.cid('snapshot_cid', snapshot_cid)
    try:
        snapshot = call.cloud.block_storage.get_snapshot(cid)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            LOG.info("Snapshot `%s' does not exist", cid)
            return
        raise
    status = _settle(call, snapshot).status
    if status not in ('available', 'deleting') and not (
            status.startswith('error')):
        raise errors.CloudError(
            f"Cannot delete snapshot `{cid}', state is {status}")
    _delete(call, cid)


def _description(
    volume: sdk_volume.Volume, metadata: dict[str, Any]
) -> str:
    parts = [metadata.get(key) for key in ('deployment', 'job', 'index')]
    devices = [attachment['device'] for attachment in
               volume.attachments or () if attachment.get('device')]
    parts += [device.rpartition('/')[2] for device in devices[:1]]
    return '/'.join(
        str(part) for part in parts if part is not None)[:naming.LONGEST]


def _metadata(given: dict[str, Any]) -> dict[str, Any]:
    """What upstream makes of it, which tools may look for."""
    found = {
        key: value for key, value in given.items() if key not in _RENAMED}
    names = [given.get(key) for key in ('job', 'instance_id')]
    return found | {
        'director': given.get('director_name'),
        'instance_index': given.get('index'),
        'instance_name': '/'.join(
            str(name) for name in names if name is not None) or None,
    }


def _find_named(
    call: calls.Call, name: str
) -> sdk_snapshot.Snapshot | None:
    found = call.cloud.block_storage.snapshots(details=True, name=name)
    return next((item for item in found if item.name == name), None)


def _delete_named(call: calls.Call, name: str) -> None:
    snapshot = _find_named(call, name)
    if snapshot is not None:
        _delete(call, _settle(call, snapshot).id)


def _delete(call: calls.Call, cid: str) -> None:
    storage = call.cloud.block_storage
    volumes.delete_and_wait(
        call, 'Snapshot', cid, lambda: storage.delete_snapshot(cid),
        lambda: storage.get_snapshot(cid))


def _settle(
    call: calls.Call, snapshot: sdk_snapshot.Snapshot
) -> sdk_snapshot.Snapshot:
    """Return a snapshot once nothing is being done with it any more."""
    return volumes.settle_any(
        call, 'Snapshot', snapshot, _BUSY,
        lambda: call.cloud.block_storage.get_snapshot(snapshot.id))
