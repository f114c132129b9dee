# SPDX-License-Identifier: Apache-2.0
"""Whether services answer, and waiting until they do."""

from collections.abc import Collection
import os
import signal
import time

from devstack.pocket import errors
from devstack.pocket import probes
from devstack.pocket import process
from devstack.pocket import progress as pocket_progress
from devstack.pocket import service
from devstack.pocket import state as pocket_state

LIMIT_S = 240
# Horizon's first page takes seconds to be made.
ANSWER_S = 15


def answers(state: pocket_state.State, one: service.Service,
            limit: float = ANSWER_S) -> bool:
    """Whether a service answers a request, with whatever but an error."""
    if not one.speaks:
        return process.is_ready(state, one.name)
    port = state.ports[one.ports[0]]
    if one.speaks == 'http':
        return probes.http(port, one.probe, limit)
    return probes.PROTOCOLS[one.speaks](port, limit)


def wait(state: pocket_state.State, services: Collection[service.Service],
         progress: pocket_progress.Progress, limit: float = LIMIT_S) -> None:
    """Wait until all of them answer.

    :param limit: seconds, for all together.
    :raises ServiceFailed: one of them ended, or does not answer in time;
        with the end of its log.
    """
    pending = {one.name: one for one in services}
    end = time.monotonic() + limit
    while pending:
        for name, one in list(pending.items()):
            if not process.alive(state, name):
                raise _failed(state, name, 'ended while it was starting')
            if answers(state, one):
                progress.say('  %s answers' % name)
                del pending[name]
        if pending and time.monotonic() > end:
            name = next(iter(pending))
            _dump_threads(state, name)
            raise _failed(state, name, 'does not answer after %d s' % limit)
        time.sleep(0.2)


def wait_for(state: pocket_state.State, names: Collection[str],
             limit: float = LIMIT_S) -> None:
    """Wait until services answer that something else has started.

    :param limit: seconds, for all together.
    :raises ServiceFailed: one of them does not answer in time.
    """
    end = time.monotonic() + limit
    for one in service.ALL + service.BACKENDS:
        while one.name in names and not answers(state, one):
            if time.monotonic() > end:
                raise _failed(state, one.name,
                              'does not answer after %d s' % limit)
            time.sleep(0.2)


def _failed(state: pocket_state.State, name: str,
            what: str) -> errors.ServiceFailed:
    return errors.ServiceFailed(
        name=name, what=what, log=process.log_file(state, name),
        tail=process.log_tail(state, name))


def _dump_threads(state: pocket_state.State, name: str) -> None:
    """Have a service that hangs write its stacks into its log."""
    pid = process.alive(state, name)
    if pid:
        os.kill(pid, signal.SIGUSR1)
        time.sleep(1)
