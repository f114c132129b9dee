# SPDX-License-Identifier: Apache-2.0
"""Heat's engines: found by their connections, killed, brought back."""

import json
import os
import pathlib
import re
import signal
import time

from devstack.pocket import health
from devstack.pocket import lock
from devstack.pocket import process
from devstack.pocket import programs
from devstack.pocket import state as pocket_state

_LIMIT_S = 30
_START_LIMIT_S = 120
#: Of the services whose names begin so, the processes are engines.
PREFIX = 'heat'


def pids(state: pocket_state.State) -> dict[int, str]:
    """The processes that may be engines: pid -> name of the service."""
    found = {process.alive(state, name): name
             for name in process.names(state) if name.startswith(PREFIX)}
    return {pid: name for pid, name in found.items() if pid}


def holder(state: pocket_state.State, peer: tuple[str, int]) -> int | None:
    """The engine that has a connection, by its own end's address."""
    inode = _inode(peer)
    if inode is None:
        return None
    wanted = f'socket:[{inode}]'
    family = set(pids(state)) | {
        pid for pid, name in process.strays(state).items()
        if name.startswith(PREFIX)}
    for pid in family:
        for link in pathlib.Path(f'/proc/{pid}/fd').glob('*'):
            try:
                if os.readlink(link) == wanted:
                    return pid
            except OSError:      # closed meanwhile
                continue
    return None


def _inode(peer: tuple[str, int]) -> str | None:
    host, port = peer
    address = bytes(map(int, host.split('.')))[::-1].hex().upper()
    wanted = f'{address}:{port:04X}'
    for line in pathlib.Path('/proc/net/tcp').read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted:
            return fields[9]
    return None


def kill(pid: int) -> None:
    """End a process at once, and see that it has ended.

    :raises TimeoutError: when it does not.
    """
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + _LIMIT_S
    stat = pathlib.Path(f'/proc/{pid}/stat')
    while stat.exists() and not re.search(r'\) [ZX] ', stat.read_text()):
        if time.monotonic() > end:
            raise TimeoutError(f'Process {pid} does not end')
        time.sleep(0.02)


def revive(state: pocket_state.State) -> None:
    """Bring back what was killed, and wait until it works.

    :raises TimeoutError: when it does not.
    """
    dead = [one for one in state.services if one.name.startswith(PREFIX)
            and not process.alive(state, one.name)]
    with lock.hold(state):
        for one in dead:
            argv, env = programs.command(state, one)
            # The same as before, to "up" as well.
            kept = json.loads(state.path('run', one.name).read_text())
            process.spawn(state, one.name, argv, env, kept['fingerprint'])
    end = time.monotonic() + _START_LIMIT_S
    while not all(health.answers(state, one) for one in dead):
        if time.monotonic() > end:
            raise TimeoutError(f'{dead} did not start')
        time.sleep(0.1)
