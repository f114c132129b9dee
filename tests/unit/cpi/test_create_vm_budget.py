# SPDX-License-Identifier: Apache-2.0
"""How many requests create_vm needs, token and discovery included.

The budget is eleven and the polls; upstream's CPIs need 13 and 14.
"""

from typing import Any

from tests.unit.cpi import base
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud

BUDGET = 11
VIP = {'type': 'vip', 'ip': '1.2.3.4'}


class TestBudget(create_vm_case.CreateVmCase):

    def _requests(self, *arguments: Any) -> list[str]:
        """The requests of a create_vm, polls left out."""
        before = len(self.cloud.calls)
        self.call('create_vm', *self.arguments(*arguments))
        calls = self.cloud.calls[before:]
        polls = [call for call in calls
                 if call.startswith('GET compute/servers/')]
        self.assertEqual(1, len(polls))
        return [call for call in calls if call not in polls]

    def test_manual_network(self):
        calls = self._requests()
        self.assertLessEqual(len(calls), BUDGET, calls)

    def test_vip(self):
        self.cloud.add_ip('1.2.3.4')
        self._requests()
        self.cloud.ports.clear()
        # The calls after the first one need no token any more.
        plain = self._requests()
        self.cloud.ports.clear()
        vip = self._requests({}, {'m': base.manual(), 'v': VIP})
        self.assertLessEqual(len(vip), len(plain) + 2, vip)

    def test_two_nics_and_two_vips(self):
        self.config = self.write_config(
            use_dhcp=False, config_drive='cdrom')
        self.cloud.add_ip('1.2.3.4')
        self.cloud.add_ip('1.2.3.5')
        calls = self._requests({}, {
            'm': base.manual(), 'v': VIP,
            'n': base.manual('10.1.0.3', net_id=fake_cloud.OTHER_NET_ID) | {
                'default': [], 'nic_group': '2'},
            'w': VIP | {'ip': '1.2.3.5', 'nic_group': '2'}})
        self.assertEqual(1, calls.count('POST network/ports'))
        self.assertEqual(1, calls.count('GET network/floatingips'))
        # Two more to associate and one more to tag.
        self.assertLessEqual(len(calls), BUDGET + 4, calls)

    def test_availability_zone(self):
        calls = self._requests({'availability_zone': 'az1'})
        self.assertLessEqual(len(calls), BUDGET, calls)

    def test_boot_from_volume(self):
        calls = self._requests(
            {'boot_from_volume': True, 'root_disk': {'size': 5}})
        self.assertLessEqual(len(calls), BUDGET, calls)

    def test_security_groups_by_name_and_id(self):
        calls = self._requests(
            {'security_groups': ['bosh', fake_cloud.GROUP_ID]})
        self.assertLessEqual(len(calls), BUDGET, calls)

    def test_allowed_address_pairs(self):
        for address in ('10.0.0.98', '10.0.0.99'):
            self.cloud.add_port(
                network_id=fake_cloud.NET_ID,
                fixed_ips=[{'ip_address': address}])
        calls = self._requests(
            {'allowed_address_pairs': ['10.0.0.98', '10.0.0.99']})
        self.assertLessEqual(len(calls), BUDGET + 1, calls)
