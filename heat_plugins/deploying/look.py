# SPDX-License-Identifier: Apache-2.0
"""Looking at a deployment for somebody who waits."""

from collections.abc import Callable
import time
from typing import Any

from oslo_config import cfg

from cf_openstack.director import countdown
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import limits as director_limits

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base

#: Seconds for all that is read of a deployment at once.
TIMEOUT = 10.0
#: Seconds for what agents have to be asked.
VITALS_TIMEOUT = 20.0

#: Reads that follow each other within so many seconds are one look.
_LINGER = 1.0
# Seconds for which a director that did not answer is not asked again on
# behalf of the same request to Heat, which may ask for many attributes.
_OUTAGE = 5.0

_GONE = (director_exceptions.ConnectionFailed, countdown.DeadlineOver)


class Look:
    """One look at a deployment, bounded in time.

    What is read in it has one deadline in common.  When the director is out
    of reach, all that is read later in the same look fails at once.

    :param rsrc: the deployment's resource.
    :param seconds: how long all may take together.
    """

    def __init__(self, rsrc: base.DirectorUser, seconds: float = TIMEOUT,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used = clock()
        self._factory = rsrc.client()
        conn = rsrc.director().connection
        self._endpoint = conn.endpoint
        self._limits = countdown.Countdown(
            director_limits.Limits.from_conf(cfg.CONF), seconds, clock)
        #: What there is to see.
        self.view = deployment_view.View(
            self._factory.open(conn, self._limits), rsrc.resource_id or '')

    @property
    def is_over(self) -> bool:
        """Whether the next one who reads shall look anew."""
        return self._clock() - self._used > _LINGER

    def read(self, reader: Callable[[deployment_view.View], Any]) -> Any:
        """Read something.

        :param reader: given the view, returns what it sees there.
        :raises DirectorError: when the director does not tell in time.
        """
        gone = self._factory.outages.get(self._endpoint)
        if gone is not None and self._clock() - gone[0] < _OUTAGE:
            raise gone[1]
        try:
            return reader(self.view)
        except director_exceptions.ConnectionFailed as error:
            late: Exception = error
            if self._limits.is_over:
                # Otherwise it would name an option that was not the cause.
                late = countdown.DeadlineOver(seconds=self._limits.seconds)
            self._note(late)
            raise late
        except countdown.DeadlineOver as error:
            self._note(error)
            raise
        finally:
            self._used = self._clock()

    def _note(self, error: Exception) -> None:
        self._factory.outages[self._endpoint] = self._clock(), error


def at(rsrc: base.DirectorUser) -> Look:
    """The look under way at a deployment, or a new one.

    :param rsrc: the resource; it holds the look.
    """
    if rsrc.look is None or rsrc.look.is_over:
        rsrc.look = Look(rsrc)
    return rsrc.look


def is_gone(error: Exception) -> bool:
    """Whether an error means that no other question helps either."""
    return isinstance(error, _GONE)
