# SPDX-License-Identifier: Apache-2.0
"""Which tasks of a director are those of a resource."""

from typing import Any

from cf_openstack.director import tasks as director_tasks

from heat_plugins.deploying import runs
from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import answers
from heat_plugins.signals import records
from heat_plugins.tasks import action


def _of_action(rsrc: base.DirectorUser, view: deployment_view.View
               ) -> director_tasks.Task | None:
    """The task of what Heat does to the resource now."""
    noted = rsrc.journal.get(action.ACTION, {})
    if noted.get('task') is not None:
        return view.find(noted['task'])
    if noted.get('context') is None:
        return None
    found = view.director.tasks.find(noted['context'])
    return found[0] if found else None


def started(rsrc: base.DirectorUser, view: deployment_view.View
            ) -> list[director_tasks.Task]:
    """The tasks of signals whose end is not known yet, newest first."""
    found = [answers.find_task(record, view)
             for record in records.Records(rsrc).list()
             if record.state in (records.ACCEPTED, records.STARTED)]
    return [task for task in found if task is not None]


def current(rsrc: base.DirectorUser,
            view: deployment_view.View) -> dict[str, Any] | None:
    """The task under way, or else the last one.

    What Heat does comes first, then what a signal asked for.

    :returns: see :meth:`view.View.task`; None when there was none.
    """
    doing = _of_action(rsrc, view)
    if doing is not None and doing.is_processing:
        return view.task(doing.id)
    signalled = started(rsrc, view)
    for task in signalled:
        if task.is_processing:
            return view.task(task.id)
    # Numbers of tasks only grow.
    known = [task.id for task in (doing, *signalled) if task is not None]
    known += [record.task for record in records.Records(rsrc).list()
              if record.task is not None]
    last = rsrc.journal.get(runs.LAST_TASK)
    if last is not None:
        known.append(last)
    return view.task(max(known)) if known else None
