# SPDX-License-Identifier: Apache-2.0

import ipaddress
import json
from typing import Any

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base as oslotest_base

from cf_openstack.cpi import errors
from cf_openstack.cpi import network_spec
from tests.unit.cpi import base

_ADDRESS = st.ip_addresses(v=4) | st.ip_addresses(v=6)


def manual(**values: Any) -> dict[str, Any]:
    return base.manual() | values


@ddt.ddt
class TestParse(oslotest_base.BaseTestCase):

    def test_all_of_a_manual_network(self):
        found = network_spec.parse('a', manual(
            ip='2001:DB8:0:0::0010', prefix='128', nic_group=1))
        self.assertEqual('manual', found.type)
        self.assertEqual('2001:db8::10', found.ip)
        self.assertIsNone(found.prefix)
        self.assertEqual('1', found.nic_group)
        self.assertTrue(found.vrrp_port_check)
        self.assertFalse(found.is_ipv4)

    def test_dynamic_network_has_no_address(self):
        # A director sends a prefix, that of an address.
        found = network_spec.parse('d', {
            'type': 'dynamic', 'prefix': '32', 'ip': '10.0.0.5'})
        self.assertIsNone(found.ip)
        self.assertIsNone(found.prefix)
        self.assertIsNone(found.net_id)

    def test_keys_without_effect(self):
        found = network_spec.parse('v', {
            'type': 'vip', 'ip': '1.2.3.4', 'prefix': '32',
            'cloud_properties': {'net_id': 'n', 'vrrp_port_check': False}})
        self.assertIsNone(found.net_id)
        self.assertIsNone(found.prefix)

    @ddt.data(
        ('10.0.0.16', '28', '10.0.0.16/28'),
        ('10.0.0.16', 28, '10.0.0.16/28'),
        ('10.0.0.16', '32', None),
        ('10.0.0.16', None, None),
        ('10.0.0.16', '', None),
        ('2001:db8:1::', '80', '2001:db8:1::/80'),
        ('2001:db8:1::', '128', None),
    )
    @ddt.unpack
    def test_prefix(self, ip, prefix, expected):
        found = network_spec.parse('a', manual(ip=ip, prefix=prefix))
        self.assertEqual(expected, found.prefix)

    @ddt.data(('2001:db8:1::', '32'), ('10.0.0.17', '28'))
    @ddt.unpack
    def test_address_within_a_prefix(self, ip, prefix):
        error = self.assertRaises(
            errors.InvalidCall, network_spec.parse, 'a',
            manual(ip=ip, prefix=prefix))
        self.assertIn(f"'ip' {ip} is not the first address of a prefix of "
                      f'length {prefix}', error.message)

    @ddt.data('33', '0', '-1', '1.5', 'x', '028888', 28.0, True, [], '²')
    def test_wrong_prefix(self, prefix):
        error = self.assertRaises(
            errors.InvalidCall, network_spec.parse, 'a',
            manual(prefix=prefix))
        self.assertIn(
            "network `a': 'prefix' must be the length of a prefix, from 1 "
            'to 32', error.message)

    @ddt.data('10.0.0', '10.0.0.256', 'fe80::1%eth0', 'x' * 500,
              '10.0.0.1/24', ' 10.0.0.1')
    def test_wrong_ip(self, ip):
        error = self.assertRaises(
            errors.InvalidCall, network_spec.parse, 'a', manual(ip=ip))
        self.assertIn("network `a': 'ip' is no IP address", error.message)
        self.assertLess(len(error.message), 200)

    @ddt.data(
        ({'ip': 7}, "'ip' must be a String, got: Integer"),
        ({'nic_group': True}, "'nic_group' must be a String"),
        ({'nic_group': {}}, "'nic_group' must be a String"),
        ({'default': 'gateway'}, "'default' must be an Array"),
        ({'cloud_properties': []}, 'cloud_properties'),
    )
    @ddt.unpack
    def test_wrong_types(self, values, message):
        error = self.assertRaises(
            errors.InvalidCall, network_spec.parse, 'a', manual(**values))
        self.assertIn(message, error.message)

    @ddt.data(
        ({'net-id': 'n'},
         "'net-id' is not known; did you mean 'net_id'?"),
        ({'security_group': ['a']}, "did you mean 'security_groups'?"),
        ({'zzz': 1}, "'zzz' is not known"),
        ({'net_id': 7}, "'net_id' must be a String, got: Integer"),
        ({'vrrp_port_check': 'no'},
         "'vrrp_port_check' must be a Boolean, got: String"),
        ({'network': []}, "'network' must be a String, got: Array"),
        ({'security_groups': 'a'}, 'security groups must be an Array'),
        ({'security_groups': [7]}, 'security groups must be an Array'),
    )
    @ddt.unpack
    def test_wrong_cloud_properties(self, properties, message):
        error = self.assertRaises(
            errors.InvalidCall, network_spec.parse, 'a',
            base.manual(**properties))
        self.assertIn("cloud_properties of network `a':", error.message)
        self.assertIn(message, error.message)

    @given(_ADDRESS, st.integers(1, 128))
    def test_any_prefix(self, address, length):
        try:
            found = network_spec.parse('a', manual(
                ip=address.exploded, prefix=str(length)))
        except errors.InvalidCall:
            return
        self.assertEqual(address, ipaddress.ip_address(found.ip))
        if length == address.max_prefixlen:
            self.assertIsNone(found.prefix)
        else:
            network = ipaddress.ip_network(found.prefix)
            self.assertEqual(length, network.prefixlen)
            self.assertEqual(address, network.network_address)

    @given(st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4)
        | st.sampled_from(['manual', 'vip', '10.0.0.4', 'fe80::1']),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from([
                'type', 'ip', 'prefix', 'cloud_properties', 'net_id',
                'nic_group', 'default', 'security_groups']), inner)))
    def test_anything(self, spec):
        before = json.dumps(spec)
        try:
            found = network_spec.parse('a', spec)
        except errors.BoshError as exc:
            self.assertIn('etwork', exc.message)
        else:
            self.assertEqual(found.spec, spec)
        self.assertEqual(before, json.dumps(spec))
