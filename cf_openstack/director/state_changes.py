# SPDX-License-Identifier: Apache-2.0
"""Starting, stopping, restarting and recreating instances."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import session as director_session
from cf_openstack.director import tasks as director_tasks

ACTIONS = ('start', 'stop', 'restart', 'recreate')

#: How ``PUT .../jobs`` spells what an action leads to; a hard stop, which
#: deletes the VM, leads to ``detached``.
_STATES = {'start': 'started', 'stop': 'stopped', 'restart': 'restart',
           'recreate': 'recreate'}
_DETACHED = 'detached'


def _query(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: 'true' if value is True else value
            for name, value in options.items()
            if value is not None and value is not False}


class StateChanges:
    """Change the state of instances; manifest and configs stay as deployed.

    :param tasks: the tasks of the director.
    """

    def __init__(self, tasks: director_tasks.Tasks) -> None:
        self._tasks = tasks

    def change(self, name: str, action: str, *, group: str = '*',
               instance: str | None = None, hard: bool = False,
               context_id: str | None = None, **options: Any) -> int:
        """Act on all instances, on those of a group, or on one of them.

        The director makes a plan of the whole deployment for it, and goes
        by the update block of the manifest.

        :param action: one of :data:`ACTIONS`.
        :param group: an instance group, ``*`` for all.
        :param instance: id or index of an instance of that group.
        :param hard: delete the VMs that are stopped; disks stay.
        :param context_id: marks the task.
        :param options: ``skip_drain``, ``fix``, ``canaries``,
            ``max_in_flight``; None and False leave one out.
        :returns: id of the task.
        """
        if action not in ACTIONS:
            raise exceptions.InvalidRequest(
                reason=f'"{action}" is none of {", ".join(ACTIONS)}')
        state = _DETACHED if hard else _STATES[action]
        segments = ['deployments', name, 'jobs', group]
        if instance is not None:
            segments.append(instance)
        return self._tasks.start(
            'PUT', connector.quoted_path(*segments), body='',
            content_type=director_session.YAML, context_id=context_id,
            params={'state': state, **_query(options)})

    def act(self, name: str, action: str, group: str, instance: str, *,
            context_id: str | None = None, **options: Any) -> int:
        """Act on one instance without any plan: nothing else changes.

        :param action: one of :data:`ACTIONS`.
        :param instance: id or index of the instance.
        :param context_id: marks the task.
        :param options: ``skip_drain``, ``hard`` (of stop),
            ``ignore_unresponsive_agent`` (of recreate); None and False
            leave one out.
        :returns: id of the task.
        """
        if action not in ACTIONS:
            raise exceptions.InvalidRequest(
                reason=f'"{action}" is none of {", ".join(ACTIONS)}')
        return self._tasks.start(
            'POST', connector.quoted_path(
                'deployments', name, 'instance_groups', group, instance,
                'actions', action),
            context_id=context_id, params=_query(options))
