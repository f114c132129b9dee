# SPDX-License-Identifier: Apache-2.0
"""What a deploy needs beyond what is there, from its start to its end.

What a director does on a deploy, in its order: it compiles packages,
deletes instances of groups that are gone, makes the missing VMs, and with
them, for groups with ``create-swap-delete``, new VMs for all that exist.
Then it updates one group after the other, or several at once, which leaves
the swapped VMs and disks that are no longer needed for a while.  Errands
come when all that is over.  None of these meets another: the largest need
decides, not the sum.

A deployment must be able to be updated: what the next update with other
packages or stemcells will need is needed from the start.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import itertools

from cf_openstack.capacity import amounts
from cf_openstack.capacity import need as capacity_need

COMPILATION, CREATION, UPDATE = 'compilation', 'creation', 'update'
RUNNING, ERRANDS = 'running', 'errands'
NEXT_COMPILATION, NEXT_UPDATE = 'next compilation', 'next update'


@dataclasses.dataclass(frozen=True)
class Deployed:
    """A deployment that is there.

    :ivar need: of the manifest and cloud config it was deployed with.
    :ivar vms: how many VMs each group really has; None: as its manifest
        says, errands none.
    :ivar disks: how many instances of each group have their persistent
        disks; None: as its manifest says.
    """

    need: capacity_need.Need
    vms: Mapping[str, int] | None = None
    disks: Mapping[str, int] | None = None

    def vms_of(self, group: capacity_need.GroupNeed) -> int:
        """How many VMs a group has."""
        if self.vms is None:
            return 0 if group.is_errand else len(group.vms)
        return self.vms.get(group.name, 0)

    def disks_of(self, group: capacity_need.GroupNeed) -> int:
        """How many instances of a group have their disks."""
        if self.disks is None:
            return 0 if group.is_errand else len(group.disks)
        return self.disks.get(group.name, 0)


@dataclasses.dataclass(frozen=True)
class Phase:
    """A time at which so much exists."""

    name: str
    takes: amounts.Amounts


@dataclasses.dataclass(frozen=True)
class Demand:
    """What a deploy takes over time.

    :ivar in_use: what its deployment takes already.
    """

    need: capacity_need.Need
    phases: tuple[Phase, ...]
    in_use: amounts.Amounts
    deployed: Deployed | None = None

    @property
    def peak(self) -> amounts.Amounts:
        """Of each resource the most that is there at any time."""
        return amounts.highest(phase.takes for phase in self.phases)

    @property
    def beyond(self) -> amounts.Amounts:
        """The most that is needed in addition to what it takes already."""
        return self.peak - self.in_use

    def highest_in(self, resource: amounts.Resource) -> str:
        """The first phase that takes the most of a resource."""
        return max(self.phases,
                   key=lambda phase: phase.takes[resource]).name


def of(need: capacity_need.Need,
       deployed: Deployed | None = None) -> Demand:
    """What a deploy of a manifest takes.

    :param deployed: what it changes; None for a first deploy.
    """
    plan = _Plan(need, deployed)
    return Demand(need, tuple(plan.phases()), plan.in_use, deployed)


class _Plan:
    """One deploy, step by step.

    What exists is kept in two parts: VMs by group, and disks, which the
    director keeps for days after they are no longer needed.
    """

    def __init__(self, need: capacity_need.Need,
                 deployed: Deployed | None) -> None:
        self._need = need
        self._vms: dict[str, amounts.Amounts] = {}
        self._counts: dict[str, int] = {}
        self._disks = amounts.Amounts()
        self._old: dict[str, capacity_need.GroupNeed] = {}
        self._disk_counts: dict[str, int] = {}
        self.in_use = amounts.Amounts()
        if deployed is not None:
            self._take_over(deployed)

    def _take_over(self, deployed: Deployed) -> None:
        renamed = {old: group.name for group in self._need.groups
                   for old in group.migrated_from}
        for group in deployed.need.groups:
            name = renamed.get(group.name, group.name)
            count, disks = deployed.vms_of(group), deployed.disks_of(group)
            self._old[name] = group
            self._counts[name] = self._counts.get(name, 0) + count
            self._disk_counts[name] = disks
            self._vms[name] = (self._vms.get(name, amounts.Amounts())
                               + _first(group.vms, count))
            self._disks += _first(group.disks, disks)
        self.in_use = self._sum() + deployed.need.beside

    def _sum(self, *more: amounts.Amounts) -> amounts.Amounts:
        return amounts.total((*self._vms.values(), self._disks, *more))

    def phases(self) -> Iterator[Phase]:
        """What exists, time after time."""
        need = self._need
        groups = [group for group in need.groups if not group.is_errand]
        always = need.beside
        yield Phase(COMPILATION, self._sum(always, need.compilation))
        self._drop_gone()
        swapped = self._create(groups)
        yield Phase(CREATION, self._sum(always, swapped))
        for batch in _batches(groups):
            during = [always, swapped]
            for group in batch:
                before = self._vms[group.name]
                self._vms[group.name] = amounts.total(group.vms)
                during.append(before - self._vms[group.name])
                if self._counts.get(group.name):
                    during.append(_lag(group))
            yield Phase(UPDATE, self._sum(*during))
        yield Phase(RUNNING, self._sum(always))
        yield Phase(NEXT_COMPILATION, self._sum(always, need.compilation))
        yield Phase(NEXT_UPDATE, self._sum(always, _next_update(groups)))
        for group in need.groups:
            if group.is_errand:
                # Kept alive since the last time
                self._vms.pop(group.name, None)
        yield Phase(ERRANDS, self._sum(always, need.errands))

    def _drop_gone(self) -> None:
        kept = {group.name for group in self._need.groups}
        for name in list(self._vms):
            if name not in kept:
                del self._vms[name]

    def _create(self, groups: Iterable[capacity_need.GroupNeed],
                ) -> amounts.Amounts:
        """Make the missing VMs and disks; returns those made to swap."""
        swapped = amounts.Amounts()
        for group in groups:
            count = self._counts.get(group.name, 0)
            self._vms[group.name] = (
                self._vms.get(group.name, amounts.Amounts())
                + amounts.total(group.vms[count:]))
            if group.swaps:
                swapped += amounts.total(group.vms[:count])
            self._disks += amounts.total(
                group.disks[self._good_disks(group):])
        return swapped

    def _good_disks(self, group: capacity_need.GroupNeed) -> int:
        old = self._old.get(group.name)
        if old is None or old.disk_identity != group.disk_identity:
            return 0
        return self._disk_counts.get(group.name, 0)


def _first(parts: tuple[amounts.Amounts, ...],
           count: int) -> amounts.Amounts:
    """The sum of the first ones; beyond their number, of the last again."""
    found = amounts.total(parts[:count])
    if parts and count > len(parts):
        found += amounts.times(count - len(parts), parts[-1])
    return found


def _lag(group: capacity_need.GroupNeed) -> amounts.Amounts:
    """Boot volumes of VMs just deleted, while new ones are made already.

    Nova deletes them after the server is gone, and Cinder counts them until
    then.
    """
    return amounts.times(group.in_flight, group.boot_volume)


def _batches(
    groups: Iterable[capacity_need.GroupNeed],
) -> Iterator[list[capacity_need.GroupNeed]]:
    """Groups that are updated at the same time."""
    for serial, some in itertools.groupby(
            groups, key=lambda group: group.serial):
        if serial:
            yield from ([group] for group in some)
        else:
            yield list(some)


def _next_update(
    groups: list[capacity_need.GroupNeed],
) -> amounts.Amounts:
    """What an update of everything needs beyond what runs."""
    swapped = amounts.total(amounts.total(group.vms)
                            for group in groups if group.swaps)
    return swapped + amounts.highest(
        amounts.total(_lag(group) for group in batch)
        for batch in _batches(groups))
