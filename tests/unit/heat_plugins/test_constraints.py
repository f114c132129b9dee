# SPDX-License-Identifier: Apache-2.0
"""The project's custom constraints."""

from unittest import mock

import ddt
from heat.common import exception
from heat.engine import constraints
from heat.engine import plugin_manager
from heat.tests import utils
from oslo_config import cfg

from heat_plugins.plugin_dir import cf_openstack_resources
from tests.unit.heat_plugins import base

SHA256 = 'sha256:' + 64 * '0'


@ddt.ddt
class ConstraintsTest(base.BoshTestCase):

    def complaint(self, name, value):
        """What Heat says against a value; None when it is fine."""
        constraint = constraints.CustomConstraint(f'cf_openstack.{name}')
        try:
            constraint.validate(value, None, utils.dummy_context())
        except ValueError as error:
            return str(error)
        return None

    @ddt.data(SHA256, 'sha1:' + 40 * 'a', 40 * '0')
    def test_checksum(self, value):
        self.assertIsNone(self.complaint('checksum', value))

    @ddt.data('sha256:12', 'md5:' + 32 * '0', 'latest')
    def test_no_checksum(self, value):
        self.assertIn(value, self.complaint('checksum', value))

    @ddt.data('https://bosh.io/d/stemcells/noble',
              'https://203.0.113.7/a.tgz', 'https://[2001:db8::1]/a.tgz')
    def test_download_url(self, value):
        self.assertIsNone(self.complaint('download_url', value))

    @ddt.data('http://bosh.io/a.tgz', 'https://', 'bosh.io',
              'https://bosh.io:22/a.tgz', 'https://bosh.io:99999/',
              'https://169.254.169.254/latest', 'https://127.0.0.1/a',
              'https://[::1]/a')
    def test_no_download_url(self, value):
        self.assertIn(value, self.complaint('download_url', value))

    def test_operator_allows_more(self):
        cfg.CONF.set_override('download_allowed_ports', [8443],
                              'cf_openstack')
        cfg.CONF.set_override('allowed_networks', ['127.0.0.0/8'],
                              'cf_openstack')
        self.assertIsNone(
            self.complaint('download_url', 'https://127.0.0.1:8443/a'))

    def test_connection(self):
        self.assertIsNone(self.complaint('connection', self.sealed()))

    def test_connection_of_another_project(self):
        token = self.sealed(project='another')
        complaint = self.complaint('connection', token)
        self.assertIn('another project', complaint)
        self.assertNotIn(token, complaint)

    def test_no_connection(self):
        self.assertIn('no sealed connection',
                      self.complaint('connection', 'https://d.example.com'))

    def test_validation_of_a_stack(self):
        rsrc = self.rsrc('CloudFoundry::BOSH::Release', {
            'director': self.sealed(project='another'),
            'location': 'https://releases.example.com/capi-1.2.tgz'})
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn('another project', str(error))
        self.assertEqual([], self.bosh.calls)

    def test_heat_finds_them(self):
        mapping = plugin_manager.PluginMapping('constraint')
        manager = mock.create_autospec(plugin_manager.PluginManager)
        manager.map_to_modules.side_effect = (
            lambda call: [call(cf_openstack_resources)])
        self.assertEqual(
            {f'cf_openstack.{name}' for name in (
                'checksum', 'connection', 'download_url')},
            set(dict(mapping.load_all(manager))))
