# SPDX-License-Identifier: Apache-2.0
"""Following a director's task from a resource that is polled."""

from collections.abc import Callable
import time

from oslo_log import log as logging

from cf_openstack.director import client
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import tasks as director_tasks

from heat.common.i18n import _

from heat_plugins.tasks import progress

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
    :param resumed: whether an earlier engine has told the beginning.
    """

    def __init__(self, director: client.Director, task_id: int,
                 report: Callable[[str], None], *, resumed: bool = False,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.task_id = task_id
        self._director = director
        self._monitor = director.tasks.monitor(task_id)
        self._report = report
        self._silent = resumed
        self._clock = clock
        self._progress = progress.Progress(clock)
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
        self._progress.take(events)
        ended = not self._monitor.is_processing
        sentence = self._progress.sentence(final=ended)
        if sentence and not self._silent:
            self._report(sentence)
        self._silent = False
        return self._monitor.task if ended else None

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

        An event of Heat shows no more than 255 characters.
        """
        task = self._monitor.task
        return director_exceptions.TaskFailed(
            _('%(cause)s (task %(id)s of the director, %(what)s, %(state)s)')
            % {'cause': self._monitor.failure, 'id': self.task_id,
               'what': task.description if task else '',
               'state': task.state if task else 'unknown'})
