# SPDX-License-Identifier: Apache-2.0
"""A cpi-config's properties, unknown keys, and their description."""

import json
import os
import re
from typing import Any

import ddt
import fixtures
from oslotest import base as oslotest_base

from cf_openstack.cpi import config
from cf_openstack.cpi import disk_properties
from cf_openstack.cpi import errors
from cf_openstack.cpi import network_definition
from cf_openstack.cpi import network_spec
from cf_openstack.cpi import schema
from cf_openstack.cpi import vm_properties
from tests.unit.cpi import base

_CREDENTIAL = {
    'username': None, 'api_key': None, 'application_credential_id': 'i',
    'application_credential_secret': 's1'}
_NO_DOMAIN = {'domain': None, 'user_domain_name': 'd1',
              'project_domain_name': 'd1'}

#: Of each property: what else the file holds, a value in the file, another
#: in the context, and what of the configuration shows the second.
OVERRIDES: dict[str, tuple[dict[str, Any], Any, Any, str, Any]] = {
    'auth_url': ({}, 'http://a', 'http://b', 'settings.auth_url',
                 'http://b/v3'),
    'username': ({}, 'u1', 'u2', 'settings.username', 'u2'),
    'user_id': ({}, 'u1', 'u2', 'settings.user_id', 'u2'),
    'api_key': ({}, 'k1', 'k2', 'settings.password', 'k2'),
    'application_credential_id': (
        _CREDENTIAL, 'i1', 'i2', 'settings.application_credential_id',
        'i2'),
    'application_credential_secret': (
        _CREDENTIAL, 's1', 's2', 'settings.application_credential_secret',
        's2'),
    'project': ({}, 'p1', 'p2', 'settings.project_name', 'p2'),
    'project_id': ({}, 'p1', 'p2', 'settings.project_id', 'p2'),
    'domain': ({}, 'd1', 'd2', 'settings.user_domain_name', 'd2'),
    'domain_id': (
        {'domain': None}, 'd1', 'd2', 'settings.project_domain_id', 'd2'),
    'user_domain_name': (
        _NO_DOMAIN, 'd1', 'd2', 'settings.user_domain_name', 'd2'),
    'user_domain_id': ({}, 'd1', 'd2', 'settings.user_domain_id', 'd2'),
    'project_domain_name': (
        _NO_DOMAIN, 'd1', 'd2', 'settings.project_domain_name', 'd2'),
    'project_domain_id': (
        {}, 'd1', 'd2', 'settings.project_domain_id', 'd2'),
    'region': ({}, 'r1', 'r2', 'settings.region', 'r2'),
    'endpoint_type': (
        {}, 'publicURL', 'internalURL', 'settings.interface', 'internal'),
    'connection_options': (
        {}, {'connect_timeout': 1, 'read_timeout': 1, 'ca_cert': 'A'},
        {'connect_timeout': 2}, 'settings.connect_timeout', 2),
    'token_cache': ({}, '/a', '/b', 'settings.token_cache', '/b'),
    'state_timeout': ({}, 1, 2, 'state_timeout', 2),
    'wait_resource_poll_interval': ({}, 1, 2, 'poll_interval', 2),
    'default_key_name': ({}, 'a', 'b', 'default_key_name', 'b'),
    'default_security_groups': (
        {}, ['a'], ['b'], 'default_security_groups', ('b',)),
    'default_volume_type': ({}, 'a', 'b', 'default_volume_type', 'b'),
    'boot_from_volume': ({}, False, True, 'boot_from_volume', True),
    'config_drive': ({}, 'cdrom', 'disk', 'config_drive', 'disk'),
    'disk_hint': ({}, 'device', 'by_id', 'disk_hint', 'by_id'),
    'use_dhcp': ({}, True, False, 'use_dhcp', False),
    'ignore_server_availability_zone': (
        {}, False, True, 'ignore_server_availability_zone', True),
    'human_readable_vm_names': (
        {}, True, False, 'human_readable_vm_names', False),
    'stemcell_public_visibility': (
        {}, False, True, 'stemcell_public_visibility', True),
}


class ContextCase(oslotest_base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger(
            'cf_openstack.cpi.config'))

    def load(
        self, context: dict[str, Any], file: dict[str, Any]
    ) -> config.Config:
        folder = self.useFixture(fixtures.TempDir()).path
        path = os.path.join(folder, 'cpi.json')
        with open(path, 'w', encoding='utf-8') as stream:
            json.dump({'cloud': {'properties': {
                'openstack': base.OPENSTACK | file}}}, stream)
        return config.load(path, {
            'director_uuid': 'd', 'request_id': 'cpi-1',
            'vm': {'stemcell': {'api_version': 3}}} | context)


