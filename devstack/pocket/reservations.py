# SPDX-License-Identifier: Apache-2.0
"""Which ports a user's pocket clouds chose, so that none takes another's.

A port that a cloud has chosen is free until its service listens, which takes
minutes the first time, and again while the cloud is down.
"""

from collections.abc import Iterator
import contextlib
import fcntl
import json
import os
import pathlib
import stat
import tempfile

from devstack.pocket import errors


@contextlib.contextmanager
def hold(root: pathlib.Path) -> Iterator[set[int]]:
    """Keep this user's other clouds from choosing ports; yields theirs.

    :param root: the folder of the cloud that chooses.  It is remembered.
        Ports are read from the clouds' own ``pocket.json``: what is written
        there before this is left is reserved, until that file is removed.
    :raises StateError: somebody else has made the folder of the list.
    """
    fd = os.open(_folder() / 'clouds', os.O_RDWR | os.O_CREAT, 0o600)
    with open(fd, 'r+') as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        others = {}
        for line in stream.read().splitlines():
            known = pathlib.Path(line)
            taken = _ports(known)
            if taken and known != root:
                others[known] = taken
        stream.seek(0)
        stream.truncate()
        stream.writelines('%s\n' % known for known in (*others, root))
        stream.flush()
        yield {port for taken in others.values() for port in taken}


def _folder() -> pathlib.Path:
    """Where the list of the user's clouds is."""
    folder = pathlib.Path(tempfile.gettempdir(),
                          'pocket-clouds-%d' % os.getuid())
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise errors.StateError(
            '%s is another user\'s, and not used. Remove it, or set TMPDIR '
            'to a folder of your own.' % folder)
    return folder


def _ports(root: pathlib.Path) -> set[int]:
    """The ports of a cloud; none if it is there no more."""
    try:
        kept = json.loads((root / 'pocket.json').read_text())
        return {int(port) for port in kept['ports'].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
