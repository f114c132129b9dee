# SPDX-License-Identifier: Apache-2.0
"""The demo's stack, through python-heatclient as a tenant would use it."""

from collections.abc import Callable, Mapping
import pathlib
import sys
import time
from typing import Any, TextIO

from heatclient import client as heat_client
from heatclient.common import event_utils
from heatclient.common import template_utils
from heatclient import exc as heat_exc
import openstack.connection

from cf_openstack import exceptions

POLL_SECONDS = 1
TIMEOUT_MINUTES = 60


class StackFailed(exceptions.CfOpenStackError):
    """A stack action ended as FAILED."""

    msg_fmt = 'Stack %(stack)s is %(status)s:\n%(reasons)s'


class StackBusy(exceptions.CfOpenStackError):
    """Another action on the stack is still under way."""

    msg_fmt = ('Stack %(stack)s is %(status)s; wait for that to end, or '
               'delete the stack, and try again.')


class Stack:
    """One stack by its name, whether it exists or not.

    :param cloud: connection of the tenant.
    :param name: the stack's name.
    :param out: where events are written as they happen.
    """

    def __init__(self, cloud: openstack.connection.Connection, name: str,
                 out: TextIO = sys.stdout) -> None:
        self.name = name
        self._out = out
        self.heat = heat_client.Client(
            '1', session=cloud.session, service_type='orchestration',
            region_name=cloud.config.get_region_name())

    def get(self) -> Any | None:
        """The stack as Heat shows it, or None."""
        try:
            found = self.heat.stacks.get(self.name)
        except heat_exc.HTTPNotFound:
            return None
        # For a moment, Heat still knows it by its name.
        return None if found.stack_status == 'DELETE_COMPLETE' else found

    def apply(self, template: pathlib.Path,
              parameters: Mapping[str, Any]) -> str:
        """Create the stack, or update the one that is there.

        A stack whose creation failed is deleted first.

        :returns: the action that was done: CREATE or UPDATE.
        :raises StackFailed: with the reason of each failed resource.
        :raises StackBusy: when another action is under way.
        """
        files, body = template_utils.get_template_contents(str(template))
        request = {'template': body, 'files': dict(files),
                   'parameters': dict(parameters),
                   'timeout_mins': TIMEOUT_MINUTES}
        found = self.get()
        if found is not None and found.stack_status == 'CREATE_FAILED':
            self.delete()
            found = None
        if found is None:
            self._follow('CREATE', lambda: self.heat.stacks.create(
                stack_name=self.name, **request))
            return 'CREATE'
        if found.stack_status.endswith('_IN_PROGRESS'):
            raise StackBusy(stack=self.name, status=found.stack_status)
        self._follow('UPDATE', lambda: self.heat.stacks.update(
            found.id, **request))
        return 'UPDATE'

    def update_parameters(self, **changes: Any) -> None:
        """Update with the same template and some other parameters.

        :raises StackFailed: with the reason of each failed resource.
        """
        self._follow('UPDATE', lambda: self.heat.stacks.update(
            self.name, existing=True, parameters=changes))

    def delete(self) -> None:
        """Delete the stack and wait until it is gone; absent is fine.

        :raises StackFailed: with the reason of each failed resource.
        """
        found = self.get()
        if found is None:
            return
        # By its id a deleted stack can still be asked for its last events
        where = f'{found.stack_name}/{found.id}'
        marker = self._last_event()
        self.heat.stacks.delete(found.id)
        status, _message = event_utils.poll_for_events(
            self.heat, where, action='DELETE', poll_period=POLL_SECONDS,
            marker=marker, out=self._out)
        if status != 'DELETE_COMPLETE':
            raise self._failure(status)

    def outputs(self) -> dict[str, Any]:
        """The outputs by their keys; the stack must exist."""
        stack = self.heat.stacks.get(self.name)
        return {o['output_key']: o.get('output_value')
                for o in stack.outputs}

    def _follow(self, action: str, start: Callable[[], Any]) -> None:
        marker = self._last_event()
        begun = time.monotonic()
        start()
        status, _message = event_utils.poll_for_events(
            self.heat, self.name, action=action, poll_period=POLL_SECONDS,
            marker=marker, out=self._out)
        if status != f'{action}_COMPLETE':
            raise self._failure(status)
        self._out.write('Stack %s %s in %.0f s\n' % (
            self.name, status, time.monotonic() - begun))

    def _last_event(self) -> str | None:
        try:
            events = event_utils.get_events(
                self.heat, stack_id=self.name,
                event_args={'sort_dir': 'desc', 'limit': 1})
        except heat_exc.CommandError:      # no such stack
            return None
        return events[0].id if events else None

    def _failure(self, status: str) -> StackFailed:
        reasons = [
            f'  {r.resource_name} ({r.resource_type}): '
            f'{r.resource_status_reason}'
            for r in self.heat.resources.list(self.name)
            if r.resource_status.endswith('FAILED')]
        if not reasons:
            found = self.get()
            reasons = ['  ' + (found.stack_status_reason if found
                               else 'the stack is gone')]
        return StackFailed(stack=self.name, status=status,
                           reasons='\n'.join(reasons))
