# SPDX-License-Identifier: Apache-2.0
"""Locks on deployments, releases and stemcells."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import threading
import time
import uuid

from devstack.pocket_director import errors

_LIFETIME = 30.0  # seconds until a holder that is gone loses its lock


@dataclasses.dataclass(frozen=True)
class Lock:
    """One lock that a task holds."""

    kind: str
    resource: tuple[str, ...]
    uid: str
    task_id: int

    @property
    def name(self) -> str:
        """As the director's messages name it."""
        return ':'.join(('lock', self.kind, *self.resource))


class Locks:
    """All locks of a director.

    :param timeout: seconds that a task waits for a lock.
    :param describe: what a task is called, by its number.
    """

    def __init__(self, timeout: float,
                 describe: Callable[[int], str]) -> None:
        self._timeout = timeout
        self._describe = describe
        self._changed = threading.Condition()
        self._held: dict[str, Lock] = {}

    def held(self) -> list[tuple[Lock, float]]:
        """The locks held now, each with the time at which it would end."""
        with self._changed:
            return [(lock, time.time() + _LIFETIME)
                    for lock in self._held.values()]

    def is_locked(self, kind: str, *resource: str) -> bool:
        """Whether some task holds this lock."""
        with self._changed:
            return ':'.join(('lock', kind, *resource)) in self._held

    @contextlib.contextmanager
    def hold(self, task_id: int, kind: str, *resource: str,
             ) -> Iterator[None]:
        """Hold a lock during a ``with`` block.

        :raises: DirectorError when another task does not release it.
        """
        lock = Lock(kind, resource, str(uuid.uuid4()), task_id)
        with self._changed:
            if not self._changed.wait_for(
                    lambda: lock.name not in self._held, self._timeout):
                holder = self._held[lock.name]
                raise errors.DirectorError(
                    100, f'Failed to acquire lock for {lock.name} uid: '
                         f'{lock.uid}. Locking task id is '
                         f'{holder.task_id}, description: '
                         f"'{self._describe(holder.task_id)}'")
            self._held[lock.name] = lock
        try:
            yield
        finally:
            with self._changed:
                del self._held[lock.name]
                self._changed.notify_all()
