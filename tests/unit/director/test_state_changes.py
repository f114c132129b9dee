# SPDX-License-Identifier: Apache-2.0

import ddt

from cf_openstack.director import exceptions
from tests.unit.director import base


@ddt.ddt
class StateChangesTest(base.DirectorTestCase):

    @ddt.data(
        ('start', {}, '*', {'state': ['started']}),
        ('stop', {}, '*', {'state': ['stopped']}),
        ('stop', {'hard': True, 'group': 'api'}, 'api',
         {'state': ['detached']}),
        ('restart', {'group': 'api', 'instance': '0', 'skip_drain': True},
         'api/0', {'state': ['restart'], 'skip_drain': ['true']}),
        ('recreate', {'fix': True, 'canaries': 2, 'max_in_flight': '10%'},
         '*', {'state': ['recreate'], 'fix': ['true'], 'canaries': ['2'],
               'max_in_flight': ['10%']}))
    @ddt.unpack
    def test_change(self, action, options, path, query):
        put = self.stub_task('PUT', f'/deployments/cf/jobs/{path}')
        self.assertEqual(42, self.director.state_changes.change(
            'cf', action, context_id='heat-1', **options))
        request = put.last_request
        self.assertEqual(query, request.qs)
        self.assertEqual('heat-1', request.headers['X-Bosh-Context-Id'])
        self.assertEqual('text/yaml', request.headers['Content-Type'])
        self.assertIn(request.body, (None, b''))

    def test_act(self):
        posted = self.stub_task(
            'POST', '/deployments/cf/instance_groups/api/uuid-1/actions/stop')
        self.assertEqual(42, self.director.state_changes.act(
            'cf', 'stop', 'api', 'uuid-1', context_id='heat-1', hard=True,
            skip_drain=False))
        request = posted.last_request
        self.assertEqual({'hard': ['true']}, request.qs)
        self.assertEqual('heat-1', request.headers['X-Bosh-Context-Id'])

    def test_unknown_action(self):
        changes = self.director.state_changes
        self.assertRaises(exceptions.InvalidRequest, changes.change, 'cf',
                          'explode')
        self.assertRaises(exceptions.InvalidRequest, changes.act, 'cf',
                          'detach', 'api', '0')
