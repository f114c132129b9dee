# SPDX-License-Identifier: Apache-2.0
"""Long-running processes of a state folder, found again by pid files.

A pid alone proves nothing: after a kill -9 or a reboot it may be another
process's.  So a pid file also holds when the process started and in which
boot, and nothing is ever signalled that does not match.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import time

from devstack.pocket import state as pocket_state

#: In the environment of everything spawned, and of its children.
MARK = 'POCKET_PROCESS'
LOG_LIMIT = 50 * 1024 ** 2


@dataclasses.dataclass(frozen=True)
class Running:
    """A process as its pid file and the kernel agree on it."""
    pid: int
    fingerprint: str


def spawn(state: pocket_state.State, name: str, argv: Sequence[str],
          env: Mapping[str, str], fingerprint: str = '') -> int:
    """Start a process that outlives this one; returns its pid.

    It gets a session of its own, no standard input, and ``log/<name>.log``
    for its output.

    :param name: also the name of its pid file, ``run/<name>``.
    :param fingerprint: kept for running(): what it was started with.
    """
    log = log_file(state, name)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix('.log.1'))
    mark = {MARK: _mark(state) + name}
    with open(log, 'ab', opener=_private) as output:
        child = subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, env={**env, **mark},
            cwd=state.path('data'), start_new_session=True, umask=0o077)
    state.write('run/' + name, json.dumps({
        'pid': child.pid, 'started': _started(child.pid), 'boot': _boot(),
        'fingerprint': fingerprint}))
    # It is meant to run on: say so to Popen, whose destructor would warn.
    child.returncode = 0
    return child.pid


def running(state: pocket_state.State, name: str) -> Running | None:
    """What a pid file stands for, if that very process still runs."""
    try:
        kept = json.loads(state.path('run', name).read_text())
        pid, started, boot = kept['pid'], kept['started'], kept['boot']
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if boot != _boot() or started is None or _started(pid) != started:
        return None
    return Running(pid, kept.get('fingerprint', ''))


def alive(state: pocket_state.State, name: str) -> int | None:
    """The pid, if the process runs."""
    found = running(state, name)
    return found.pid if found else None


def mark_ready(state: pocket_state.State, name: str) -> None:
    """Leave word that this very process does its work by now.

    For a service that listens nowhere, and so cannot be asked.
    """
    state.write('data/ready/' + name, _identity(os.getpid()))


def is_ready(state: pocket_state.State, name: str) -> bool:
    """Whether the process that runs by that name has left word."""
    pid = alive(state, name)
    try:
        return bool(pid) and state.path(
            'data/ready', name).read_text() == _identity(pid)
    except OSError:
        return False


def names(state: pocket_state.State) -> list[str]:
    """The names that have a pid file, whether they run or not."""
    folder = state.path('run')
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir()
                  if not entry.name.endswith('.part'))


def strays(state: pocket_state.State) -> dict[int, str]:
    """pid -> name of this state's processes, whatever the pid files say.

    Found by the mark in their environment: what was spawned just before a
    kill -9 of the spawner, and children that outlived their parent.
    """
    mark = ('%s=%s' % (MARK, _mark(state))).encode()
    found = {}
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            pairs = (folder / 'environ').read_bytes().split(b'\0')
        except OSError:  # gone meanwhile, or another user's
            continue
        for pair in pairs:
            if pair.startswith(mark) and _started(int(folder.name)):
                found[int(folder.name)] = pair[len(mark):].decode()
    found.pop(os.getpid(), None)
    return found


def stop(state: pocket_state.State, wanted: Iterable[str] | None = None,
         limit: float = 20) -> list[str]:
    """Stop processes, by SIGTERM and, after a time limit, by SIGKILL.

    :param wanted: names; everything of this state if None.
    :param limit: how many seconds they get to stop by themselves.
    :returns: the names of those that ran.
    """
    wanted = None if wanted is None else set(wanted)
    targets: dict[int, tuple[str, int]] = {}
    for name in names(state):
        pid = alive(state, name)
        if pid and (wanted is None or name in wanted):
            targets[pid] = (name, _started(pid) or 0)
    leaders = [name for name, _ in targets.values()]
    _signal(targets, signal.SIGTERM)
    _wait(targets, limit)
    # Their children, and what has no pid file; a child of a service that
    # just ended properly is long gone.
    for pid, name in strays(state).items():
        if wanted is None or name in wanted:
            targets[pid] = (name, _started(pid) or 0)
    _signal(targets, signal.SIGKILL)
    _wait(targets, 10)
    for name in names(state):
        if (wanted is None or name in wanted) and not alive(state, name):
            state.path('run', name).unlink(missing_ok=True)
    return sorted({*leaders, *(name for name, _ in targets.values())})


def log_file(state: pocket_state.State, name: str) -> pathlib.Path:
    """Where a process's output goes."""
    return state.path('log', name + '.log')


def log_tail(state: pocket_state.State, name: str, lines: int = 25) -> str:
    """The last lines of a process's log."""
    return tail(log_file(state, name), lines)


def tail(file: pathlib.Path, lines: int) -> str:
    """The last lines of a file, read from its end."""
    try:
        with open(file, 'rb') as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - lines * 2000))
            text = stream.read().decode(errors='replace')
    except OSError as exc:
        return '(%s)' % exc
    return '\n'.join(text.splitlines()[-lines:]) or '(it is empty)'


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _mark(state: pocket_state.State) -> str:
    return '%s:' % state.root


def _boot() -> str:
    return pathlib.Path('/proc/sys/kernel/random/boot_id').read_text().strip()


def _started(pid: int) -> int | None:
    """When a live process started, in clock ticks since boot (proc(5))."""
    try:
        text = pathlib.Path('/proc/%d/stat' % pid).read_text()
    except OSError:
        return None
    # The second field is the command in parentheses and may hold spaces.
    fields = text.rpartition(')')[2].split()
    return None if fields[0] in 'ZX' else int(fields[19])


def _identity(pid: int) -> str:
    """A text that no other process has, not even after a reboot."""
    return '%s %d %s' % (_boot(), pid, _started(pid))


def _signal(targets: Mapping[int, tuple[str, int]], number: int) -> None:
    for pid, (_name, started) in targets.items():
        if _started(pid) == started:
            try:
                os.kill(pid, number)
            except ProcessLookupError:  # it ended this very moment
                continue


def _wait(targets: Mapping[int, tuple[str, int]], limit: float) -> None:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        for pid in targets:
            _reap(pid)
        if not any(_started(pid) == started
                   for pid, (_name, started) in targets.items()):
            return
        time.sleep(0.05)


def _reap(pid: int) -> None:
    """Take leave of an ended child, if it is one of this process."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
