# SPDX-License-Identifier: Apache-2.0
"""The ``cloud_properties`` of create_vm, read and checked."""

import dataclasses
import math
from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import config as config_module
from cf_openstack.cpi import errors


@dataclasses.dataclass(frozen=True)
class VmProperties:
    """What an operator asks of a VM in cloud config.

    :ivar instance_type: name of the flavor.
    :ivar key_name: name of the key pair, None for no key.
    :ivar security_groups: names or ids; empty: those of the networks.
    :ivar zones: availability zones to try; empty: Nova's choice.
    :ivar root_disk_size: GiB of the boot volume; None: as the flavor.
    :ivar root_disk_type: volume type of the boot volume.
    :ivar scheduler_hints: sent to Nova as they are.
    :ivar allowed_address_pairs: IP addresses the gateway port may use.
    """

    instance_type: str
    key_name: str | None
    security_groups: tuple[str, ...]
    zones: tuple[str, ...]
    boot_from_volume: bool
    root_disk_size: int | None
    root_disk_type: str | None
    scheduler_hints: dict[str, Any]
    allowed_address_pairs: tuple[str, ...]


def parse(
    properties: dict[str, Any], config: config_module.Config
) -> VmProperties:
    """Read the cloud_properties of a VM.

    :raises errors.InvalidCall: a value has the wrong type.
    :raises errors.CloudError: availability zones contradict each other.
    :raises errors.NotSupported: a property cannot be honoured.
    """
    if properties.get('loadbalancer_pools'):
        raise errors.NotSupported(
            "The VM cloud property 'loadbalancer_pools' is not supported by "
            'this version of the OpenStack CPI; attach the VM to the pool '
            'by other means and remove the property')
    root_disk = _value(properties, 'root_disk', dict, 'a Hash') or {}
    volume_boot = _value(
        properties, 'boot_from_volume', bool, 'a Boolean')
    instance_type = _value(properties, 'instance_type', str, 'a String')
    if not instance_type:
        raise errors.InvalidVmProperty(
            "'instance_type', the name of a flavor, is missing")
    return VmProperties(
        instance_type=instance_type,
        key_name=_value(properties, 'key_name', str, 'a String')
        or config.default_key_name,
        security_groups=_strings(properties, 'security_groups'),
        zones=_zones(properties, config.ignore_server_availability_zone),
        boot_from_volume=config.boot_from_volume
        if volume_boot is None else volume_boot,
        root_disk_size=_root_size(root_disk.get('size')),
        root_disk_type=_value(root_disk, 'type', str, 'a String',
                              'root_disk.'),
        scheduler_hints=_value(
            properties, 'scheduler_hints', dict, 'a Hash') or {},
        allowed_address_pairs=_pairs(properties),
    )


def _value(
    properties: dict[str, Any], key: str, kind: type, name: str,
    prefix: str = '',
) -> Any:
    value = properties.get(key)
    if value is not None and not isinstance(value, kind):
        raise errors.InvalidVmProperty(
            f"'{prefix}{key}' must be {name}")
    return value


def _strings(properties: dict[str, Any], key: str) -> tuple[str, ...]:
    value = _value(properties, key, list, 'an Array') or ()
    if not all(isinstance(item, str) for item in value):
        raise errors.InvalidVmProperty(
            f"'{key}' must be an Array of Strings")
    return tuple(value)


def _zones(
    properties: dict[str, Any], ignores_zones: bool
) -> tuple[str, ...]:
    one = _value(properties, 'availability_zone', str, 'a String')
    several = _strings(properties, 'availability_zones')
    if one and several:
        raise errors.CloudError(
            'Invalid cloud_properties: only one property of '
            '"availability_zone" and "availability_zones" allowed.')
    if several and not ignores_zones:
        raise errors.CloudError(
            'Cannot use multiple azs without '
            'openstack.ignore_server_availability_zone')
    return (one,) if one else several


def _root_size(size: Any) -> int | None:
    if size is None:
        return None
    if type(size) not in (int, float) or not math.isfinite(size):
        raise errors.InvalidVmProperty(
            "'root_disk.size' must be a number of GiB")
    if size < 1:
        raise errors.InvalidCall('Minimum root_disk size is 1 GiB')
    return math.ceil(size)


def _pairs(properties: dict[str, Any]) -> tuple[str, ...]:
    value = properties.get('allowed_address_pairs')
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    return _strings(properties, 'allowed_address_pairs')


def parse_argument(
    value: Any, config: config_module.Config
) -> VmProperties:
    """:func:`parse` for an argument whose type is not known yet."""
    return parse(arguments.hash_('cloud_properties', value), config)
