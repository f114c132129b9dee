# SPDX-License-Identifier: Apache-2.0
"""States of instances: what lists tell, and how they are changed."""

import json
from typing import Any

import ddt

from tests.unit.pocket_director import base


@ddt.ddt
class StatesTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()
        self.done(self.deploy(base.manifest(
            base.group('web', 2),
            base.group('smoke', lifecycle='errand'))))

    def put(self, path: str, **kwargs: Any) -> Any:
        return self.http.put(f'/deployments/dep/jobs/{path}',
                             content_type='text/yaml', **kwargs)

    def full(self, what: str = 'instances') -> list[dict[str, Any]]:
        task = self.done(self.http.get(
            f'/deployments/dep/{what}?format=full'))
        self.assertEqual('retrieve vm-stats', task['description'])
        text = self.http.get(f"/tasks/{task['id']}/output?type=result").text
        lines = [json.loads(line) for line in text.splitlines()]
        return sorted(lines, key=lambda i: (i['job_name'], i['index']))

    def test_errand_has_no_vm(self) -> None:
        errand, *webs = self.instances()
        self.assertEqual(
            ('smoke', None, False, []),
            tuple(errand[k] for k in ('job', 'cid', 'expects_vm', 'ips')))
        self.assertEqual([True, True], [w['expects_vm'] for w in webs])
        self.assertEqual(
            ['web', 'web'],
            [vm['job'] for vm in self.get('/deployments/dep/vms')])

    def test_vitals(self) -> None:
        errand, first, second = self.full()
        self.assertEqual((None, None, []), tuple(
            errand[key] for key in ('vm_cid', 'job_state', 'ips')))
        self.assertEqual(
            ('running', 'started', 'small', 3, True), (
                first['job_state'], first['state'], first['vm_type'],
                first['stemcell']['api_version'], first['bootstrap']))
        self.assertEqual('10', first['vitals']['mem']['percent'])
        self.assertEqual(
            ['job'], [p['name'] for p in first['processes']])
        self.assertEqual(2, len(self.full('vms')))

    def test_unresponsive_agent(self) -> None:
        cid = self.instances('web')[0]['cid']
        self.order_faults(unresponsive=[cid])
        _, first, second = self.full()
        self.assertEqual(
            ('unresponsive agent', None, []),
            tuple(first[k] for k in ('job_state', 'vitals', 'processes')))
        self.assertEqual('running', second['job_state'])

    def test_stop_and_start_all(self) -> None:
        before = self.instances()
        self.done(self.put('*?state=stopped'))
        self.assertEqual(before, self.instances())
        self.assertEqual(
            ['stopped', 'stopped'],
            [i['job_state'] for i in self.full('vms')])
        # A deploy leaves them stopped.
        self.done(self.deploy(base.manifest(base.group('web', 2))))
        self.assertEqual('stopped', self.full('vms')[0]['state'])
        self.done(self.put('*?state=started'))
        self.assertEqual('running', self.full('vms')[0]['job_state'])

    def test_one_instance_is_detached_and_started(self) -> None:
        first, second = self.instances('web')
        self.done(self.put(f"web/{first['id']}?state=detached"))
        self.assertEqual([second['cid']], list(self.in_cloud('vms')))
        self.done(self.put('web/0?state=started'))
        again = self.instances('web')[0]
        self.assertEqual(first['ips'], again['ips'])
        self.assertNotEqual(first['cid'], again['cid'])

    def test_recreate_group(self) -> None:
        before = self.in_cloud('vms')
        self.done(self.put('web?state=recreate'))
        self.assertFalse(set(before) & set(self.in_cloud('vms')))

    def test_recreate_older_ones(self) -> None:
        before = self.in_cloud('vms')
        self.done(self.put(
            'web?state=recreate&recreate_vms_created_before='
            '2001-01-01T00:00:00Z'))
        self.assertEqual(before, self.in_cloud('vms'))
        answer = self.put(
            'web?state=stopped&recreate_vms_created_before='
            '2001-01-01T00:00:00Z')
        self.assertEqual(40005, answer.get_json(force=True)['code'])

    def test_restart_keeps_vms(self) -> None:
        self.forget_calls()
        self.done(self.put('web?state=restart'))
        self.assertEqual([], self.calls())

    def test_with_a_manifest_it_deploys(self) -> None:
        self.done(self.put('web?state=stopped', data=json.dumps(
            base.manifest(base.group('web', 1), name='wrong'))))
        self.assertEqual(1, len(self.in_cloud('vms')))

    def test_empty_body_keeps_the_configs(self) -> None:
        self.configure({**base.CLOUD_CONFIG, 'vm_types': []})
        self.done(self.put('web?state=recreate'))

    @ddt.data(('web?state=no', 140008), ('web/0?state=no', 140007))
    @ddt.unpack
    def test_unknown_state(self, path: str, code: int) -> None:
        self.assertEqual(code, self.error(self.put(path))['code'])

    def test_unknown_instance(self) -> None:
        answer = self.put('web/7?state=started')
        self.assertEqual(404, answer.status_code)
        self.assertEqual(70001, answer.get_json(force=True)['code'])

    def act(self, action: str) -> dict[str, Any]:
        uid = self.instances('web')[0]['id']
        return self.done(self.http.post(
            f'/deployments/dep/instance_groups/web/{uid}/actions/{action}'))

    def test_actions_without_a_deploy(self) -> None:
        task = self.act('stop?hard=true')
        self.assertEqual('stop instance', task['description'])
        self.assertEqual(1, len(self.in_cloud('vms')))
        self.act('start')
        self.assertEqual(2, len(self.in_cloud('vms')))
        before = self.in_cloud('vms')
        task = self.act('recreate')
        self.assertEqual(1, len(set(before) & set(self.in_cloud('vms'))))
        stages = {(e['stage'].split('/')[0], e['total'], e['task'])
                  for e in self.events(task)}
        self.assertEqual(
            {('Updating instance web', None, step) for step in (
                'Stopping instance', 'Deleting VM', 'Creating VM',
                'Starting instance')}, stages)
        self.act('restart')

    def test_action_on_an_errand(self) -> None:
        (errand,) = self.instances('smoke')
        error = self.error(self.http.post(
            '/deployments/dep/instance_groups/smoke/'
            f"{errand['id']}/actions/start"))
        self.assertEqual(90000, error['code'])

    def test_ignored_instance(self) -> None:
        self.http.put('/deployments/dep/instance_groups/web/1/ignore',
                      json={'ignore': True})
        self.assertTrue(self.full()[2]['ignore'])
        cid = self.instances('web')[1]['cid']
        self.assertEqual(140021, self.error(
            self.put('web/1?state=recreate'))['code'])
        self.assertEqual(190020, self.error(self.deploy(
            base.manifest(base.group('web', 0))))['code'])
        self.assertEqual(190021, self.error(
            self.http.delete('/deployments/dep'))['code'])
        task = self.done(self.deploy(base.manifest(
            base.group('web', 1, vm_type='large'))))
        self.assertEqual([cid], list(self.in_cloud('vms')))
        self.assertIn(
            'You have ignored instances. They will not be changed.',
            [e.get('message') for e in self.events(task)])

    def test_one_instance_is_shown(self) -> None:
        shown = self.get('/deployments/dep/jobs/web/1')
        self.assertEqual(
            ('dep', 'web', 1, 'started', []), tuple(
                shown[k] for k in (
                    'deployment', 'job', 'index', 'state', 'disks')))

    def test_vm_is_deleted_by_cid(self) -> None:
        cid = self.instances('web')[0]['cid']
        self.done(self.http.delete(f'/vms/{cid}'))
        self.assertIsNone(self.instances('web')[0]['cid'])
        self.done(self.http.delete('/vms/no-such-vm'))
