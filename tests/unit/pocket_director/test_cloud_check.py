# SPDX-License-Identifier: Apache-2.0
"""Cloud check."""

from typing import Any

from tests.unit.pocket_director import base


class CloudCheckTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()
        self.done(self.deploy(base.manifest(
            base.group('web', 1, persistent_disk=1024))))
        (self.instance,) = self.instances()
        (self.disk,) = self.in_cloud('disks')

    def scan(self) -> list[dict[str, Any]]:
        task = self.done(self.http.post('/deployments/dep/scans'))
        self.assertEqual('scan complete', task['result'])
        found: list[dict[str, Any]] = self.get('/deployments/dep/problems')
        return found

    def resolve(self, **resolutions: Any) -> Any:
        return self.http.put('/deployments/dep/problems', json={
            'resolutions': resolutions})

    def lose_vm(self) -> None:
        (self.cloud / 'vms' / self.instance['cid']).unlink()
        path = self.cloud / 'disks' / self.disk
        path.write_text('{"size": 1024, "vm": null}')

    def test_healthy(self) -> None:
        self.assertEqual([], self.scan())

    def test_missing_vm_is_recreated(self) -> None:
        self.lose_vm()
        (problem,) = self.scan()
        self.assertEqual(
            ('missing_vm', 'web', [
                'ignore', 'recreate_vm_without_wait', 'recreate_vm',
                'delete_vm_reference']),
            (problem['type'], problem['instance_group'],
             [r['name'] for r in problem['resolutions']]))
        self.assertIn(self.instance['cid'], problem['description'])
        self.forget_calls()
        task = self.done(self.resolve(**{
            str(problem['id']): 'recreate_vm'}))
        self.assertEqual('1 resolved', task['result'])
        self.assertEqual(
            ['delete_vm', 'create_vm', 'set_vm_metadata', 'attach_disk',
             'set_disk_metadata'], [c['method'] for c in self.calls()])
        self.assertEqual([], self.get('/deployments/dep/problems'))
        self.assertEqual([], self.scan())

    def test_automatic_resolution(self) -> None:
        self.lose_vm()
        (problem,) = self.scan()
        self.done(self.resolve(**{str(problem['id']): None}))
        self.assertEqual([], self.scan())

    def test_reference_is_deleted(self) -> None:
        self.lose_vm()
        (problem,) = self.scan()
        self.done(self.resolve(**{
            str(problem['id']): 'delete_vm_reference'}))
        self.assertIsNone(self.instances()[0]['cid'])

    def test_bad_resolutions(self) -> None:
        self.lose_vm()
        (problem,) = self.scan()
        self.assertEqual(410002, self.error(self.resolve())['code'])
        self.assertEqual(410003, self.error(self.resolve(**{
            str(problem['id']): 'reboot_vm'}))['code'])

    def test_silent_vm_is_rebooted(self) -> None:
        self.order_faults(unresponsive=[self.instance['cid']])
        (problem,) = self.scan()
        self.assertEqual('unresponsive_agent', problem['type'])
        self.forget_calls()
        self.done(self.resolve(**{str(problem['id']): 'reboot_vm'}))
        self.assertEqual(['reboot_vm'], [c['method'] for c in self.calls()])

    def test_missing_disk(self) -> None:
        (self.cloud / 'disks' / self.disk).unlink()
        (problem,) = self.scan()
        self.assertEqual(
            ('missing_disk', {'disk': self.disk}),
            (problem['type'], problem['data']))
        self.done(self.resolve(**{
            str(problem['id']): 'delete_disk_reference'}))
        self.assertEqual([], self.scan())

    def test_loose_disk_is_attached(self) -> None:
        (self.cloud / 'disks' / self.disk).write_text(
            '{"size": 1024, "vm": null}')
        (problem,) = self.scan()
        self.assertEqual('mount_info_mismatch', problem['type'])
        self.done(self.resolve(**{
            str(problem['id']): 'reattach_disk_and_reboot'}))
        self.assertEqual([], self.scan())

    def test_scan_and_fix(self) -> None:
        self.lose_vm()
        path = '/deployments/dep/scan_and_fix'
        jobs = {'jobs': {'web': [self.instance['id']]}}
        self.http.put('/resurrection', json={'resurrection_paused': True})
        self.assertEqual(400, self.http.put(path, json=jobs).status_code)
        self.http.put('/resurrection', json={'resurrection_paused': False})
        self.done(self.http.put(path, json=jobs))
        self.assertEqual([], self.scan())
