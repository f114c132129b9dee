# SPDX-License-Identifier: Apache-2.0
"""The faults that the proxy can inject."""

import dataclasses
import signal


@dataclasses.dataclass(frozen=True)
class Fault:
    """What happens to one request.

    :ivar name: in tables and on the command line.
    :ivar status: answered in place of the cloud, None to answer nothing.
    :ivar headers: of that answer.
    :ivar effective: whether the request reaches the cloud.
    :ivar number: the signal that the CPI gets, if any.
    :ivar answered: whether the CPI gets the cloud's own answer.
    """

    name: str
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    effective: bool = False
    number: signal.Signals | None = None
    answered: bool = False

    @property
    def kills(self) -> bool:
        """Whether nobody is left to clean up."""
        return self.number == signal.SIGKILL

    @property
    def stops(self) -> bool:
        """Whether the CPI is told to stop."""
        return self.number is not None and not self.kills


ALL = {
    fault.name: fault for fault in (
        Fault('500', status=500),
        Fault('503', status=503),
        Fault('429', status=429, headers=(('Retry-After', '1'),)),
        Fault('401', status=401, headers=(
            ('WWW-Authenticate', 'Keystone uri="http://keystone"'),)),
        Fault('reset'),
        Fault('lost', effective=True),
        Fault('kill-before', number=signal.SIGKILL),
        Fault('kill-after', effective=True, number=signal.SIGKILL),
        Fault('term', effective=True, number=signal.SIGTERM,
              answered=True),
    )}

MEANINGS = {
    '500': 'answered 500, without effect',
    '503': 'answered 503, without effect',
    '429': 'answered 429 with Retry-After: 1',
    '401': 'answered 401, as if the token had been revoked',
    'reset': 'connection reset before the request took effect',
    'lost': 'connection lost after the request took effect',
    'kill-before': 'kill -9 of the CPI before the request took effect',
    'kill-after': 'kill -9 of the CPI after the request took effect',
    'term': 'SIGTERM to the CPI while the request is under way',
}
