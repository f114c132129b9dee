# SPDX-License-Identifier: Apache-2.0
"""What a director tells about a deployment, for people and templates."""

import dataclasses
import functools
import time
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import deployments
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import tasks as director_tasks

from heat_plugins.deploying import redaction
from heat_plugins.deploying import task_steps

#: Tasks of the history.
TASKS = 20

_FIRST_WAIT = 0.2
_LAST_WAIT = 2.0
# A piece of an event stream with fewer bytes is the last one.
_PAGE = 512 * 1024
_UNDER_WAY = 'queued,processing,cancelling'


class View:
    """One look at one deployment; ask for a new one to look again.

    :param director: the director; its limits bound the look.
    :param name: name of the deployment.
    """

    def __init__(self, director: client.Director, name: str) -> None:
        #: The director that is asked.
        self.director = director
        #: Name of the deployment.
        self.name = name

    @functools.cached_property
    def _deployment(self) -> deployments.Deployment | None:
        return self.director.deployments.get(self.name)

    def exists(self) -> bool:
        """Whether the director has the deployment."""
        return self._deployment is not None

    def config_status(self) -> str | None:
        """Whether it was deployed with the latest configs."""
        return self._deployment and self._deployment.config_status

    def stemcells(self) -> list[str]:
        """The stemcells it uses."""
        return list(self._deployment.stemcells) if self.exists() else []

    def releases(self) -> list[str]:
        """The releases it uses."""
        return list(self._deployment.releases) if self.exists() else []

    def instances(self) -> list[dict[str, Any]]:
        """The instances, as the director has noted them."""
        if not self.exists():
            return []
        found = [{**dataclasses.asdict(item), 'name': item.name,
                  'ips': list(item.ips), 'state': _state(item)}
                 for item in self.director.deployments.instances(self.name)]
        return sorted(found, key=lambda item: (item['group'],
                                               item['index'] or 0))

    def without_vm(self) -> list[str]:
        """The names of the instances that should have a VM and do not."""
        return [item['name'] for item in self.instances()
                if item['state'] == 'missing']

    def errands(self) -> list[str]:
        """The names of the errands that can be run."""
        if not self.exists():
            return []
        return sorted(errand.name for errand
                      in self.director.deployments.errands(self.name))

    def problems(self) -> list[dict[str, Any]]:
        """What the last scan found, and what one may do about it."""
        if not self.exists():
            return []
        return [{'id': item.id, 'type': item.type, 'group': item.group,
                 'description': item.description, 'resolutions': [
                     {'name': way.name, 'plan': way.plan,
                      'deletes_data': way.deletes_data}
                     for way in item.resolutions]}
                for item in self.director.problems.list(self.name)]

    def certificates(self) -> list[dict[str, Any]]:
        """The certificates of which its config server knows."""
        if not self.exists() or not self.director.info().features.get(
                'config_server'):
            return []
        found = [dataclasses.asdict(item) for item
                 in self.director.deployments.certificates(self.name)]
        return sorted(found, key=lambda item: (
            item['days_left'] is None, item['days_left'], item['name']))

    def manifest(self) -> str | None:
        """The manifest as it was deployed, secrets hidden."""
        text = self.director.deployments.manifest(self.name)
        return None if text is None else redaction.redact(text)

    def tasks(self) -> list[dict[str, Any]]:
        """The tasks that people started, the newest first."""
        return [describe(task) for task in self.director.tasks.list(
            deployment=self.name, limit=TASKS) if self._is_ours(task)]

    def under_way(self) -> list[director_tasks.Task]:
        """The tasks on it that run or wait."""
        return [task for task in self.director.tasks.list(
            deployment=self.name, state=_UNDER_WAY)
            if self._is_ours(task) and task.is_processing]

    def _is_ours(self, task: director_tasks.Task) -> bool:
        # A director that ignored the filter would show others' tasks.
        return task.deployment == self.name

    def find(self, task_id: int | None) -> director_tasks.Task | None:
        """A task as it is now; None when the director forgot it."""
        if task_id is None:
            return None
        try:
            return self.director.tasks.get(task_id)
        except director_exceptions.NotFound:
            return None

    def task(self, task_id: int | None) -> dict[str, Any] | None:
        """A task as it is now and how far; None when it was forgotten."""
        task = self.find(task_id)
        if task is None:
            return None
        steps, offset, read = task_steps.Steps(), 0, _PAGE
        while read >= _PAGE:
            events, end = self.director.tasks.events(
                task.id, offset, final=task.is_terminal)
            steps.take(events)
            offset, read = end, end - offset
        error = None
        if task.is_terminal and not task.succeeded:
            error = (steps.error or task.result
                     or f'it ended in state {task.state}')
        return {**describe(task), **steps.summary(task.succeeded),
                'error': error}

    def vitals(self) -> list[dict[str, Any]]:
        """What the agents report.

        :raises TaskFailed: when the director could not ask them.
        :raises DeadlineOver: when they take too long.
        """
        if not self.exists():
            return []
        tasks = self.director.tasks
        task_id = self.director.deployments.vitals(self.name)
        wait = _FIRST_WAIT
        monitor = tasks.monitor(task_id)
        while not monitor.check():
            time.sleep(wait)
            wait = min(2 * wait, _LAST_WAIT)
        text = tasks.output(task_id, 'result')
        return [{**dataclasses.asdict(item), 'name': item.name}
                for item in self.director.deployments.parse_vitals(text)]


def describe(task: director_tasks.Task) -> dict[str, Any]:
    """A task as a map, with the seconds it has taken."""
    elapsed = None
    if task.started_at is not None:
        ended = task.timestamp if task.is_terminal else None
        elapsed = max(0, int(ended or time.time()) - task.started_at)
    return {**dataclasses.asdict(task), 'elapsed': elapsed}


def _state(item: Any) -> str:
    """Whether an instance has the server it should have."""
    if item.cid:
        return 'deployed'
    return 'missing' if item.expects_vm else 'none'
