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
    remover = _Remover(conn, waits.Waiter(timeout))
    for thing in sorted(
            found, key=lambda one: things.KINDS.index(one.kind)):
        failure = None
        try:
            remover.remove(thing)
        except errors.API_ERRORS as exc:
            if not errors.is_not_found(exc):
                failure = errors.describe(exc)
        except exceptions.CfOpenStackError as exc:
            failure = exc.message
        yield Result(thing, failure)


class _Remover:

    def __init__(
        self, conn: connection.Connection, waiter: waits.Waiter
    ) -> None:
        self._conn = conn
        self._waiter = waiter

    def remove(self, thing: things.Thing) -> None:
        """Remove one thing and wait until it is gone."""
        {
            'server': self._server,
            'port': self._port,
            'snapshot': self._snapshot,
            'volume': self._volume,
            'image': self._image,
        }[thing.kind](thing)

    def _gone(
        self, thing: things.Thing, fetch: Callable[[], Any]
    ) -> None:
        self._waiter.until_gone(thing.kind.capitalize(), thing.id, fetch)

    def _server(self, thing: things.Thing) -> None:
        compute, network = self._conn.compute, self._conn.network
        # Nova removes only ports that it made itself.
        ports = [port.id for port in network.ports(device_id=thing.id)]
        compute.delete_server(thing.id)
        self._gone(thing, lambda: compute.get_server(thing.id))
        for port in ports:
            network.delete_port(port)

    def _port(self, thing: things.Thing) -> None:
        self._conn.network.delete_port(thing.id)

    def _snapshot(self, thing: things.Thing) -> None:
        storage = self._conn.block_storage
        self._settled(thing, lambda: storage.get_snapshot(thing.id))
        storage.delete_snapshot(thing.id)
        self._gone(thing, lambda: storage.get_snapshot(thing.id))

    def _volume(self, thing: things.Thing) -> None:
        storage = self._conn.block_storage
        self._settled(thing, lambda: storage.get_volume(thing.id))
        storage.delete_volume(thing.id)
        self._gone(thing, lambda: storage.get_volume(thing.id))

    def _settled(
        self, thing: things.Thing, fetch: Callable[[], Any]
    ) -> None:
        """Wait until Cinder, which deletes nothing in between, is done."""
        self._waiter.until(
            thing.kind.capitalize(), thing.id, 'settled', fetch,
            lambda found: not found.status.endswith('ing'),
            lambda found: found.status)

    def _image(self, thing: things.Thing) -> None:
        self._conn.image.delete_image(thing.id)
