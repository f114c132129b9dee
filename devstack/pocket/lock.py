# SPDX-License-Identifier: Apache-2.0
"""One command at a time works on a state folder."""

from collections.abc import Iterator
import contextlib
import fcntl
import os
import time

from devstack.pocket import errors
from devstack.pocket import state as pocket_state

LIMIT_S = 900


@contextlib.contextmanager
def hold(state: pocket_state.State,
         limit: float = LIMIT_S) -> Iterator[int]:
    """Keep other commands out of the folder; yields a descriptor.

    A command that is started with that descriptor holds the lock too, so
    that what a killed "up" left at work is waited for.

    :param limit: how many seconds to wait for another command.
    :raises Busy: it still works.
    :raises StateError: the folder is not a pocket cloud's.
    """
    state.make_root()
    fd = os.open(state.path('lock'), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait(fd, state, limit)
        os.truncate(fd, 0)
        os.pwrite(fd, b'%d\n' % os.getpid(), 0)
        yield fd
    finally:
        os.close(fd)


def _wait(fd: int, state: pocket_state.State, limit: float) -> None:
    end = time.monotonic() + limit
    told = False
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pid = os.pread(fd, 20, 0).decode().strip() or 'unknown'
        if time.monotonic() > end:
            raise errors.Busy(pid=pid, path=state.root, limit=limit)
        if not told:
            print('Waiting for another command (started by pid %s) that is '
                  'at work in %s' % (pid, state.root), flush=True)
            told = True
        time.sleep(0.2)
