# SPDX-License-Identifier: Apache-2.0

import json
from typing import Any

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base as oslotest_base

from cf_openstack.cpi import errors
from cf_openstack.cpi import networks
from cf_openstack.cpi import zones
from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

VIP = {'type': 'vip', 'ip': '1.2.3.4', 'cloud_properties': {}}
_SPEC = st.fixed_dictionaries({}, optional={
    'type': st.sampled_from(['manual', 'dynamic', 'vip', 'x']) | st.none(),
    'ip': st.text(max_size=5) | st.none() | st.integers()
    | st.sampled_from(['10.0.0.4', '10.0.0.16', '2001:db8::', '1.1.1.1']),
    'prefix': st.sampled_from(['32', '28', '128', '80', 28, None, 'x']),
    'nic_group': st.sampled_from(['1', '2', 1, None, '']),
    'default': st.lists(st.sampled_from(['dns', 'gateway'])) | st.none(),
    'dns': st.lists(st.text(max_size=5)) | st.none(),
    'cloud_properties': st.none() | st.integers() | st.fixed_dictionaries(
        {}, optional={
            'net_id': st.sampled_from(['n1', 'n1', 'n2', '', 7, None]),
            'network': st.sampled_from(['a', 'b', None]),
            'security_groups': st.lists(st.text(max_size=3))
            | st.integers()}),
})


@ddt.ddt
class TestNetworks(oslotest_base.BaseTestCase):

    @ddt.data(
        ({}, errors.CloudError,
         'At least one dynamic or manual network should be defined'),
        ({'v': VIP}, errors.CloudError,
         'At least one dynamic or manual network should be defined'),
        ({'m': base.manual(), 'v': VIP, 'w': VIP}, errors.InvalidCall,
         "The networks `v' and `w' have the same ip 1.2.3.4"),
        ({'a': {'type': 'dynamic'}, 'b': {'type': 'dynamic'}},
         errors.CloudError,
         'Only one dynamic network per instance should be defined'),
        ({'a': base.manual(), 'b': base.manual('10.0.0.11')},
         errors.CloudError, 'is already defined'),
        ({'a': base.manual(net_id=None)}, errors.CloudError,
         'Manual network must have net_id'),
        ({'a': base.manual(), 'b': {'type': 'dynamic'}},
         errors.CloudError, "network `b' must have net_id"),
        ({'a': {'type': 'x'}}, errors.CloudError,
         "Invalid network type `x': OpenStack CPI can only handle"),
        ({'a': base.manual(), 'v': {'type': 'vip'}}, errors.CloudError,
         "No IP provided for vip network `v'"),
        ({'a': base.manual(ip=None)}, errors.InvalidCall, 'has no ip'),
        ({'a': []}, errors.InvalidCall, 'must be a Hash'),
        ([], errors.InvalidCall, 'must be a Hash'),
        ({'a': base.manual(security_groups='x')}, errors.InvalidCall,
         'security groups must be an Array'),
        ({'a': base.manual(net_id='../x')}, errors.InvalidCall,
         'net_id'),
        ({'a': base.manual() | {'nic_group': '1'},
          'b': base.manual('10.0.0.11', net_id='n2') | {
              'nic_group': '1'}}, errors.InvalidCall,
         "`a', `b' of nic_group `1' have different net_ids"),
        ({'a': base.manual() | {'nic_group': '1'},
          'b': {'type': 'dynamic', 'nic_group': '1',
                'cloud_properties': {'net_id': fake_cloud.NET_ID}}},
         errors.InvalidCall,
         "nic_group `1' has a dynamic network among"),
        ({'a': base.manual() | {'nic_group': '1'},
          'b': base.manual('10.0.0.11') | {'nic_group': '2'}},
         errors.CloudError,
         f'Manual network with id {fake_cloud.NET_ID} is already defined'),
        ({'a': base.manual() | {'nic_group': '1'},
          'b': base.manual() | {'nic_group': '1'}}, errors.InvalidCall,
         "The networks `a' and `b' have the same ip 10.0.0.10"),
    )
    @ddt.unpack
    def test_refusals(self, spec, error_class, message):
        error = self.assertRaises(error_class, networks.parse, spec)
        self.assertIn(message, error.message)

    def test_manual_is_the_default_type(self):
        spec = base.manual()
        del spec['type']
        self.assertEqual('manual', networks.parse({'a': spec}).all[0].type)

    def test_gateway(self):
        second = base.manual('10.1.0.3', net_id='n2')
        first = base.manual() | {'default': ['dns']}
        found = networks.parse({'a': first, 'b': second})
        self.assertEqual('b', found.gateway.name)
        only = networks.parse({'a': first, 'v': VIP})
        self.assertEqual('a', only.gateway.name)

    def test_security_groups(self):
        found = networks.parse({
            'a': base.manual(security_groups=['z', 'a']),
            'v': VIP | {'cloud_properties': {'security_groups': [
                'a', 'm']}}})
        self.assertEqual(['a', 'm', 'z'], found.security_groups())

    def test_settings_are_copies(self):
        spec = {'a': base.manual(), 'v': VIP}
        settings = networks.parse(spec).settings({'a': 'mac'}, False)
        self.assertEqual('mac', settings['a']['mac'])
        self.assertFalse(settings['a']['use_dhcp'])
        self.assertEqual(VIP, settings['v'])
        self.assertNotIn('mac', spec['a'])

    @given(st.dictionaries(st.text(max_size=3), _SPEC | st.integers(),
                           max_size=4))
    def test_anything(self, spec: dict[str, Any]):
        before = json.dumps(spec)
        try:
            found = networks.parse(spec)
        except errors.BoshError:
            return
        self.assertTrue(found.private)
        self.assertIn(found.gateway, found.private)
        self.assertEqual(
            found.private,
            sorted((network for nic in found.nics
                    for network in nic.networks), key=found.all.index))
        macs = {network.name: 'mac' for network in found.private}
        settings = found.settings(macs, True)
        self.assertEqual(set(spec), set(settings))
        for name, values in spec.items():
            added = {} if values.get('type') == 'vip' else {
                'mac': 'mac', 'use_dhcp': True}
            self.assertEqual(values | added, settings[name])
        self.assertEqual(before, json.dumps(spec))


