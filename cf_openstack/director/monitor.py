# SPDX-License-Identifier: Apache-2.0
"""Watching a task until it has ended."""

from collections.abc import Callable
import time
import typing

from cf_openstack.director import events as director_events
from cf_openstack.director import exceptions

if typing.TYPE_CHECKING:
    from cf_openstack.director import tasks as director_tasks

#: Events of one refresh that are kept, the latest ones.
MAX_EVENTS = 10_000


class TaskMonitor:
    """State and new events of one task.

    Nothing is asked before the first :meth:`refresh`.

    :param tasks: the tasks of the director.
    :param task_id: the task to watch.
    :param offset: where in the event stream to begin, in bytes.
    """

    def __init__(self, tasks: 'director_tasks.Tasks', task_id: int,
                 offset: int = 0) -> None:
        self._tasks = tasks
        self._error: str | None = None
        self.task_id = task_id
        #: Where the next event begins, in bytes; survives a restart.
        self.offset = offset
        #: The task at the last refresh.
        self.task: 'director_tasks.Task | None' = None
        #: What has happened between the last two refreshes.
        self.events: list[director_events.Event] = []

    def refresh(self) -> list[director_events.Event]:
        """Ask for the state, and for the events since the last time.

        :returns: the new events.
        :raises NotFound: when the director no longer knows the task.
        """
        self.events = []
        # In this order, so that the events of an ended task are complete.
        self.task = self._tasks.get(self.task_id)
        if self.task.is_processing:
            self._take(self._tasks.event_page(self.task_id, self.offset))
            return self.events
        for page in self._tasks.event_pages(self.task_id, self.offset):
            self._take(page)
        return self.events

    def _take(self, page: 'director_tasks.EventPage') -> None:
        self.offset = page.offset
        self._error = director_events.last_error(page.events) or self._error
        self.events = (self.events + page.events)[-MAX_EVENTS:]

    @property
    def is_processing(self) -> bool:
        """Whether the task had not ended at the last refresh."""
        return self.task is None or self.task.is_processing

    @property
    def succeeded(self) -> bool:
        """Whether the task had ended well at the last refresh."""
        return self.task is not None and self.task.succeeded

    @property
    def failure(self) -> str | None:
        """Why the task failed; None while it runs, and when it is done."""
        if self.task is None or self.is_processing or self.succeeded:
            return None
        # A monitor that began late has not seen the whole stream.
        return self._error or self._tasks.error(self.task_id)

    def check(self) -> bool:
        """Refresh, and tell whether the task is done.

        :returns: False while it runs.
        :raises TaskFailed: when it ended in another state than ``done``.
        """
        self.refresh()
        if self.is_processing:
            return False
        task = self.task
        if task is not None and not task.succeeded:
            raise exceptions.TaskFailed(
                task_id=task.id, state=task.state, reason=self.failure,
                description=task.description or 'without description')
        return True

    def wait(self, *, timeout: float, interval: float = 1.0,
             on_event: Callable[[director_events.Event], object]
             = lambda event: None,
             sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait for the task, for programs that have nothing else to do.

        :param timeout: seconds to wait at most.
        :param interval: seconds between two refreshes.
        :param on_event: called with each new event.
        :param sleep: what waits.
        :raises TaskFailed: when the task failed, or has not ended in time.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                done = self.check()
            finally:
                for event in self.events:
                    on_event(event)
            if done:
                return
            if time.monotonic() > deadline:
                task = self.task
                raise exceptions.TaskFailed(
                    task_id=self.task_id, state=task and task.state,
                    description=task and task.description,
                    reason=f'it has not ended within {timeout:g} s')
            sleep(interval)
