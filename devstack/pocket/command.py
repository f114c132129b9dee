# SPDX-License-Identifier: Apache-2.0
"""Commands that end: installing, making tables, seeding."""

from collections.abc import Mapping
from collections.abc import Sequence
import os
import shlex
import subprocess

from devstack.pocket import errors
from devstack.pocket import process
from devstack.pocket import state as pocket_state


class Runner:
    """Runs commands with their output in a log file of the state folder.

    :param lock: the descriptor of the state's lock.  The commands hold it
        too: if this process is killed, the next "up" waits for them.
    """

    def __init__(self, state: pocket_state.State, lock: int) -> None:
        self._state = state
        self._lock = lock

    def run(self, what: str, argv: Sequence[str], env: Mapping[str, str],
            log: str, given: bytes = b'') -> None:
        """Run a command.

        :param what: what it is for, as the error names it.
        :param argv: never holds a secret: it is logged, and shown by ps.
        :param log: name of the log, without folder and ending.
        :param given: its standard input.
        :raises CommandFailed: with the end of the log.
        """
        file = process.log_file(self._state, log)
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(fd, 'ab') as output:
            output.write(b'$ %s\n' % shlex.join(argv).encode())
            output.flush()
            done = subprocess.run(
                list(argv), input=given, stdout=output,
                stderr=subprocess.STDOUT, env=dict(env),
                cwd=pocket_state.REPOSITORY, pass_fds=(self._lock,),
                umask=0o077)
        if done.returncode:
            raise errors.CommandFailed(
                what=what, command=shlex.join(argv), status=done.returncode,
                log=file, tail=process.tail(file, 25))
