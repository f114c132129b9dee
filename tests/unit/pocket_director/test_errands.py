# SPDX-License-Identifier: Apache-2.0
"""Errands."""

import json
from typing import Any

from tests.unit.pocket_director import base


class ErrandsTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()
        self.done(self.deploy(base.manifest(
            base.group('web'),
            base.group('smoke', lifecycle='errand', azs=['z2']))))

    def run_errand(self, name: str, **body: Any) -> Any:
        return self.http.post(
            f'/deployments/dep/errands/{name}/runs', json=body)

    def results(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        text = self.http.get(f"/tasks/{task['id']}/output?type=result").text
        return [json.loads(line) for line in text.splitlines()]

    def test_names(self) -> None:
        self.assertEqual([{'name': 'job'}, {'name': 'smoke'}],
                         self.get('/deployments/dep/errands'))

    def test_run_on_a_vm_of_its_own(self) -> None:
        (web,) = self.in_cloud('vms')
        self.forget_calls()
        task = self.done(self.run_errand('smoke'))
        self.assertEqual(
            ('run errand smoke from deployment dep',
             '1 succeeded, 0 errored, 0 canceled'),
            (task['description'], task['result']))
        (result,) = self.results(task)
        self.assertEqual(
            ('smoke', 'smoke', 0), (
                result['instance']['group'], result['errand_name'],
                result['exit_code']))
        (call,) = self.calls('create_vm')
        self.assertEqual('10.0.2.2', call['arguments'][3]['default']['ip'])
        self.assertEqual([web], list(self.in_cloud('vms')))
        self.assertIsNone(self.director.store.one(
            "SELECT * FROM addresses WHERE address = '10.0.2.2'"))

    def test_keep_alive(self) -> None:
        self.done(self.run_errand('smoke', **{'keep-alive': True}))
        self.assertEqual(2, len(self.in_cloud('vms')))
        self.done(self.run_errand('smoke'))
        self.assertEqual(1, len(self.in_cloud('vms')))

    def test_run_on_instances_that_are_there(self) -> None:
        self.forget_calls()
        task = self.done(self.run_errand(
            'job', instances=[{'group': 'web'}]))
        self.assertEqual([], self.calls())
        self.assertEqual(1, len(self.results(task)))

    def test_exit_code(self) -> None:
        self.order_faults(errands={
            'smoke': {'exit_code': 3, 'stdout': 'bad'}})
        task = self.done(self.run_errand('smoke'))
        self.assertEqual('0 succeeded, 1 errored, 0 canceled',
                         task['result'])
        (result,) = self.results(task)
        self.assertEqual((3, 'bad'), (result['exit_code'], result['stdout']))

    def test_unknown(self) -> None:
        self.assertEqual(
            510000, self.error(self.run_errand('no'))['code'])
        self.assertEqual(510000, self.error(self.run_errand(
            'smoke', instances=[{'group': 'no'}]))['code'])
        answer = self.run_errand('smoke', instances='x')
        self.assertEqual(400, answer.status_code)

    def test_failed_creation_leaves_no_vm(self) -> None:
        self.order_faults(cpi=[{
            'method': 'set_vm_metadata', 'message': 'no',
            'type': 'Bosh::Clouds::CloudError'}])
        self.error(self.run_errand('smoke'))
        self.assertEqual(1, len(self.in_cloud('vms')))
