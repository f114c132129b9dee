# SPDX-License-Identifier: Apache-2.0
"""Limits for several requests that have one deadline in common."""

from collections.abc import Callable
import time

from cf_openstack.director import exceptions
from cf_openstack.director import limits as director_limits

# Seconds by which a socket may give up too early.
_GRAIN = 0.1


class DeadlineOver(exceptions.DirectorError):
    """A director did not answer all requests in the time for all."""

    msg_fmt = 'The director did not answer within %(seconds)g s.'


class Countdown(director_limits.Limits):
    """Limits that become tighter as a deadline comes nearer.

    Whoever looks at something for a person who waits sends a few requests,
    and knows how long all of them may take.  A request that fails is not
    sent again.

    :param limits: the limits that hold anyway.
    :param seconds: how long all requests may take; the time runs from the
        first of them on.
    :param clock: gives the time in seconds.
    """

    # The fields of the parent's data class, in which they are fixed.
    connect_timeout = property(lambda self: min(  # type: ignore[assignment]
        self._limits.connect_timeout, self._half()))
    read_timeout = property(lambda self: min(  # type: ignore[assignment]
        self._limits.read_timeout, self.left()))
    total_timeout = property(lambda self: min(  # type: ignore[assignment]
        self._limits.total_timeout, self.left()))
    max_size = property(  # type: ignore[assignment]
        lambda self: self._limits.max_size)
    attempts = 1
    retry_wait = 0

    def __init__(self, limits: director_limits.Limits, seconds: float,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._end: float | None = None
        self.seconds = seconds

    def left(self) -> float:
        """Tell how many seconds are left; the first call starts the time.

        :raises DeadlineOver: when none are.
        """
        now = self._clock()
        if self._end is None:
            self._end = now + self.seconds
        if now >= self._end:
            raise DeadlineOver(seconds=self.seconds)
        return self._end - now

    @property
    def is_over(self) -> bool:
        """Whether the time was started and is up, or as good as that."""
        return self._end is not None and self._clock() > self._end - _GRAIN

    def _half(self) -> float:
        # So that a name with two addresses, one of them dead, is reached.
        return max(min(self.left(), self.seconds / 2), 0.01)
