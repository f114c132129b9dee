# SPDX-License-Identifier: Apache-2.0
"""Seeing the end of what signals have started, before something else."""

from cf_openstack.director import tasks as director_tasks

from heat.common.i18n import _

from heat_plugins.resources import base
from heat_plugins.signals import records

_TOLD = 'waits_for'


def _under_way(rsrc: base.DirectorUser
               ) -> list[tuple[records.Record, director_tasks.Task]]:
    """The signals whose tasks run or wait, with those."""
    found = []
    for record in records.Records(rsrc).list():
        if record.state != records.STARTED:
            continue
        task = rsrc.find_task(record.task)
        if task is not None and task.is_processing:
            found.append((record, task))
    return found


def settle(rsrc: base.DirectorUser) -> bool:
    """Wait for the tasks that signals have started.

    A director runs one task on a deployment at a time, and a second one
    fails soon.

    :param rsrc: the deployment's resource.
    :returns: whether none runs any more; otherwise ask again.
    """
    busy = _under_way(rsrc)
    for record, task in busy[:1]:
        if rsrc.journal.get(_TOLD) != task.id:
            rsrc.report(
                _('Waiting for task %(task)d of the director (%(what)s), '
                  'which a signal has started') % {
                      'task': task.id, 'what':
                      f'{record.action} {record.target}'.strip()})
            rsrc.journal.put(**{_TOLD: task.id})
    return not busy


def cancel(rsrc: base.DirectorUser) -> None:
    """Cancel the tasks that signals have started.

    :param rsrc: the deployment's resource.
    """
    for _record, task in _under_way(rsrc):
        if task.state != 'cancelling':
            rsrc.director().tasks.cancel(task.id)
