# SPDX-License-Identifier: Apache-2.0

import ddt

from cf_openstack.director import configs
from cf_openstack.director import exceptions
from tests.unit.director import base

CONFIG = {'content': 'azs: []\n', 'id': '7', 'type': 'cloud',
          'name': 'stack-1', 'team': None, 'current': True,
          'created_at': '2026-08-22 10:00:00 UTC'}


@ddt.ddt
class ConfigsTest(base.DirectorTestCase):

    def test_latest(self):
        asked = self.stub('GET', '/configs', [CONFIG])
        found = self.director.configs.latest('cloud', 'stack-1')
        self.assertEqual(('7', 'cloud', 'stack-1', 'azs: []\n'),
                         (found.id, found.type, found.name, found.content))
        self.assertEqual({'type': ['cloud'], 'name': ['stack-1'],
                          'limit': ['1']}, asked.last_request.qs)

    def test_no_latest(self):
        self.stub('GET', '/configs', [])
        self.assertIsNone(self.director.configs.latest('cloud', 'stack-1'))

    def test_list(self):
        asked = self.stub('GET', '/configs', [CONFIG])
        self.assertEqual(1, len(self.director.configs.list('cloud')))
        self.assertEqual({'type': ['cloud'], 'latest': ['true']},
                         asked.last_request.qs)

    @ddt.data((None, {}), ('6', {'expected_latest_id': '6'}),
              (6, {'expected_latest_id': '6'}),
              (configs.NONE_YET, {'expected_latest_id': '0'}))
    @ddt.unpack
    def test_put(self, expected_id, extra):
        posted = self.stub('POST', '/configs', CONFIG, status_code=201)
        stored = self.director.configs.put('cloud', 'stack-1', 'azs: []\n',
                                           expected_id)
        self.assertEqual('7', stored.id)
        self.assertEqual({'type': 'cloud', 'name': 'stack-1',
                          'content': 'azs: []\n', **extra},
                         posted.last_request.json())

    def test_conflict(self):
        self.stub('POST', '/configs', status_code=412, document={
            'latest_id': '8', 'expected_latest_id': '7',
            'description': 'Config with ID 7 is no longer the latest'})
        error = self.assertRaises(
            exceptions.ConfigConflict, self.director.configs.put, 'cloud',
            'stack-1', 'azs: []', '7')
        self.assertEqual(('8', '7'),
                         (error.latest_id, error.expected_latest_id))
        self.assertIn('cloud config "stack-1"', str(error))

    def test_bad_content(self):
        self.stub('POST', '/configs', status_code=400, document={
            'code': 440010, 'description': 'Incorrect YAML structure'})
        error = self.assertRaises(
            exceptions.BadRequest, self.director.configs.put, 'cloud',
            'stack-1', '{')
        self.assertIn('Incorrect YAML structure', str(error))

    def test_content_is_not_shown(self):
        self.stub('GET', '/configs', [{**CONFIG, 'content': 'key: secret'}])
        found = self.director.configs.latest('cpi', 'default')
        self.assertNotIn('secret', repr(found))

    @ddt.data((204, True), (404, False))
    @ddt.unpack
    def test_delete(self, status, answer):
        deleted = self.stub('DELETE', '/configs', status_code=status)
        self.assertEqual(answer, self.director.configs.delete(
            'cloud', 'stack-1'))
        self.assertEqual({'type': ['cloud'], 'name': ['stack-1']},
                         deleted.last_request.qs)
