# SPDX-License-Identifier: Apache-2.0
"""What fails tells why and leaves nothing behind."""

import json
import signal

from tests.functional.cpi import base

CREATION_FAILED = 'Bosh::Clouds::VMCreationFailed'
CLOUD_ERROR = 'Bosh::Clouds::CloudError'


class FailureTestCase(base.CpiTestCase):

    def test_create_vm(self) -> None:
        """Scenarios 16, 17 and 26 of upstream's lifecycle suite.

        A floating IP that is not allocated, a net_id of zeros, and an
        availability zone that does not exist.
        """
        stemcell = self.make_stemcell()
        networks = {'d': self.manual('10.77.0.40')}
        zeros = '00000000-0000-0000-0000-000000000000'
        vip = networks | {'v': {'type': 'vip', 'ip': '255.255.255.255'}}
        unknown = {'d': self.manual('10.77.0.40', zeros)}
        cases = (
            (networks, {'instance_type': 'nope'}, CLOUD_ERROR,
             "Flavor `nope' not found"),
            (networks, {'key_name': 'nope'}, CLOUD_ERROR,
             "Key-pair `nope' not found"),
            (networks, {'availability_zone': 'nope'}, CLOUD_ERROR,
             'availability zone'),
            (vip, {}, CREATION_FAILED, 'not allocated'),
            (unknown, {}, CREATION_FAILED, zeros),
        )
        for spec, properties, error_type, text in cases:
            error = self.refused('create_vm', *self.vm_arguments(
                stemcell, spec, **properties))
            self.assertEqual(error_type, error['type'])
            self.assertIn(text, error['message'])
            self.assert_nothing_left('images')

    def test_vm_that_no_host_can_take(self) -> None:
        stemcell = self.make_stemcell()
        group = self.cloud.compute.create_server_group(
            name=self.name('group'), policy='anti-affinity')
        self.addCleanup(self.cloud.compute.delete_server_group, group)
        hints = {'group': group.id}
        vm, _networks = self.call('create_vm', *self.vm_arguments(
            stemcell, {'d': self.manual('10.77.0.41')},
            scheduler_hints=hints))
        self.addCleanup(self.call, 'delete_vm', vm)
        # The pocket cloud has one host, so this server goes to ERROR.
        error = self.refused('create_vm', *self.vm_arguments(
            stemcell, {'d': self.manual('10.77.0.42')},
            scheduler_hints=hints))
        self.assertEqual(CREATION_FAILED, error['type'])
        self.assertTrue(error['ok_to_retry'])
        self.assertIn('state is error', error['message'])
        self.assertEqual([vm], self.leftovers()['servers'])
        self.assertEqual(1, len(self.leftovers()['ports']))

    def test_stopped_in_the_middle(self) -> None:
        arguments = self.vm_arguments(
            self.make_stemcell(), {'d': self.manual('10.77.0.43')})
        process = self.start('create_vm', *arguments)
        seen = []
        for line in process.stderr:
            seen.append(line)
            if b'POST' in line and b'/servers ->' in line:
                break
        process.send_signal(signal.SIGTERM)
        reply = self.finish(process)
        self.assertEqual(CLOUD_ERROR, reply['error']['type'])
        self.assertIn('SIGTERM', reply['error']['message'])
        self.assert_nothing_left('images')

    def test_wrong_password(self) -> None:
        self.openstack['api_key'] = 'wrong-password'
        error = self.refused('has_vm', 'x')
        self.assertEqual(CLOUD_ERROR, error['type'])
        self.assertIn('Unauthorized', error['message'])

    def test_absent_objects(self) -> None:
        for method in ('delete_vm', 'delete_disk', 'delete_stemcell'):
            self.call(method, 'absent')
        self.assertFalse(self.call('has_vm', 'absent'))
        self.assertFalse(self.call('has_disk', 'absent'))
        self.call('detach_disk', 'absent', 'absent')
        cases = (
            ('attach_disk', ['absent', 'absent'], 'DiskNotFound'),
            ('reboot_vm', ['absent'], 'VMNotFound'),
            ('get_disks', ['absent'], 'VMNotFound'),
            ('set_vm_metadata', ['absent', {'a': 'b'}], 'VMNotFound'),
            ('set_disk_metadata', ['absent', {'a': 'b'}], 'DiskNotFound'),
        )
        for method, arguments, error_type in cases:
            self.assertEqual(
                f'Bosh::Clouds::{error_type}',
                self.refused(method, *arguments)['type'])

    def test_quota_of_volumes(self) -> None:
        error = self.refused('create_disk', 1024 ** 3, {})
        self.assertEqual(CLOUD_ERROR, error['type'])
        self.assertIn('OpenStack API', error['message'])
        self.assert_nothing_left()

    def test_request_that_is_broken(self) -> None:
        process = self.start('info')
        self.finish(process)
        for raw in (b'', b'null', b'[]', b'\xff', b'{"method": 1}'):
            process = base.subprocess.run(
                [str(self.state.path('venv', 'bin', 'openstack_cpi'))],
                input=raw, capture_output=True, env=base.ENVIRONMENT)
            self.assertEqual(0, process.returncode)
            reply = json.loads(process.stdout)
            self.assertEqual('InvalidCall', reply['error']['type'])
