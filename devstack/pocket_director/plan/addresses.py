# SPDX-License-Identifier: Apache-2.0
"""Which instance has which IP address, over all deployments."""

from collections.abc import Iterable
from collections.abc import Iterator
import ipaddress

from devstack.pocket_director import errors
from devstack.pocket_director.plan import networks
from devstack.pocket_director.plan import ranges
from devstack.pocket_director import store as stores


class AddressBook:
    """Reservations, each kept until the instance that had it is changed.

    :param store: where they are remembered.
    :param deployment: whose instances reserve through this book.
    """

    def __init__(self, store: stores.Store, deployment: str) -> None:
        self._store = store
        self._deployment = deployment

    def of(self, instance: str) -> list[stores.Row]:
        """What an instance has reserved."""
        return self._store.all(
            'SELECT * FROM addresses WHERE instance = ? ORDER BY rowid',
            instance)

    def holder(self, address: ranges.Address) -> str | None:
        """The instance that has an address."""
        row = self._store.one(
            'SELECT instance FROM addresses WHERE address = ?', str(address))
        return None if row is None else row['instance']

    def reserve(self, network: str, address: ranges.Address, instance: str,
                label: str) -> None:
        """Take a static address.

        :param label: names the instance in an error.
        :raises: DirectorError 130008 when another instance has it.
        """
        holder = self._store.one(
            'SELECT * FROM addresses WHERE address = ?', str(address))
        if holder is not None:
            if holder['instance'] == instance:
                self._store.update(
                    'addresses', {'address': str(address)},
                    network=network, static=1)
                return
            raise errors.DirectorError(
                130008, f"Failed to reserve IP '{address}' for instance "
                        f"'{label}': already reserved by instance "
                        f"'{holder['instance']}' from deployment "
                        f"'{holder['deployment']}'")
        self._take(network, address, instance, static=True)

    def allocate(self, network: networks.Network, az: str | None,
                 instance: str, label: str) -> ranges.Address:
        """The dynamic address that an instance has, or a free one.

        :raises: DirectorError 130011 when the subnets of the AZ are full.
        """
        subnets = network.subnets_of(az)
        for row in self.of(instance):
            address = ipaddress.ip_address(row['address'])
            if row['network'] == network.name and not row['static'] and any(
                    _is_dynamic(s, address) for s in subnets):
                return address
        taken = {row['address'] for row in self._store.all(
            'SELECT address FROM addresses')}
        for address in _dynamic(subnets):
            if str(address) not in taken:
                self._take(network.name, address, instance, static=False)
                return address
        raise errors.DirectorError(
            130011, f"Failed to reserve IP for '{label}' for network "
                    f"'{network.name}': no more available")

    def keep_only(self, instance: str, addresses: Iterable[str]) -> None:
        """Give back every other address of an instance."""
        wanted = set(addresses)
        for row in self.of(instance):
            if row['address'] not in wanted:
                self._store.execute(
                    'DELETE FROM addresses WHERE address = ?',
                    row['address'])

    def _take(self, network: str, address: ranges.Address, instance: str,
              static: bool) -> None:
        self._store.insert(
            'addresses', network=network, address=str(address),
            instance=instance, deployment=self._deployment,
            static=int(static))


def _is_dynamic(subnet: networks.Subnet, address: ranges.Address) -> bool:
    return subnet.usable(address) and address not in subnet.static


def _dynamic(subnets: list[networks.Subnet]) -> Iterator[ranges.Address]:
    for subnet in subnets:
        if subnet.range is not None:
            for address in subnet.range:
                if _is_dynamic(subnet, address):
                    yield address
