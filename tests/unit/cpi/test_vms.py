# SPDX-License-Identifier: Apache-2.0
"""has_vm, reboot_vm, set_vm_metadata and delete_vm."""

from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud


class VmCase(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.server = self._add_server('vm-1')

    def _add_server(self, cid: str) -> dict[str, Any]:
        server = {
            'id': cid, 'name': 'vm-x', 'status': 'ACTIVE', 'metadata': {},
            'OS-EXT-AZ:availability_zone': 'az1',
            'OS-EXT-STS:task_state': None,
            'os-extended-volumes:volumes_attached': []}
        self.cloud.servers[cid] = server
        return server


class TestHasVm(VmCase):

    def test_states(self):
        self.assertTrue(self.call('has_vm', 'vm-1'))
        self.server['status'] = 'ERROR'
        self.assertTrue(self.call('has_vm', 'vm-1'))
        self.server['status'] = 'DELETED'
        self.assertFalse(self.call('has_vm', 'vm-1'))
        self.assertFalse(self.call('has_vm', 'vm-2'))

    def test_trouble_is_no_absence(self):
        self.cloud.fail_route('GET compute/servers', fake_cloud.Fault(500))
        error = self.refused('has_vm', 'vm-1')
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])

    def test_wrong_password(self):
        self.cloud.fail_route('auth/tokens', fake_cloud.Fault(401))
        error = self.refused('has_vm', 'vm-1')
        self.assertIn('OpenStack API Unauthorized', error['message'])
        self.assertNotIn('pw-secret', self.log())

    def test_application_credential_that_was_deleted(self):
        # Keystone then answers 404, which is not one of the server.
        self.cloud.fail_route('auth/tokens', fake_cloud.Fault(404))
        for method in ('has_vm', 'delete_vm', 'has_disk', 'delete_disk',
                       'delete_stemcell', 'get_disks', 'reboot_vm'):
            error = self.refused(method, 'vm-1')
            self.assertEqual('Bosh::Clouds::CloudError', error['type'])
            self.assertIn('application credential', error['message'])

    def test_one_token_and_one_request_id(self):
        self.call('has_vm', 'vm-1')
        self.assertEqual(1, self.cloud.calls.count(
            'POST identity/auth/tokens'))
        ids = {headers['X-Openstack-Request-Id']
               for headers in self.cloud.headers
               if 'X-Openstack-Request-Id' in headers}
        self.assertEqual(1, len(ids))
        self.assertIn(ids.pop(), self.log())


class TestRebootVm(VmCase):

    def _actions(self) -> list[Any]:
        return [body for call, body in self.cloud.bodies
                if call.endswith('/action')]

    def test_soft(self):
        self.call('reboot_vm', 'vm-1')
        self.assertEqual([{'reboot': {'type': 'SOFT'}}], self._actions())

    def test_started_when_off(self):
        self.server['status'] = 'SHUTOFF'
        self.call('reboot_vm', 'vm-1')
        self.assertEqual([{'os-start': None}], self._actions())

    def test_hard_after_a_timeout(self):
        self.config = self.write_config(state_timeout=20)
        self.server['OS-EXT-STS:task_state'] = 'rebooting'
        self.refused('reboot_vm', 'vm-1')
        self.assertEqual([{'reboot': {'type': 'SOFT'}},
                          {'reboot': {'type': 'HARD'}}], self._actions())

    def test_hard_in_error(self):
        self.server['status'] = 'ERROR'
        self.call('reboot_vm', 'vm-1')
        self.assertEqual([{'reboot': {'type': 'HARD'}}], self._actions())

    def test_absent(self):
        error = self.refused('reboot_vm', 'vm-2')
        self.assertEqual('Bosh::Clouds::VMNotFound', error['type'])
        self.assertEqual("Server `vm-2' not found", error['message'])