def v4(ip: str = '10.0.0.10', **values: Any) -> dict[str, Any]:
    return base.manual(ip) | values


def v6(ip: str = '2001:db8::10', **values: Any) -> dict[str, Any]:
    return base.manual(ip) | {'prefix': '128', 'default': []} | values


@ddt.ddt
class TestNics(oslotest_base.BaseTestCase):

    def test_two_stacks_on_one_nic(self):
        found = networks.parse({
            'a': v4(nic_group='1'), 'b': v6(nic_group='1')})
        nic, = found.nics
        self.assertEqual('1', nic.group)
        self.assertEqual(
            ['10.0.0.10', '2001:db8::10'], [n.ip for n in nic.single])
        self.assertEqual([], nic.prefixes)
        networks.check_several(found, True, None)

    def test_order_of_nics(self):
        found = networks.parse({
            'a': v4(nic_group='1'),
            'b': base.manual('10.1.0.1', net_id='n2'),
            'c': v6(nic_group='1')})
        self.assertEqual(
            [['a', 'c'], ['b']],
            [[n.name for n in nic.networks] for nic in found.nics])
        self.assertRaises(
            errors.VMCreationFailed, networks.check_several, found, False,
            None)
        networks.check_several(found, False, 'cdrom')

    def test_a_name_is_no_group(self):
        found = networks.parse({
            'a': v4(nic_group='b'), 'b': base.manual(
                '10.1.0.1', net_id='n2')})
        self.assertEqual(2, len(found.nics))

    def test_prefix_beside_an_address(self):
        nic, = networks.parse({
            'p': v4('10.0.1.16', prefix='28', nic_group='1'),
            'a': v4(nic_group='1')}).nics
        self.assertEqual(['10.0.0.10'], [n.ip for n in nic.single])
        self.assertEqual(['10.0.1.16/28'], nic.prefixes)

    def test_prefix_alone(self):
        nic, = networks.parse({'p': v4('10.0.1.16', prefix='28')}).nics
        self.assertEqual(['10.0.1.16'], [n.ip for n in nic.single])
        self.assertEqual(['10.0.1.16/28'], nic.prefixes)

    def _target(self, vip: dict[str, Any]) -> str:
        found = networks.parse({
            'six': v6(nic_group='1'),
            'four': v4(nic_group='1'),
            'prefix': v4('10.0.1.16', prefix='28', nic_group='1',
                         default=[]),
            'other': base.manual('10.1.0.1', net_id='n2') | {
                'nic_group': '2', 'default': []},
            'dynamic': {'type': 'dynamic', 'cloud_properties': {
                'net_id': 'n3'}},
            'v': VIP | vip})
        return found.target_of(found.vips[0]).name

    @ddt.data(
        ({}, 'four'),
        ({'nic_group': '1'}, 'four'),
        ({'nic_group': '2'}, 'other'),
        ({'cloud_properties': {'network': 'other'}}, 'other'),
        ({'cloud_properties': {'network': 'dynamic'}}, 'dynamic'),
        # What is said for this one network says more.
        ({'cloud_properties': {'network': 'four'}, 'nic_group': '2'},
         'four'),
    )
    @ddt.unpack
    def test_target_of_a_vip(self, vip, expected):
        self.assertEqual(expected, self._target(vip))

    @ddt.data(
        ({'nic_group': '3'},
         "private network of nic_group `3', which this VM does not have"),
        ({'cloud_properties': {'network': 'v'}},
         "private network `v', which this VM does not have"),
        ({'cloud_properties': {'network': 'six'}},
         "private network `six', which gives the NIC no IPv4 address"),
        ({'cloud_properties': {'network': 'prefix'}},
         'which gives the NIC no IPv4 address'),
    )
    @ddt.unpack
    def test_no_target(self, vip, message):
        error = self.assertRaises(errors.InvalidCall, self._target, vip)
        self.assertIn(message, error.message)

    def test_gateway_in_ipv6(self):
        found = networks.parse({
            'six': v6(nic_group='1', default=['gateway']),
            'four': v4(nic_group='1', default=[]), 'v': VIP})
        self.assertEqual('six', found.gateway.name)
        self.assertEqual('four', found.target_of(found.vips[0]).name)


