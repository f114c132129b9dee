# SPDX-License-Identifier: Apache-2.0
"""The client and the pocket director, over TLS.

Nothing here needs a VM: what is deployed fails in the planning.
"""

import io
import json
import threading

import fixtures

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions
from cf_openstack.director import limits
from devstack.pocket_director import server
from devstack.pocket_director import settings
from tests.unit.pocket_director import base

MANIFEST = json.dumps(base.manifest(base.group('web')))


class AgainstDirectorTest(base.DirectorTestCase):

    def start_director(self) -> None:
        served = server.Server(settings.Settings(
            root=self.root / 'director', port=0, cpi=self.cpi))
        self.director = served.director
        self.addCleanup(self.director.close)
        port = served.prepare()
        thread = threading.Thread(target=served.serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(served.stop)
        self.policy = endpoint_policy.EndpointPolicy(
            [port], allowed_networks=['127.0.0.0/8'])
        self.endpoint = f'https://127.0.0.1:{port}'
        self.client = self.connect(self.director.password)

    def connect(self, secret: str) -> client.Director:
        made = client.Director(
            connection.Connection(
                self.endpoint,
                self.director.authority.ca_file.read_text(), 'admin',
                secret), self.policy, limits.Limits(retry_wait=0))
        self.addCleanup(made.close)
        return made

    def wait(self, task_id: int) -> list[str]:
        seen: list[str] = []
        self.client.tasks.monitor(task_id).wait(
            timeout=30, interval=0.01,
            on_event=lambda event: seen.append(event.summary))
        return seen

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
        self.assertIn('Release has been created', ' '.join(seen))
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
