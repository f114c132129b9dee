# SPDX-License-Identifier: Apache-2.0
"""The story of a director's task, told in few sentences."""

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import time

from cf_openstack.director import events as director_events

#: Seconds between two sentences; Heat keeps some 1000 events of a stack.
INTERVAL = 5.0

#: Characters of a sentence; Heat keeps 255 of an event.
LENGTH = 240


@dataclasses.dataclass
class _Stage:
    """How far one stage of a task is."""

    name: str
    total: int | None = None
    begun: set[str] = dataclasses.field(default_factory=set)
    ended: set[str] = dataclasses.field(default_factory=set)
    last: str = ''

    def take(self, event: director_events.Event) -> bool:
        """Take note of an event.

        :returns: whether there is something new to tell.
        """
        self.total = event.total or self.total
        step = event.task or ''
        if event.state == 'finished':
            new = step not in self.ended
            self.ended.add(step)
            self.last = step
        else:
            new = not self.begun
        self.begun.add(step)
        return new

    def __str__(self) -> str:
        if not self.ended:
            return f'{self.name}: started'
        if self.total and len(self.ended) >= self.total:
            count = f' ({self.total})' if self.total > 1 else ''
            return f'{self.name}: done{count}'
        if self.total:
            count = f'{len(self.ended)} of {self.total}'
        else:
            count = f'{len(self.ended)} done'
        return f'{self.name}: {count}, last {self.last}'


class Progress:
    """Turn the events of a task into sentences, at most one per interval.

    Told are stages that begin and end, and the steps that finish: for most
    stages a step is an instance.  What happens in between is summed up in
    the next sentence; failures and warnings are told in full.

    :param clock: gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at: float | None = None
        self._stages: dict[tuple[str, tuple[str, ...]], _Stage] = {}
        self._changed: dict[tuple[str, tuple[str, ...]], _Stage] = {}
        self._remarks: list[str] = []

    def take(self, events: Iterable[director_events.Event]) -> None:
        """Take note of new events."""
        for event in events:
            if event.type is not None:
                if event.type != 'unreadable':
                    self._remarks.append(event.summary)
            elif event.stage is not None and event.state == 'failed':
                self._remarks.append(event.summary)
            elif event.stage is not None:
                self._take_step(event)

    def _take_step(self, event: director_events.Event) -> None:
        key = (event.stage or '', event.tags)
        stage = self._stages.get(key)
        if stage is None:
            name = ' '.join([event.stage or '', *event.tags])
            stage = self._stages[key] = _Stage(name)
        if stage.take(event):
            # The latest change comes last.
            self._changed.pop(key, None)
            self._changed[key] = stage

    def sentence(self, final: bool = False) -> str | None:
        """What there is to tell now.

        :param final: whether this is the last chance to tell it.
        :returns: None when there is nothing, or not yet.
        """
        now = self._clock()
        if not final and self._told_at is not None and (
                now - self._told_at < INTERVAL):
            return None
        parts = self._remarks + [
            str(stage) for stage in self._changed.values()]
        if not parts:
            return None
        self._remarks, self._changed = [], {}
        self._told_at = now
        # What happened first is left out first.
        text = '; '.join(parts)
        while len(text) > LENGTH and len(parts) > 1:
            parts.pop(0)
            text = '; '.join(['…', *parts])
        return text
