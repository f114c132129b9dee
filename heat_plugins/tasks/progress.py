# SPDX-License-Identifier: Apache-2.0
"""The story of a director's task, told in few sentences."""

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import re
import time
from typing import Any

from cf_openstack.director import events as director_events

#: Seconds between two sentences, at least.
INTERVAL = 5.0

#: The longer a task runs, the rarer its sentences: they wait for this part
#: of the time it has run so far.  So 90 minutes make about 150 sentences,
#: and a day makes 250; of all events of a stack, Heat keeps 1000.
PART = 0.03

#: Sentences of one task at most; failures and warnings are told even then.
MOST = 300

#: Characters of a sentence; Heat keeps 255 of an event.
LENGTH = 240

# Stages that another engine is told of.
_MOST_STAGES = 100

#: Name, tags, total and number of ended steps of each stage.
State = list[list[Any]]

# "api/1f0c…-…-… (0)": people know the instance as api/0.
_INSTANCE = re.compile(
    r'/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
    r' \((\d+)\)')
# "golang-1.22/5d3a…": the fingerprint of a package.
_FINGERPRINT = re.compile(r'/(?:[0-9a-f]{64}|[0-9a-f]{40})\b')


def shorten(text: str) -> str:
    """Leave out what only a director needs to tell things apart."""
    return _FINGERPRINT.sub('', _INSTANCE.sub(r'/\1', text))


def duration(seconds: float) -> str:
    """Say how long something took."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f'{hours} h {minutes} min'
    return f'{minutes} min {rest} s' if minutes else f'{rest} s'


@dataclasses.dataclass
class _Stage:
    """How far one stage of a task is.

    :ivar before: how many of its steps an earlier engine saw end.
    :ivar open: percent of the steps under way, and what they are doing.
    """

    name: str
    total: int | None = None
    before: int = 0
    ended: set[str] = dataclasses.field(default_factory=set)
    open: dict[str, tuple[int, str]] = dataclasses.field(
        default_factory=dict)
    last: str = ''
    known: bool = False

    def take(self, event: director_events.Event) -> bool:
        """Take note of an event.

        :returns: whether there is something new to tell.
        """
        self.total = event.total or self.total
        step = event.task or ''
        new, self.known = not self.known, True
        if event.state in ('finished', 'failed'):
            self.open.pop(step, None)
            if step in self.ended:
                return new
            self.ended.add(step)
            self.last = step
            return True
        if step in self.ended:
            return new
        now = (event.progress or 0, event.status or '')
        if event.state == 'in_progress' and self.open.get(step) != now:
            new = True
        # What was heard of last is told.
        self.open.pop(step, None)
        self.open[step] = now
        return new

    @property
    def count(self) -> int:
        """How many steps have ended."""
        return self.before + len(self.ended)

    def percent(self, total: int) -> int:
        """How much of all its steps is done."""
        part = sum(percent for percent, _status in self.open.values())
        return min(100, (100 * self.count + part) // total)

    def __str__(self) -> str:
        if self.total and self.count >= self.total:
            count = f' ({self.total})' if self.total > 1 else ''
            return f'{self.name}: done{count}'
        step, (percent, status) = next(
            reversed(self.open.items()), ('', (0, '')))
        doing = f'{shorten(step)} {status}' if status else ''
        if not self.count:
            if not doing:
                return f'{self.name}: started'
            if self.total == 1:
                return f'{self.name}: {percent} %, {doing}'
        if self.total:
            count = (f'{self.count} of {self.total} '
                     f'({self.percent(self.total)} %)')
        else:
            count = f'{self.count} done'
        if not doing and self.last:
            doing = f'last {shorten(self.last)}'
        return f'{self.name}: {count}' + (f', {doing}' if doing else '')


class Progress:
    """Turn the events of a task into sentences, not too many.

    A sentence names the stages in which something has happened since the
    last one, in the order of what happened last, and how far each is; then
    the time that the task has run, by the director's own clock.  Failures
    of steps and warnings are told in full.

    :param clock: gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at: float | None = None
        self._count = 0
        self._begun: int | None = None
        self._now: int | None = None
        self._stages: dict[tuple[str, tuple[str, ...]], _Stage] = {}
        # What is to be told, the latest last: stages by their keys, and
        # remarks by their numbers.
        self._news: dict[object, _Stage | str] = {}
        self._remarks = 0

    def take(self, events: Iterable[director_events.Event],
             begun: int | None = None) -> None:
        """Take note of new events.

        :param begun: when the task was begun, seconds since the epoch.
        """
        self._begun = begun or self._begun
        for event in events:
            self._now = max(event.time or 0, self._now or 0) or None
            if event.type is not None:
                if event.type != 'unreadable':
                    self._remark(event.summary)
            elif event.stage is not None:
                if event.state == 'failed':
                    self._remark(shorten(event.summary))
                self._take_step(event)

    def state(self) -> State:
        """What another engine must know to go on with the story."""
        return [[stage.name, list(tags), stage.total, stage.count]
                for (_name, tags), stage in self._stages.items()
                ][-_MOST_STAGES:]

    def restore(self, state: State) -> None:
        """Go on with the story that another engine began."""
        for name, tags, total, count in state:
            self._stages[name.removesuffix(' '.join(['', *tags])),
                         tuple(tags)] = _Stage(
                name, total, count, known=True)

    def _remark(self, text: str) -> None:
        self._remarks += 1
        self._news[self._remarks] = text

    def _take_step(self, event: director_events.Event) -> None:
        key = (event.stage or '', event.tags)
        stage = self._stages.get(key)
        if stage is None:
            name = ' '.join([event.stage or '', *event.tags])
            stage = self._stages[key] = _Stage(name)
        if not stage.take(event):
            return
        self._news.pop(key, None)
        # The remark on a step that failed says it all.
        if event.state != 'failed':
            self._news[key] = stage

    @property
    def elapsed(self) -> int:
        """Seconds from the beginning of the task to its last event."""
        if self._begun is None or self._now is None:
            return 0
        return max(0, self._now - self._begun)

    def sentence(self, final: bool = False) -> str | None:
        """What there is to tell now.

        :param final: whether this is the last chance to tell it.
        :returns: None when there is nothing, or not yet.
        """
        now = self._clock()
        interval = max(INTERVAL, PART * self.elapsed)
        if not final and self._told_at is not None and (
                now - self._told_at < interval):
            return None
        if self._count >= MOST and not final:
            self._news = {key: told for key, told in self._news.items()
                          if isinstance(told, str)}
        if not self._news:
            return None
        parts = [(str(told), isinstance(told, str))
                 for told in self._news.values()]
        self._news = {}
        self._told_at = now
        self._count += 1
        return _fit(parts, f' ({duration(self.elapsed)})'
                    if self.elapsed else '')


def _fit(parts: list[tuple[str, bool]], end: str) -> str:
    """Put a sentence together; what happened first is left out first.

    :param parts: texts, and whether each is a remark, which stays longer.
    """
    text = '; '.join(part for part, _remark in parts) + end
    while len(text) > LENGTH and len(parts) > 1:
        stages = [number for number, (_text, remark) in enumerate(parts)
                  if not remark]
        del parts[stages[0] if stages else 0]
        text = '; '.join(['…', *(part for part, _remark in parts)]) + end
    return text
