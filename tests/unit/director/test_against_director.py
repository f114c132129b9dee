# SPDX-License-Identifier: Apache-2.0
"""The client and the pocket director, over TLS.

Nothing here needs a VM: what is deployed fails in the planning.
"""

import io
import json

import fixtures

from cf_openstack.director import exceptions
from tests.unit.director import against
from tests.unit.pocket_director import base

MANIFEST = json.dumps(base.manifest(base.group('web')))


class AgainstDirectorTest(against.AgainstDirectorTestCase):

    def test_identity(self) -> None:
        self.assertEqual(self.director.uuid, self.client.info().uuid)
        self.client.authenticate()
        error = self.assertRaises(exceptions.AuthenticationError,
                                  self.connect('wrong').authenticate)
        self.assertIn(self.endpoint, str(error))

    def test_release(self) -> None:
        release = base.release()
        self.order_faults(redirect=303, location_host='10.0.0.9:1')
        seen = self.wait(self.client.releases.upload(
            io.BytesIO(release), len(release)))
        self.assertIn('Release has been created',
                      [event.stage for event in seen])
        found, = self.client.releases.list()
        self.assertEqual(('rel', '1', ('job',)),
                         (found.name, found.version, found.jobs))
        self.wait(self.client.releases.delete('rel', '1') or 0)
        self.assertEqual([], self.client.releases.list())
        self.assertIsNone(self.client.releases.delete('rel', '1'))

    def test_configs(self) -> None:
        configs = self.client.configs
        self.assertIsNone(configs.latest('cloud', 'mine'))
        first = configs.put('cloud', 'mine', 'azs: []\n', '0')
        self.assertEqual(first, configs.put('cloud', 'mine', 'azs: []\n',
                                            first.id))
        second = configs.put('cloud', 'mine', 'azs: [{name: z1}]\n',
                             first.id)
        error = self.assertRaises(exceptions.ConfigConflict, configs.put,
                                  'cloud', 'mine', '{}', first.id)
        self.assertEqual(second.id, error.latest_id)
        self.assertEqual([second], configs.list('cloud'))
        self.assertEqual([True, False],
                         [configs.delete('cloud', 'mine') for _ in '12'])

    def test_deploy_whose_answer_is_lost(self) -> None:
        self.client.info()
        self.order_faults(requests=[
            {'method': 'POST', 'path': '^/deployments', 'drop': 'after',
             'times': 1}])
        task_id = self.client.deployments.create(MANIFEST, 'stack-1')
        found = self.client.tasks.find('stack-1')
        self.assertEqual([task_id], [task.id for task in found])
        error = self.assertRaises(exceptions.TaskFailed, self.wait, task_id)
        self.assertRegex(str(error), f'Task {task_id} .*Error [0-9]+: ')
        # It is there, without a manifest, and can be deleted.
        self.assertIsNotNone(self.client.deployments.get('dep'))
        self.assertIsNone(self.client.deployments.manifest('dep'))
        self.wait(self.client.deployments.delete('dep') or 0)
        self.assertIsNone(self.client.deployments.get('dep'))

    def test_deploy_that_never_arrived(self) -> None:
        self.client.info()
        self.order_faults(requests=[
            {'method': 'POST', 'path': '^/deployments', 'drop': 'before',
             'times': 1}])
        self.assertRaises(exceptions.OutcomeUnknown,
                          self.client.deployments.create, MANIFEST,
                          'stack-1')
        self.assertEqual([], self.client.deployments.list())

    def test_director_that_restarts(self) -> None:
        logger = self.useFixture(fixtures.FakeLogger())
        for fault in ({'status': 502, 'body': '<html>'},
                      {'drop': 'before'}):
            self.order_faults(requests=[
                {'method': 'GET', 'path': '^/locks', 'times': 2, **fault}])
            self.assertEqual([], self.client.locks.list())
        self.assertNotIn(self.director.password, logger.output)
