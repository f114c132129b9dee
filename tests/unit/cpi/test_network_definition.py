# SPDX-License-Identifier: Apache-2.0
"""What a director may ask of a managed network."""

import ipaddress

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.cpi import errors
from cf_openstack.cpi import network_definition as definitions

RANGES = st.one_of(
    st.ip_addresses(v=4).flatmap(lambda address: st.integers(8, 29).map(
        lambda bits: f'{address}/{bits}')),
    st.ip_addresses(v=6).flatmap(lambda address: st.integers(16, 125).map(
        lambda bits: f'{address}/{bits}')),
)
KEYS = 'range gateway netmask_bits cloud_properties'.split()


@ddt.ddt
class TestParse(base.BaseTestCase):

    def test_all(self):
        found = definitions.parse({
            'type': 'manual', 'range': '10.0.0.7/24',
            'gateway': '10.0.0.254', 'cloud_properties': {
                'router': 'r', 'security_groups': ['a'],
                'vrrp_port_check': False, 'subnetpool': None,
                'availability_zone': 'az1', 'instance_type': 'm1'}})
        self.assertEqual('10.0.0.0/24', str(found.range))
        self.assertEqual('10.0.0.254', str(found.gateway))
        self.assertEqual('r', found.router)
        self.assertEqual(
            {'security_groups': ['a'], 'vrrp_port_check': False},
            found.of_vms)

    def test_pool(self):
        found = definitions.parse({
            'netmask_bits': 26, 'cloud_properties': {'subnetpool': 'p'}})
        self.assertIsNone(found.range)
        self.assertEqual((26, 'p'), (found.prefix_length, found.subnetpool))

    @ddt.data(
        (None, "'range' is missing"), ({}, "'range' is missing"),
        ({'netmask_bits': 24}, "'range' is missing"),
        ({'type': 'dynamic'}, "must be 'manual'"),
        ({'range': 'x'}, 'CIDR notation'), ({'range': 7}, 'CIDR notation'),
        ({'range': '10.0.0.0/30'}, 'too small'),
        ({'range': '10.0.0.0/24', 'gateway': 'x'}, "'gateway' must be"),
        ({'range': '10.0.0.0/24', 'gateway': 7}, "'gateway' must be"),
        ({'range': '10.0.0.0/24', 'gateway': '10.0.1.1'}, 'no address'),
        ({'range': '10.0.0.0/24', 'gateway': '10.0.0.0'}, 'no address'),
        ({'range': '10.0.0.0/24', 'gateway': '10.0.0.255'}, 'no address'),
        ({'range': '10.0.0.0/24', 'gateway': '2001:db8::1'}, 'no address'),
        ({'gateway': '10.0.0.1', 'cloud_properties': {'subnetpool': 'p'}},
         "'gateway' without a 'range'"),
        ({'netmask_bits': '24', 'cloud_properties': {'subnetpool': 'p'}},
         "'netmask_bits'"),
        ({'netmask_bits': 0, 'cloud_properties': {'subnetpool': 'p'}},
         "'netmask_bits'"),
    )
    @ddt.unpack
    def test_wrong(self, spec, text):
        error = self.assertRaises(
            errors.InvalidNetworkProperty, definitions.parse, spec)
        self.assertIn(text, error.message)

    @ddt.data(
        ({'net_id': 'n'}, "'net_id' names a network"),
        ({'router': 7}, "'router' must be a String"),
        ({'security_groups': 'a'}, "'security_groups' must be"),
        ({'rooter': 'r'}, "'rooter' is not known; did you mean 'router'"),
        ({'subnet_pool': 'r'}, "did you mean 'subnetpool'"),
    )
    @ddt.unpack
    def test_wrong_properties(self, properties, text):
        error = self.assertRaises(
            errors.InvalidNetworkProperty, definitions.parse,
            {'range': '10.0.0.0/24', 'cloud_properties': properties})
        self.assertIn(text, error.message)

    @ddt.data('x', 7, ['range'])
    def test_no_hash(self, value):
        self.assertRaises(errors.InvalidCall, definitions.parse, value)
        self.assertRaises(
            errors.InvalidCall, definitions.parse,
            {'range': '10.0.0.0/24', 'cloud_properties': value})

    @hypothesis.given(st.dictionaries(
        st.sampled_from(KEYS), st.none() | st.text() | st.integers()
        | st.dictionaries(st.text(), st.text())))
    @hypothesis.settings(deadline=None)
    def test_anything(self, spec):
        try:
            definitions.parse(spec)
        except errors.InvalidCall:
            pass


@ddt.ddt
class TestNeutronsShare(base.BaseTestCase):

    def _share(self, text, gateway, wanted=None):
        return definitions.neutrons_share(
            ipaddress.ip_network(text), ipaddress.ip_address(gateway),
            wanted)

    @ddt.data(
        ('10.0.0.0/24', '10.0.0.1', '10.0.0.240', '10.0.0.254'),
        ('10.0.0.0/24', '10.0.0.254', '10.0.0.239', '10.0.0.253'),
        ('10.0.0.0/24', '10.0.0.245', '10.0.0.230', '10.0.0.244'),
        ('10.0.0.0/16', '10.0.0.1', '10.0.255.239', '10.0.255.254'),
        ('10.0.0.0/29', '10.0.0.1', '10.0.0.5', '10.0.0.6'),
        ('10.0.0.0/29', '10.0.0.6', '10.0.0.4', '10.0.0.5'),
        ('2001:db8::/64', '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffef',
         '2001:db8::ffff:ffff:ffff:fffe'),
    )
    @ddt.unpack
    def test_end_of_the_range(self, text, gateway, first, last):
        self.assertEqual((first, last), self._share(text, gateway))

    @hypothesis.given(RANGES, st.data())
    @hypothesis.settings(deadline=None)
    def test_any_range(self, text, data):
        network = ipaddress.ip_network(text, strict=False)
        gateway = network[data.draw(
            st.integers(1, network.num_addresses - 2))]
        first, last = map(ipaddress.ip_address, definitions.neutrons_share(
            network, gateway, None))
        self.assertTrue(network[0] < first <= last < network[-1])
        self.assertFalse(first <= gateway <= last)
        size = int(last) - int(first) + 1
        # Enough for two DHCP servers, and the most is left to VMs.
        self.assertGreaterEqual(size, 2)
        self.assertLessEqual(size, max(2, network.num_addresses // 16))

    def test_as_wanted(self):
        self.assertEqual(
            ('10.0.0.5', '10.0.0.9'),
            self._share('10.0.0.0/24', '10.0.0.1', '10.0.0.5 - 10.0.0.9'))

    @ddt.data(
        '10.0.0.5', 'x-y', '10.0.0.9-10.0.0.5', '10.0.0.5-10.0.1.5',
        '10.0.0.1-10.0.0.5', '10.0.0.5-2001:db8::1', '')
    def test_wrong(self, wanted):
        error = self.assertRaises(
            errors.InvalidNetworkProperty, self._share,
            '10.0.0.0/24', '10.0.0.1', wanted)
        self.assertIn("'allocation_pool'", error.message)
