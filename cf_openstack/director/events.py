# SPDX-License-Identifier: Apache-2.0
"""The event stream of a director's task: one JSON object a line.

Stage and task names change between releases of the director; only the
structure is relied on.
"""

from collections.abc import Sequence
import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class EventError:
    """Why a task failed.

    :ivar code: the director's error code; 100 stands for everything it has
        no own code for, all CPI errors among them.
    :ivar message: text of the error.
    """

    code: int | None
    message: str

    def __str__(self) -> str:
        if self.code is None:
            return f'Error: {self.message}'
        return f'Error {self.code}: {self.message}'


@dataclasses.dataclass(frozen=True)
class Event:
    """One line of the stream: a step, a warning or an error.

    :ivar time: seconds since the epoch, None when absent.
    :ivar stage: what the director is at; None for warnings and errors.
    :ivar tags: what the stage is about, such as the instance group.
    :ivar total: number of steps of the stage, None when not known.
    :ivar task: name of the step.
    :ivar index: number of the step, from 1.
    :ivar state: started, in_progress, finished or failed.
    :ivar progress: percent of the step.
    :ivar status: what the step is doing, or why it failed.
    :ivar error: the error that ends a task.
    :ivar type: ``warning`` or ``deprecation``; ``unreadable`` for a line
        that is no event, which ``message`` then holds.
    :ivar message: text of a warning.
    """

    time: int | None = None
    stage: str | None = None
    tags: tuple[str, ...] = ()
    total: int | None = None
    task: str | None = None
    index: int | None = None
    state: str | None = None
    progress: int | None = None
    status: str | None = None
    error: EventError | None = None
    type: str | None = None
    message: str | None = None

    @property
    def step(self) -> tuple[str | None, tuple[str, ...], str | None]:
        """What tells one step of a task from another."""
        return self.stage, self.tags, self.task

    @property
    def identity(self) -> tuple[Any, ...]:
        """What two events share that tell a person the same."""
        return (*self.step, self.state, self.status, self.error, self.type,
                self.message)

    @property
    def summary(self) -> str:
        """One line for a person."""
        if self.error is not None:
            return str(self.error)
        if self.type is not None:
            return f'{self.type.capitalize()}: {self.message or ""}'
        place = self.stage or ''
        if self.tags:
            place += ' ' + ', '.join(self.tags)
        if self.task and self.task != self.stage:
            place += f': {self.task}'
        doing = self.state or 'unknown'
        if self.state == 'in_progress':
            doing = self.status or 'in progress'
        elif self.status:
            doing += f': {self.status}'
        return f'{place}: {doing}'


EventList = list[Event]


def parse_line(line: bytes) -> Event:
    """Read one line of the stream.

    :param line: the line, not blank.
    :returns: the event; of type ``unreadable`` when it is no JSON object.
    """
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        text = line.decode('utf-8', 'replace').strip()
        return Event(type='unreadable', message=text[:500])
    data = document.get('data')
    if not isinstance(data, dict):
        data = {}
    status = data.get('error') or data.get('status')
    tags = document.get('tags')
    return Event(
        time=_integer(document.get('time')),
        stage=_text(document.get('stage')),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        total=_integer(document.get('total')),
        task=_text(document.get('task')),
        index=_integer(document.get('index')),
        state=_text(document.get('state')),
        progress=_integer(document.get('progress')),
        status=_text(status), error=_error(document.get('error')),
        type=_text(document.get('type')),
        message=_text(document.get('message')))


def parse(chunk: bytes, *, final: bool = False) -> tuple[list[Event], int]:
    """Read the events of a piece of the stream.

    A piece may end anywhere, even inside a character.  Only whole lines are
    read; ask again from the first byte that was not.

    :param chunk: bytes of the stream, from the beginning of a line.
    :param final: whether the stream ends with this piece, so that a last
        line without a line feed is whole.
    :returns: the events, and the number of bytes read.
    """
    # Not splitlines(): U+2028 and others are no end of a line here.
    used = len(chunk) if final else chunk.rfind(b'\n') + 1
    lines = chunk[:used].split(b'\n')
    return [parse_line(line) for line in lines if line.strip()], used


def last_error(events: Sequence[Event]) -> str | None:
    """Find what a failed task died of.

    :returns: the last error with its code; without any, why the last step
        failed; None when nothing failed.
    """
    for event in reversed(events):
        if event.error is not None:
            return str(event.error)
    for event in reversed(events):
        if event.state == 'failed':
            return event.summary
    return None


def _error(value: Any) -> EventError | None:
    if isinstance(value, dict):
        return EventError(code=_integer(value.get('code')),
                          message=str(value.get('message') or ''))
    return EventError(code=None, message=str(value)) if value else None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) < 2 ** 63 else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
