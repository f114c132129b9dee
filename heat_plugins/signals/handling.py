# SPDX-License-Identifier: Apache-2.0
"""From a signal to a task of the director."""

import dataclasses
from typing import Any

from oslo_log import log as logging

from cf_openstack.director import exceptions as director_exceptions
from cf_openstack import exceptions

from heat.common import exception
from heat.common.i18n import _

from heat_plugins.deploying import look as looks
from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import answers
from heat_plugins.signals import caller
from heat_plugins.signals import errors
from heat_plugins.signals import follower
from heat_plugins.signals import records
from heat_plugins.signals import registry
from heat_plugins.signals import telling

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Admitted:
    """A signal that was found to be good."""

    action: action.Action
    record: records.Record


def admit(rsrc: base.DirectorUser, details: Any) -> Admitted:
    """Check a signal while its sender waits, and take note of it.

    Heat follows a signal behind the back of its sender, who would never
    hear of an error there.

    :param rsrc: the deployment's resource.
    :param details: the body of the signal.
    :raises Forbidden: when the sender may not change the stack.
    :raises StackValidationFailed: when the signal is not valid or cannot be
        followed now; HTTP status 400 to its sender.
    """
    caller.authorize(rsrc)
    try:
        request = registry.parse(rsrc, details)
        _check_state(rsrc, request.action)
        looks.at(rsrc).read(
            lambda view: _check_director(rsrc, request.action, view))
    except exceptions.CfOpenStackError as error:
        telling.tell(rsrc, telling.FAILED, str(error))
        raise exception.StackValidationFailed(message=str(error)) from None
    wanted = request.action
    return Admitted(wanted, records.Records(rsrc).add(
        wanted.name, wanted.target, request.id))


def _check_state(rsrc: base.DirectorUser, wanted: action.Action) -> None:
    if rsrc.resource_id is None:
        raise errors.SignalRefused(
            action=wanted.name, reason='there is no deployment so far')
    if not wanted.changes:
        return
    if rsrc.status == rsrc.IN_PROGRESS or rsrc.action == rsrc.DELETE:
        raise errors.SignalRefused(
            action=wanted.name,
            reason=f'the resource is {rsrc.action}_{rsrc.status}; wait for '
                   'the end of that, or send the signal "cancel"')
    if rsrc.action == rsrc.SUSPEND and rsrc.status == rsrc.COMPLETE:
        raise errors.SignalRefused(
            action=wanted.name,
            reason='the deployment is suspended; resume the stack first')


def _check_director(rsrc: base.DirectorUser, wanted: action.Action,
                    view: deployment_view.View) -> None:
    if wanted.changes:
        busy = view.under_way() or [
            task for record in records.Records(rsrc).list()
            if record.state == records.STARTED
            and (task := answers.find_task(record, view)) is not None
            and task.is_processing]
        if busy:
            raise errors.SignalRefused(
                action=wanted.name,
                reason=f'task {busy[0].id} ({busy[0].description}, '
                       f'{busy[0].state}) is under way on deployment '
                       f'"{view.name}"; wait for its end, or send the '
                       'signal "cancel"')
    wanted.check(view)


def follow(rsrc: base.DirectorUser, admitted: Admitted) -> None:
    """Do what a signal asks for.

    What comes of it is told by events and by the attribute ``answer``.

    :param rsrc: the deployment's resource; it is not to be used afterwards.
    """
    known = records.Records(rsrc)
    wanted, record = admitted.action, admitted.record
    try:
        outcome = wanted.do(rsrc, rsrc.director(), record)
    except director_exceptions.OutcomeUnknown as error:
        # Its task may show up later, and is found by the context id then.
        known.change(record, error=str(error))
        telling.tell(rsrc, telling.FAILED, f'{wanted}: {error}')
        return
    except exceptions.CfOpenStackError as error:
        known.change(record, state=records.FAILED, error=str(error))
        telling.tell(rsrc, telling.FAILED, f'{wanted}: {error}')
        return
    except Exception:
        known.change(record, state=records.FAILED, error=_(
            'An unexpected error; the log of the engine has it'))
        raise
    if outcome.task is None:
        known.change(record, state=records.ENDED, final='done',
                     result=outcome.result)
        telling.tell(rsrc, telling.COMPLETE, f'{wanted}: {outcome.result}')
        return
    record = known.change(record, state=records.STARTED, task=outcome.task)
    telling.tell(rsrc, telling.IN_PROGRESS, _(
        '%(what)s: task %(task)d of the director') % {
            'what': wanted, 'task': outcome.task})
    follower.Follower(rsrc, wanted, record).start()
