# SPDX-License-Identifier: Apache-2.0
"""What a project may use, and what it uses.

:mod:`cf_openstack.capacity.limits` reads it from the cloud; whoever has the
numbers already fills it in.  What is None or not there is not known.
"""

from collections.abc import Mapping
import dataclasses

from cf_openstack.capacity import amounts
from cf_openstack.capacity import flavors as capacity_flavors
from cf_openstack.manifest import addresses

#: What OpenStack says of a limit that there is none.
UNLIMITED = -1

#: GiB of one volume.
VOLUME_SIZE = 'volume_size'


@dataclasses.dataclass(frozen=True)
class Quota:
    """A limit and what is used of it, reservations included.

    :ivar limit: UNLIMITED for none.
    :ivar used: None where it is not known.
    """

    limit: int
    used: int | None = 0

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no limit."""
        return self.limit < 0

    @property
    def free(self) -> int | None:
        """What is left; None without limit, or if it is not known."""
        if self.is_unlimited or self.used is None:
            return None
        return max(self.limit - self.used, 0)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of Neutron.

    :ivar cidrs: of its subnets.
    :ivar allocation_pools: what Neutron gives out by itself.
    :ivar used: addresses of ports, as far as the project sees them.
    """

    cidrs: tuple[str, ...]
    allocation_pools: addresses.AddressSet
    used: addresses.AddressSet


@dataclasses.dataclass(frozen=True)
class Project:
    """Limits and usage of one project, and what there is to choose from.

    :ivar quotas: by resource; without name, of all of a kind together.
    :ivar zones: those of Nova that are available.
    :ivar volume_zones: those of Cinder that are available.
    :ivar volume_types: names.
    :ivar volume_type_ids: their names by their ids.
    :ivar default_volume_type: of volumes that say none.
    :ivar networks: by id, at least those that were asked for.
    :ivar floating_ips: addresses of this project, with the id of the port
        that has them, or None.
    :ivar pools: names by id, of the load balancers' pools.
    :ivar unknown: why some parts could not be read.
    """

    quotas: Mapping[amounts.Resource, Quota] = dataclasses.field(
        default_factory=dict)
    flavors: tuple[capacity_flavors.Flavor, ...] | None = None
    zones: frozenset[str] | None = None
    volume_zones: frozenset[str] | None = None
    volume_types: frozenset[str] | None = None
    volume_type_ids: Mapping[str, str] = dataclasses.field(
        default_factory=dict)
    default_volume_type: str | None = None
    networks: Mapping[str, Network] | None = None
    floating_ips: Mapping[str, str | None] | None = None
    pools: Mapping[str, str | None] | None = None
    unknown: Mapping[str, str] = dataclasses.field(default_factory=dict)
