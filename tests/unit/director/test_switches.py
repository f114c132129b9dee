# SPDX-License-Identifier: Apache-2.0
"""The client and the switches of the pocket director: how it answers.

The numbers are those of the table in the page on the pocket director; what
concerns tasks is in test_task_switches.
"""

import io
import time

import ddt
import fixtures
import requests

from cf_openstack.director import exceptions
from tests.unit.director import against
from tests.unit.pocket_director import base


@ddt.ddt
class AnswersTest(against.AgainstDirectorTestCase):

    @ddt.data(301, 302, 303, 307)
    def test_01_redirects(self, status: int) -> None:
        # Followed, the client would end where nobody listens.
        self.order_faults(redirect=status, location_host='127.0.0.1:1')
        release = base.release()
        self.wait(self.client.releases.upload(
            io.BytesIO(release), len(release)))
        self.wait(self.client.releases.delete('rel', '1'))
        # A GET is redirected as well.
        self.director.store.insert('deployments', name='dep')
        self.wait(self.client.deployments.vitals('dep'))

    @ddt.data('text/html;charset=utf-8', 'application/json', 'text/plain',
              'application/octet-stream')
    def test_02_content_types(self, kind: str) -> None:
        self.order_faults(content_type=kind)
        self.assertEqual(self.director.uuid, self.client.info().uuid)
        self.assertEqual([], self.client.deployments.list())
        self.assertEqual([], self.client.stemcells.list())
        first = self.client.configs.put('cloud', 'x', 'azs: []')
        error = self.assertRaises(
            exceptions.ConfigConflict, self.client.configs.put, 'cloud', 'x',
            '{}', '0')
        self.assertEqual(first.id, error.latest_id)
        error = self.assertRaises(exceptions.NotFound,
                                  self.client.deployments.instances, 'no')
        self.assertEqual(70000, error.code)

    @ddt.data(True, False)
    def test_03_routes(self, lenient: bool) -> None:
        self.order_faults(lenient=lenient)
        with requests.Session() as other:
            other.trust_env = False
            other.verify = str(self.director.authority.ca_file)
            other.auth = ('admin', self.director.password)
            seen = [
                other.post(f'{self.endpoint}/deployments', data='x: y').text,
                other.delete(f'{self.endpoint}/tasks/1').text]
        self.assertEqual(
            ['{"code": 40001, "descri', '{"code": 10000, "descri'] if lenient
            else ["Endpoint '/deployments'", "Endpoint '/tasks/1' not"],
            [text[:23] for text in seen])
        with self.held() as begun:
            task_id = self.client.deployments.create(self.prepare())
            begun.wait(against.LIMIT_S)
            self.assertTrue(self.client.tasks.cancel(task_id))
        self.assertRaises(exceptions.TaskFailed, self.wait, task_id)
        self.assertFalse(self.client.tasks.cancel(task_id))

    def test_04_scopes(self) -> None:
        self.order_faults(scopes=['bosh.read'])
        self.client.authenticate()
        error = self.assertRaises(
            exceptions.Forbidden, self.client.deployments.create, 'name: x')
        self.assertIn('Require one of the scopes: bosh.admin', str(error))
        self.assertEqual((401, 600000), (error.status, error.code))
        self.order_faults(scopes=['bosh.releases.upload'])
        release = base.release()
        task_id = self.client.releases.upload(
            io.BytesIO(release), len(release))
        self.assertRaises(exceptions.Forbidden, self.client.tasks.get,
                          task_id)

    @ddt.data({'user': None}, {'user': 'admin'}, {
        'features': None, 'cpi': None, 'stemcell_os': None})
    def test_05_info(self, changes: dict[str, object]) -> None:
        self.order_faults(info=changes)
        info = self.connect('wrong').info()
        self.assertEqual(changes.get('user'), info.user)
        self.assertEqual(self.director.uuid, info.uuid)
        self.client.authenticate()

    def test_09_configs(self) -> None:
        configs = self.client.configs
        content = base.yaml.safe_dump(base.CLOUD_CONFIG)
        first = configs.put('cloud', 'mine', content, '0')
        self.assertEqual(first, configs.put('cloud', 'mine', content))
        self.order_faults(races=[{'type': 'cloud', 'name': 'mine',
                                  'content': 'azs: []\n', 'times': 1}])
        error = self.assertRaises(exceptions.ConfigConflict, configs.put,
                                  'cloud', 'mine', 'azs: [{name: z9}]\n',
                                  first.id)
        latest = configs.latest('cloud', 'mine')
        assert latest is not None
        self.assertEqual((latest.id, first.id),
                         (error.latest_id, error.expected_latest_id))
        second = configs.put('cloud', 'mine', content, error.latest_id)
        self.assertEqual([second], configs.list('cloud', 'mine'))
        # All names of a type are one config, and may not agree.
        configs.put('cloud', 'other', 'compilation: {workers: 1}\n')
        error = self.assertRaises(
            exceptions.TaskFailed, self.deploy,
            base.yaml.safe_dump(base.manifest()))
        self.assertIn('Error 570000: ', str(error))

    def test_10_diff(self) -> None:
        manifest = self.prepare(base.group('web'))
        diff = self.client.deployments.diff('dep', manifest)
        self.assertFalse(diff.is_empty)
        self.order_faults(diff_error='undefined method `each\' for nil')
        error = self.assertRaises(
            exceptions.DiffFailed, self.client.deployments.diff, 'dep',
            manifest)
        self.assertIn('Unable to diff manifest: undefined method',
                      str(error))

    def test_13_refusals(self) -> None:
        manifest = self.prepare()
        self.deploy(manifest)
        self.order_faults(in_use={'stemcell/1.1': ['theirs'],
                                  'rel/1': ['theirs']})
        for remove, code in (
                (self.client.stemcells.delete('stemcell', '1.1'), 50004),
                (self.client.releases.delete('rel', '1'), 30008),
                (self.client.releases.delete('rel'), 30007)):
            error = self.assertRaises(
                exceptions.TaskFailed, self.wait, remove)
            self.assertIn(f'Error {code}: ', str(error))
        found, = self.client.stemcells.list()
        self.assertEqual(('theirs',), found.deployments)
        self.assertIsNone(self.client.stemcells.delete('stemcell', '9'))
        self.assertIsNone(self.client.deployments.delete('no'))
        self.assertIsNone(self.client.deployments.get('no'))
        self.assertIsNone(self.client.deployments.manifest('no'))
        error = self.assertRaises(exceptions.NotFound,
                                  self.client.deployments.errands, 'no')
        self.assertEqual((404, 70000), (error.status, error.code))

    def test_16_lost_answers(self) -> None:
        manifest = self.prepare(base.group('web'))
        self.client.info()
        for method, path, start in (
                ('POST', '^/deployments', lambda mark:
                 self.client.deployments.create(manifest, mark)),
                ('PUT', '^/deployments/dep/jobs', lambda mark:
                 self.client.deployments.change_state(
                     'dep', 'detached', context_id=mark)),
                ('DELETE', '^/deployments/dep', lambda mark:
                 self.client.deployments.delete('dep', context_id=mark))):
            self.order_faults(requests=[{
                'method': method, 'path': path, 'drop': 'after',
                'times': 1}])
            task_id = start(f'mark-{method}')
            found = self.client.tasks.find(f'mark-{method}')
            self.assertEqual([task_id], [task.id for task in found])
            self.wait(task_id)
        self.assertEqual({}, self.in_cloud('vms'))
        self.assertEqual(1, len(self.calls('create_vm')))

    def test_16_lost_answer_of_an_upload(self) -> None:
        # There is no context id: whether it was begun shows otherwise.
        self.client.info()
        release = base.release()
        self.order_faults(requests=[
            {'method': 'POST', 'path': '^/releases', 'drop': 'after',
             'times': 1}])
        with self.held('create release') as begun:
            self.assertRaises(
                exceptions.OutcomeUnknown, self.client.releases.upload,
                io.BytesIO(release), len(release), context_id='mark')
            begun.wait(against.LIMIT_S)
            self.assertEqual([], self.client.tasks.find('mark'))
            running, = self.client.releases.unfinished()
            self.assertEqual([], self.client.stemcells.unfinished())
        self.wait(running.id)
        self.assertEqual([], self.client.releases.unfinished())
        self.assertEqual(1, len(self.client.releases.list()))
        # Once more does nothing.
        self.wait(self.client.releases.upload(
            io.BytesIO(release), len(release)))
        self.assertEqual(1, len(self.client.releases.list()))

    @ddt.data({'status': 502, 'body': '<html>502 Bad Gateway</html>'},
              {'status': 503, 'body': '<html>'}, {'status': 504},
              {'drop': 'before'}, {'drop': 'after'})
    def test_17_outages(self, fault: dict[str, object]) -> None:
        logger = self.useFixture(fixtures.FakeLogger())
        self.client.info()
        self.order_faults(requests=[
            {'path': '^/locks', 'times': 2, **fault}])
        self.assertEqual([], self.client.locks.list())
        self.order_faults(requests=[{'path': '^/', **fault}])
        error = self.assertRaises(exceptions.ConnectionFailed,
                                  self.client.tasks.get, 1)
        self.assertNotIn('<html>', str(error))
        # Whether it arrived cannot be found out now.
        self.assertRaises(exceptions.OutcomeUnknown,
                          self.client.deployments.create, 'name: x', 'mark')
        self.assertRaises(exceptions.ConnectionFailed,
                          self.connect('x').info)
        self.assertNotIn(self.director.password, logger.output)


