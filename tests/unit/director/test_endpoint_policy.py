# SPDX-License-Identifier: Apache-2.0

import socket

import ddt
from oslo_config import cfg
from oslotest import base

from cf_openstack import conf as options
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions


def _resolver(*addresses):
    def resolve(host, port, type):
        return [(socket.AF_INET6 if ':' in address else socket.AF_INET, type,
                 6, '', (address, port)) for address in addresses]
    return resolve


def _policy(*addresses, **kwargs):
    return endpoint_policy.EndpointPolicy(
        resolver=_resolver(*addresses) if addresses else None, **kwargs)


@ddt.ddt
class EndpointPolicyTest(base.BaseTestCase):

    @ddt.data(
        '127.0.0.1', '127.255.0.1', '0.0.0.0', '169.254.169.254',
        '224.0.0.251', '255.255.255.255', '::1', '::', 'fe80::1',
        'fe80::a9fe:a9fe%eth0', 'ff02::1',
        # the same behind other notations
        '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1',
        '64:ff9b::7f00:1', '2002:7f00:1::1', '64:ff9b::a9fe:a9fe',
        '64:ff9b:1:a9fe:a9:fe00::', '::ffff:0:127.0.0.1',
        '2001:db8::5efe:169.254.169.254', '2001:db8::200:5efe:7f00:1',
        '2001:0:7f00:1::1',
        # reserved, and metadata services elsewhere
        '192.0.0.192', '240.0.0.1', 'fd00:ec2::254', 'fec0::1')
    def test_denied_by_default(self, address):
        policy = _policy(address)
        error = self.assertRaises(exceptions.EndpointRefused, policy.check,
                                  'bosh.example', 25555)
        self.assertIn('allowed_networks', str(error))
        self.assertIn('https://bosh.example:25555', str(error))

    @ddt.data('10.0.0.6', '203.0.113.10', '2001:db8::6', 'fd00::6',
              '192.168.1.1', '64:ff9b::a00:6', '2001:db8::5efe:a00:6')
    def test_allowed_by_default(self, address):
        self.assertEqual((address,),
                         _policy(address).check('bosh.example', 25555))

    @ddt.data('127.0.0.1', '2130706433', '0x7f.1', '127.1')
    def test_spellings_of_loopback(self, host):
        self.assertRaises(exceptions.EndpointRefused, _policy().check, host,
                          25555)

    def test_allowed_network_wins(self):
        policy = _policy('127.0.0.1', allowed_networks=['127.0.0.0/8'])
        self.assertEqual(('127.0.0.1',), policy.check('localhost', 25555))

    def test_allowing_ipv4_allows_it_mapped(self):
        policy = _policy('::ffff:127.0.0.1',
                         allowed_networks=['127.0.0.0/8'])
        self.assertEqual(('127.0.0.1',), policy.check('localhost', 25555))

    def test_only_allowed_addresses_of_several_are_used(self):
        policy = _policy('169.254.169.254', '203.0.113.10', '203.0.113.10')
        self.assertEqual(('203.0.113.10',),
                         policy.check('bosh.example', 25555))

    def test_operators_networks(self):
        policy = _policy('192.0.2.5', denied_networks=['192.0.2.0/24'])
        error = self.assertRaises(exceptions.EndpointRefused, policy.check,
                                  'api.internal', 25555)
        self.assertIn('192.0.2.0/24', str(error))

    @ddt.data(22, 80, 443, 5000, 6443)
    def test_port_is_refused_without_a_look_at_the_name(self, port):
        def resolve(*args, **kwargs):
            self.fail('the name was resolved')
        policy = endpoint_policy.EndpointPolicy(resolver=resolve)
        error = self.assertRaises(exceptions.EndpointRefused, policy.check,
                                  'bosh.example', port)
        self.assertIn(f'port {port}', str(error))
        self.assertIn('[cf_openstack]director_allowed_ports', str(error))

    def test_unknown_name(self):
        def resolve(*args, **kwargs):
            raise socket.gaierror(-2, 'Name or service not known')
        policy = endpoint_policy.EndpointPolicy(resolver=resolve)
        error = self.assertRaises(exceptions.ConnectionFailed, policy.check,
                                  'bosh.example', 25555)
        self.assertIn('cannot be resolved', str(error))

    def test_ipv6_is_shown_in_brackets(self):
        error = self.assertRaises(exceptions.EndpointRefused,
                                  _policy('::1').check, '::1', 25555)
        self.assertIn('https://[::1]:25555', str(error))

    def test_damaged_network(self):
        self.assertRaises(ValueError, endpoint_policy.EndpointPolicy,
                          denied_networks=['10.0.0.0/40'])


class FromConfTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        options.register_opts(self.conf)
        self.conf([])

    def _set(self, name, value):
        self.conf.set_override(name, value, group='cf_openstack')

    def test_directors(self):
        self._set('director_allowed_ports', [4443])
        self._set('denied_networks', ['203.0.113.0/24'])
        self._set('allowed_networks', ['203.0.113.10/32'])
        policy = endpoint_policy.EndpointPolicy.from_conf(self.conf)
        self.assertEqual(('203.0.113.10',),
                         policy.check('203.0.113.10', 4443))
        self.assertRaises(exceptions.EndpointRefused, policy.check,
                          '203.0.113.11', 4443)
        self.assertRaises(exceptions.EndpointRefused, policy.check,
                          '203.0.113.10', 25555)

    def test_downloads(self):
        self._set('director_allowed_ports', [4443])
        policy = endpoint_policy.EndpointPolicy.for_downloads(self.conf)
        policy.check_port('files.example', 443)
        policy.check_port('files.example', 4443)
        error = self.assertRaises(exceptions.EndpointRefused,
                                  policy.check_port, 'files.example', 80)
        self.assertIn('download_allowed_ports', str(error))
