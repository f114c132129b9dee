# SPDX-License-Identifier: Apache-2.0
"""From what a signal says to the action that it asks for."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import cancel
from heat_plugins.signals import diff
from heat_plugins.signals import errors
from heat_plugins.signals import fields
from heat_plugins.signals import recreate
from heat_plugins.signals import resolve
from heat_plugins.signals import restart
from heat_plugins.signals import run_errand
from heat_plugins.signals import scan
from heat_plugins.signals import start
from heat_plugins.signals import stop

ACTION, ID = 'action', 'id'

#: The actions by their names.
ACTIONS: Mapping[str, type[action.Action]] = {
    cls.name: cls for cls in (
        cancel.Cancel, diff.Diff, recreate.Recreate, resolve.Resolve,
        restart.Restart, run_errand.RunErrand, scan.Scan, start.Start,
        stop.Stop)}


@dataclasses.dataclass(frozen=True)
class Request:
    """What a signal asks for.

    :ivar id: what the sender calls the signal, None when not given.
    """

    action: action.Action
    id: str | None = None


def parse(rsrc: base.DirectorUser, details: Any) -> Request:
    """Read a signal.

    :param rsrc: the resource that got it.
    :param details: its body, as Heat has read it.
    :raises BadSignal: when it is not valid; the text names what is wrong
        and what is allowed.
    """
    if not isinstance(details, Mapping) or not details.get(ACTION):
        raise errors.BadSignal(
            reason=f'it has to be a map with "{ACTION}", which is one of '
                   f'{fields.listed(ACTIONS)}')
    name = details[ACTION]
    if not isinstance(name, str) or name not in ACTIONS:
        raise errors.BadSignal(
            reason=f'"{ACTION}" is {fields.quote(name)} and has to be one of '
                   f'{fields.listed(ACTIONS)}')
    signal_id = details.get(ID)
    if signal_id is not None:
        signal_id = fields.Key().parse(ID, signal_id)
    cls = ACTIONS[name]
    known = cls.fields_for(rsrc)
    values = {}
    for key, value in details.items():
        if key in (ACTION, ID) or value is None:
            continue
        if key not in known:
            raise errors.BadSignal(
                reason=f'"{name}" knows no {fields.quote(key)}; it takes '
                       f'{fields.listed(known)}')
        values[key] = known[key].parse(key, value)
    for key, field in known.items():
        if field.required and key not in values:
            raise errors.BadSignal(
                reason=f'"{name}" needs "{key}", {field.takes}')
    wanted = cls(values)
    wanted.check_form(rsrc)
    return Request(action=wanted, id=signal_id)
