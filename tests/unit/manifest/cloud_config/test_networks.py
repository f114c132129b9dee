# SPDX-License-Identifier: Apache-2.0

import ipaddress

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as test_base

from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_config import networks
from cf_openstack.manifest.cloud_config import reading
from tests.unit.manifest.cloud_config import base

AZS = ('z1', 'z2', 'z3')
#: The numbers of a /24 that a pool can begin and end with.
RANGE = st.tuples(st.integers(1, 254), st.integers(1, 254)).map(sorted)


def made(*subnets, azs=AZS, static=(), **values):
    return networks.networks(
        base.facts(networks={'default': subnets}, **values), azs,
        {'default': static})


@ddt.ddt
class TestReserved(test_base.BaseTestCase):

    @hypothesis.given(st.lists(RANGE, max_size=4), st.integers(1, 254),
                      st.lists(st.integers(1, 254), max_size=5))
    def test_bosh_never_uses_what_neutron_gives_out(self, pools, gateway,
                                                    taken):
        def text(number):
            return '10.0.16.%d' % number

        subnet = base.subnet(
            gateway=text(gateway), taken=tuple(map(text, taken)),
            allocation_pools=tuple((text(low), text(high))
                                   for low, high in pools))
        others = {number for low, high in pools
                  for number in range(low, high + 1)}
        others.update(taken, [0, 255, gateway])
        expected = set(range(256)) - others
        if not expected:
            self.assertRaises(errors.InputError, made, subnet)
            return
        config = {'azs': [], 'networks': made(subnet)}
        (found,) = reading.read(config).networks['default'].subnets
        self.assertEqual(
            expected, {int(address) & 255 for address in found.dynamic})

    @hypothesis.given(st.integers(16, 30), st.booleans())
    def test_suggested_pool(self, length, first_is_gateway):
        cidr = '10.0.0.0/%d' % length
        gateway = '10.0.0.1' if first_is_gateway else None
        text = networks.suggested_pool(cidr, gateway)
        pool = addresses.parse(text)
        self.assertFalse(pool - addresses.whole(addresses.network(cidr)))
        self.assertNotIn(ipaddress.ip_address('10.0.0.0'), pool)
        if gateway:
            self.assertNotIn(ipaddress.ip_address(gateway), pool)
        self.assertLessEqual(pool.count, 2 ** (32 - length) / 2)

    def test_a_pool_of_everything_is_refused_with_a_better_one(self):
        error = self.assertRaises(errors.InputError, made, base.subnet(
            allocation_pools=(('10.0.16.2', '10.0.16.254'),)))
        for part in ('10.0.16.0/24', 'none is left for BOSH',
                     '10.0.16.2-10.0.16.16'):
            self.assertIn(part, str(error))

    def test_pools_of_other_subnets_do_not_matter(self):
        found = networks.reserved(base.subnet(allocation_pools=(
            ('10.0.15.1', '10.0.16.9'),)))
        self.assertEqual(['10.0.16.0-10.0.16.9'], found.texts())

    def test_nothing_reserved(self):
        (network,) = made(base.subnet(allocation_pools=()))
        self.assertNotIn('reserved', network['subnets'][0])


@ddt.ddt
class TestNetworks(test_base.BaseTestCase):

    def test_whole(self):
        self.assertEqual([
            {'name': 'default', 'type': 'manual', 'subnets': [
                {'az': 'z1', 'range': '10.0.16.0/24',
                 'gateway': '10.0.16.1', 'reserved': [
                     '10.0.16.2-10.0.16.50', '10.0.16.200'],
                 'dns': ['8.8.8.8'], 'static': ['10.0.16.60'],
                 'cloud_properties': {
                     'net_id': 'net-1', 'security_groups': ['sg-1']}},
                {'az': 'z2', 'range': '10.0.32.0/24',
                 'gateway': '10.0.32.1',
                 'reserved': ['10.0.32.2-10.0.32.50'],
                 'static': ['10.0.32.60-10.0.32.61'],
                 'cloud_properties': {
                     'net_id': 'net-2', 'security_groups': ['sg-1']}}]},
            {'name': 'public', 'type': 'vip'}],
            made(base.subnet(dns=('8.8.8.8',), taken=('10.0.16.200',)),
                 base.subnet(32, network_id='net-2'), azs=('z1', 'z2'),
                 static=('10.0.16.60', '10.0.32.60-10.0.32.61'),
                 security_groups=('sg-1',), vip_networks=('public',)))

    @ddt.data(
        (1, AZS, [AZS]),
        (2, AZS, [('z1', 'z3'), ('z2',)]),
        (3, AZS, [('z1',), ('z2',), ('z3',)]),
        (3, ('z1', 'z3'), [('z1',), ('z3',)]),
        (3, ('z2',), [('z2',)]),
        (2, ('a', 'b'), [('a',), ('b',)]),
        (2, (), [(), ()]),
    )
    @ddt.unpack
    def test_azs_of_subnets(self, count, azs, expected):
        found = made(*(base.subnet(16 + number) for number in range(count)),
                     azs=azs)[0]['subnets']
        self.assertEqual(expected, [
            tuple(subnet.get('azs') or ([subnet['az']] if 'az' in subnet
                                        else [])) for subnet in found])

    def test_azs_that_were_given(self):
        found = made(base.subnet(azs=('z1', 'z2')),
                     base.subnet(32, azs=('z3',)))[0]['subnets']
        self.assertEqual((['z1', 'z2'], 'z3'),
                         (found[0]['azs'], found[1]['az']))

    @ddt.data(
        ((), {}, 'the network "default" has no subnet'),
        ((base.subnet(gateway=None),), {}, 'has no gateway'),
        ((base.subnet(gateway='10.9.0.1'),), {},
         'the gateway 10.9.0.1 is no address of'),
        ((base.subnet(), base.subnet(cidr='10.0.0.0/16')), {},
         '10.0.16.0/24 and 10.0.0.0/16 of the network "default" overlap'),
        ((base.subnet(azs=('z1',)),), {},
         'is for the availability zones z2, z3'),
        ((base.subnet(),), {'static': ['10.0.16.9']},
         'choose one of 10.0.16.51-10.0.16.254'),
        ((base.subnet(),), {'static': ['10.0.16.1']}, 'choose one of'),
        ((base.subnet(),), {'static': ['10.0.99.1']},
         '10.0.99.1 of the manifest is in no subnet'),
    )
    @ddt.unpack
    def test_refused(self, subnets, values, reason):
        error = self.assertRaises(errors.InputError, made, *subnets,
                                  **values)
        self.assertIn(reason, str(error))

    @ddt.data({'cidr': '10.0.16.0/99'}, {'taken': ('x',)},
              {'allocation_pools': (('10.0.16.9', '10.0.16.2'),)})
    def test_not_an_address(self, values):
        self.assertRaises(addresses.AddressError, made,
                          base.subnet(**values))

    def test_ipv6(self):
        ((subnet,),) = [network['subnets'] for network in made(
            inputs.Subnet('fd00::/64', 'net-1', 'fd00::1',
                          (('fd00::2', 'fd00::ffff'),)))]
        self.assertEqual(['fd00::2-fd00::ffff'], subnet['reserved'])
