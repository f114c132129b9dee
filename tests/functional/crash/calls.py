# SPDX-License-Identifier: Apache-2.0
"""The requests to a director, by names that are the same in each run."""

import collections
import dataclasses
import re
import threading

#: The moments of a request at which an engine can be killed.
BEFORE = 'before'
AMID = 'amid'
AFTER = 'after'

_TASK = re.compile(r'/tasks?/([0-9]+)')
_RELEASE = re.compile(rb'"location": ?"[^"]*/release-([a-z]+)-')


@dataclasses.dataclass(frozen=True, order=True)
class Call:
    """The n-th request of a kind.

    :ivar method: of HTTP.
    :ivar route: the path without what differs from run to run; a task is
        named by the request that started it.
    :ivar number: counts from 1.
    """

    method: str
    route: str
    number: int

    @property
    def changes(self) -> bool:
        """Whether it may change something at the director."""
        return self.method != 'GET'

    @property
    def downloads(self) -> bool:
        """Whether it fetches a file."""
        return self.route.startswith('/files/')

    def moments(self) -> tuple[str, ...]:
        """When an engine can be killed during it."""
        return (BEFORE, AMID, AFTER) if self.downloads else (BEFORE, AFTER)

    def __str__(self) -> str:
        number = f' #{self.number}' if self.number > 1 else ''
        return f'{self.method} {self.route}{number}'


class Namer:
    """Gives each request its name.

    :param tag: what is in all names of one stack, and is left out.
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._lock = threading.Lock()
        self._starts: dict[str, str] = {}
        self._seen: collections.Counter[tuple[str, str]] = (
            collections.Counter())

    def name(self, method: str, path: str, body: bytes = b'') -> Call:
        """Name the next request."""
        path, _mark, query = path.partition('?')
        with self._lock:
            route = _TASK.sub(self._task, path)
            for word in ('type=event', 'type=result', 'context_id',
                         'type=cloud'):
                if word in query:
                    route += '?' + word
            route = re.sub(f'-?{self._tag}', '', route)
            release = _RELEASE.search(body)
            if release:
                route += f' ({release[1].decode()})'
            self._seen[method, route] += 1
            return Call(method, route, self._seen[method, route])

    def _task(self, match: re.Match[str]) -> str:
        start = self._starts.get(match[1], 'unknown')
        return match[0].replace(match[1], f'<{start}>')

    def started(self, call: Call, location: str) -> None:
        """Take note of the task that a request has started."""
        match = _TASK.search(location)
        if match:
            with self._lock:
                self._starts[match[1]] = f'{call.method} {call.route}'

    def restart(self) -> None:
        """Count from the beginning: another action begins."""
        with self._lock:
            self._seen.clear()
