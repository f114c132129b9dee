# SPDX-License-Identifier: Apache-2.0
"""Running errands."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import tasks as director_tasks

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import errand_output
from heat_plugins.signals import errors
from heat_plugins.signals import fields
from heat_plugins.signals import records

NAME, INSTANCES = 'name', 'instances'
KEEP_ALIVE, WHEN_CHANGED = 'keep_alive', 'when_changed'


class RunErrand(action.Action):
    """Run an errand; the attribute ``errand_run`` tells what it wrote."""

    name = 'run_errand'
    accepts = {NAME: fields.Text(required=True), INSTANCES: fields.Names(),
               KEEP_ALIVE: fields.Flag(), WHEN_CHANGED: fields.Flag()}

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._errand: str = values[NAME]
        self._where: list[dict[str, str]] = []

    @property
    def target(self) -> str:
        """What it acts on, for people."""
        return self._errand

    def check(self, view: deployment_view.View) -> None:
        """Look for the errand and the instances.

        :raises BadSignal: when there is none.
        """
        errands = view.errands()
        if self._errand not in errands:
            raise errors.BadSignal(
                reason=f'there is no errand "{self._errand}" in deployment '
                       f'"{view.name}"; it has {fields.listed(errands)}')
        chosen = self.values.get(INSTANCES)
        if not chosen:
            return
        known = view.instances()
        for text in chosen:
            group, _slash, instance = text.partition('/')
            found = [item for item in known if item['group'] == group
                     and instance in ('', item['id'], str(item['index']))]
            if not found:
                raise errors.BadSignal(
                    reason=f'"{INSTANCES}" names "{text}", which there is '
                           'not; there are ' + fields.listed(
                               item['name'] for item in known))
            self._where.append({'group': group} if not instance else {
                'group': group, 'id': found[0]['id']})

    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> action.Outcome:
        """Start the task.

        :raises DirectorError: when the director refuses.
        """
        return action.Outcome(task=director.deployments.run_errand(
            rsrc.resource_id or '', self._errand, context_id=record.context,
            keep_alive=bool(self.values.get(KEEP_ALIVE)),
            when_changed=bool(self.values.get(WHEN_CHANGED)),
            instances=self._where))

    def failure(self, director: client.Director,
                task: director_tasks.Task) -> str | None:
        """Why the errand failed although its task did not."""
        return errand_output.failure(
            errand_output.read(director, task.id))
