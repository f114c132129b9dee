# SPDX-License-Identifier: Apache-2.0
"""resize_disk and update_disk: the disk changes, its cid does not."""

from collections.abc import Callable
import logging
from typing import Any

from openstack.block_storage.v3 import volume as sdk_volume

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import retry
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import disk_properties
from cf_openstack.cpi import errors
from cf_openstack.cpi import translation
from cf_openstack.cpi import volumes
from cf_openstack import exceptions

LOG = logging.getLogger(__name__)

#: States of a migration that goes on, during which the volume's own
#: state may say nothing.
_MIGRATING = ('completing', 'migrating', 'starting')


def resize_disk(call: calls.Call, disk_cid: Any, new_size: Any) -> None:
    """Make a detached volume larger.

    :param new_size: MiB.
    :raises errors.DiskNotFound: there is no such volume.
    :raises errors.NotSupported: it would get smaller; a director then
        copies the disk.
    :raises errors.CloudError: it is attached, or Cinder failed.
    """
    cid = arguments.cid('disk_cid', disk_cid)
    size = disk_properties.gib(new_size)
    volume = volumes.settle(call, volumes.get(call, cid))
    _refuse_smaller(volume, size)
    if size == volume.size:
        LOG.info("Volume `%s' has %d GiB already", cid, size)
        return
    _refuse_attached('resize', volume)
    _extend(call, volume, size)


def update_disk(
    call: calls.Call, disk_cid: Any, new_size: Any, cloud_properties: Any
) -> None:
    """Give a detached volume another type and make it larger.

    The type comes first: where Cinder cannot change it, nothing has been
    done yet and the director may copy the disk.  Repeated after it failed
    half-way, it does the rest.

    :param new_size: MiB.
    :param cloud_properties: as of create_disk.
    :returns: None, for the cid stays.
    :raises errors.DiskNotFound: there is no such volume.
    :raises errors.NotSupported: it would get smaller, or its type cannot
        be changed; a director then copies the disk.
    :raises errors.CloudError: it is attached, or Cinder failed.
    """
    cid = arguments.cid('disk_cid', disk_cid)
    size = disk_properties.gib(new_size)
    wanted = disk_properties.parse(cloud_properties, call.config).type
    volume = volumes.settle(call, volumes.get(call, cid))
    _refuse_smaller(volume, size)
    retypes = wanted is not None and not _is_of_type(volume, wanted)
    if not retypes and size == volume.size:
        LOG.info("Volume `%s' is as it should be already", cid)
        return
    _refuse_attached('update', volume)
    if retypes:
        _retype(call, volume, wanted)
    if size == volume.size:
        return
    try:
        _extend(call, volume, size)
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        if not retypes:
            raise
        raise errors.CloudError(
            f"Volume `{cid}' is of type '{wanted}' now, but has not "
            f'become larger: {translation.to_bosh(exc)}') from exc


def _refuse_smaller(volume: sdk_volume.Volume, size: int) -> None:
    if size < volume.size:
        raise errors.NotSupported(
            'Cannot resize volume to a smaller size from '
            f'{volume.size} GiB to {size} GiB')


def _refuse_attached(what: str, volume: sdk_volume.Volume) -> None:
    count = len(volume.attachments or ())
    if count:
        raise errors.CloudError(
            f"Cannot {what} volume '{volume.id}' it still has {count} "
            'attachment(s)')
    if volume.status != 'available':
        raise errors.CloudError(
            f"Cannot {what} volume '{volume.id}', state is {volume.status}")


def _is_of_type(volume: sdk_volume.Volume, wanted: str) -> bool:
    return wanted in (volume.volume_type, volume.volume_type_id)


def _extend(call: calls.Call, volume: sdk_volume.Volume, size: int) -> None:
    LOG.info("Volume `%s' grows from %d to %d GiB", volume.id, volume.size,
             size)
    storage = call.cloud.block_storage
    _act(call, volume.id,
         f"the larger size of volume `{volume.id}'",
         lambda: storage.extend_volume(volume.id, size),
         lambda found: found.size == size or found.status == 'extending')
    found = volumes.wait(call, volume.id, 'available')
    if found.size != size:
        # For instance because no host has the space.
        raise cloud_errors.ResourceFailed(
            kind='Volume', id=volume.id, state=f'{found.size} GiB large',
            expected=f'{size} GiB', reason='')


def _retype(call: calls.Call, volume: sdk_volume.Volume, name: str) -> None:
    LOG.info("Volume `%s' changes from type '%s' to '%s'", volume.id,
             volume.volume_type, name)
    storage = call.cloud.block_storage
    try:
        _act(call, volume.id, f"the other type of volume `{volume.id}'",
             lambda: storage.retype_volume(volume.id, name, 'on-demand'),
             lambda found: (
                 found.status == 'retyping' or _is_of_type(found, name)))
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.status_of(exc) in (400, 404) and (
                not _type_exists(call, name)):
            raise disk_properties.type_not_found(name) from exc
        if cloud_errors.status_of(exc) in (400, 403, 409):
            raise _cannot_retype(
                volume, name, cloud_errors.describe(exc)) from exc
        raise
    found = call.waiter.until(
        'Volume', volume.id, f"of type '{name}'",
        lambda: storage.get_volume(volume.id),
        lambda found: found.status not in volumes.BUSY and (
            found.migration_status not in _MIGRATING),
        lambda found: found.status)
    if found.status.startswith('error'):
        raise cloud_errors.ResourceFailed(
            kind='Volume', id=volume.id, state=found.status,
            expected='available', reason='')
    if not _is_of_type(found, name):
        raise _cannot_retype(
            volume, name, f"its type is still '{found.volume_type}'")


def _act(
    call: calls.Call,
    cid: str,
    what: str,
    post: Callable[[], object],
    took_effect: Callable[[sdk_volume.Volume], bool],
) -> None:
    """Send a request for an action on a volume, exactly once.

    :param took_effect: whether one can see by the volume that the action
        goes on or is done, should the answer get lost.
    """
    def send() -> bool:
        post()
        return True

    def look() -> bool | None:
        return took_effect(volumes.get(call, cid)) or None

    retry.create(what, send, look)


def _type_exists(call: calls.Call, name: str) -> bool:
    return any(name in (found.name, found.id)
               for found in call.cloud.block_storage.types())


def _cannot_retype(
    volume: sdk_volume.Volume, name: str, reason: str
) -> errors.NotSupported:
    return errors.NotSupported(
        f"Cannot change the type of volume '{volume.id}' from "
        f"'{volume.volume_type}' to '{name}': {reason}")
