# SPDX-License-Identifier: Apache-2.0
"""The event stream of a task: one JSON object a line."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import pathlib
import threading
import time
from typing import Any

from devstack.pocket_director import errors
from devstack.pocket_director import noise as noises


class EventStream:
    """Writes a task's ``event`` output.

    :param path: the file, appended to.
    :param noise: what else is in it.
    :param on_stage: called with the name of each stage that begins.
    """

    def __init__(self, path: pathlib.Path, noise: noises.Noise,
                 on_stage: Callable[[str], None] = lambda name: None,
                 ) -> None:
        self._path = path
        self._noise = noise
        self._on_stage = on_stage
        self._lock = threading.Lock()

    def stage(self, name: str, total: int | None = None,
              tags: Sequence[str] = ()) -> 'Stage':
        """Begin a stage of ``total`` steps."""
        self._on_stage(name)
        return Stage(self, name, total, list(tags))

    def warning(self, message: str) -> None:
        """Tell the person something that is no error."""
        self.write({'time': _now(), 'type': 'warning', 'message': message})

    def deprecation(self, message: str) -> None:
        """Tell the person of something that will go."""
        self.write(
            {'time': _now(), 'type': 'deprecation', 'message': message})

    def error(self, error: errors.DirectorError) -> None:
        """The end of a task that failed or was cancelled."""
        self.write({'time': _now(), 'error': {
            'code': error.code, 'message': error.message}})

    def write(self, entry: dict[str, Any]) -> None:
        """Append one object."""
        lines = self._noise.lines(entry)
        with self._lock, self._path.open('a', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)


class Stage:
    """Steps of one kind, which may run in parallel."""

    def __init__(self, stream: EventStream, name: str, total: int | None,
                 tags: list[str]) -> None:
        self._stream = stream
        self._name = name
        self._total = total
        self._tags = tags
        self._index = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def step(self, task: str) -> Iterator['Step']:
        """Run one step in a ``with`` block; an exception fails it."""
        with self._lock:
            self._index += 1
            index = self._index
        step = Step(self._stream, {
            'stage': self._name, 'tags': self._tags, 'total': self._total,
            'task': task, 'index': index})
        step.write('started', 0)
        try:
            yield step
        except BaseException as error:
            step.write('failed', 100, {'error': str(error)})
            raise
        step.write('finished', 100)

    def skip(self, task: str) -> None:
        """A step without work: begun and finished at once."""
        with self.step(task):
            pass


class Step:
    """One step of a stage."""

    def __init__(self, stream: EventStream, identity: dict[str, Any],
                 ) -> None:
        self._stream = stream
        self._identity = identity

    def progress(self, percent: int, status: str) -> None:
        """How far the step is, and with what it goes on."""
        self.write('in_progress', percent, {'status': status})

    def write(self, state: str, percent: int,
              data: dict[str, str] | None = None) -> None:
        """Write one event of this step."""
        entry = {'time': _now(), **self._identity,
                 'state': state, 'progress': percent}
        if data:
            entry['data'] = data
        self._stream.write(entry)


def _now() -> int:
    return int(time.time())
