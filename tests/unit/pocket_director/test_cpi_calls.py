# SPDX-License-Identifier: Apache-2.0
"""How the director calls a CPI, and what it keeps of it."""

import json

from devstack.pocket_director import health
from tests.unit.pocket_director import base


class CpiCallsTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()
        self.task_of_deploy = self.done(self.deploy(base.manifest(
            base.group('db', persistent_disk=1024))))

    def output(self, kind: str) -> str:
        path = f"/tasks/{self.task_of_deploy['id']}/output?type={kind}"
        text: str = self.http.get(path).text
        return text

    def test_info_comes_before_every_call(self) -> None:
        methods = [call['method'] for call in
                   self.calls('info') + self.calls()]
        self.assertEqual(
            methods.count('info') * 2, len(methods))

    def test_request(self) -> None:
        (call,) = self.calls('create_vm')
        context = call['context']
        self.assertRegex(context.pop('request_id'), r'^cpi-\d{6}$')
        self.assertEqual(
            {'director_uuid': self.director.uuid,
             'vm': {'stemcell': {'api_version': 3}}}, context)
        self.assertEqual(3, call['api_version'])
        self.assertNotIn('api_version', self.calls('info')[0])

    def test_environment_is_wiped(self) -> None:
        for call in self.calls():
            # The shell that starts the fake CPI adds PWD and the like.
            self.assertEqual(
                {'HOME', 'PATH', 'TMPDIR'},
                set(call['env']) - {'PWD', 'OLDPWD', 'SHLVL', '_',
                                    'LC_CTYPE'})

    def test_stemcell_version_is_sent_where_a_vm_is(self) -> None:
        sent = {call['method'] for call in self.calls()
                if 'vm' in call['context']}
        self.assertEqual({'create_vm', 'attach_disk'}, sent)

    def test_logs(self) -> None:
        self.assertIn('Starting create_vm', self.output('cpi'))
        debug = self.output('debug')
        self.assertIn('"method": "create_vm"', debug)
        for secret in ('PRIVATE KEY', 'm1.small'):
            self.assertNotIn(secret, debug)

    def test_without_a_cloud_to_ask_the_cpi_tells_of_vms(self) -> None:
        self.director.health = health.beside(self.cpi)
        (vm,) = self.in_cloud('vms')
        for wanted in ('running', 'unresponsive agent'):
            task = self.done(self.http.get(
                '/deployments/dep/instances?format=full'))
            line = json.loads(self.http.get(
                f"/tasks/{task['id']}/output?type=result").text)
            self.assertEqual(wanted, line['job_state'])
            (self.cloud / 'vms' / vm).unlink(missing_ok=True)
        self.assertEqual(
            [[vm], [vm]], [c['arguments'] for c in self.calls('has_vm')])

    def test_audit(self) -> None:
        (vm,) = self.in_cloud('vms')
        (disk,) = self.in_cloud('disks')
        events = self.get('/events?deployment=dep')
        made = {(e['action'], e['object_type'], e['object_name'])
                for e in events}
        self.assertLessEqual(
            {('create', 'vm', vm), ('create', 'disk', disk),
             ('create', 'deployment', 'dep')}, made)
        self.assertEqual(
            str(self.task_of_deploy['id']), events[0]['task'])
        self.assertNotIn('error', events[0])
        newest = int(events[0]['id'])
        older = self.get(f'/events?before_id={newest}')
        self.assertTrue(all(int(e['id']) < newest for e in older))
        self.assertEqual(events[0], self.get(f'/events/{newest}'))
        self.assertEqual(
            400, self.http.get('/events?before_time=x').status_code)
