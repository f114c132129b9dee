# SPDX-License-Identifier: Apache-2.0
"""A stack of one small deployment, on networks and configs of its own."""

import io
import pathlib
from typing import Any

from heatclient.common import event_utils

from devstack.demo import stack as demo_stack
from tests.functional import base as functional_base
from tests.functional.pocket_director import base

RESOURCE = 'deployment'
_LIMIT_S = 240
_ENDED = ('done', 'error', 'cancelled', 'timeout', 'failed')


class SmallStackTestCase(base.DirectorTestCase):
    """Has a stack with a director and a deployment of two instances.

    ``heat`` is python-heatclient's client, ``stack`` the stack's name.
    """

    def setUp(self) -> None:
        super().setUp()
        self.stack = self.name('small')
        self.demo = demo_stack.Stack(self.cloud, self.stack,
                                     out=io.StringIO())
        self.heat = self.demo.heat
        self.parameters = {
            'endpoint': self.known['endpoint'],
            'client': self.known['client'],
            'ca_certificate': pathlib.Path(
                self.known['ca_file']).read_text(),
            'client_secret': self.known['client_secret']}
        self.addCleanup(self.demo.delete)
        self.follow('CREATE', lambda: self.heat.stacks.create(
            stack_name=self.stack, template=self.template(),
            parameters=self.parameters))

    def template(self, **properties: Any) -> dict[str, Any]:
        """The stack's template, with other properties of the deployment."""
        return {
            'heat_template_version': '2021-04-16',
            'parameters': {name: {'type': 'string',
                                  'hidden': name == 'client_secret'}
                           for name in self.parameters},
            'resources': {
                'director': {
                    'type': 'CloudFoundry::BOSH::Director',
                    'properties': {name: {'get_param': name}
                                   for name in self.parameters}},
                RESOURCE: {
                    'type': 'CloudFoundry::BOSH::Deployment',
                    'properties': {
                        'director': {'get_attr': ['director', 'connection']},
                        'manifest': self.manifest(), **properties}}}}

    def manifest(self, instances: int = 1) -> dict[str, Any]:
        """The deployment's manifest: a server group and an errand."""
        return {
            'name': self.deployment,
            'releases': [{'name': self.release, 'version': '1'}],
            'stemcells': [{'alias': 'default', 'os': self.stemcell,
                           'version': '1'}],
            'update': {'canaries': 1, 'max_in_flight': 4,
                       'canary_watch_time': 1000,
                       'update_watch_time': 1000},
            'instance_groups': [
                self.group('api', instances),
                self.group('tests', lifecycle='errand')]}

    def update(self, **properties: Any) -> str:
        """Update the stack; how it ended."""
        return self.follow('UPDATE', lambda: self.heat.stacks.update(
            self.stack, template=self.template(**properties),
            parameters=self.parameters), may_fail=True)

    def follow(self, action: str, begin: Any, may_fail: bool = False) -> str:
        """Begin an action of the stack and wait for its end."""
        found = [] if action == 'CREATE' else event_utils.get_events(
            self.heat, stack_id=self.stack,
            event_args={'sort_dir': 'desc', 'limit': 1})
        begin()
        status, _message = event_utils.poll_for_events(
            self.heat, self.stack, action=action, poll_period=1,
            marker=found[0].id if found else None, out=io.StringIO())
        if status != f'{action}_COMPLETE' and not may_fail:
            self.fail(f'{status}: {self.reason()}')
        return status

    def reason(self) -> str:
        """Why the deployment is in the state that it is in."""
        return self.heat.resources.get(
            self.stack, RESOURCE).resource_status_reason

    def shown(self, *names: str) -> dict[str, Any]:
        """All attributes of the deployment, with some that are slow."""
        return self.heat.resources.get(
            self.stack, RESOURCE, with_attr=list(names)).attributes

    def signal(self, **details: Any) -> None:
        """Send a signal, and wait for the end of what it asks for."""
        number = f'{self.tag}-{len(str(details))}-{id(details)}'
        self.heat.resources.signal(
            self.stack, RESOURCE, data={'id': number, **details})

        def ended() -> Any:
            answer = self.shown()['answer']
            self.assertEqual(number, answer['id'])
            return answer if answer['state'] in _ENDED else None

        self.answer = self.wait_for(ended, f'the end of {details}',
                                    _LIMIT_S)

    def succeed(self, **details: Any) -> dict[str, Any]:
        """Send a signal that succeeds; its answer."""
        self.signal(**details)
        self.assertEqual('done', self.answer['state'], self.answer)
        return self.answer

    def events(self) -> str:
        """What the events of the deployment tell, the oldest first."""
        return '\n'.join(
            f'{event.resource_status} {event.resource_status_reason}'
            for event in self.heat.events.list(
                self.stack, resource_name=RESOURCE))

    def server(self) -> str | None:
        """The id of the server of the one instance."""
        [instance] = self.instances('api')
        return instance.cid

    def wait_settled(self) -> None:
        """Wait until the stack is in no action."""
        self.wait_for(
            lambda: not self.heat.stacks.get(
                self.stack).stack_status.endswith('IN_PROGRESS'),
            'the end of the action', functional_base.LIMIT_S)
