# SPDX-License-Identifier: Apache-2.0
"""Size and ``cloud_properties`` of a disk, read and checked."""

import dataclasses
from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import config as config_module
from cf_openstack.cpi import errors
from cf_openstack.cpi import schema

_MIB_PER_GIB = 1024

PROPERTIES = schema.Schema({
    # The director's name of a dynamic disk.
    'name': schema.STRING,
    'type': schema.STRING,
})


@dataclasses.dataclass(frozen=True)
class DiskProperties:
    """What an operator asks of a disk in cloud config.

    :ivar type: the volume type, None for Cinder's default.
    :ivar name: the director's name of a dynamic disk.
    """

    type: str | None
    name: str | None


def parse(value: Any, config: config_module.Config) -> DiskProperties:
    """Read the cloud_properties of a disk.

    :raises errors.InvalidDiskProperty: a key is not known, or its value
        has the wrong type.
    """
    properties = arguments.hash_('cloud_properties', value)
    if 'encrypted' in properties:
        raise errors.InvalidDiskProperty(
            "'encrypted' is not known: what encrypts a volume is its type; "
            "name such a volume type as 'type'")
    PROPERTIES.require(properties, errors.InvalidDiskProperty)
    return DiskProperties(
        type=properties.get('type') or config.default_volume_type,
        name=properties.get('name'))


def gib(size: Any) -> int:
    """Return the whole GiB that hold so many MiB.

    :raises errors.InvalidCall: it is no Integer.
    :raises errors.CloudError: it is less than a volume can have.
    """
    if type(size) is not int:
        raise errors.InvalidCall('Disk size needs to be an integer')
    if size < _MIB_PER_GIB:
        raise errors.CloudError('Minimum disk size is 1 GiB')
    return -(-size // _MIB_PER_GIB)


def type_not_found(name: str) -> errors.CloudError:
    """The error of a disk whose volume type does not exist."""
    return errors.CloudError(
        f"Volume type `{name}' not found. Name one that the project has as "
        "'type' in the cloud_properties of the disk type, or as "
        "'openstack.default_volume_type'")
