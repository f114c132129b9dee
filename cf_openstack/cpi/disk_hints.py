# SPDX-License-Identifier: Apache-2.0
"""What attach_disk tells the agent of where it finds a disk."""

from collections.abc import Iterable
import re
from typing import Any

from cf_openstack.cpi import errors

#: How much of a volume's id is the serial of a virtio-blk disk.
_SERIAL = 20

_DEVICE = re.compile(r'(?:/dev/)?(?:xv|[hsv])d([a-z]+)')

_LETTERS = 'abcdefghijklmnopqrstuvwxyz'


def by_id(volume_id: str) -> dict[str, str]:
    """Name the link that udev makes of the serial of a virtio-blk disk.

    It is right whichever letter the guest gives to the disk, but is not
    there on other buses.
    """
    return {
        'path': f'/dev/disk/by-id/virtio-{volume_id[:_SERIAL]}',
        'volume_id': volume_id,
    }


def letter(device: str | None) -> str | None:
    """Return the letter of a device that Nova reports, None if there is none.

    :param device: for instance ``/dev/vdb`` or ``xvdb``.
    :raises errors.CloudError: it is beyond the letters an agent knows.
    """
    found = _DEVICE.fullmatch(device or '')
    if found is None:
        return None
    if len(found[1]) > 1:
        raise too_many()
    return found[1]


def path(of_letter: str) -> str:
    """Return the path an agent maps to the device of any bus."""
    return f'/dev/sd{of_letter}'


def free_letter(
    flavor: Any, config_drive: str | None, taken: Iterable[str | None]
) -> str:
    """Guess the letter the next disk of a server gets.

    After the root disk come, if the server has them, the ephemeral disk,
    the swap disk and a config drive that is a disk.

    :param flavor: the server's flavor; None if it is not known.
    :param config_drive: how servers get their config drive.
    :param taken: the devices of all disks attached.
    :raises errors.CloudError: no letter is free.
    """
    first = 1
    if flavor is not None:
        first += bool(flavor.ephemeral) + bool(flavor.swap)
    first += config_drive == 'disk'
    used = {letter(device) for device in taken}
    for candidate in _LETTERS[first:]:
        if candidate not in used:
            return candidate
    raise too_many()


def too_many() -> errors.CloudError:
    """The error of a disk that has no letter."""
    return errors.CloudError('Server has too many disks attached')
