# SPDX-License-Identifier: Apache-2.0
"""What restart, recreate, stop and start have in common."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import client

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import errors
from heat_plugins.signals import fields
from heat_plugins.signals import records

GROUP, INSTANCE, CONVERGE = 'group', 'instance', 'converge'
SKIP_DRAIN, FIX, HARD = 'skip_drain', 'fix', 'hard'
CANARIES, MAX_IN_FLIGHT = 'canaries', 'max_in_flight'
IGNORE_AGENT = 'ignore_unresponsive_agent'

#: What each of them takes.
COMMON: Mapping[str, fields.Field] = {
    GROUP: fields.Text(), INSTANCE: fields.Key(), CONVERGE: fields.Flag(),
    CANARIES: fields.Share(), MAX_IN_FLIGHT: fields.Share()}

# With and without a plan of the whole deployment, as in the bosh CLI.
_PLANNED = (SKIP_DRAIN, FIX, CANARIES, MAX_IN_FLIGHT)
_UNPLANNED = (SKIP_DRAIN, HARD, IGNORE_AGENT)


class InstanceAction(action.Action):
    """Something done to one instance, to those of a group, or to all.

    By default the director makes a plan of the deployment as it was
    deployed, and goes by its update block.  With ``converge`` false, which
    is for single instances, it acts on this instance alone, as ``bosh
    --no-converge`` does.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._group: str | None = values.get(GROUP)
        self._instance: str | None = values.get(INSTANCE)
        if self._instance is not None and '/' in self._instance:
            # As the bosh CLI and the attribute "instances" write it.
            group, _slash, self._instance = self._instance.partition('/')
            if self._group not in (None, group):
                raise errors.BadSignal(
                    reason=f'"{INSTANCE}" names the group "{group}", and '
                           f'"{GROUP}" is "{self._group}"')
            self._group = group

    @property
    def target(self) -> str:
        """What it acts on, for people."""
        if self._instance is not None:
            return f'{self._group or "?"}/{self._instance}'
        return self._group or 'all instances'

    def check_form(self, rsrc: base.DirectorUser) -> None:
        """Check which options go together.

        :raises BadSignal: when they do not.
        """
        if self.values.get(CONVERGE, True):
            if self.values.get(IGNORE_AGENT):
                raise errors.BadSignal(
                    reason=f'"{IGNORE_AGENT}" needs "{CONVERGE}": false')
            return
        if self._instance is None:
            raise errors.BadSignal(
                reason=f'"{CONVERGE}": false is for a single instance, name '
                       f'it in "{INSTANCE}"')
        for name in _PLANNED:
            if name not in _UNPLANNED and self.values.get(name):
                raise errors.BadSignal(
                    reason=f'"{name}" does not go with "{CONVERGE}": false')

    def check(self, view: deployment_view.View) -> None:
        """Look for the group and the instance.

        :raises BadSignal: when there is none.
        """
        if self._group is None and self._instance is None:
            return
        instances = view.instances()
        groups = {item['group'] for item in instances}
        if self._group is not None and self._group not in groups:
            raise errors.BadSignal(
                reason=f'there is no instance group "{self._group}" in '
                       f'deployment "{view.name}"; it has '
                       f'{fields.listed(groups)}')
        if self._instance is not None:
            self._find([item for item in instances
                        if self._group in (None, item['group'])])

    def _find(self, instances: list[dict[str, Any]]) -> None:
        found = [item for item in instances
                 if item['id'] == self._instance or (
                     self._group is not None
                     and str(item['index']) == self._instance)]
        if len(found) != 1:
            among = self._group or 'the deployment'
            hint = '' if self._group else (
                f'; by its index it is found with "{GROUP}" only')
            known = fields.listed(
                f'{item["name"]} ({item["index"]})' for item in instances)
            raise errors.BadSignal(
                reason=f'there is no instance "{self._instance}" in {among}, '
                       f'which has {known}{hint}')
        # From here on by its id: an index may be given to another one.
        self._group, self._instance = found[0]['group'], found[0]['id']

    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> action.Outcome:
        """Start the task.

        :raises DirectorError: when the director refuses.
        """
        deployment = rsrc.resource_id or ''
        changes = director.state_changes
        if not self.values.get(CONVERGE, True):
            task = changes.act(
                deployment, self.name, self._group or '',
                self._instance or '', context_id=record.context,
                **self._options(_UNPLANNED))
        else:
            task = changes.change(
                deployment, self.name, group=self._group or '*',
                instance=self._instance, context_id=record.context,
                hard=bool(self.values.get(HARD)), **self._options(_PLANNED))
        return action.Outcome(task=task)

    def _options(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: self.values[name] for name in names
                if name in self.values}
