# SPDX-License-Identifier: Apache-2.0
"""Whether there are addresses enough: of subnets, static and floating."""

from collections.abc import Iterable
from collections.abc import Iterator
import itertools

from cf_openstack.capacity import amounts
from cf_openstack.capacity import demand as capacity_demand
from cf_openstack.capacity import placement
from cf_openstack.capacity import project as capacity_project
from cf_openstack.capacity import report
from cf_openstack.manifest import addresses as manifest_addresses


def addresses(demand: capacity_demand.Demand,
              project: capacity_project.Project) -> Iterator[report.Row]:
    """Dynamic addresses of each set of subnets.

    Sets that share addresses are looked at together as well.
    """
    pools = [demand.need.address_pools[label]
             for label in sorted(demand.need.address_pools)]
    for group in [[pool] for pool in pools] + _overlapping(pools):
        need = total = 0
        phase = ''
        for at in demand.phases:
            number = _of(group, at.takes)
            if number > total:
                total, phase = number, at.name
        need = max(total - _of(group, demand.in_use), 0)
        if not total:
            continue
        limit, used = _room(group, project)
        state = report.OK
        if limit is None or used is None:
            state = report.UNKNOWN
        elif need > limit - used:
            state = report.SHORT
        yield report.Row(
            amounts.ADDRESSES, ' + '.join(pool.label for pool in group),
            need, total, limit, used, state, phase)


def _of(pools: Iterable[placement.AddressPool],
        takes: amounts.Amounts) -> int:
    return sum(takes[amounts.Resource(amounts.ADDRESSES, pool.label)]
               for pool in pools)


def _room(pools: Iterable[placement.AddressPool],
          project: capacity_project.Project,
          ) -> tuple[int | None, int | None]:
    """How many addresses they have, and how many of them are used."""
    usable = manifest_addresses.AddressSet()
    used = manifest_addresses.AddressSet()
    known = True
    for pool in pools:
        if pool.dynamic is not None:
            usable |= pool.dynamic
        for network_id in pool.network_ids:
            network = (project.networks or {}).get(network_id)
            if network is None:
                known = False
                continue
            used |= network.used
            if pool.dynamic is None:
                usable |= network.allocation_pools
    if known:
        return usable.count, (usable & used).count
    return (usable.count or None), None


def _overlapping(
    pools: list[placement.AddressPool],
) -> list[list[placement.AddressPool]]:
    """Groups of two and more that share addresses, directly or not."""
    groups = [{index} for index in range(len(pools))]
    for one, other in itertools.combinations(range(len(pools)), 2):
        if not _share(pools[one], pools[other]):
            continue
        touched = [group for group in groups if group & {one, other}]
        groups = [group for group in groups if group not in touched]
        groups.append(set().union(*touched))
    return [[pools[index] for index in sorted(group)]
            for group in groups if len(group) > 1]


def _share(one: placement.AddressPool,
           other: placement.AddressPool) -> bool:
    if not one.network_ids & other.network_ids:
        return False
    if one.dynamic is None or other.dynamic is None:
        return True
    return bool(one.dynamic & other.dynamic)


def static_ips(demand: capacity_demand.Demand,
               project: capacity_project.Project) -> Iterator[report.Row]:
    """Static addresses, each of which must be free."""
    own = demand.deployed.need.static_ips if demand.deployed else {}
    for address, network_id in sorted(demand.need.static_ips.items()):
        network = (project.networks or {}).get(network_id or '')
        state, text = report.OK, ''
        if address not in own:
            if network is None:
                state = report.UNKNOWN
            elif manifest_addresses.parse(address) & network.used:
                state = report.ABSENT
                text = ('the static IP %s is taken by a port of the '
                        'network %s: choose another one, or delete that '
                        'port' % (address, network_id))
        yield report.Row('static_ip', address, int(address not in own), 1,
                         state=state, text=text)


def floating_ips(demand: capacity_demand.Demand,
                 project: capacity_project.Project) -> Iterator[report.Row]:
    """Floating IPs, which the CPI does not make: they must exist."""
    own = demand.deployed.need.floating_ips if demand.deployed else ()
    known = project.floating_ips
    for address in sorted(demand.need.floating_ips):
        state, text = report.OK, ''
        if known is None:
            state = report.UNKNOWN
        elif address not in known:
            state, text = report.ABSENT, (
                'the floating IP %s is none of this project: create it '
                'first' % address)
        elif known[address] and address not in own:
            state, text = report.ABSENT, (
                'the floating IP %s is in use by the port %s: choose '
                'another one' % (address, known[address]))
        yield report.Row('floating_ip', address, int(address not in own), 1,
                         state=state, text=text)
