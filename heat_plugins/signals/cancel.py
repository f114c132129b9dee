# SPDX-License-Identifier: Apache-2.0
"""Cancelling what a director does to a deployment."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import client

from heat.common.i18n import _

from heat_plugins.deploying import tasks_of
from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import errors
from heat_plugins.signals import fields
from heat_plugins.signals import records

TASK = 'task'


class Cancel(action.Action):
    """Cancel the tasks on this deployment, or one of them.

    A task stops at its next checkpoint.  An action of Heat that waits for
    it fails then.
    """

    name = 'cancel'
    accepts = {TASK: fields.Key()}
    changes = False

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._tasks: list[int] = []
        self._resource: base.DirectorUser | None = None

    @property
    def target(self) -> str:
        """What it acts on, for people."""
        tasks = self._tasks or [self.values.get(TASK, '')]
        return ', '.join(f'task {task}' for task in tasks if task)

    def check_form(self, rsrc: base.DirectorUser) -> None:
        """Check that the task is a number.

        :raises BadSignal: when it is none.
        """
        self._resource = rsrc
        task = self.values.get(TASK)
        if task is not None and not (task.isascii() and task.isdigit()):
            raise errors.BadSignal(
                reason=f'"{TASK}" has to be the number of a task, not '
                       f'{fields.quote(task)}')

    def check(self, view: deployment_view.View) -> None:
        """Look for tasks to cancel.

        :raises SignalRefused: when there is none of this deployment.
        """
        found = [task.id for task in view.under_way()]
        # Scans are hidden from lists.
        found += [task.id for task in tasks_of.started(self._resource, view)
                  if task.is_processing and task.id not in found]
        wanted = self.values.get(TASK)
        if wanted is not None and int(wanted) not in found:
            raise errors.SignalRefused(
                action=self.name,
                reason=f'task {wanted} is none that is under way on '
                       f'deployment "{view.name}"; there are '
                       f'{fields.listed(found)}')
        if not found:
            raise errors.SignalRefused(
                action=self.name,
                reason=f'no task is under way on deployment "{view.name}"')
        self._tasks = [int(wanted)] if wanted is not None else sorted(found)

    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> action.Outcome:
        """Ask the director to cancel.

        :raises DirectorError: when it refuses.
        """
        told = []
        for task in self._tasks:
            text = (_('task %d is being cancelled')
                    if director.tasks.cancel(task)
                    else _('task %d had ended before'))
            told.append(text % task)
        return action.Outcome(result='; '.join(told))
