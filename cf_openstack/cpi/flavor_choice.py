# SPDX-License-Identifier: Apache-2.0
"""Which flavor has what a VM needs, and no more than it must."""

from collections.abc import Iterable
import dataclasses
import math
from typing import Any

from openstack.compute.v2 import flavor as sdk_flavor

from cf_openstack.cpi import arguments
from cf_openstack.cpi import errors

#: GiB that the stemcell's system takes of the disk it boots from.
OS_OVERHEAD = 3

_KEYS = ('cpu', 'ram', 'ephemeral_disk_size')


@dataclasses.dataclass(frozen=True)
class Requirements:
    """What a VM needs, whatever the cloud.

    :ivar cpu: number of processors.
    :ivar ram: MiB.
    :ivar ephemeral_disk_size: MiB for ``/var/vcap/data``.
    """

    cpu: int | float
    ram: int | float
    ephemeral_disk_size: int | float

    @property
    def disk(self) -> int:
        """The whole GiB that hold the ephemeral disk."""
        return math.ceil(self.ephemeral_disk_size / 1024)


def parse(value: Any) -> Requirements:
    """Read the argument of calculate_vm_cloud_properties.

    :raises errors.InvalidCall: something is missing or no number.
    """
    given = arguments.hash_('requirements', value)
    missing = [key for key in _KEYS if given.get(key) is None]
    if missing:
        names = ', '.join(f"'{key}'" for key in missing)
        raise errors.InvalidCall(f'Missing VM cloud properties: {names}')
    wrong = [key for key in _KEYS if not _is_amount(given[key])]
    if wrong:
        names = ', '.join(f"'{key}'" for key in wrong)
        raise errors.InvalidCall(
            f'VM cloud properties must be numbers from 0 on: {names}')
    return Requirements(**{key: given[key] for key in _KEYS})


def choose(
    requirements: Requirements,
    flavors: Iterable[sdk_flavor.Flavor],
    boot_from_volume: bool,
) -> dict[str, Any]:
    """Return the cloud_properties of a VM that has what is required.

    :param boot_from_volume: whether VMs boot from a volume, whose size is
        then ours to choose.
    :raises errors.CloudError: no flavor has it; the message lists them.
    """
    flavors = list(flavors)
    large = [flavor for flavor in flavors
             if flavor.vcpus >= requirements.cpu
             and flavor.ram >= requirements.ram and not flavor.is_disabled]
    if boot_from_volume:
        fitting = [flavor for flavor in large if not flavor.ephemeral]
    else:
        fitting = _with_ephemeral_disk(requirements, large) or (
            _with_room_on_root_disk(requirements, large))
    if not fitting:
        raise _unable(requirements, flavors)
    chosen = min(fitting, key=lambda flavor: (
        flavor.vcpus, flavor.ram, flavor.disk + (flavor.ephemeral or 0),
        flavor.disk))
    properties: dict[str, Any] = {'instance_type': chosen.name}
    needed = OS_OVERHEAD + requirements.disk
    if boot_from_volume and chosen.disk < needed:
        properties['root_disk'] = {'size': needed}
    return properties


def _with_ephemeral_disk(
    requirements: Requirements, flavors: list[sdk_flavor.Flavor]
) -> list[sdk_flavor.Flavor]:
    return [flavor for flavor in flavors
            if (flavor.ephemeral or 0) >= requirements.disk
            and flavor.disk >= OS_OVERHEAD]


def _with_room_on_root_disk(
    requirements: Requirements, flavors: list[sdk_flavor.Flavor]
) -> list[sdk_flavor.Flavor]:
    # Without an ephemeral disk the agent takes the rest of the root disk.
    return [flavor for flavor in flavors
            if not flavor.ephemeral
            and flavor.disk >= requirements.disk + OS_OVERHEAD]


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < math.inf


def _unable(
    requirements: Requirements, flavors: list[sdk_flavor.Flavor]
) -> errors.CloudError:
    disk = requirements.ephemeral_disk_size / 1024
    listed = [
        f'{flavor.name}: {flavor.vcpus} CPU, {flavor.ram} MB RAM, '
        f'{flavor.disk} GB Disk\n' for flavor in flavors]
    return errors.CloudError(
        f'Unable to meet requested VM requirements: {requirements.cpu} CPU, '
        f'{requirements.ram} MB RAM, {disk} GB Disk.\nAvailable flavors:\n'
        + ''.join(listed))
