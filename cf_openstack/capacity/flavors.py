# SPDX-License-Identifier: Apache-2.0
"""Flavors of Nova, and the smallest one that a VM fits into."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import enum
import math

#: GiB of the root disk that the operating system of a stemcell takes.
ROOT_GIB = 3

# What a flavor has for special VMs alone: such hosts are few, and dear.
_SPECIAL = ('pci_passthrough:', 'resources:CUSTOM_', 'resources:VGPU',
            'resources:PGPU', 'trait:CUSTOM_', 'accel:')


@dataclasses.dataclass(frozen=True)
class Flavor:
    """A flavor as Nova lists it.

    :ivar ram_mib: MiB.
    :ivar root_gib: GiB of the root disk; 0 means the image's own size.
    :ivar ephemeral_gib: GiB of the second disk; 0 means there is none.
    :ivar extra_specs: empty where Nova does not show them.
    :ivar id: empty where nobody asks for flavors by their ids.
    """

    name: str
    vcpus: int
    ram_mib: int
    root_gib: int
    ephemeral_gib: int = 0
    disabled: bool = False
    extra_specs: Mapping[str, str] = dataclasses.field(
        default_factory=dict, hash=False, compare=False)
    id: str = dataclasses.field(default='', compare=False)

    @property
    def is_special(self) -> bool:
        """Whether it leads to particular hosts or devices."""
        return any(key.startswith(_SPECIAL) for key in self.extra_specs)


@dataclasses.dataclass(frozen=True)
class Size:
    """What a VM needs at least.

    :ivar ram_mib: MiB.
    :ivar ephemeral_gib: GiB beside the operating system.
    """

    vcpus: int
    ram_mib: int
    ephemeral_gib: int

    def __str__(self) -> str:
        return '%d vCPU, %d MiB of RAM, %d GiB of ephemeral disk' % (
            self.vcpus, self.ram_mib, self.ephemeral_gib)


class EphemeralRule(enum.Enum):
    """How much ephemeral disk a flavor must have for a VM.

    ``SIZE``: what the VM needs; this project's CPI asks for no more.
    ``SWAP``: that, and the flavor's RAM for the swap space that the agent
    makes on the same disk.  ``DOUBLE_RAM``: at least twice the flavor's RAM,
    without which the CPIs in Ruby and Go refuse the flavor.
    """

    SIZE = 'size'
    SWAP = 'swap'
    DOUBLE_RAM = 'double-ram'

    def wanted(self, size: Size, flavor: Flavor) -> int:
        """GiB that an ephemeral disk of this flavor must have."""
        if self is EphemeralRule.SWAP:
            return size.ephemeral_gib + math.ceil(flavor.ram_mib / 1024)
        if self is EphemeralRule.DOUBLE_RAM:
            return max(size.ephemeral_gib, flavor.ram_mib // 1024 * 2)
        return size.ephemeral_gib

    def carved(self, size: Size, flavor: Flavor) -> int:
        """GiB to take from the root disk where there is no other.

        The CPIs that ask for twice the RAM do not do so then.
        """
        if self is EphemeralRule.DOUBLE_RAM:
            return size.ephemeral_gib
        return self.wanted(size, flavor)


def fits(flavor: Flavor, size: Size,
         rule: EphemeralRule = EphemeralRule.SIZE,
         root_gib: int = ROOT_GIB, from_volume: bool = False) -> bool:
    """Whether a VM fits into a flavor.

    Without an ephemeral disk, the agent makes the space that it needs
    behind the operating system on the root disk.

    :param root_gib: GiB that the operating system takes.
    :param from_volume: the root disk is a volume, of any size.
    """
    if (flavor.disabled or flavor.vcpus < size.vcpus
            or flavor.ram_mib < size.ram_mib):
        return False
    if flavor.ephemeral_gib:
        return (flavor.ephemeral_gib >= rule.wanted(size, flavor)
                and (from_volume or flavor.root_gib >= root_gib))
    return (from_volume
            or flavor.root_gib >= root_gib + rule.carved(size, flavor))


def order(flavor: Flavor,
          from_volume: bool = False) -> tuple[int, int, int, int, str]:
    """What flavors are compared by, the smaller one first."""
    disk = flavor.ephemeral_gib
    if not from_volume:
        disk += flavor.root_gib
    return (flavor.vcpus, flavor.ram_mib, disk, flavor.root_gib, flavor.name)


def smallest(flavors: Iterable[Flavor], size: Size,
             rule: EphemeralRule = EphemeralRule.SIZE,
             root_gib: int = ROOT_GIB,
             from_volume: bool = False) -> Flavor | None:
    """The smallest flavor that a VM fits into, None if there is none.

    Compared by vCPUs, RAM, all its disk, its root disk and its name, as
    the CPI's calculate_vm_cloud_properties does it.  Flavors for particular
    hosts or devices are left out.
    """
    fitting = [flavor for flavor in flavors if not flavor.is_special
               and fits(flavor, size, rule, root_gib, from_volume)]
    return min(fitting, default=None,
               key=lambda flavor: order(flavor, from_volume))