@ddt.ddt
class TestContext(ContextCase):

    def test_every_property_is_in_the_table(self):
        self.assertEqual(
            set(config.PROPERTIES.kinds) - set(config.CONTEXT_KEYS),
            set(OVERRIDES))

    @ddt.data(*sorted(OVERRIDES))
    def test_overrides(self, key):
        more, in_file, in_context, attribute, expected = OVERRIDES[key]
        for context, differs in (({}, True), ({key: in_context}, False)):
            found: Any = self.load(context, more | {key: in_file})
            for name in attribute.split('.'):
                found = getattr(found, name)
            if differs:
                self.assertNotEqual(expected, found)
            else:
                self.assertEqual(expected, found)
        self.assertEqual('', self.log.output)

    def test_connection_options_replace_the_whole_hash(self):
        found = self.load(
            {'connection_options': {'connect_timeout': 2}},
            {'connection_options': {
                'ca_cert': 'A', 'read_timeout': 1, 'write_timeout': 1,
                'ssl_verify_peer': False}})
        self.assertIsNone(found.ca_cert)
        self.assertIs(True, found.settings.verify)
        self.assertEqual(60, found.settings.read_timeout)

    @ddt.data('region', 'default_key_name', 'default_volume_type',
              'config_drive', 'boot_from_volume', 'state_timeout')
    def test_null_takes_away(self, key):
        more, in_file, _value, attribute, _expected = OVERRIDES[key]
        self.assertEqual(
            getattr(self.load({}, {key: None}), attribute, None),
            getattr(self.load({key: None}, {key: in_file}), attribute,
                    None))

    def test_empty_strings_are_absent(self):
        absent = self.load({}, dict.fromkeys(
            key for key in config.PROPERTIES.kinds
            if key not in base.OPENSTACK) | {'region': None})
        empty = self.load({}, {
            key: '' for key, kind in config.PROPERTIES.kinds.items()
            if kind == schema.STRING or isinstance(kind, tuple)
            if key not in base.OPENSTACK} | {'region': ''})
        self.assertEqual(absent, empty)

    def test_agent_cannot_be_overridden(self):
        found = self.load({'agent': {'mbus': 'other'}}, {})
        self.assertEqual({}, found.agent)
        self.assertIn("'agent' is not known", self.log.output)


@ddt.ddt
class TestUnknownKeys(ContextCase):

    @ddt.data(
        ({'regoin': 'r'}, "'regoin' is not known; did you mean 'region'?"),
        ({'Boot_From_Volume': True}, "did you mean 'boot_from_volume'?"),
        ({'my_own': {'a': 'value'}}, "'my_own' is not known"),
        ({'connection_options': {'ca_certs': 'x', 'nonblock': True}},
         "'connection_options.ca_certs' is not known; "
         "did you mean 'connection_options.ca_cert'?"),
    )
    @ddt.unpack
    def test_warning(self, values, expected):
        for context, file in ((values, {}), ({}, values)):
            self.load(context, file)
            self.assertIn(
                'OpenStack property without effect: ', self.log.output)
            self.assertIn(expected, self.log.output)
            self.assertNotIn('value', self.log.output)
            self.log = self.useFixture(fixtures.FakeLogger(
                'cf_openstack.cpi.config'))

    def test_warning_comes_before_the_error(self):
        error = self.assertRaises(
            errors.InvalidCall, self.load, {}, {
                'username': None, 'user_name': 'u'})
        self.assertIn('got: api_key', error.message)
        self.assertIn("did you mean 'username'?", self.log.output)

    @ddt.data('tenant', 'use_nova_networking', 'registry',
              'enable_auto_anti_affinity')
    def test_dead_keys(self, key):
        for value in (True, 'x', {'endpoint': 'http://r'}):
            self.load({key: value}, {key: value})
        self.assertEqual('', self.log.output)

    def test_tenant_is_no_project(self):
        error = self.assertRaises(
            errors.InvalidCall, self.load, {}, {
                'tenant': 't', 'project': None})
        self.assertIn("'project' or 'project_id' is required; 'tenant' is "
                      'of version 2.0', error.message)


class TestDescription(oslotest_base.BaseTestCase):
    """The reference names every key there is."""

    def _documented(self) -> str:
        root = os.path.abspath(__file__)
        for _level in range(4):
            root = os.path.dirname(root)
        path = os.path.join(
            root, 'doc', 'source', 'cpi', 'configuration.rst')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        with open(os.path.join(os.path.dirname(path), 'cloud-properties.rst'),
                  encoding='utf-8') as file:
            return text + file.read()

    def test_every_property(self):
        documented = set(re.findall('``([a-z_.]+)``', self._documented()))
        known = set(config.PROPERTIES.kinds) - set(config.CONTEXT_KEYS)
        known |= set(config.CONNECTION_OPTIONS.kinds)
        for schema_of in (
                vm_properties, network_spec, network_definition,
                disk_properties):
            known |= set(schema_of.PROPERTIES.kinds)
        self.assertEqual(set(), known - documented)