@ddt.ddt
class UaaTest(against.AgainstDirectorTestCase):
    options = {'uaa': True}

    def grants(self) -> list[str]:
        assert self.director.uaa is not None
        return self.director.uaa.grants

    @ddt.data(False, True)
    def test_04_tokens_end_while_a_task_is_followed(self,
                                                    opaque: bool) -> None:
        self.order_faults(uaa={'lifetime': 0.3, 'opaque': opaque,
                               'with_refresh': True, 'refresh': 'refuse'},
                          tasks=[{'match': 'create', 'delay': 0.7}])
        begun = time.monotonic()
        self.deploy(self.prepare())
        self.assertGreater(time.monotonic() - begun, 0.6)
        self.assertGreater(len(self.grants()), 2)
        # The grant of machines alone: a refused refresh stops nothing.
        self.assertEqual({'client_credentials'}, set(self.grants()))

    def test_04_a_token_serves_for_its_life(self) -> None:
        self.client.authenticate()
        self.client.authenticate()
        self.assertEqual(1, len(self.grants()))
        self.assertEqual('admin', self.client.tasks.get(
            self.client.deployments.create('name: x')).user)

    def test_04_refused_token_is_replaced_once(self) -> None:
        self.client.authenticate()
        self.order_faults(requests=[{
            'path': '^/tasks', 'status': 401, 'times': 1,
            'body': "Not authorized: '/tasks'\n"}])
        self.client.authenticate()
        self.assertEqual(2, len(self.grants()))
        self.order_faults(requests=[{
            'path': '^/tasks', 'status': 401,
            'body': "Not authorized: '/tasks'\n"}])
        self.assertRaises(exceptions.AuthenticationError,
                          self.client.authenticate)
        self.assertEqual(3, len(self.grants()))

    def test_04_scopes_do_not_renew(self) -> None:
        self.order_faults(scopes=[])
        self.assertRaises(exceptions.Forbidden, self.client.authenticate)
        self.assertEqual(1, len(self.grants()))

    def test_04_wrong_secret(self) -> None:
        error = self.assertRaises(exceptions.AuthenticationError,
                                  self.connect('wrong').authenticate)
        self.assertIn('The UAA at https://127.0.0.1:', str(error))

    def test_04_uaa_is_down(self) -> None:
        self.order_faults(uaa={'status': 503})
        error = self.assertRaises(exceptions.ConnectionFailed,
                                  self.client.authenticate)
        self.assertIn('the UAA at https://127.0.0.1:', str(error))
        self.assertNotIn('<html>', str(error))
        self.order_faults()
        self.client.authenticate()

    def test_04_uaa_at_a_port_that_is_not_allowed(self) -> None:
        self.ports = self.ports[:1]
        self.assertRaises(exceptions.EndpointRefused,
                          self.connect(self.director.password).authenticate)
        self.assertEqual([], self.grants())