class TestSetVmMetadata(VmCase):

    def test_formatting(self):
        self.server['metadata'] = {'old': 'kept'}
        self.call('set_vm_metadata', 'vm-1', {
            'index': 0, 'flag': True, 'none': None, 'long': 'x' * 300,
            'list': [1], 'a/b': 'c', 'id': 'i', 'name': 'g/i'})
        self.assertEqual({
            'old': 'kept', 'index': '0', 'flag': 'true', 'long': 'x' * 255,
            'list': '[1]', 'a_b': 'c', 'id': 'i', 'name': 'g/i',
        }, self.server['metadata'])
        self.assertEqual('vm-x', self.server['name'])

    def test_rename(self):
        cases = (
            ({'name': 'g/1', 'job': 'j', 'index': 0}, 'g/1'),
            ({'job': 'j', 'index': 0}, 'j/0'),
            ({'compiling': 'ruby'}, 'compiling/ruby'),
            ({'deployment': 'd'}, 'vm-x'),
        )
        self.config = self.write_config(human_readable_vm_names=True)
        for metadata, name in cases:
            self.server['name'] = 'vm-x'
            self.call('set_vm_metadata', 'vm-1', metadata)
            self.assertEqual(name, self.server['name'])

    def test_rename_of_a_vm_made_to_be_renamed(self):
        self.server['metadata'] = {'registry_key': 'vm-x'}
        self.call('set_vm_metadata', 'vm-1', {'name': 'g/1'})
        self.assertEqual('g/1', self.server['name'])

    def test_absent(self):
        error = self.refused('set_vm_metadata', 'vm-2', {'a': 'b'})
        self.assertEqual('Bosh::Clouds::VMNotFound', error['type'])

    def test_lost_answer(self):
        self.cloud.fail_call(1, fake_cloud.Fault(None, effective=True))
        self.call('set_vm_metadata', 'vm-1', {'a': 'b'})
        self.assertEqual({'a': 'b'}, self.server['metadata'])

    def test_metadata_of_the_wrong_type(self):
        error = self.refused('set_vm_metadata', 'vm-1', 'x')
        self.assertEqual('InvalidCall', error['type'])


@ddt.ddt
class TestDeleteVm(VmCase):

    def setUp(self) -> None:
        super().setUp()
        self.port = self.cloud.add_port(
            network_id=fake_cloud.NET_ID, fixed_ips=[], device_id='vm-1')

    def test_server_and_ports(self):
        other = self.cloud.add_port(
            network_id=fake_cloud.NET_ID, fixed_ips=[], device_id='vm-2')
        self.call('delete_vm', 'vm-1')
        self.assertEqual({}, self.cloud.servers)
        self.assertEqual([other['id']], list(self.cloud.ports))

    def test_disk_that_is_still_attached(self):
        disk = self.cloud.add_volume()
        self.call('attach_disk', 'vm-1', disk['id'])
        self.call('delete_vm', 'vm-1')
        self.assertEqual('available', disk['status'])
        self.assertIn(f'GET volume/volumes/{disk["id"]}',
                      self.cloud.calls[-1])

    def test_absent(self):
        del self.cloud.servers['vm-1']
        self.call('delete_vm', 'vm-1')
        # A call that was killed half-way is completed.
        self.assertEqual({}, self.cloud.ports)

    def test_server_cannot_be_deleted(self):
        self.cloud.fail_route(
            'DELETE compute/servers', fake_cloud.Fault(409))
        error = self.refused('delete_vm', 'vm-1')
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertTrue(error['message'].startswith(
            'Wait for server deletion: OpenStack API Conflict'))
        self.assertIn(self.port['id'], self.cloud.ports)

    def test_several_errors(self):
        for index in range(2):
            self.cloud.add_port(
                network_id=str(index), fixed_ips=[], device_id='vm-1')
        self.cloud.fail_route(
            'DELETE network/ports', fake_cloud.Fault(403))
        error = self.refused('delete_vm', 'vm-1')
        lines = error['message'].splitlines()
        self.assertEqual('Multiple cloud errors occurred:', lines[0])
        self.assertEqual(3, error['message'].count('Removing ports: '))
        self.assertEqual({}, self.cloud.servers)

    @ddt.data((503, False), (500, False), (None, False), (None, True),
              (429, False))
    @ddt.unpack
    def test_one_request_fails(self, status, effective):
        fault = fake_cloud.Fault(
            status, effective, headers={'Retry-After': '1'})
        for index in range(7):
            self.cloud.calls.clear()
            self.cloud.servers.clear()
            self.cloud.ports.clear()
            self._add_server('vm-1')
            self.cloud.add_port(
                network_id='n', fixed_ips=[], device_id='vm-1')
            self.cloud.fail_call(index, fault)
            self.call('delete_vm', 'vm-1')
            self.assert_nothing_left()
