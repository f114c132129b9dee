# SPDX-License-Identifier: Apache-2.0
"""The heat-engines of a pocket cloud: to find, kill and start them."""

from collections.abc import Iterable
import json
import os
import signal
import time

import sqlalchemy

from devstack.pocket.config import mariadb
from devstack.pocket import health
from devstack.pocket import lock
from devstack.pocket import process
from devstack.pocket import programs
from devstack.pocket import service
from devstack.pocket import state as pocket_state

LIMIT_S = 90
PAUSE_S = 0.02
#: Which engines ever were, by what each calls itself.  One that was started
#: again has another id, and the old one stays.
ENGINES = sqlalchemy.text('SELECT engine_id, host FROM service')
#: Resources that an engine is at work on: Heat's convergence lock.
HELD = sqlalchemy.text(
    'SELECT resource.name, stack.name AS stack, resource.engine_id '
    'FROM resource JOIN stack ON resource.stack_id = stack.id '
    'WHERE resource.engine_id IS NOT NULL')


class Fleet:
    """The engines of a cloud that was brought up with ``--engines``.

    :raises AssertionError: the cloud has none.
    """

    def __init__(self, state: pocket_state.State) -> None:
        if not state.engines:
            raise AssertionError(
                'The pocket cloud in %s has no heat-engines of their own. '
                'Make it with "python3 -m devstack.pocket --state %s up '
                '--engines 3".' % (state.root, state.root))
        self._state = state
        self._services = {one.name: one for one in state.services
                          if one.kind == service.ENGINE}
        self._database = sqlalchemy.create_engine(
            mariadb.url(state, 'heat'), poolclass=sqlalchemy.NullPool)

    @property
    def names(self) -> list[str]:
        """What they are called: heat-engine-1 and so on."""
        return list(self._services)

    def pid(self, name: str) -> int | None:
        """The process of one, if it runs."""
        return process.alive(self._state, name)

    def running(self) -> list[str]:
        """Those that run."""
        return [name for name in self.names if self.pid(name)]

    def log_size(self, name: str) -> int:
        """How long the log of one is by now, in bytes."""
        return process.log_file(self._state, name).stat().st_size

    def log(self, name: str, start: int = 0) -> str:
        """What one has logged, from an earlier log_size() on."""
        with open(process.log_file(self._state, name), 'rb') as stream:
            stream.seek(start)
            return stream.read().decode(errors='replace')

    def holder(self, stack: str, resource: str) -> str | None:
        """The engine that is at work on a resource now; none if none is.

        :param stack: the stack's name.
        :param resource: the resource's name in its template.
        """
        with self._database.connect() as connection:
            hosts = {row.engine_id: row.host
                     for row in connection.execute(ENGINES)}
            for row in connection.execute(HELD):
                if (row.stack, row.name) == (stack, resource):
                    return hosts.get(row.engine_id)
        return None

    def kill(self, *names: str) -> None:
        """Kill engines (SIGKILL) and see them gone; all if none is named.

        One that does not run is left as it is.
        """
        wanted = names or self.names
        for name in wanted:
            pid = self.pid(name)
            if pid:
                os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + LIMIT_S
        while any(self.pid(name) for name in wanted):
            if time.monotonic() > end:
                raise AssertionError('Not gone by now: %s'
                                     % ', '.join(wanted))
            time.sleep(PAUSE_S)

    def start(self, *names: str) -> None:
        """Start engines and wait for them; all if none is named.

        One that runs is left as it is.
        """
        wanted = names or self.names
        with lock.hold(self._state):
            for name in wanted:
                if not self.pid(name):
                    self._spawn(name)
        self.wait(wanted)

    def wait(self, names: Iterable[str]) -> None:
        """Wait until engines do their work."""
        end = time.monotonic() + LIMIT_S
        for name in names:
            while not health.answers(self._state, self._services[name]):
                if not self.pid(name) or time.monotonic() > end:
                    raise AssertionError('%s is not up:\n%s' % (
                        name, process.log_tail(self._state, name)))
                time.sleep(PAUSE_S)

    def _spawn(self, name: str) -> None:
        argv, env = programs.command(self._state, self._services[name])
        # The same as before, to "up" as well.
        kept = json.loads(self._state.path('run', name).read_text())
        process.spawn(self._state, name, argv, env, kept['fingerprint'])
