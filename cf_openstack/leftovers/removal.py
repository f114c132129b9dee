# SPDX-License-Identifier: Apache-2.0
"""Removing leftovers, each in its turn."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses
from typing import Any

from openstack import connection

from cf_openstack.cloud import errors
from cf_openstack.cloud import waits
from cf_openstack.cpi import errors as cpi_errors
from cf_openstack.cpi.methods import managed_networks
from cf_openstack.cpi import pool_members
from cf_openstack.cpi import servers
from cf_openstack.cpi import volumes
from cf_openstack import exceptions
from cf_openstack.leftovers import things


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of removing one thing.

    :ivar failure: why it is still there, None if it is gone.
    """

    thing: things.Thing
    failure: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the thing is gone."""
        return self.failure is None

    def __str__(self) -> str:
        return (f'{self.thing}: not removed: {self.failure}'
                if self.failure else f'{self.thing}: removed')


def remove(
    conn: connection.Connection,
    found: Iterable[things.Thing],
    timeout: float = 300,
) -> Iterator[Result]:
    """Remove things in their order; what is absent is removed already.

    One that fails does not keep the others from being removed.

    :param timeout: seconds to wait for the end of each server, volume and
        snapshot.
    """
    site = _Site(conn, waits.Waiter(timeout))
    for thing in sorted(
            found, key=lambda one: things.KINDS.index(one.kind)):
        failure = None
        try:
            _REMOVERS[thing.kind](site, thing)
        except errors.API_ERRORS as exc:
            if not errors.is_not_found(exc):
                failure = errors.describe(exc)
        except cpi_errors.NetworkNotFound:
            # It went with something before it.
            pass
        except exceptions.CfOpenStackError as exc:
            failure = exc.message
        yield Result(thing, failure)


@dataclasses.dataclass(frozen=True)
class _Site:
    """As much of a call of the CPI as the removal of things needs."""

    cloud: connection.Connection
    waiter: waits.Waiter

    def settled(
        self, thing: things.Thing, fetch: Callable[[], Any]
    ) -> None:
        """Wait until Cinder, which deletes nothing in between, is done."""
        self.waiter.until(
            thing.kind.capitalize(), thing.id, 'settled', fetch,
            lambda found: not found.status.endswith('ing'),
            lambda found: found.status)


def _member(site: _Site, thing: things.Thing) -> None:
    pool_members.delete(site, thing.parent, thing.id)


def _server(site: _Site, thing: things.Thing) -> None:
    servers.delete(site, thing.id)


def _port(site: _Site, thing: things.Thing) -> None:
    site.cloud.network.delete_port(thing.id)


def _snapshot(site: _Site, thing: things.Thing) -> None:
    storage = site.cloud.block_storage
    site.settled(thing, lambda: storage.get_snapshot(thing.id))
    storage.delete_snapshot(thing.id)
    site.waiter.until_gone(
        'Snapshot', thing.id, lambda: storage.get_snapshot(thing.id))


def _volume(site: _Site, thing: things.Thing) -> None:
    storage = site.cloud.block_storage
    site.settled(thing, lambda: storage.get_volume(thing.id))
    volumes.delete(site, thing.id)


def _image(site: _Site, thing: things.Thing) -> None:
    site.cloud.image.delete_image(thing.id)


def _network(site: _Site, thing: things.Thing) -> None:
    managed_networks.delete_network(site, thing.id)


_REMOVERS: dict[str, Callable[[_Site, things.Thing], None]] = {
    'member': _member,
    'server': _server,
    'port': _port,
    'snapshot': _snapshot,
    'volume': _volume,
    'image': _image,
    'network': _network,
}
