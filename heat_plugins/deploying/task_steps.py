# SPDX-License-Identifier: Apache-2.0
"""How far a task of a director is, by its event stream."""

import dataclasses
from typing import Any

from cf_openstack.director import events as director_events

#: Stages that are told; a deployment has a stage for each instance group.
STAGES = 30


@dataclasses.dataclass
class _Stage:
    """A stage, with percent by step."""

    name: str
    total: int = 0
    steps: dict[str, int] = dataclasses.field(default_factory=dict)
    failed: bool = False
    last: str = ''

    def take(self, event: director_events.Event) -> None:
        self.total = max(self.total, event.total or 0)
        step = event.task or ''
        percent = 0
        if event.state == 'finished':
            percent = 100
        elif event.state == 'in_progress':
            percent = min(max(event.progress or 0, 0), 99)
        self.steps[step] = max(self.steps.get(step, 0), percent)
        self.failed = self.failed or event.state == 'failed'
        self.last = step

    @property
    def done(self) -> int:
        return sum(1 for percent in self.steps.values() if percent >= 100)

    @property
    def size(self) -> int:
        return max(self.total, len(self.steps))

    @property
    def state(self) -> str:
        if self.failed:
            return 'failed'
        return 'finished' if self.done >= self.size else 'running'


class Steps:
    """Count the stages and steps of a task.

    A director tells the number of steps of a stage when the stage begins,
    and not which stages are to come.  So the percentage is that of the
    steps that are known, and may fall when a stage begins.
    """

    def __init__(self) -> None:
        self._stages: dict[tuple[str, tuple[str, ...]], _Stage] = {}
        self._current: _Stage | None = None
        self.error: str | None = None

    def take(self, events: director_events.EventList) -> None:
        """Take note of events, in their order."""
        for event in events:
            if event.stage is None:
                continue
            key = event.stage, event.tags
            stage = self._stages.get(key)
            if stage is None:
                stage = self._stages[key] = _Stage(
                    ' '.join([event.stage, *event.tags]))
            stage.take(event)
            if stage.state == 'running' or self._current is None:
                self._current = stage
        self.error = director_events.last_error(events) or self.error

    @property
    def _running(self) -> _Stage | None:
        running = [stage for stage in self._stages.values()
                   if stage.state == 'running']
        if self._current in running:
            return self._current
        known = running or list(self._stages.values())
        return known[-1] if known else None

    def summary(self, succeeded: bool) -> dict[str, Any]:
        """What people want to know.

        :param succeeded: whether the task has ended well.
        :returns: ``stage`` and ``step`` that run or ran last, ``steps_done``
            and ``steps_total`` of all stages, ``percent``, ``stages``.
        """
        stages = list(self._stages.values())
        total = sum(stage.size for stage in stages)
        reached = sum(sum(stage.steps.values()) for stage in stages)
        if succeeded:
            percent = 100
        else:
            percent = min(99, reached // total) if total else 0
        current = self._running
        return {
            'stage': current.name if current else None,
            'step': current.last if current else None,
            'steps_done': sum(stage.done for stage in stages),
            'steps_total': total,
            'percent': percent,
            'stages': [{'name': stage.name, 'steps_done': stage.done,
                        'steps_total': stage.size, 'state': stage.state}
                       for stage in stages[-STAGES:]]}
