# SPDX-License-Identifier: Apache-2.0

import configparser
import dataclasses
import io
import pathlib
import re
import tempfile

import ddt
from oslo_config import cfg
from oslo_config import generator
from oslotest import base

from cf_openstack import conf as options
from cf_openstack.manifest import bounds

GENERATOR = (pathlib.Path(__file__).parents[3] / 'etc' / 'cf_openstack'
             / 'config-generator.conf')


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

    def test_every_option_tells_what_it_is(self):
        for _group, opts in options.list_opts():
            for opt in opts:
                self.assertGreater(len(opt.help), 40, opt.name)
                if isinstance(opt, (cfg.IntOpt, cfg.FloatOpt)):
                    self.assertIsNotNone(opt.type.min, opt.name)

    def test_sample(self):
        text = io.StringIO()
        conf = cfg.ConfigOpts()
        generator.register_cli_opts(conf)
        conf(['--config-file', str(GENERATOR)])
        self.assertEqual(['cf_openstack'], conf.namespace)
        generator.generate(conf, text)
        sample = configparser.ConfigParser()
        sample.read_string(re.sub(r'(?m)^#(?=[a-z_]+ =)', '',
                                  text.getvalue()))
        found = dict(sample['cf_openstack'])
        self.assertEqual({opt.dest for _group, opts in options.list_opts()
                          for opt in opts}, set(found))
        # What it says of an option is taken as its value, too.
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
            sample.write(file)
            file.flush()
            conf = cfg.ConfigOpts()
            options.register_opts(conf)
            conf(['--config-file', file.name])
            self.assertEqual(dict(self.conf.cf_openstack),
                             dict(conf.cf_openstack))

    def test_bounds_of_manifests(self):
        self.conf.set_override('manifest_max_depth', 30,
                               group='cf_openstack')
        self.assertEqual(
            dataclasses.replace(bounds.DEFAULT, depth=30),
            bounds.Bounds.from_conf(self.conf))

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
              ('stemcell_max_size', 0),
              ('download_connect_timeout', 0),
              ('download_read_timeout', 0),
              ('download_total_timeout', 0),
              ('stemcell_max_expansion', 0.5),
              ('stemcell_max_uploads', 0),
              ('manifest_max_size', 1000),
              ('manifest_max_values', 1),
              ('manifest_max_depth', 1000))
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
