# SPDX-License-Identifier: Apache-2.0
"""One task of a director that is started once, whatever happens."""

from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from cf_openstack.director import exceptions as director_exceptions

from heat_plugins.resources import base
from heat_plugins.tasks import journal
from heat_plugins.tasks import told as task_told
from heat_plugins.tasks import watch as task_watch

LOG = logging.getLogger(__name__)

# Answers of the director that may be lost in a row.
_MOST_LOST = 3

#: Journal key: the action under way, with the keys of
#: :attr:`DirectorAction.noted`.
ACTION = 'action'


class DirectorAction:
    """One task on a deployment that is started once, whatever happens.

    The context id is noted before the request and the task's id after it.
    In between, the director finds the task by the context id.

    :param rsrc: the resource; it keeps the action in its journal.
    :param key: under which it does.
    """

    def __init__(self, rsrc: base.DirectorUser, key: str = ACTION) -> None:
        self._resource = rsrc
        self._key = key
        self._lost = 0
        self.watch: task_watch.TaskWatch | None = None

    @property
    def noted(self) -> dict[str, Any]:
        """Kind, digest, context id and task of the action under way."""
        return self._resource.journal.get(self._key, {})

    def task_id(self) -> int | None:
        """The task of the action noted, None when none was started."""
        noted = self.noted
        if not noted:
            return None
        if noted.get('task') is None:
            found = self._resource.director().tasks.find(noted['context'])
            if not found:
                return None
            self._note(noted, found[0].id)
        return self.noted['task']

    def _note(self, noted: dict[str, Any], task_id: int) -> None:
        self._resource.journal.put(**{self._key: {**noted, 'task': task_id}})

    def forget(self) -> None:
        """The action has ended."""
        self.watch = None
        self._resource.journal.put(**{self._key: None})

    def begin(self, kind: str, digest: str | None,
              start: Callable[[str], int | None]) -> bool:
        """Take up the task of an action, or start it.

        :param start: given a context id, starts the task and returns its
            id, or None when there is nothing to do.
        :returns: whether there is a task to watch.
        :raises PollDelay: when the answer was lost, to be called again.
        """
        try:
            task_id = self._find_or_start(kind, digest, start)
        except director_exceptions.CertificateRefused:
            raise
        except director_exceptions.ConnectionFailed as error:
            # The request may have arrived: it is looked for first.
            self._lost += 1
            if self._lost > _MOST_LOST:
                raise
            LOG.warning('Looking again for the task of an action: %s', error)
            self._resource.poll_later()
        if task_id is None:
            self.forget()
            return False
        self.watch = task_watch.TaskWatch(
            self._resource.director(), task_id, self._resource.report,
            told=task_told.Told(self._resource))
        return True

    def _find_or_start(self, kind: str, digest: str | None,
                       start: Callable[[str], int | None]) -> int | None:
        """The task, None when there is nothing to do."""
        noted = self.noted
        if (noted.get('kind'), noted.get('digest')) == (kind, digest):
            task = self._resource.find_task(self.task_id())
            if task is not None and (task.is_processing or task.succeeded):
                return task.id
        noted = {'kind': kind, 'digest': digest,
                 'context': journal.new_context_id()}
        self._resource.journal.put(**{self._key: noted})
        task_id = start(noted['context'])
        if task_id is not None:
            self._note(noted, task_id)
        return task_id

    def poll(self) -> bool:
        """Follow the task.

        :returns: whether it is done.
        :raises TaskFailed: when it failed.
        """
        watch = self.watch
        task = watch.poll()
        if task is None:
            return False
        self.forget()
        if not task.succeeded:
            raise watch.failure()
        return True

    def cancel(self) -> None:
        """Cancel the task, if there is one."""
        task_id = self.task_id()
        if task_id is not None:
            self._resource.director().tasks.cancel(task_id)
