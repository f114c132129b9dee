# SPDX-License-Identifier: Apache-2.0

from typing import Any

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base as oslotest_base

from cf_openstack.cpi import errors
from cf_openstack.cpi import networks
from cf_openstack.cpi import zones
from tests.unit.cpi import base

VIP = {'type': 'vip', 'ip': '1.2.3.4', 'cloud_properties': {}}
_SPEC = st.fixed_dictionaries({}, optional={
    'type': st.sampled_from(['manual', 'dynamic', 'vip', 'x']) | st.none(),
    'ip': st.text(max_size=5) | st.none() | st.integers(),
    'default': st.lists(st.sampled_from(['dns', 'gateway'])) | st.none(),
    'dns': st.lists(st.text(max_size=5)) | st.none(),
    'cloud_properties': st.none() | st.integers() | st.fixed_dictionaries(
        {}, optional={
            'net_id': st.sampled_from(['n1', 'n2', '', 7, None]),
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
        try:
            found = networks.parse(spec)
        except errors.BoshError:
            return
        self.assertTrue(found.private)
        self.assertIn(found.gateway, found.private)
        self.assertEqual(set(spec), set(found.settings({}, True)))


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
