# SPDX-License-Identifier: Apache-2.0
"""What a cloud config is made of: facts of the cloud, and choices."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any

from cf_openstack.capacity import flavors as capacity_flavors

#: Spread over all availability zones, or everything in the first one.
DEFAULT, ONE_AZ = 'default', 'one-az'


@dataclasses.dataclass(frozen=True)
class Subnet:
    """A subnet of Neutron that BOSH may use.

    :ivar cidr: such as ``10.0.16.0/20``.
    :ivar network_id: of the network that it belongs to.
    :ivar allocation_pools: first and last address of each range that
        Neutron gives out by itself.
    :ivar taken: addresses, ranges and CIDRs outside of those that others
        have: ports of DHCP agents, routers or virtual IPs; never those of
        the deployment's own instances, which would have to move.
    :ivar azs: those of the director that use it; empty: the n-th subnet of
        a network is for the n-th AZ, and the only one is for all.
    """

    cidr: str
    network_id: str
    gateway: str | None
    allocation_pools: tuple[tuple[str, str], ...]
    dns: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    azs: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Pool:
    """A pool of Octavia, by id or by its name, and a port behind it."""

    port: int
    id: str | None = None
    name: str | None = None
    monitoring_port: int | None = None


@dataclasses.dataclass(frozen=True)
class Extension:
    """What a VM extension stands for.

    :ivar security_groups: ids, beside those that every VM has.
    :ivar cloud_properties: added as they are.
    """

    security_groups: tuple[str, ...] = ()
    pools: tuple[Pool, ...] = ()
    cloud_properties: Mapping[str, Any] = dataclasses.field(
        default_factory=dict)


@dataclasses.dataclass(frozen=True)
class BootVolume:
    """VMs boot from volumes.

    :ivar volume_type: None for Cinder's default.
    """

    volume_type: str | None = None


@dataclasses.dataclass(frozen=True)
class Compilation:
    """How packages are compiled.

    :ivar network: None for the first one of the manifest.
    :ivar az: None for the first one.
    """

    workers: int = 5
    vm_type: str = 'minimal'
    network: str | None = None
    az: str | None = None


@dataclasses.dataclass(frozen=True)
class Inputs:
    """All that :func:`cf_openstack.manifest.cloud_config.making.make` takes.

    :ivar networks: the subnets of each network of the manifest.
    :ivar vip_networks: names of networks that consist of floating IPs.
    :ivar flavors: as Nova lists them.
    :ivar zones: Nova's availability zones: those for z1, z2 ... in this
        order, again from the start when there are less; or by the names of
        the director's AZs.  None for Nova's choice, and so is no zone.
    :ivar availability: DEFAULT or ONE_AZ.
    :ivar security_groups: ids, of every VM.
    :ivar extensions: by the names of VM extensions.
    :ivar sizes: by VM type, over those that are known.
    :ivar vm_type_flavors: names or ids of flavors by VM type, or by VM
        extension for more ephemeral disk, in place of the smallest one that
        fits.
    :ivar disk_sizes: MiB by disk type, over those that are known.
    :ivar volume_type: of persistent disks; None for the CPI's default.
    :ivar volume_types: by disk type, over ``volume_type``.
    :ivar boot_volume: None to boot from the flavor's disk.
    :ivar root_gib: GiB that a stemcell's operating system takes.
    :ivar compilation: None when another cloud config says it.
    """

    networks: Mapping[str, Sequence[Subnet]]
    flavors: Sequence[capacity_flavors.Flavor]
    vip_networks: tuple[str, ...] = ()
    zones: Sequence[str | None] | Mapping[str, str | None] = ()
    availability: str = DEFAULT
    security_groups: tuple[str, ...] = ()
    extensions: Mapping[str, Extension] = dataclasses.field(
        default_factory=dict)
    sizes: Mapping[str, capacity_flavors.Size] = dataclasses.field(
        default_factory=dict)
    vm_type_flavors: Mapping[str, str] = dataclasses.field(
        default_factory=dict)
    disk_sizes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    volume_type: str | None = None
    volume_types: Mapping[str, str] = dataclasses.field(
        default_factory=dict)
    boot_volume: BootVolume | None = None
    ephemeral_rule: capacity_flavors.EphemeralRule = (
        capacity_flavors.EphemeralRule.SIZE)
    root_gib: int = capacity_flavors.ROOT_GIB
    compilation: Compilation | None = Compilation()
