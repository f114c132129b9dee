# SPDX-License-Identifier: Apache-2.0

import itertools
from typing import Any

import ddt
import requests

from tests.unit.cpi import base
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud

FAULTS = {
    'bad request': fake_cloud.Fault(400),
    'conflict': fake_cloud.Fault(409),
    'forbidden': fake_cloud.Fault(403),
    'internal error': fake_cloud.Fault(500),
    'internal error afterwards': fake_cloud.Fault(500, effective=True),
    'lost answer': fake_cloud.Fault(None, effective=True),
    'lost request': fake_cloud.Fault(None),
    'timeout': fake_cloud.Fault(
        None, effective=True, error=requests.ReadTimeout),
    'too many requests': fake_cloud.Fault(
        429, headers={'Retry-After': '2'}),
    'unavailable': fake_cloud.Fault(503),
}

#: In how many tests the requests are shared out, to keep each short.
PARTS = 4

#: Of these one single occurrence must not hurt.
SURVIVED = (
    'internal error afterwards', 'lost answer', 'lost request', 'timeout',
    'too many requests', 'unavailable',
)


@ddt.ddt
class TestFaults(create_vm_case.CreateVmCase):
    """Each request of create_vm fails in turn."""

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(state_timeout=20)

    def _networks(self) -> dict[str, Any]:
        return {'p': base.manual(), 'v': {'type': 'vip', 'ip': '1.2.3.4'}}

    def _start_anew(self) -> None:
        self.cloud.heal()
        self.cloud.calls.clear()
        self.cloud.servers.clear()
        self.cloud.ports.clear()
        self.cloud.floating_ips.clear()
        # It leads to another VM, as when that one is to be replaced.
        self.old = self.cloud.add_port(fixed_ips=[], device_id='another')
        self.floating_ip = self.cloud.add_ip(
            '1.2.3.4', port_id=self.old['id'])

    def _calls_of_a_creation(self) -> list[str]:
        self._start_anew()
        self.call('create_vm', *self.arguments(networks=self._networks()))
        return list(self.cloud.calls)

    def _check(self, reply: dict[str, Any]) -> None:
        if reply['error'] is None:
            self.assertEqual(
                [reply['result'][0]], list(self.cloud.servers))
            ports = set(self.cloud.ports) - {self.old['id']}
            self.assertEqual({self.floating_ip['port_id']}, ports)
        else:
            self.assertEqual(self.old['id'], self.floating_ip['port_id'])
            del self.cloud.ports[self.old['id']]
            self.assert_nothing_left()

    @ddt.data(*itertools.product(sorted(FAULTS), range(PARTS)))
    @ddt.unpack
    def test_one_request_fails(self, name, part):
        calls = self._calls_of_a_creation()
        self.assertGreater(len(calls), 10)
        for index in range(part, len(calls), PARTS):
            call = calls[index]
            self._start_anew()
            self.cloud.fail_call(index, FAULTS[name])
            reply = self.request(
                'create_vm', *self.arguments(networks=self._networks()))
            self._check(reply)
            if name in SURVIVED:
                self.assertIsNone(reply['error'], f'{name} of {call}')

    @ddt.data(
        'POST network/ports', 'POST compute/servers$',
        'GET compute/servers/[^/]+-', 'GET network/floatingips',
        'PUT network/floatingips',
    )
    def test_a_route_is_down(self, route):
        self._calls_of_a_creation()
        for fault in (fake_cloud.Fault(500), fake_cloud.Fault(503),
                      fake_cloud.Fault(None)):
            self._start_anew()
            self.cloud.fail_route(route, fault)
            reply = self.request(
                'create_vm', *self.arguments(networks=self._networks()))
            self.assertEqual('Bosh::Clouds::VMCreationFailed',
                             reply['error']['type'])
            self.assertTrue(reply['error']['ok_to_retry'])
            # Without GET it cannot be seen that the server has gone, but
            # it has.
            self.assertEqual({}, self.cloud.servers)

    def test_undoing_fails(self):
        self._calls_of_a_creation()
        self._start_anew()
        self.cloud.server_status = 'ERROR'
        self.cloud.fail_route('DELETE network', fake_cloud.Fault(409))
        error = self.refused(
            'create_vm', *self.arguments(networks=self._networks()))
        self.assertIn('No valid host was found.', error['message'])
        self.assertIn('Undoing failed', self.log())
