# SPDX-License-Identifier: Apache-2.0
"""Finding what calls of a CPI have left behind.

What a director may own is never taken for a leftover.  A director notes a
cid down when a call has succeeded, and only it knows which cids it has.
So there are three ways to ask:

- by director alone: only what no call can have ended with, such as a port
  without a server or an image without data;
- by director and the cids it knows: whatever else bears its mark;
- by the id of a request that is known to have failed: what that request
  has made, unless the director has written its metadata to it since.
"""

from collections.abc import Collection
from collections.abc import Iterator
import dataclasses
import datetime

from openstack import connection

from cf_openstack import exceptions
from cf_openstack.leftovers import inventory
from cf_openstack.leftovers import things


class ScopeInvalid(exceptions.CfOpenStackError):
    """It is not said clearly enough what to look for."""

    msg_fmt = ('Name a director or a request: without either, nothing can '
               'be known to be left over')


@dataclasses.dataclass(frozen=True)
class Scope:
    """What to look for.

    :ivar director_uuid: the director whose calls these were.
    :ivar request_id: the call, such as ``cpi-123456``; directors may use
        an id again after a long time, so name the director as well.
    :ivar known_cids: the cids of VMs, disks, stemcells, snapshots and
        networks that the director has; None if that is not known.
    :ivar older_than: seconds; what is younger may be in the making.
    :raises ScopeInvalid: neither director nor request is named.
    """

    director_uuid: str | None = None
    request_id: str | None = None
    known_cids: frozenset[str] | None = None
    older_than: float = 3600

    def __post_init__(self) -> None:
        if not self.director_uuid and not self.request_id:
            raise ScopeInvalid()

    def covers(self, thing: things.Thing) -> bool:
        """Whether a thing is this director's and this request's."""
        return all(
            wanted is None or mark in (wanted, things.as_tag(wanted))
            for wanted, mark in (
                (self.director_uuid, thing.director_uuid),
                (self.request_id, thing.request_id)))

    def is_old_enough(
        self, thing: things.Thing, now: datetime.datetime
    ) -> bool:
        """Whether the call that made a thing must have ended."""
        if not self.older_than:
            return True
        if thing.created is None:
            return False
        return (now - thing.created).total_seconds() >= self.older_than


# States on the way to the one that a call waits for.
_UNFINISHED = {
    'server': ('build', 'error'),
    'volume': ('creating', 'downloading', 'error', 'error_deleting'),
    'snapshot': ('creating', 'error', 'error_deleting'),
    'image': ('queued', 'saving', 'uploading', 'importing', 'killed'),
}


def find(
    conn: connection.Connection, scope: Scope
) -> list[things.Thing]:
    """Return the leftovers in the project, in the order they have to go.

    :raises openstack.exceptions.SDKException: a service did not answer.
    """
    return sorted(
        _leftovers(inventory.Inventory(conn), scope),
        key=lambda thing: things.KINDS.index(thing.kind))


def _leftovers(
    found: inventory.Inventory, scope: Scope
) -> Iterator[things.Thing]:
    now = datetime.datetime.now(datetime.UTC)
    going: set[str] = set()
    candidates = [
        thing for thing in found.things()
        if scope.covers(thing) and scope.is_old_enough(thing, now)]
    # Servers first: a disk may go with the server that has it.
    for thing in sorted(candidates, key=lambda one: one.kind != 'server'):
        reason = _reason(thing, scope, found.server_ids, going)
        if reason:
            if thing.kind == 'server':
                going.add(thing.id)
            yield thing.because(reason)


def _reason(
    thing: things.Thing,
    scope: Scope,
    server_ids: frozenset[str],
    going: Collection[str],
) -> str | None:
    """Why a thing is a leftover, None if it may not be one.

    :param server_ids: the servers of the project.
    :param going: those of them that are leftovers.
    """
    known = scope.known_cids
    if known is not None and {thing.id, thing.owner} & known:
        return None
    if thing.owner in server_ids and not (
            known is not None and thing.kind == 'volume'
            and thing.owner in going):
        # Ports and members go with their server; a disk that is in use
        # was given to a director once.
        return None
    if thing.kind in ('port', 'member'):
        return 'its server does not exist' if thing.owner else (
            'it belongs to no server')
    if known is not None:
        return 'the director does not know it'
    if thing.taken:
        return None
    if thing.status in _UNFINISHED.get(thing.kind, ()):
        return f'its state is {thing.status}'
    if scope.request_id:
        return f'request {thing.request_id} made it'
    return None
