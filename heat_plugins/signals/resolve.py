# SPDX-License-Identifier: Apache-2.0
"""Mending what a scan has found."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import problems

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import errors
from heat_plugins.signals import fields
from heat_plugins.signals import records

RESOLUTIONS, DELETE_DATA = 'resolutions', 'delete_data'


class Resolve(action.Action):
    """Resolve problems as people have chosen; the others stay.

    Nothing is ever chosen for anybody.  What deletes a server, a disk, or
    what the director knows of one, needs ``delete_data`` beside it.
    """

    name = 'resolve'
    accepts = {RESOLUTIONS: fields.Map(required=True),
               DELETE_DATA: fields.Flag()}

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._chosen: dict[str, str] = values[RESOLUTIONS]
        self._others: dict[str, str] = {}

    @property
    def target(self) -> str:
        """What it acts on, for people."""
        return ', '.join(f'problem {number}: {name}' for number, name
                         in sorted(self._chosen.items()))

    def check_form(self, rsrc: base.DirectorUser) -> None:
        """Check that each problem has the name of a resolution.

        :raises BadSignal: when one has not.
        """
        for number, name in self._chosen.items():
            if not isinstance(name, str) or not name:
                raise errors.BadSignal(
                    reason=f'the resolution of problem {number} has to be a '
                           f'name, not {fields.quote(name)}')

    def check(self, view: deployment_view.View) -> None:
        """Look for the problems and for what may be done about them.

        :raises BadSignal: when a problem or a resolution is not known.
        :raises SignalRefused: when data would be deleted unasked.
        """
        known = {item['id']: item for item in view.problems()}
        for number, name in self._chosen.items():
            if number not in known:
                raise errors.BadSignal(
                    reason=f'the last scan has found no problem {number}; it '
                           f'has found {fields.listed(known)}')
            self._check_one(known[number], name)
        for number, item in known.items():
            if number in self._chosen:
                continue
            # A director wants to hear of each problem that it knows.
            names = [way['name'] for way in item['resolutions']]
            if problems.IGNORE not in names:
                raise errors.BadSignal(
                    reason=f'problem {number} needs a resolution too: '
                           f'{fields.listed(names)}')
            self._others[number] = problems.IGNORE

    def _check_one(self, problem: dict[str, Any], name: str) -> None:
        found = [way for way in problem['resolutions']
                 if way['name'] == name]
        if not found:
            raise errors.BadSignal(
                reason=f'"{name}" is no resolution of problem '
                       f'{problem["id"]}; there are ' + fields.listed(
                           way['name'] for way in problem['resolutions']))
        if found[0]['deletes_data'] and not self.values.get(DELETE_DATA):
            raise errors.SignalRefused(
                action=self.name,
                reason=f'"{name}" of problem {problem["id"]} may delete data '
                       f'({found[0]["plan"]}); if that is what you want, add '
                       f'"{DELETE_DATA}": true')

    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> action.Outcome:
        """Start the task.

        :raises DirectorError: when the director refuses.
        """
        return action.Outcome(task=director.problems.resolve(
            rsrc.resource_id or '', {**self._others, **self._chosen}))
