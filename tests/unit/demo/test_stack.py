# SPDX-License-Identifier: Apache-2.0
"""The demo's stack against Heat's HTTP API."""

import io
import pathlib
from unittest import mock

import fixtures
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from oslotest import base
import requests_mock

from devstack.demo import report
from devstack.demo import stack

HEAT = 'http://heat.test/v1/project'
PATH = HEAT + '/stacks/cf'
JSON = {'Content-Type': 'application/json'}


class Cloud:
    """As much of a connection as the stack asks for."""

    def __init__(self):
        self.session = session.Session(
            auth=token_endpoint.Token(HEAT, 'token'))
        self.config = mock.Mock(**{'get_region_name.return_value': 'R'})


class StackTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.http = requests_mock.Mocker()
        self.http.start()
        self.addCleanup(self.http.stop)
        self.out = io.StringIO()
        self.stack = stack.Stack(Cloud(), 'cf', out=self.out)
        self.template = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'stack.yaml'
        self.template.write_text(
            'heat_template_version: 2021-04-16\nresources: {}\n')
        self.useFixture(fixtures.MockPatchObject(stack, 'POLL_SECONDS', 0))

    def answer(self, *statuses):
        """What the stack is at each look; None while there is none."""
        self.http.get(PATH, [
            {'headers': JSON, 'json': {'stack': {
                'id': '1', 'stack_name': 'cf', 'stack_status': status,
                'stack_status_reason': 'because'}}} if status
            else {'status_code': 404} for status in statuses])

    def events(self, *statuses):
        self.http.get(PATH + '/events', [
            {'status_code': 404}, *({'headers': JSON, 'json': {'events': [{
                'id': str(number), 'event_time': 'now',
                'resource_name': 'cf', 'physical_resource_id': '1',
                'resource_status': status, 'resource_status_reason': '',
                'links': [{'rel': 'stack', 'href': HEAT + '/stacks/cf/1'}],
            }]}} for number, status in enumerate(statuses))])

    def test_creates_what_is_not_there(self):
        self.answer(None)
        self.events('CREATE_IN_PROGRESS', 'CREATE_COMPLETE')
        created = self.http.post(HEAT + '/stacks', status_code=201,
                                 headers=JSON,
                                 json={'stack': {'id': '1'}})
        self.assertEqual('CREATE', self.stack.apply(
            self.template, {'diego_cells': 2}))
        self.assertEqual({'diego_cells': 2},
                         created.last_request.json()['parameters'])
        self.assertIn('CREATE_COMPLETE', self.out.getvalue())

    def test_updates_what_is_there(self):
        self.answer('CREATE_COMPLETE')
        self.events('UPDATE_COMPLETE')
        updated = self.http.put(HEAT + '/stacks/1', status_code=202)
        self.assertEqual('UPDATE', self.stack.apply(
            self.template, {'diego_cells': 4}))
        self.assertEqual({'diego_cells': 4},
                         updated.last_request.json()['parameters'])

    def test_waits_for_nobody(self):
        self.answer('UPDATE_IN_PROGRESS')
        error = self.assertRaises(stack.StackBusy, self.stack.apply,
                                  self.template, {})
        self.assertIn('UPDATE_IN_PROGRESS', str(error))

    def test_names_what_failed_and_why(self):
        self.answer(None)
        self.events('CREATE_FAILED')
        self.http.post(HEAT + '/stacks', status_code=201, headers=JSON,
                       json={'stack': {'id': '1'}})
        self.http.get(PATH + '/resources', headers=JSON, json={'resources': [
            {'resource_name': 'director', 'resource_type': 'A::B::C',
             'resource_status': 'CREATE_FAILED',
             'resource_status_reason': 'wrong password'},
            {'resource_name': 'network', 'resource_type': 'D::E::F',
             'resource_status': 'CREATE_COMPLETE',
             'resource_status_reason': ''}]})
        error = self.assertRaises(stack.StackFailed, self.stack.apply,
                                  self.template, {})
        self.assertIn('director (A::B::C): wrong password', str(error))
        self.assertNotIn('network', str(error))

    def test_what_has_just_been_deleted_is_not_there(self):
        self.answer('DELETE_COMPLETE')
        self.assertIsNone(self.stack.get())

    def test_deleting_what_is_not_there_is_done(self):
        self.answer(None)
        self.stack.delete()
        self.assertEqual('', self.out.getvalue())


class ReportTest(base.BaseTestCase):

    def test_outputs_of_a_line_each(self):
        text = report.outputs({'url': 'https://api', 'instances': [1]})
        self.assertIn('https://api', text)
        self.assertNotIn('instances', text)

    def test_instances_beside_their_servers(self):
        server = mock.Mock(id='cid-1', status='ACTIVE', attached_volumes=[1])
        server.name = 'api/uuid'
        server.flavor.original_name = 'small'
        cloud = mock.Mock(**{'compute.servers.return_value': [server]})
        lines = report.instances(cloud, [
            {'group': 'smoke', 'index': 0, 'az': 'z1', 'ips': [],
             'cid': None, 'expects_vm': False},
            {'group': 'router', 'index': 0, 'az': 'z1', 'ips': [],
             'cid': 'gone', 'expects_vm': True},
            {'group': 'api', 'index': 0, 'az': 'z1', 'ips': ['10.0.0.2'],
             'cid': 'cid-1', 'expects_vm': True}]).splitlines()
        self.assertRegex(lines[3], 'api/0 .* 10.0.0.2 .* api/uuid .* ACTIVE')
        self.assertRegex(lines[4], 'router/0 .* no server')
        self.assertRegex(lines[5], 'smoke/0 .* errand')
