# SPDX-License-Identifier: Apache-2.0
"""What passed through the proxy: requests, and the steps they make up."""

from collections.abc import Callable
import dataclasses
import re
import threading
from typing import Any
import urllib.parse

# UUIDs, with and without dashes, are what differs from run to run.
_ID = re.compile(
    r'[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}')


@dataclasses.dataclass(frozen=True)
class Step:
    """A request as a clean run knows it.

    Polls that follow each other are one step, since how many there are is
    a matter of luck.

    :ivar method: of HTTP.
    :ivar service: for instance ``nova``.
    :ivar template: the path with ids left out and the names of its query.
    :ivar occurrence: how many times this step was seen, from 1.
    """

    method: str
    service: str
    template: str
    occurrence: int = 1

    def __str__(self) -> str:
        text = f'{self.method} {self.service} {self.template}'
        return text if self.occurrence == 1 else (
            f'{text} #{self.occurrence}')


@dataclasses.dataclass
class Exchange:
    """One request and what became of it.

    :ivar step: the step it belongs to.
    :ivar first: whether it is the first of its step.
    :ivar path: as it was sent, with its query.
    :ivar body: the JSON that was sent, None for all else.
    :ivar status: what the CPI was answered, None for no answer.
    :ivar seconds: how long that took.
    :ivar fault: what was injected, if anything.
    """

    step: Step
    first: bool
    path: str
    body: Any = None
    status: int | None = None
    seconds: float = 0.0
    fault: str | None = None


class Recording:
    """All requests in their order; safe to use from several threads.

    :ivar exchanges: the requests.
    :ivar connections: how many TCP connections they came by.
    """

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str, str], int] = {}

    def connected(self) -> None:
        """Count a connection."""
        with self._lock:
            self.connections += 1

    def begin(self, method: str, service: str, path: str) -> Exchange:
        """Note a request that has just come in."""
        key = (method, service, template(path))
        with self._lock:
            last = self.exchanges[-1].step if self.exchanges else None
            again = method == 'GET' and last is not None and key == (
                last.method, last.service, last.template)
            if not again:
                self._seen[key] = self._seen.get(key, 0) + 1
            exchange = Exchange(
                Step(*key, self._seen[key]), not again, path)
            self.exchanges.append(exchange)
            return exchange

    def steps(self) -> list[Step]:
        """The steps so far, each once."""
        return [found.step for found in self.exchanges if found.first]

    def sent(self, method: str, pattern: str) -> list[Any]:
        """The JSON bodies of requests whose template has the pattern."""
        return [
            found.body for found in self.exchanges
            if found.body is not None and found.step.method == method
            and re.search(pattern, found.step.template)]


#: Chooses the fault of a request, None for no fault.
Chooser = Callable[[Exchange], Any]


def template(path: str) -> str:
    """``/v2.1/servers/{id}`` for the path of one server."""
    parts = urllib.parse.urlsplit(path)
    found = _ID.sub('{id}', parts.path)
    # A list or a count is another question than a filter by name.
    names = sorted({name for name, _value in urllib.parse.parse_qsl(
        parts.query, keep_blank_values=True)})
    return f'{found}?{"&".join(names)}' if names else found
