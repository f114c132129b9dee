# SPDX-License-Identifier: Apache-2.0
"""What has come of signals, as it is now."""

from typing import Any

from cf_openstack.director import tasks as director_tasks

from heat.common.i18n import _

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import errand_output
from heat_plugins.signals import records
from heat_plugins.signals import run_errand

#: What the state of a failed one is; otherwise it is that of the task.
FAILED = 'failed'

# Seconds after which a signal without task is thought to be lost.
_LOST = 90.0


def find_task(record: records.Record, view: deployment_view.View
              ) -> director_tasks.Task | None:
    """The task of a signal; None when there is none, or not any more."""
    if record.task is not None:
        return view.find(record.task)
    if record.state != records.ACCEPTED:
        return None
    # The engine may have died between the request and taking note of it.
    found = view.director.tasks.find(record.context)
    return found[0] if found else None


def _describe(record: records.Record,
              view: deployment_view.View) -> dict[str, Any]:
    answer = {'id': record.id, 'action': record.action,
              'target': record.target, 'at': record.at,
              'state': record.final or record.state, 'task': record.task,
              'result': record.result, 'error': record.error}
    if record.state in (records.ENDED, records.FAILED):
        return answer
    task = find_task(record, view)
    if task is None:
        return {**answer, **_without_task(record)}
    answer.update(task=task.id, state=task.state, result=task.result)
    if task.is_terminal:
        answer['error'] = _error(record, task, view)
        if answer['error'] and task.succeeded:
            answer['state'] = FAILED
    return answer


def _without_task(record: records.Record) -> dict[str, Any]:
    if record.task is not None:
        return {'state': FAILED, 'error': _(
            'The director has forgotten task %d') % record.task}
    if record.age > _LOST:
        return {'state': FAILED, 'error': record.error or _(
            'The engine ended before the director had a task')}
    return {}


def _error(record: records.Record, task: director_tasks.Task,
           view: deployment_view.View) -> str | None:
    if not task.succeeded:
        return view.director.tasks.error(task.id)
    if record.action != run_errand.RunErrand.name:
        return None
    return errand_output.failure(
        errand_output.read(view.director, task.id))


def recent(rsrc: base.DirectorUser,
           view: deployment_view.View) -> list[dict[str, Any]]:
    """What has come of the last signals, the newest first."""
    return [_describe(record, view)
            for record in records.Records(rsrc).list()]


def last(rsrc: base.DirectorUser,
         view: deployment_view.View) -> dict[str, Any] | None:
    """What has come of the last signal; None when there was none."""
    found = records.Records(rsrc).list()
    return _describe(found[0], view) if found else None


def errand_run(rsrc: base.DirectorUser,
               view: deployment_view.View) -> dict[str, Any] | None:
    """What the last errand has written; None when none was run."""
    for record in records.Records(rsrc).list():
        if record.action != run_errand.RunErrand.name:
            continue
        answer = _describe(record, view)
        runs = []
        if answer['task'] is not None and view.find(answer['task']):
            runs = errand_output.read(view.director, answer['task'])
        return {**answer, 'errand': record.target, 'runs': [
            {'group': run.group, 'instance': run.instance,
             'exit_code': run.exit_code, 'stdout': run.stdout,
             'stderr': run.stderr}
            for run in runs[:errand_output.RUNS]],
            'runs_left_out': max(0, len(runs) - errand_output.RUNS)}
    return None