@ddt.ddt
class TestZones(oslotest_base.BaseTestCase):

    @ddt.data(
        ((), {}, False, [None]),
        (('a',), {}, False, ['a']),
        ((), {'d': 'a'}, False, ['a']),
        (('a',), {'d': 'a'}, False, ['a']),
        ((), {'d': ''}, False, [None]),
        ((), {'d': None}, False, [None]),
        (('a',), {'d': 'b'}, True, ['a']),
        ((), {'d': 'b'}, True, [None]),
    )
    @ddt.unpack
    def test_choice(self, of_vm, of_disks, ignore, expected):
        self.assertEqual(expected, zones.choose(of_vm, of_disks, ignore))

    @ddt.data(
        (('a',), {'d': 'b'}, "VM is created in AZ 'a', disk 'd' is in "),
        ((), {'d': 'b', 'e': 'c'}, 'VM is created in default AZ, disk'),
    )
    @ddt.unpack
    def test_contradiction(self, of_vm, of_disks, message):
        error = self.assertRaises(
            errors.CloudError, zones.choose, of_vm, of_disks, False)
        self.assertIn(
            "can't use multiple availability zones: " + message,
            error.message)

    def test_several_are_shuffled(self):
        wanted = ('a', 'b', 'c')
        seen = set()
        for _attempt in range(200):
            found = zones.choose(wanted, {}, True)
            self.assertEqual(sorted(wanted), sorted(found))
            seen.add(tuple(found))
        self.assertGreater(len(seen), 1)
