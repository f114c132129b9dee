# SPDX-License-Identifier: Apache-2.0
"""Creating a VM in one of several availability zones."""

from typing import Any

from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud

ZONES = {'availability_zones': ['z1', 'z2', 'z3']}


class TestZonesInTurn(create_vm_case.CreateVmCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(
            ignore_server_availability_zone=True)

    def _tried(self) -> list[dict[str, Any]]:
        return [body['server'] for call, body in self.cloud.bodies
                if call == 'POST compute/servers']

    def _fail_post(self, number: int, status: int) -> None:
        """Let the POST of a server of that number (from 0) fail."""
        create = self.cloud._create_server

        def failing(request: Any) -> Any:
            if len(self._tried()) - 1 == number:
                return status, {'badRequest': {
                    'code': status, 'message': 'no such zone'}}
            return create(request)

        self.cloud._create_server = failing

    def test_second_zone(self):
        self._fail_post(0, 400)
        cid, networks = self.call('create_vm', *self.arguments(ZONES))
        first, second = self._tried()
        self.assertNotEqual(
            first['availability_zone'], second['availability_zone'])
        self.assertNotEqual(first['name'], second['name'])
        # The port is new, not the one of the first try.
        self.assertNotEqual(first['networks'], second['networks'])
        self.assertEqual([cid], list(self.cloud.servers))
        port, = self.cloud.ports.values()
        self.assertEqual([{'port': port['id']}], second['networks'])
        self.assertEqual(port['mac_address'], networks['default']['mac'])
        self.assertIn("No VM in availability zone "
                      f"'{first['availability_zone']}'", self.log())

    def test_nothing_is_left_between_the_tries(self):
        self.cloud.server_status = 'ERROR'
        left = []
        create = self.cloud._create_ports

        def looking(request: Any) -> Any:
            left.append(self.cloud.leftovers())
            return create(request)

        self.cloud._create_ports = looking
        self.refused('create_vm', *self.arguments(ZONES))
        self.assertEqual(3, len(left))
        for found in left:
            self.assertFalse(any(found.values()), found)
        self.assert_nothing_left()

    def test_first_error_is_kept(self):
        self.cloud.server_status = 'ERROR'
        self._fail_post(2, 400)
        error = self.refused('create_vm', *self.arguments(ZONES))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertTrue(error['ok_to_retry'])
        zones = [server['availability_zone'] for server in self._tried()]
        self.assertEqual({'z1', 'z2', 'z3'}, set(zones))
        lines = [line for line in error['message'].splitlines()
                 if line.startswith('Availability zone')]
        for zone, line in zip(zones, lines, strict=True):
            self.assertIn(f"Availability zone '{zone}': ", line)
        self.assertIn('No valid host was found.', lines[0])
        self.assertIn('no such zone', lines[2])
        self.assert_nothing_left()

    def test_first_error_is_final(self):
        self.cloud.server_status = 'ERROR'
        self._fail_post(0, 400)
        error = self.refused('create_vm', *self.arguments(ZONES))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertFalse(error['ok_to_retry'])

    def test_look_ups_are_made_once(self):
        self.cloud.server_status = 'ERROR'
        self.refused('create_vm', *self.arguments(ZONES))
        for call in ('GET compute/flavors/detail',
                     'GET network/security-groups',
                     f'GET image/images/{fake_cloud.IMAGE_ID}'):
            self.assertEqual(1, self.cloud.calls.count(call))

    def test_floating_ip_goes_back_before_the_next_try(self):
        old = self.cloud.add_port(network_id='n', fixed_ips=[
            {'ip_address': '10.9.9.9'}])
        ip = self.cloud.add_ip(
            '1.2.3.4', port_id=old['id'], fixed_ip_address='10.9.9.9')
        owners = []
        update = self.cloud._update_ip

        def failing(request: Any, ip_id: str) -> Any:
            owners.append(request.json()['floatingip']['port_id'])
            if len(owners) == 1:
                return 409, {'NeutronError': {
                    'type': 'x', 'message': 'not now', 'detail': ''}}
            return update(request, ip_id)

        self.cloud._update_ip = failing
        arguments = self.arguments(ZONES)
        arguments[3]['v'] = {'type': 'vip', 'ip': '1.2.3.4'}
        self.call('create_vm', *arguments)
        first, back, second = owners
        self.assertEqual(old['id'], back)
        self.assertEqual(second, ip['port_id'])
        self.assertIn(second, self.cloud.ports)
