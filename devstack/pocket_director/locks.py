# SPDX-License-Identifier: Apache-2.0
"""Locks on deployments, releases and stemcells."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
import contextlib
import dataclasses
import threading
import time
import uuid

from devstack.pocket_director import errors

_LIFETIME = 30.0  # seconds until a holder that is gone loses its lock
_STRANGERS_PAUSE = 0.1  # seconds


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
    :param strangers: the deployments that somebody else has locked now.
    """

    def __init__(self, timeout: float, describe: Callable[[int], str],
                 strangers: Callable[[], Collection[str]]) -> None:
        self._timeout = timeout
        self._describe = describe
        self._strangers = strangers
        self._changed = threading.Condition()
        self._held: dict[str, Lock] = {}

    def held(self) -> list[tuple[Lock, float]]:
        """The locks held now, each with the time at which it would end."""
        with self._changed:
            return [(lock, time.time() + _LIFETIME)
                    for lock in self._held.values()]

    def is_locked(self, kind: str, *resource: str) -> bool:
        """Whether some task holds this lock."""
        lock = Lock(kind, resource, '', 0)
        with self._changed:
            return lock.name in self._held or self._is_strange(lock)

    @contextlib.contextmanager
    def hold(self, task_id: int, kind: str, *resource: str,
             ) -> Iterator[None]:
        """Hold a lock during a ``with`` block.

        :raises: DirectorError when another task does not release it.
        """
        lock = Lock(kind, resource, str(uuid.uuid4()), task_id)
        end = time.monotonic() + self._timeout
        with self._changed:
            while lock.name in self._held or self._is_strange(lock):
                left = end - time.monotonic()
                if left <= 0:
                    raise self._failure(lock)
                # The strangers tell nobody when they have finished.
                self._changed.wait(min(left, _STRANGERS_PAUSE))
            self._held[lock.name] = lock
        try:
            yield
        finally:
            with self._changed:
                del self._held[lock.name]
                self._changed.notify_all()

    def _is_strange(self, lock: Lock) -> bool:
        return lock.kind == 'deployment' and (
            lock.resource[0] in self._strangers())

    def _failure(self, lock: Lock) -> errors.DirectorError:
        holder = self._held.get(lock.name)
        number, what = 0, 'create deployment'
        if holder is not None:
            number, what = holder.task_id, self._describe(holder.task_id)
        return errors.DirectorError(
            100, f'Failed to acquire lock for {lock.name} uid: {lock.uid}. '
                 f"Locking task id is {number}, description: '{what}'")
