# SPDX-License-Identifier: Apache-2.0

import json

import ddt

from cf_openstack.director import certificates
from cf_openstack.director import deployments
from cf_openstack.director import exceptions
from tests.unit.director import base

MANIFEST = 'name: cf\ninstance_groups: []  # b\u00fcro\n'
GONE = {'code': 70000, 'description': "Deployment 'cf' doesn't exist"}
CF = {'name': 'cf', 'teams': ['dev'], 'cloud_config': 'outdated',
      'stemcells': [{'name': 'noble', 'version': '1.425'}],
      'releases': [{'name': 'nats', 'version': '57'}], 'locked': True}


@ddt.ddt
class DeploymentsTest(base.DirectorTestCase):

    def test_get(self):
        self.stub('GET', '/deployments', [{'name': 'other'}, CF])
        self.assertEqual(
            deployments.Deployment(
                name='cf', config_status='outdated',
                stemcells=('noble/1.425',), releases=('nats/57',),
                teams=('dev',), locked=True),
            self.director.deployments.get('cf'))
        self.assertIsNone(self.director.deployments.get('nothing'))

    @ddt.data({'manifest': MANIFEST}, {'manifest': None})
    def test_manifest(self, document):
        self.stub('GET', '/deployments/cf', document)
        self.assertEqual(document['manifest'],
                         self.director.deployments.manifest('cf'))

    def test_manifest_of_nothing(self):
        self.stub('GET', '/deployments/cf', GONE, status_code=404)
        self.assertIsNone(self.director.deployments.manifest('cf'))

    @ddt.data(
        ({}, {}),
        ({'recreate': True, 'fix': True},
         {'recreate': ['true'], 'fix': ['true']}),
        ({'context': {'cloud_config_ids': [1]}},
         {'context': [json.dumps({'cloud_config_ids': [1]})]}))
    @ddt.unpack
    def test_create(self, options, query):
        posted = self.stub_task('POST', '/deployments')
        self.assertEqual(42, self.director.deployments.create(
            MANIFEST, context_id='stack-1', **options))
        request = posted.last_request
        self.assertEqual(MANIFEST.encode('utf-8'), request.body)
        self.assertEqual('text/yaml', request.headers['Content-Type'])
        self.assertEqual('stack-1', request.headers['X-Bosh-Context-Id'])
        self.assertEqual(query, request.qs)

    def test_delete(self):
        deleted = self.stub_task('DELETE', '/deployments/cf')
        self.assertEqual(42, self.director.deployments.delete(
            'cf', force=True, context_id='stack-1'))
        self.assertEqual({'force': ['true']}, deleted.last_request.qs)

    def test_delete_what_is_gone(self):
        self.stub('DELETE', '/deployments/cf', GONE, status_code=404)
        self.assertIsNone(self.director.deployments.delete('cf'))

    def test_diff(self):
        posted = self.stub('POST', '/deployments/cf/diff', {
            'context': {'cloud_config_ids': [1]},
            'diff': [['name: cf', None], ['- name: router', 'added']]})
        diff = self.director.deployments.diff('cf', MANIFEST, redact=False)
        self.assertEqual((('name: cf', None), ('- name: router', 'added')),
                         diff.lines)
        self.assertEqual({'cloud_config_ids': [1]}, diff.context)
        self.assertFalse(diff.is_empty)
        self.assertEqual({'redact': ['false']}, posted.last_request.qs)

    def test_diff_without_difference(self):
        self.stub('POST', '/deployments/cf/diff', {
            'context': {}, 'diff': [['name: cf', None]]})
        self.assertTrue(self.director.deployments.diff('cf', '').is_empty)

    def test_diff_that_fails_with_status_200(self):
        self.stub('POST', '/deployments/cf/diff', {
            'diff': [], 'error': 'Unable to diff manifest: no such vm_type'})
        error = self.assertRaises(
            exceptions.DiffFailed, self.director.deployments.diff, 'cf', '')
        self.assertIn('no such vm_type', str(error))

    def test_instances(self):
        self.stub('GET', '/deployments/cf/instances', [
            {'agent_id': 'a', 'cid': 'c', 'job': 'router', 'index': 0,
             'id': '6f1c', 'az': 'z1', 'ips': ['10.0.0.7'],
             'vm_created_at': '2026-08-22T10:00:00Z', 'expects_vm': True},
            {'agent_id': None, 'cid': None, 'job': 'smoke', 'index': 0,
             'id': '77', 'az': None, 'ips': [], 'expects_vm': False}])
        router, smoke = self.director.deployments.instances('cf')
        self.assertEqual(
            ('router/6f1c', 'c', 'a', 'z1', ('10.0.0.7',), True),
            (router.name, router.cid, router.agent_id, router.az,
             router.ips, router.expects_vm))
        self.assertEqual((None, False), (smoke.cid, smoke.expects_vm))

    def test_instances_of_nothing(self):
        self.stub('GET', '/deployments/cf/instances', GONE, status_code=404)
        self.assertRaises(exceptions.NotFound,
                          self.director.deployments.instances, 'cf')

    def test_vitals_are_a_task(self):
        asked = self.stub_task('GET', '/deployments/cf/instances', 43)
        self.assertEqual(43, self.director.deployments.vitals('cf'))
        self.assertEqual({'format': ['full']}, asked.last_request.qs)

    @ddt.data(*deployments.STATES)
    def test_change_state(self, state):
        put = self.stub_task('PUT', '/deployments/cf/jobs/*')
        self.assertEqual(42, self.director.deployments.change_state(
            'cf', state, context_id='stack-1'))
        request = put.last_request
        self.assertEqual({'state': [state]}, request.qs)
        # An empty body of this type keeps manifest and configs.
        self.assertEqual('text/yaml', request.headers['Content-Type'])
        self.assertFalse(request.body)
        self.assertEqual('0', request.headers['Content-Length'])
        self.assertEqual('stack-1', request.headers['X-Bosh-Context-Id'])

    def test_change_state_of_a_group(self):
        put = self.stub_task('PUT', '/deployments/cf/jobs/router')
        self.director.deployments.change_state('cf', 'restart', 'router',
                                               skip_drain=True)
        self.assertEqual({'state': ['restart'], 'skip_drain': ['true']},
                         put.last_request.qs)

    def test_unknown_state(self):
        self.assertRaises(exceptions.InvalidRequest,
                          self.director.deployments.change_state, 'cf',
                          'running')

    def test_errands(self):
        self.stub('GET', '/deployments/cf/errands',
                  [{'name': 'smoke_tests'}])
        self.assertEqual([deployments.Errand('smoke_tests')],
                         self.director.deployments.errands('cf'))

    def test_run_errand(self):
        posted = self.stub_task('POST',
                                '/deployments/cf/errands/smoke_tests/runs')
        self.assertEqual(42, self.director.deployments.run_errand(
            'cf', 'smoke_tests', 'stack-1', keep_alive=True))
        self.assertEqual({'keep-alive': True, 'when-changed': False,
                          'instances': []}, posted.last_request.json())

    def test_variables(self):
        self.stub('GET', '/deployments/cf/variables',
                  [{'id': '1', 'name': '/pocket/cf/admin_password'}])
        self.assertEqual(
            [deployments.Variable('1', '/pocket/cf/admin_password')],
            self.director.deployments.variables('cf'))

    def test_certificates(self):
        self.stub('GET', '/deployments/cf/certificate_expiry', [
            {'name': '/pocket/cf/ca', 'id': '9', 'days_left': -3,
             'expiry_date': '2026-08-22T10:00:00Z'}])
        self.assertEqual(
            [certificates.Certificate('/pocket/cf/ca',
                                      '2026-08-22T10:00:00Z', -3, '9')],
            self.director.deployments.certificates('cf'))
