# SPDX-License-Identifier: Apache-2.0
"""Many stacks at once, over several heat-engines."""

import collections
from concurrent import futures
import re
import time
from typing import Any

from heatclient import client as heat_client

from devstack.pocket import state as pocket_state
from tests.functional import base
from tests.functional.engines import fleet
from tests.functional import own_director

STACKS = 50
#: Seconds for all of them.
LIMIT_S = 300
# Without instances: what is tried is Heat, not Nova.
MANIFEST = '''\
name: %(name)s
releases: []
stemcells: [{alias: default, os: none, version: '1'}]
instance_groups: []
update:
  canaries: 1
  max_in_flight: 1
  canary_watch_time: 1000
  update_watch_time: 1000
'''
TEMPLATE = {
    'heat_template_version': '2021-04-16',
    'parameters': {
        'endpoint': {'type': 'string'},
        'authority': {'type': 'string'},
        'client': {'type': 'string'},
        'secret': {'type': 'string', 'hidden': True},
        'name': {'type': 'string'},
        'manifest': {'type': 'string'},
    },
    'resources': {
        'director': {
            'type': 'CloudFoundry::BOSH::Director',
            'properties': {
                'endpoint': {'get_param': 'endpoint'},
                'ca_certificate': {'get_param': 'authority'},
                'client': {'get_param': 'client'},
                'client_secret': {'get_param': 'secret'}}},
        'config': {
            'type': 'CloudFoundry::BOSH::Config',
            'properties': {
                'director': {'get_attr': ['director', 'connection']},
                'type': 'cloud',
                'name': {'get_param': 'name'},
                # of a director's cloud configs one makes all
                'content': {'networks': [{
                    'name': {'get_param': 'name'}, 'type': 'dynamic'}]}}},
        'deployment': {
            'type': 'CloudFoundry::BOSH::Deployment',
            'depends_on': 'config',
            'properties': {
                'director': {'get_attr': ['director', 'connection']},
                'manifest': {'get_param': 'manifest'}}},
    },
    'outputs': {'name': {'value': {'get_attr': ['deployment', 'name']}}},
}
#: What an engine logs when it begins to make a resource.
CREATING = re.compile(r'INFO heat\.engine\.resource .* creating \w+ '
                      r'"(\w+)" Stack "([\w-]+)"')


class ManyStacksTest(base.FunctionalTestCase):
    """Fifty stacks, each with a director, a config and a deployment."""

    def setUp(self) -> None:
        super().setUp()
        self.fleet = fleet.Fleet(self.state)
        self.assertEqual(self.fleet.names, self.fleet.running())
        self.assertGreaterEqual(len(self.fleet.names), 3)
        self.starts = {name: self.fleet.log_size(name)
                       for name in self.fleet.names}
        # The director shall not be what they wait for.
        self.director = own_director.OwnDirector(
            self.state, self.name('director'), '--workers', '16')
        self.addCleanup(self.director.close)
        self.heat = heat_client.Client(
            '1', session=self.cloud.session, service_type='orchestration',
            region_name=pocket_state.REGION)
        self.names = [self.name('many-%02d' % number)
                      for number in range(STACKS)]
        self.addCleanup(self.delete_all)

    def test_fifty_at_once(self) -> None:
        begun = time.monotonic()
        self.at_once(self.create, self.names)
        asked = time.monotonic()
        self.wait_for(self.all_made, 'all stacks to be made', LIMIT_S)
        made = time.monotonic()
        self.assertEqual(
            sorted(self.names), sorted(
                d.name for d in self.director.client.deployments.list()))
        shares = self.shares()
        print('%d stacks made in %.0f s (asked for in %.0f s); resources '
              'begun by each engine: %s' % (
                  STACKS, made - begun, asked - begun, ', '.join(
                      '%s %d' % pair for pair in sorted(shares.items()))))
        # Each resource of each stack was made by one engine, once.
        self.assertEqual(3 * STACKS, sum(shares.values()))
        for name in self.fleet.names:
            # An even share is a third; chance gives more or less.
            self.assertGreater(shares[name], 3 * STACKS / 10, shares)
        self.delete_all()
        print('... and deleted in %.0f s' % (time.monotonic() - made))
        self.assertEqual([], self.director.client.deployments.list())
        self.assertEqual([], self.director.client.configs.list())

    def create(self, name: str) -> None:
        """Ask for a stack."""
        known = self.director.known
        self.heat.stacks.create(
            stack_name=name, template=TEMPLATE, tags=self.tag, parameters={
                'endpoint': known['endpoint'],
                'authority': self.director.authority,
                'client': known['client'],
                'secret': known['client_secret'],
                'name': name, 'manifest': MANIFEST % {'name': name}})

    def at_once(self, action: Any, arguments: list[Any]) -> None:
        """Do something to many, side by side."""
        with futures.ThreadPoolExecutor(STACKS) as pool:
            # tells of the first failure
            list(pool.map(action, arguments))

    def stacks(self) -> list[Any]:
        """This test's stacks."""
        return list(self.heat.stacks.list(tags=self.tag))

    def all_made(self) -> bool:
        """Whether all are complete; a failed one fails the test."""
        found = self.stacks()
        for stack in found:
            if stack.stack_status not in ('CREATE_IN_PROGRESS',
                                          'CREATE_COMPLETE'):
                self.fail('%s is %s: %s' % (
                    stack.stack_name, stack.stack_status,
                    stack.stack_status_reason))
        return len(found) == STACKS and all(
            stack.stack_status == 'CREATE_COMPLETE' for stack in found)

    def all_gone(self) -> bool:
        """Whether none is left; one that cannot be deleted fails the test."""
        found = self.stacks()
        for stack in found:
            if stack.stack_status == 'DELETE_FAILED':
                self.fail('%s: %s' % (stack.stack_name,
                                      stack.stack_status_reason))
        return not found

    def delete_all(self) -> None:
        """Delete this test's stacks and wait until they are gone."""
        self.at_once(self.heat.stacks.delete,
                     [stack.id for stack in self.stacks()])
        self.wait_for(self.all_gone, 'all stacks to be deleted', LIMIT_S)

    def shares(self) -> dict[str, int]:
        """How many resources of these stacks each engine has made."""
        found: dict[str, int] = collections.Counter()
        for name, start in self.starts.items():
            for _resource, stack in CREATING.findall(
                    self.fleet.log(name, start)):
                found[name] += stack in self.names
        return found
