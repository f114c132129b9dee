# SPDX-License-Identifier: Apache-2.0
"""The ``cloud_properties`` of create_vm, read and checked."""

import dataclasses
import logging
import math
from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import config as config_module
from cf_openstack.cpi import errors
from cf_openstack.cpi import pool_properties
from cf_openstack.cpi import protocol
from cf_openstack.cpi import schema

LOG = logging.getLogger(__name__)

#: Every key there is, those of AZs and VM extensions included: a
#: director merges them all into one hash.
PROPERTIES = schema.Schema({
    'instance_type': schema.STRING,
    'key_name': schema.STRING,
    'security_groups': schema.STRINGS,
    'availability_zone': schema.STRING,
    'availability_zones': schema.STRINGS,
    'boot_from_volume': schema.BOOLEAN,
    'root_disk': schema.HASH,
    'scheduler_hints': schema.HASH,
    # One address or several, see _pairs().
    'allowed_address_pairs': schema.ANYTHING,
    'vrrp_port_check': schema.BOOLEAN,
    'loadbalancer_pools': schema.ARRAY,
})

ROOT_DISK = schema.Schema(
    # See _root_size() for what it is.
    {'size': schema.ANYTHING, 'type': schema.STRING}, prefix='root_disk.')


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
    :ivar vrrp_port_check: whether each of them must be that of a port;
        None: as the network says.
    :ivar load_balancer_pools: pools to become a member of.
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
    vrrp_port_check: bool | None
    load_balancer_pools: tuple[pool_properties.PoolProperties, ...]


def parse(
    properties: dict[str, Any], config: config_module.Config
) -> VmProperties:
    """Read the cloud_properties of a VM.

    :raises errors.InvalidCall: a key is unknown, a value has the wrong
        type.
    :raises errors.CloudError: availability zones contradict each other.
    """
    PROPERTIES.require(properties, errors.InvalidVmProperty)
    root_disk = properties.get('root_disk') or {}
    ROOT_DISK.require(root_disk, errors.InvalidVmProperty)
    volume_boot = properties.get('boot_from_volume')
    if volume_boot is None:
        volume_boot = config.boot_from_volume
    if root_disk and not volume_boot:
        LOG.warning("'root_disk' has no effect without 'boot_from_volume'")
    instance_type = properties.get('instance_type')
    if not instance_type:
        raise errors.InvalidVmProperty(
            "'instance_type', the name of a flavor, is missing")
    return VmProperties(
        instance_type=instance_type,
        key_name=properties.get('key_name') or config.default_key_name,
        security_groups=tuple(properties.get('security_groups') or ()),
        zones=_zones(properties, config.ignore_server_availability_zone),
        boot_from_volume=volume_boot,
        root_disk_size=_root_size(root_disk.get('size')),
        root_disk_type=root_disk.get('type') or None,
        scheduler_hints=properties.get('scheduler_hints') or {},
        allowed_address_pairs=_pairs(
            properties.get('allowed_address_pairs')),
        vrrp_port_check=properties.get('vrrp_port_check'),
        load_balancer_pools=pool_properties.parse(
            properties.get('loadbalancer_pools')),
    )


def _zones(
    properties: dict[str, Any], ignores_zones: bool
) -> tuple[str, ...]:
    one = properties.get('availability_zone')
    several = tuple(properties.get('availability_zones') or ())
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
            "'root_disk.size' must be a number of GiB, got: "
            f'{protocol.type_name(size)}')
    if size < 1:
        raise errors.InvalidCall('Minimum root_disk size is 1 GiB')
    return math.ceil(size)


def _pairs(value: Any) -> tuple[str, ...]:
    if value is None or value == '':
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(
            isinstance(item, str) for item in value):
        raise errors.InvalidVmProperty(
            "'allowed_address_pairs' must be an IP address or an Array of "
            f'them, got: {protocol.type_name(value)}')
    return tuple(value)


def parse_argument(
    value: Any, config: config_module.Config
) -> VmProperties:
    """:func:`parse` for an argument whose type is not known yet."""
    return parse(arguments.hash_('cloud_properties', value), config)
