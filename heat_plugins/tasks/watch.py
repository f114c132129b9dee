# SPDX-License-Identifier: Apache-2.0
"""Following a director's task from a resource that is polled."""

from collections.abc import Callable
import time

from oslo_log import log as logging

from cf_openstack.director import client
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import tasks as director_tasks

from heat.common.i18n import _

from heat_plugins.tasks import failure
from heat_plugins.tasks import progress
from heat_plugins.tasks import told as task_told

LOG = logging.getLogger(__name__)

#: Seconds for which a director may be out of reach while one of its tasks is
#: followed: a director that updates itself restarts.
OUTAGE_LIMIT = 300

# Seconds to wait before the first polls; then the operator's interval.
_FIRST_WAITS = (1, 1, 1, 2, 2, 3)


class TaskWatch:
    """Poll a task and report what happens.

    :param director: the director that runs it.
    :param task_id: the task.
    :param report: called with each sentence for people.
    :param resumed: whether the beginning is not to be told.
    :param told: how far an earlier engine has told it; the story goes on
        from there.
    """

    def __init__(self, director: client.Director, task_id: int,
                 report: Callable[[str], None], *, resumed: bool = False,
                 told: task_told.Told | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.task_id = task_id
        self._director = director
        self._report = report
        self._told = told
        self._clock = clock
        self._progress = progress.Progress(clock)
        self._ending = failure.Ending()
        self._offset = 0
        if told is not None:
            self._offset, stages = told.get(task_id)
            self._progress.restore(stages)
        self._monitor = director.tasks.monitor(task_id, self._offset)
        # The number of the task comes with the first sentence.
        self._is_new = not self._offset
        self._silent = resumed and told is None
        self._polls = 0
        self._unreachable_since: float | None = None

    @property
    def next_wait(self) -> float | None:
        """Seconds until the next poll; None for the usual interval."""
        if self._polls <= len(_FIRST_WAITS):
            return _FIRST_WAITS[self._polls - 1]
        return None

    def poll(self) -> director_tasks.Task | None:
        """Ask for news once.

        :returns: the task when it has ended, in whatever way.
        :raises DirectorError: when the director refuses to tell, or could
            not be reached for too long.
        """
        self._polls += 1
        try:
            events = self._monitor.refresh()
        except director_exceptions.CertificateRefused:
            raise
        except director_exceptions.ConnectionFailed as error:
            self._note_outage(error)
            return None
        self._unreachable_since = None
        task = self._monitor.task
        self._progress.take(events, task.started_at if task else None)
        self._ending.take(events)
        ended = not self._monitor.is_processing
        sentence = self._progress.sentence(final=ended)
        if sentence and not self._silent:
            self._tell(sentence)
        self._silent = False
        return task if ended else None

    def _tell(self, sentence: str) -> None:
        if self._told is not None:
            self._told.put(self.task_id, self._monitor.offset,
                           self._progress.state())
        if self._is_new:
            sentence = _('Task %(id)d: %(sentence)s') % {
                'id': self.task_id, 'sentence': sentence}
        self._is_new = False
        self._report(sentence)

    def _note_outage(self, error: Exception) -> None:
        now = self._clock()
        if self._unreachable_since is None:
            self._unreachable_since = now
            self._report(_('Director out of reach, will try again: %s')
                         % error)
        elif now - self._unreachable_since > OUTAGE_LIMIT:
            raise error

    def failure(self) -> director_exceptions.TaskFailed:
        """The error that tells why the task failed; the cause comes first.

        An event of Heat shows no more than 255 characters; the resource
        keeps the end of the task's events.
        """
        if self._offset:
            # The beginning was seen by another engine.
            self._ending = failure.Ending()
            for page in self._director.tasks.event_pages(self.task_id):
                self._ending.take(page.events)
        return self._ending.error(self._monitor.task, self.task_id,
                                  self._monitor.failure)
