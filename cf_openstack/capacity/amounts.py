# SPDX-License-Identifier: Apache-2.0
"""How much of what."""

import collections
from collections.abc import Iterable
import dataclasses

INSTANCES, CORES, RAM = 'instances', 'cores', 'ram'
FLAVOR, ROOT_DISK, EPHEMERAL_DISK = 'flavor', 'root_disk', 'ephemeral_disk'
SERVER_GROUPS = 'server_groups'
SERVER_GROUP_MEMBERS = 'server_group_members'
VOLUMES, GIGABYTES = 'volumes', 'gigabytes'
PORTS, ADDRESSES = 'ports', 'addresses'
FLOATING_IPS = 'floating_ips'
LOAD_BALANCERS, LISTENERS = 'load_balancers', 'listeners'
POOLS, MEMBERS = 'pools', 'members'


@dataclasses.dataclass(frozen=True, order=True)
class Resource:
    """Something that there is only so much of.

    ``root_disk`` and ``ephemeral_disk`` are GiB on the disks of Nova's
    hosts, ``ram`` is MiB, ``gigabytes`` GiB in Cinder, the others count.

    :ivar name: of the flavor, of the volume type (empty for the default
        one), of the subnets, of the pool; else empty.
    """

    kind: str
    name: str = ''

    def __str__(self) -> str:
        return '%s (%s)' % (self.kind, self.name) if self.name else self.kind


Amounts = collections.Counter[Resource]


def of(**kinds: int) -> Amounts:
    """Amounts of kinds that have no names."""
    return collections.Counter(
        {Resource(kind): number for kind, number in kinds.items()})


def total(parts: Iterable[Amounts]) -> Amounts:
    """The sum of some."""
    result: Amounts = collections.Counter()
    for part in parts:
        result.update(part)
    return result


def times(number: int, part: Amounts) -> Amounts:
    """So many times the same."""
    return collections.Counter(
        {resource: number * amount for resource, amount in part.items()})


def highest(parts: Iterable[Amounts]) -> Amounts:
    """Of each resource the largest amount in any of them."""
    result: Amounts = collections.Counter()
    for part in parts:
        result |= part
    return result
