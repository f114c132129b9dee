# SPDX-License-Identifier: Apache-2.0

from cf_openstack.director import exceptions
from cf_openstack.director import problems
from tests.unit.director import base

PATH = '/deployments/cf/problems'
MISSING = {
    'id': 4, 'type': 'missing_vm', 'data': {'instance_id': 7},
    'description': "VM for 'api/uuid (0)' missing.",
    'instance_group': 'api', 'resolutions': [
        {'name': 'ignore', 'plan': 'Skip for now'},
        {'name': 'recreate_vm', 'plan': 'Recreate VM'},
        {'name': 'delete_vm_reference', 'plan': 'Delete VM reference'}]}


class ProblemsTest(base.DirectorTestCase):

    def test_scan(self):
        posted = self.stub_task('POST', '/deployments/cf/scans')
        self.assertEqual(42, self.director.problems.scan('cf'))
        self.assertIsNone(posted.last_request.body)

    def test_list(self):
        self.stub('GET', PATH, [MISSING])
        [problem] = self.director.problems.list('cf')
        self.assertEqual(('4', 'missing_vm', 'api'),
                         (problem.id, problem.type, problem.group))
        self.assertIn('missing', problem.description)
        self.assertEqual(
            {'ignore': False, 'recreate_vm': False,
             'delete_vm_reference': True},
            {item.name: item.deletes_data for item in problem.resolutions})
        self.assertTrue(problem.offers(problems.IGNORE))
        self.assertFalse(problem.offers('reboot_vm'))

    def test_bare_problem(self):
        self.stub('GET', PATH, [{'id': 1, 'type': 'new'}])
        self.assertEqual([problems.Problem('1', 'new')],
                         self.director.problems.list('cf'))

    def test_resolve(self):
        put = self.stub_task('PUT', PATH)
        self.assertEqual(42, self.director.problems.resolve(
            'cf', {'4': 'recreate_vm'}))
        self.assertEqual({'resolutions': {'4': 'recreate_vm'}},
                         put.last_request.json())
        self.director.problems.resolve('cf', {}, {'api': 2})
        self.assertEqual({'api': 2}, put.last_request.json()[
            'max_in_flight_overrides'])

    def test_no_deployment(self):
        self.stub('GET', PATH, {'code': 70000, 'description': 'none'},
                  status_code=404)
        self.assertRaises(exceptions.NotFound, self.director.problems.list,
                          'cf')
