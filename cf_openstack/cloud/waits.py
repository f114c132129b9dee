# SPDX-License-Identifier: Apache-2.0
"""Waiting for OpenStack: polls that grow rarer, and tolerate failures."""

from collections.abc import Callable
from collections.abc import Collection
import logging
import time
from typing import Any
from typing import TypeVar

from cf_openstack.cloud import errors

LOG = logging.getLogger(__name__)

T = TypeVar('T')

#: Seconds between the first polls.
SHORTEST_PAUSE = 0.5

#: What of the time waited so far the next pause may be: so a wait never
#: lasts more than a quarter longer than it must.
_SHARE = 0.25

_FAILED = ('failed', 'killed')

#: The state of an object that is not there.
GONE = 'gone'


class Waiter:
    """Polls until an object is where it should be.

    :param timeout: seconds that one wait may take.
    :param longest_pause: most seconds between two polls.
    """

    def __init__(
        self, timeout: float = 300, longest_pause: float = 5
    ) -> None:
        self.timeout = timeout
        self._longest = longest_pause

    def until(
        self,
        kind: str,
        object_id: str,
        expected: str,
        fetch: Callable[[], T],
        done: Callable[[T], bool],
        state: Callable[[T], str] = str,
    ) -> T:
        """Poll with ``fetch`` until ``done`` says so.

        A poll that fails for a passing reason does not fail the wait.
        Whatever ``done`` raises ends it.

        :param kind: for the messages, ``Server`` for instance.
        :param object_id: for the messages.
        :param expected: for the messages, ``active`` for instance.
        :param fetch: reads the object.
        :param done: whether it is where it should be.
        :param state: the state of what was fetched, for the messages.
        :returns: what was fetched last.
        :raises errors.WaitTimedOut: it took too long.
        """
        started = time.monotonic()
        last = 'not known'
        while True:
            try:
                found = fetch()
            except errors.API_ERRORS as exc:
                if not errors.is_transient(exc):
                    raise
                LOG.warning("Reading %s `%s' failed, waiting on: %s",
                            kind, object_id, errors.detail(exc))
            else:
                last = state(found)
                if done(found):
                    LOG.info("%s `%s' is %s after %.1f seconds", kind,
                             object_id, last, time.monotonic() - started)
                    return found
            elapsed = time.monotonic() - started
            if elapsed >= self.timeout:
                raise errors.WaitTimedOut(
                    kind=kind, id=object_id, expected=expected,
                    seconds=elapsed, state=last)
            pause = min(max(SHORTEST_PAUSE, elapsed * _SHARE),
                        self._longest, self.timeout - elapsed)
            time.sleep(pause)

    def for_status(
        self,
        kind: str,
        object_id: str,
        fetch: Callable[[], Any],
        expected: str,
        failed: Collection[str] = (),
    ) -> Any:
        """Wait for the ``status`` of a resource, letter case aside.

        :param failed: states that end the wait, beside those of errors.
        :raises errors.ResourceFailed: it went to a failed state.
        :raises errors.WaitTimedOut: it took too long.
        """
        def done(resource: Any) -> bool:
            status = resource.status.lower()
            if (status in failed or status in _FAILED
                    or status.startswith('error')):
                raise errors.ResourceFailed(
                    kind=kind, id=object_id, state=status,
                    expected=expected, reason=_fault(resource))
            return status == expected

        return self.until(
            kind, object_id, expected, fetch, done,
            lambda resource: resource.status.lower())

    def until_gone(
        self, kind: str, object_id: str, fetch: Callable[[], Any]
    ) -> None:
        """Wait until ``fetch`` answers 404, or with a deleted object.

        :raises errors.WaitTimedOut: it took too long.
        """
        def status() -> str:
            try:
                return str(fetch().status).lower()
            except errors.API_ERRORS as exc:
                if errors.is_not_found(exc):
                    return GONE
                raise

        self.until(kind, object_id, 'deleted', status,
                   lambda state: state in (GONE, 'deleted', 'terminated'))


def _fault(resource: Any) -> str:
    fault = getattr(resource, 'fault', None)
    if not fault:
        return ''
    parts = [fault.get('message'), fault.get('details')]
    return ': ' + ' '.join(part for part in parts if part)
