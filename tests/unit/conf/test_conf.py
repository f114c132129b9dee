# SPDX-License-Identifier: Apache-2.0

import ddt
from oslo_config import cfg
from oslotest import base

from cf_openstack import conf as options


@ddt.ddt
class OptionsTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        options.register_opts(self.conf)
        self.conf([])

    def test_registering_twice(self):
        options.register_opts(self.conf)
        self.assertEqual([25555, 8443, 8844],
                         self.conf.cf_openstack.director_allowed_ports)

    def test_two_configurations_are_apart(self):
        self.conf.set_override('poll_interval', 7, group='cf_openstack')
        other = cfg.ConfigOpts()
        options.register_opts(other)
        other([])
        self.assertEqual(5, other.cf_openstack.poll_interval)

    def test_listed_under_the_group(self):
        listed = options.list_opts()
        self.assertEqual(['cf_openstack'],
                         [group.name for group, _opts in listed])
        for _group, opts in listed:
            for opt in opts:
                self.assertTrue(opt.help.endswith('.'), opt.name)
                self.assertIn(opt.dest, self.conf.cf_openstack)

    @ddt.data(('director_allowed_ports', [0]),
              ('director_allowed_ports', ['https']),
              ('denied_networks', ['10.0.0.1/8']),
              ('allowed_networks', ['localhost']),
              ('director_connect_timeout', 0),
              ('director_read_timeout', 0),
              ('director_total_timeout', 0),
              ('director_max_response_size', 1),
              ('poll_interval', 0),
              ('download_allowed_ports', [65536]),
              ('stemcell_max_size', 0))
    @ddt.unpack
    def test_senseless_values_are_refused(self, name, value):
        self.assertRaises(ValueError, self.conf.set_override, name, value,
                          group='cf_openstack')

    @ddt.data(('denied_networks', ['fd00::/8', '10.0.0.0/8']),
              ('allowed_networks', []))
    @ddt.unpack
    def test_networks(self, name, value):
        self.conf.set_override(name, value, group='cf_openstack')
        self.assertEqual(value, self.conf.cf_openstack[name])
