# SPDX-License-Identifier: Apache-2.0
"""Locks that tasks of a director hold."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.director import session as director_session


@dataclasses.dataclass(frozen=True)
class Lock:
    """A lock, such as that of a deployment.

    :ivar type: what kind of thing is locked, such as ``deployment``.
    :ivar resource: which one.
    :ivar timeout: when it runs out unless renewed, seconds since the epoch.
    :ivar task_id: the task that holds it.
    """

    type: str
    resource: tuple[str, ...]
    timeout: float | None
    task_id: int | None


LockList = list[Lock]


def _parse(document: Mapping[str, Any]) -> Lock:
    resource = document.get('resource') or ()
    if isinstance(resource, str):
        resource = (resource,)
    timeout, task_id = document.get('timeout'), document.get('task_id')
    return Lock(type=str(document.get('type')),
                resource=tuple(map(str, resource)),
                timeout=float(timeout) if timeout else None,
                task_id=int(task_id) if task_id else None)


class Locks:
    """The locks of one director.

    :param session: session with the director.
    """

    def __init__(self, session: director_session.Session) -> None:
        self._session = session

    def list(self) -> LockList:
        """List all locks."""
        return self._session.request('GET', '/locks').list_of(_parse)
