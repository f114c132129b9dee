# SPDX-License-Identifier: Apache-2.0
"""What becomes of a deployment when something fails."""

import threading

from tests.unit.pocket_director import base

NO_HOST = {'method': 'create_vm', 'type': 'Bosh::Clouds::VMCreationFailed',
           'message': 'no valid host'}


class FailuresTest(base.DirectorTestCase):
    options = {'lock_timeout': 0.05}

    def setUp(self) -> None:
        super().setUp()
        self.upload()

    def test_first_deploy_fails(self) -> None:
        self.order_faults(cpi=[{**NO_HOST, 'match': '10.0.2'}])
        document = base.manifest(base.group('web', 2))
        error = self.error(self.deploy(document))
        self.assertEqual(100, error['code'])
        self.assertRegex(
            error['message'],
            r"^CPI error 'Bosh::Clouds::VMCreationFailed' with message 'no "
            r"valid host' in 'create_vm' CPI method \(CPI request ID: "
            r"'cpi-\d{6}'\)$")
        self.assertEqual(
            {'manifest': None}, self.get('/deployments/dep'))
        self.assertEqual(1, len(self.in_cloud('vms')))
        self.assertEqual(2, len(self.instances()))
        self.done(self.http.delete('/deployments/dep'))
        self.assertEqual({}, self.in_cloud('vms'))

    def test_failed_deploy_is_resumed(self) -> None:
        self.order_faults(cpi=[{**NO_HOST, 'match': '10.0.2'}])
        document = base.manifest(base.group('web', 2))
        self.error(self.deploy(document))
        (kept,) = self.in_cloud('vms')
        self.order_faults()
        self.done(self.deploy(document))
        self.assertEqual(2, len(self.in_cloud('vms')))
        self.assertIn(kept, self.in_cloud('vms'))

    def test_creation_is_tried_again_with_the_same_agent(self) -> None:
        self.order_faults(cpi=[{
            **NO_HOST, 'ok_to_retry': True, 'times': 2, 'after': True}])
        self.done(self.deploy(base.manifest(base.group('web'))))
        calls = self.calls('create_vm')
        self.assertEqual(3, len(calls))
        self.assertEqual(1, len({c['arguments'][0] for c in calls}))

    def test_creation_is_given_up_after_five_times(self) -> None:
        self.order_faults(cpi=[{
            **NO_HOST, 'ok_to_retry': True, 'after': True}])
        self.error(self.deploy(base.manifest(base.group('web'))))
        self.assertEqual(5, len(self.calls('create_vm')))

    def test_other_errors_are_not_tried_again(self) -> None:
        self.order_faults(cpi=[{
            'method': 'create_vm', 'type': 'Bosh::Clouds::CloudError',
            'message': 'quota', 'ok_to_retry': True, 'after': True}])
        self.error(self.deploy(base.manifest(base.group('web'))))
        self.assertEqual(1, len(self.calls('create_vm')))

    def test_unknown_error_type(self) -> None:
        self.order_faults(cpi=[{
            'method': 'create_vm', 'type': 'Unknown', 'message': 'x'}])
        error = self.error(self.deploy(base.manifest(base.group('web'))))
        self.assertIn("Unknown CPI error 'Unknown'", error['message'])

    def test_vm_without_metadata_is_not_kept(self) -> None:
        self.order_faults(cpi=[{
            'method': 'set_vm_metadata', 'type': 'Bosh::Clouds::CloudError',
            'message': 'no', 'times': 1}])
        document = base.manifest(base.group('web'))
        self.error(self.deploy(document))
        self.assertEqual({}, self.in_cloud('vms'))
        self.done(self.deploy(document))

    def test_metadata_that_no_cpi_has(self) -> None:
        self.order_faults(cpi=[{
            'method': 'set_vm_metadata', 'message': 'no',
            'type': 'Bosh::Clouds::NotImplemented'}])
        self.done(self.deploy(base.manifest(base.group('web'))))

    def test_broken_cpi(self) -> None:
        for script, text in (
                ('echo junk', 'Invalid CPI response'),
                ('echo \'{"result": null}\'', 'Invalid CPI response'),
                ('echo \'{"result": {"api_version": 1}, "error": null, '
                 '"log": ""}\'', 'Minimum required version is 2')):
            self.cpi.write_text(f'#!/bin/sh\ncat >/dev/null\n{script}\n')
            error = self.error(self.deploy(base.manifest(base.group('web'))))
            self.assertIn(text, error['message'])
        self.cpi.chmod(0o600)
        error = self.error(self.deploy(base.manifest(base.group('web'))))
        self.assertIn('is not executable', error['message'])

    def test_update_fails(self) -> None:
        self.done(self.deploy(base.manifest(base.group('web'))))
        before = self.get('/deployments/dep')
        self.order_faults(cpi=[NO_HOST])
        self.error(self.deploy(base.manifest(base.group('web', 2))))
        self.assertEqual(before, self.get('/deployments/dep'))

    def test_lost_vm_fails_a_deploy_unless_it_fixes(self) -> None:
        document = base.manifest(base.group('web'))
        self.done(self.deploy(document))
        (lost,) = self.in_cloud('vms')
        (self.cloud / 'vms' / lost).unlink()
        error = self.error(self.deploy(document))
        self.assertEqual(450002, error['code'])
        self.done(self.deploy(document, '?fix=true'))
        (new,) = self.in_cloud('vms')
        self.assertEqual(new, self.instances()[0]['cid'])

    def test_delete_fails_and_is_forced(self) -> None:
        self.done(self.deploy(base.manifest(base.group('web'))))
        self.order_faults(cpi=[{
            'method': 'delete_vm', 'type': 'Bosh::Clouds::CloudError',
            'message': 'busy'}])
        self.error(self.http.delete('/deployments/dep'))
        self.assertEqual(1, len(self.instances()))
        task = self.done(self.http.delete('/deployments/dep?force=true'))
        self.assertIn('warning', [e.get('type') for e in self.events(task)])

    def test_locked_deployment(self) -> None:
        number = self.director.store.insert(
            'tasks', state='processing', description='create deployment')
        with self.director.locks.hold(number, 'deployment', 'dep'):
            (shown,) = self.get('/locks')
            self.assertEqual(
                ('deployment', ['dep'], str(number)),
                (shown['type'], shown['resource'], shown['task_id']))
            error = self.error(self.deploy(base.manifest()))
            self.assertRegex(
                error['message'],
                r'^Failed to acquire lock for lock:deployment:dep uid: .* '
                rf'Locking task id is {number}, description: '
                r"'create deployment'$")
            (deployment,) = self.get('/deployments')
            self.assertTrue(deployment['locked'])
        self.assertEqual([], self.get('/locks'))

    def test_director_stops(self) -> None:
        self.director.closing.set()
        error = self.error(self.deploy(base.manifest(base.group('web'))))
        self.assertIn('the director is stopping', error['message'])
        self.assertEqual([], self.calls())

    def test_cancel_between_calls(self) -> None:
        reached, go_on = threading.Event(), threading.Event()
        create = self.director.locks.hold

        def hold(task: int, *args: str) -> object:
            reached.set()
            go_on.wait(10)
            return create(task, *args)

        self.director.locks.hold = hold  # type: ignore[method-assign]
        answer = self.deploy(base.manifest(base.group('web')))
        reached.wait(10)
        number = answer.headers['Location'].rpartition('/')[2]
        self.assertEqual(
            204, self.http.delete(f'/task/{number}').status_code)
        self.assertEqual(
            'cancelling', self.get(f'/tasks/{number}')['state'])
        go_on.set()
        task = self.task(answer)
        self.assertEqual('cancelled', task['state'])
        self.assertEqual(
            {'code': 10001, 'message': f'Task {number} cancelled'},
            self.events(task)[-1]['error'])
        self.assertEqual({}, self.in_cloud('vms'))
