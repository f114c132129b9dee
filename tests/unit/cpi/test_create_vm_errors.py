# SPDX-License-Identifier: Apache-2.0
"""What a director is told when create_vm fails, row by row.

A director repeats create_vm only for a VMCreationFailed that is ok to
retry, so what passes by itself must be one and nothing else may.
"""

import ddt
import requests

from tests.unit.cpi import base
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud

CLOUD_ERROR = 'Bosh::Clouds::CloudError'
CREATION_FAILED = 'Bosh::Clouds::VMCreationFailed'
SERVERS = 'POST compute/servers$'
VIP = {'type': 'vip', 'ip': '1.2.3.4'}
ZEROS = '00000000-0000-0000-0000-000000000000'


@ddt.ddt
class TestErrorTable(create_vm_case.CreateVmCase):

    def assert_refused(
        self, kind: str, ok_to_retry: bool, message: str, **arguments
    ) -> None:
        error = self.refused('create_vm', *self.arguments(**arguments))
        self.assertEqual(kind, error['type'])
        self.assertEqual(ok_to_retry, error['ok_to_retry'])
        self.assertRegex(error['message'], message)
        self.assert_nothing_left()

    @ddt.data(
        fake_cloud.Fault(None, error=requests.ReadTimeout),
        fake_cloud.Fault(None, effective=True, error=requests.ReadTimeout),
        fake_cloud.Fault(504))
    def test_post_times_out(self, fault):
        # When it took effect the server is found, and all is well.
        self.cloud.fail_route(SERVERS, fault)
        if fault.effective:
            cid, _networks = self.call('create_vm', *self.arguments())
            self.assertEqual([cid], list(self.cloud.servers))
            return
        self.assert_refused(
            CREATION_FAILED, False,
            "^VM creation with name 'vm-[0-9a-f-]{36}' received a timeout. "
            'The VM might still have been created by OpenStack.\n'
            'Original message: .')

    @ddt.data(400, 404)
    def test_network_of_a_server_does_not_exist(self, status):
        self.cloud.fail_route(SERVERS, fake_cloud.Fault(status))
        self.assert_refused(
            CREATION_FAILED, False,
            "^VM creation with name 'vm-.*' failed. Following network IDs "
            'are not existing or not accessible from this project: '
            f"'{ZEROS}'. Make sure you do not use subnet IDs$",
            networks={'d': {
                'type': 'dynamic', 'cloud_properties': {'net_id': ZEROS}}})

    def test_network_of_a_port_does_not_exist(self):
        self.assert_refused(
            CREATION_FAILED, False,
            f"not accessible from this project: '{ZEROS}'. Make sure",
            networks={'m': base.manual(net_id=ZEROS)})

    @ddt.data((400, 'Bad Request'), (403, 'Forbidden'), (409, 'Conflict'))
    @ddt.unpack
    def test_server_is_refused(self, status, phrase):
        self.cloud.fail_route(SERVERS, fake_cloud.Fault(status))
        self.assert_refused(
            CLOUD_ERROR, False,
            rf'^OpenStack API {phrase} \(injected\) \[request req-\d+\].\n'
            'Check task debug log for details.$')

    @ddt.data((400, 'Bad Request'), (403, 'Forbidden'), (409, 'Conflict'))
    @ddt.unpack
    def test_port_is_refused(self, status, phrase):
        self.cloud.fail_route(
            'POST network/ports', fake_cloud.Fault(status))
        self.assert_refused(
            CLOUD_ERROR, False, rf'^OpenStack API {phrase} \(injected\)')

    @ddt.data(500, 502, 503, 429)
    def test_api_fails(self, status):
        self.cloud.fail_route(SERVERS, fake_cloud.Fault(status))
        self.assert_refused(
            CREATION_FAILED, True,
            "^VM creation with name 'vm-.*' failed. OpenStack API ")

    def test_server_goes_to_error(self):
        self.cloud.server_status = 'ERROR'
        self.assert_refused(
            CREATION_FAILED, True,
            "^VM creation with name 'vm-.*' failed. Server `.*' state is "
            'error, expected active: No valid host was found.')

    def test_server_is_not_active_in_time(self):
        self.config = self.write_config(state_timeout=10)
        self.cloud.server_status = 'BUILD'
        self.assert_refused(
            CREATION_FAILED, True,
            "failed. Timed out waiting for Server `.*' to be active: after "
            '10 seconds its state is build')

    def test_server_vanishes(self):
        self.cloud.fail_route(
            'GET compute/servers/', fake_cloud.Fault(404))
        error = self.refused('create_vm', *self.arguments())
        self.assertEqual(CLOUD_ERROR, error['type'])

    def test_floating_ip_is_not_there(self):
        self.assert_refused(
            CREATION_FAILED, True,
            "^VM creation with name 'vm-.*' failed. Floating IP '1.2.3.4' "
            'not allocated$',
            networks={'m': base.manual(), 'v': VIP})
        self.assertNotIn('POST network/ports', self.cloud.calls)

    @ddt.data(400, 403, 404, 409, 503)
    def test_floating_ip_is_not_given(self, status):
        self.cloud.add_ip('1.2.3.4')
        self.cloud.fail_route(
            'PUT network/floatingips', fake_cloud.Fault(status))
        self.assert_refused(
            CREATION_FAILED, True,
            "^VM creation with name 'vm-.*' failed. OpenStack API ",
            networks={'m': base.manual(), 'v': VIP})

    def test_several_nics_without_what_they_need(self):
        second = base.manual('10.1.0.3', net_id=fake_cloud.OTHER_NET_ID)
        for settings in ({}, {'use_dhcp': False}, {'config_drive': 'disk'}):
            self.config = self.write_config(**settings)
            self.assert_refused(
                CREATION_FAILED, False,
                '^Multiple manual networks can only be used with '
                "'openstack.use_dhcp=false' and "
                "'openstack.config_drive=cdrom|disk'$",
                networks={'a': base.manual(), 'b': second})
        self.assertEqual([], self.cloud.calls)

    def test_user_data_is_checked_before_anything_is_created(self):
        arguments = self.arguments()
        arguments[5] = {'bosh': {'blob': 'x' * 50000}}
        error = self.refused('create_vm', *arguments)
        self.assertEqual(CLOUD_ERROR, error['type'])
        self.assertNotIn('POST network/ports', self.cloud.calls)

    def test_duplicate_security_groups(self):
        self.cloud.groups.append({'id': 'b-id', 'name': 'bosh'})
        self.assert_refused(
            CLOUD_ERROR, False,
            rf"^Security group `bosh' exists 2 times \({fake_cloud.GROUP_ID}"
            r', b-id\). Name it by its id.$')

    def test_group_of_the_own_project(self):
        # An administrator sees those of other projects.
        self.cloud.groups[:] = [
            {'id': f'{project}-id', 'name': 'bosh', 'project_id': project}
            for project in ('p0', 'p1', 'p2')]
        self.call('create_vm', *self.arguments())
        self.assertEqual([{'name': 'p1-id'}],
                         self.posted()['security_groups'])

    def test_one_of_duplicate_security_groups_by_its_id(self):
        self.cloud.groups.append({'id': 'b-id', 'name': 'bosh'})
        self.call('create_vm', *self.arguments(
            {'security_groups': ['b-id']}))
        self.assertEqual([{'name': 'b-id'}],
                         self.posted()['security_groups'])
        port, = self.cloud.ports.values()
        self.assertEqual(['b-id'], port['security_groups'])
