# SPDX-License-Identifier: Apache-2.0
"""Spreads the instances of a group over its AZs."""

import dataclasses
import ipaddress

from devstack.pocket_director import errors
from devstack.pocket_director.plan import addresses
from devstack.pocket_director.plan import manifest
from devstack.pocket_director.plan import networks
from devstack.pocket_director.plan import ranges
from devstack.pocket_director import store as stores


@dataclasses.dataclass
class Slot:
    """A place for one instance; ``existing`` is the one that takes it."""

    az: str | None
    existing: stores.Row | None = None
    static_ips: dict[str, ranges.Address] = dataclasses.field(
        default_factory=dict)


class Placement:
    """Where the instances of a group go.

    Instances with a persistent disk stay in their AZ; the others are
    balanced, and existing ones are moved as little as possible.

    :param group: the group as it should be.
    :param existing: its instances, and of the groups it migrated from.
    :param with_disk: uuids of instances with a persistent disk.
    :param book: says who has which static address.
    """

    def __init__(self, group: manifest.InstanceGroup,
                 existing: list[stores.Row], with_disk: set[str],
                 book: addresses.AddressBook) -> None:
        self._group = group
        self._unclaimed = sorted(existing, key=lambda row: (
            not row['ignored'], row['uuid'] not in with_disk, row['idx']))
        self._with_disk = with_disk
        self._book = book
        counts = {az: 0 for az in group.azs or (None,)}
        for row in existing:
            if row['az'] in counts:
                counts[row['az']] += 1
        # The AZ with most instances first: it keeps the odd one.
        self._azs = sorted(counts, key=lambda az: -counts[az])
        self._counts = dict.fromkeys(self._azs, 0)

    def place(self) -> tuple[list[Slot], list[stores.Row]]:
        """The places, and the existing instances that got none.

        :raises: DirectorError.
        """
        static = [n for n in self._group.networks
                  if n.static_ips is not None]
        slots = self._by_static_ips(static) if static else self._balanced()
        if any(row['ignored'] for row in self._unclaimed):
            raise errors.DirectorError(
                190020, f"Instance group '{self._group.name}' has ignored "
                        'instances, which would be deleted. Deleting ignored '
                        'instances is not allowed.')
        return slots, self._unclaimed

    def _balanced(self) -> list[Slot]:
        slots: list[Slot] = []
        for row in list(self._unclaimed):
            if len(slots) < self._group.instances and row['az'] in (
                    self._counts) and (
                    row['ignored'] or row['uuid'] in self._with_disk):
                slots.append(self._slot(row['az'], row))
        while len(slots) < self._group.instances:
            az = min(self._azs, key=lambda az: (
                self._counts[az], self._claim(az) is None))
            slots.append(self._slot(az, self._claim(az)))
        return slots

    def _by_static_ips(self, used: list[manifest.GroupNetwork],
                       ) -> list[Slot]:
        first = min(used, key=lambda n: n.network.kind == networks.VIP)
        slots = []
        for address in first.static_ips or ():
            slots.append(Slot(self._az_of(first.network, address),
                              static_ips={first.network.name: address}))
            self._counts[slots[-1].az] += 1
        for other in used:
            if other is not first:
                self._spread(slots, other)
        for slot in slots:
            self._match(slot, holders=True)
        for slot in slots:
            if slot.existing is None:
                self._match(slot, holders=False)
        return slots

    def _az_of(self, network: networks.Network,
               address: ranges.Address) -> str | None:
        subnet = network.subnet_with(address)
        fitting = [az for az in self._azs
                   if subnet is not None and subnet.serves(az)]
        if not fitting:
            raise errors.DirectorError(
                150007, f"Instance group '{self._group.name}' declares "
                        f"static ip '{address}' which does not belong to any "
                        "of the job's availability zones.")
        row = self._row_with(address)
        if row is not None and row['az'] in fitting:
            return row['az']
        return min(fitting, key=lambda az: self._counts[az])

    def _spread(self, slots: list[Slot],
                used: manifest.GroupNetwork) -> None:
        free = list(used.static_ips or ())
        for slot in slots:
            fitting = [
                address for address in free
                if (subnet := used.network.subnet_with(address)) is not None
                and subnet.serves(slot.az)]
            if not fitting:
                raise errors.DirectorError(
                    150002, 'Failed to evenly distribute static IPs between '
                            'zones for instance group '
                            f"'{self._group.name}'")
            slot.static_ips[used.network.name] = fitting[0]
            free.remove(fitting[0])

    def _match(self, slot: Slot, holders: bool) -> None:
        if holders:
            rows = [self._row_with(address)
                    for address in slot.static_ips.values()]
            found = [row for row in rows
                     if row is not None and row['az'] == slot.az]
        else:
            found = [row for row in self._unclaimed if row['az'] == slot.az]
        if found:
            slot.existing = found[0]
            self._unclaimed.remove(found[0])

    def _row_with(self, address: ranges.Address) -> stores.Row | None:
        holder = self._book.holder(ipaddress.ip_address(address))
        for row in self._unclaimed:
            if row['uuid'] == holder:
                return row
        return None

    def _claim(self, az: str | None) -> stores.Row | None:
        for row in self._unclaimed:
            if row['az'] == az:
                return row
        return None

    def _slot(self, az: str | None, existing: stores.Row | None) -> Slot:
        if existing is not None:
            self._unclaimed.remove(existing)
        self._counts[az] += 1
        return Slot(az, existing)


def next_index(taken: set[int]) -> int:
    """The lowest index that no instance of the group has."""
    index = 0
    while index in taken:
        index += 1
    taken.add(index)
    return index
