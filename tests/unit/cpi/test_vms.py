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
        return self.cloud.add_server(cid)


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


@ddt.ddt
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

    @ddt.data('ERROR', 'PAUSED', 'SUSPENDED')
    def test_hard_in_other_states(self, status):
        self.server['status'] = status
        self.call('reboot_vm', 'vm-1')
        self.assertEqual([{'reboot': {'type': 'HARD'}}], self._actions())

    def test_error_that_lasts_until_it_is_rebooted(self):
        # Nova says ERROR all the while it reboots such a server hard.
        self.server['status'] = 'ERROR'
        self.cloud.coming_states = [
            {}, {'OS-EXT-STS:task_state': 'rebooting_hard'}, {},
            {'status': 'ACTIVE', 'OS-EXT-STS:task_state': None}]
        self.call('reboot_vm', 'vm-1')
        self.assertEqual([{'reboot': {'type': 'HARD'}}], self._actions())
        self.assertEqual([], self.cloud.coming_states)

    @ddt.data(('ACTIVE', {'reboot': {'type': 'SOFT'}}),
              ('SHUTOFF', {'os-start': None}))
    @ddt.unpack
    def test_error_afterwards(self, status, first):
        self.server['status'] = status
        self.cloud.coming_states = [
            {}, {'status': 'ERROR'}, {'status': 'ACTIVE'}]
        self.call('reboot_vm', 'vm-1')
        self.assertEqual(
            [first, {'reboot': {'type': 'HARD'}}], self._actions())

    @ddt.data('ACTIVE', 'SHUTOFF')
    def test_conflict(self, status):
        self.server['status'] = status
        self.cloud.fail_call(3, fake_cloud.Fault(409))
        self.call('reboot_vm', 'vm-1')
        self.assertEqual({'reboot': {'type': 'HARD'}}, self._actions()[-1])

    def test_it_cannot_be_rebooted(self):
        self.server['status'] = 'SHELVED'
        self.cloud.fail_route('/action', fake_cloud.Fault(409))
        error = self.refused('reboot_vm', 'vm-1')
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])

    def test_waits_until_the_reboot_is_over(self):
        # The status of a server that is to be rebooted stays ACTIVE.
        busy = {'OS-EXT-STS:task_state': 'rebooting'}
        self.cloud.coming_states = [
            {}, busy, {}, {'OS-EXT-STS:task_state': None}]
        self.call('reboot_vm', 'vm-1')
        self.assertEqual([], self.cloud.coming_states)

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

    def test_requests(self):
        self.call('delete_vm', 'vm-1')
        # 6 + N polls + P ports are allowed: see the specification.
        self.assertEqual([
            'POST identity/auth/tokens', 'GET compute',
            'GET compute/servers/vm-1', 'GET network/ports',
            'DELETE compute/servers/vm-1', 'GET compute/servers/vm-1',
            f'DELETE network/ports/{self.port["id"]}'], self.cloud.calls)

    @ddt.data(
        ({'bosh_vm_name': 'vm-old'}, 'api/0', True),
        # As servers have it that a CPI of upstream's is to rename.
        ({'registry_key': 'vm-old'}, 'api/0', True),
        ({}, 'vm-old', True),
        ({}, 'api/0', False),
    )
    @ddt.unpack
    def test_port_that_nova_let_go(self, metadata, name, found):
        self.server.update(metadata=metadata, name=name)
        for number in range(2):
            self.cloud.add_port(
                network_id='n', fixed_ips=[], name=f'bosh-vm-old-{number}')
        others = [
            self.cloud.add_port(network_id='n', fixed_ips=[], **port)['id']
            for port in (
                {'name': 'bosh-vm-older-0'}, {'name': 'bosh-vm-old-x'},
                {'name': ''}, {'name': 'vm-old'},
                {'name': 'bosh-vm-old-1', 'device_id': 'vm-2'})]
        self.call('delete_vm', 'vm-1')
        left = list(self.cloud.ports)
        self.assertEqual(0 if found else 2, len(left) - len(others))
        self.assertEqual(others, left[-len(others):])

    def test_second_call_after_a_kill(self):
        # The server is gone, and Nova let go of the ports.
        cid, _networks = self.call(
            'create_vm', 'agent', fake_cloud.IMAGE_ID,
            {'instance_type': 'm1.small'}, {'n': base.manual()}, [], {})
        self.cloud.fail_route('DELETE network/ports', fake_cloud.Fault(400))
        self.refused('delete_vm', cid)
        self.cloud.heal()
        self.assertNotIn(cid, self.cloud.servers)
        self.assertEqual(2, len(self.cloud.ports))
        self.call('delete_vm', cid)
        self.assertEqual([self.port['id']], list(self.cloud.ports))

    def test_port_that_nova_failed_to_let_go(self):
        # Neutron refuses to delete it while it is Nova's.
        del self.cloud.servers['vm-1']
        self.port['device_owner'] = 'compute:az1'
        self.call('delete_vm', 'vm-1')
        self.assert_nothing_left()

    def test_soft_deleted(self):
        self.cloud.keeps_deleted_servers = True
        self.call('delete_vm', 'vm-1')
        self.assert_nothing_left()

    def test_soft_deleted_before(self):
        self.server['status'] = 'SOFT_DELETED'
        self.call('delete_vm', 'vm-1')
        self.assert_nothing_left()
        self.assertFalse([call for call in self.cloud.calls
                          if call.startswith('DELETE compute')])

    def test_error(self):
        self.server['status'] = 'ERROR'
        self.call('delete_vm', 'vm-1')
        self.assert_nothing_left()

    @ddt.data('deleting', 'soft-deleting')
    def test_deleted_by_somebody_else(self, task):
        self.server['OS-EXT-STS:task_state'] = task
        self.cloud.fail_route(
            'DELETE compute/servers', fake_cloud.Fault(409, effective=True))
        self.call('delete_vm', 'vm-1')
        self.assert_nothing_left()

    def test_deletion_fails(self):
        self.cloud.fails_to_delete = True
        error = self.refused('delete_vm', 'vm-1')
        self.assertEqual(
            "Wait for server deletion: Server `vm-1' state is error, "
            'expected deleted: No such host', error['message'])
        self.assertIn(self.port['id'], self.cloud.ports)

    def test_deletion_takes_too_long(self):
        self.config = self.write_config(state_timeout=20)
        self.cloud.fail_route(
            'DELETE compute/servers', fake_cloud.Fault(204))
        error = self.refused('delete_vm', 'vm-1')
        self.assertIn("Wait for server deletion: Timed out waiting for "
                      "Server `vm-1' to be deleted", error['message'])
        self.assertIn(self.port['id'], self.cloud.ports)

    @ddt.data(500, 503)
    def test_server_that_cannot_be_read(self, status):
        # Its metadata may name pools; they would be lost with it.
        self.cloud.fail_route('GET compute/servers', fake_cloud.Fault(status))
        self.refused('delete_vm', 'vm-1')
        self.assertIn('vm-1', self.cloud.servers)
        self.assertIn(self.port['id'], self.cloud.ports)

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
