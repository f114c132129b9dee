# SPDX-License-Identifier: Apache-2.0

import json
import os
from typing import Any

import ddt
import fixtures
from oslotest import base as oslotest_base

from cf_openstack.cpi import config
from cf_openstack.cpi import errors
from tests.unit.cpi import base


class ConfigCase(oslotest_base.BaseTestCase):

    def write(self, text: str) -> str:
        folder = self.useFixture(fixtures.TempDir()).path
        path = os.path.join(folder, 'cpi.json')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def load(
        self, openstack: dict[str, Any], context: dict[str, Any]
        | None = None, **properties: Any
    ) -> config.Config:
        properties['openstack'] = openstack
        path = self.write(json.dumps({'cloud': {'properties': properties}}))
        return config.load(path, context or {})


@ddt.ddt
class TestConfig(ConfigCase):

    def test_defaults(self):
        found = self.load(base.OPENSTACK)
        self.assertEqual(300, found.state_timeout)
        self.assertEqual(5, found.poll_interval)
        self.assertTrue(found.use_dhcp)
        self.assertFalse(found.boot_from_volume)
        self.assertIsNone(found.config_drive)
        self.assertEqual('device', found.disk_hint)
        self.assertEqual('public', found.settings.interface)
        self.assertIs(True, found.settings.verify)
        self.assertEqual(60, found.settings.read_timeout)

    def test_bosh_deployment(self):
        # The properties that bosh-deployment's openstack/cpi.yml sets.
        found = self.load({
            'api_key': 'p', 'auth_url': 'https://k:5000/v3/',
            'default_key_name': 'k', 'default_security_groups': ['bosh'],
            'domain': 'd', 'human_readable_vm_names': True,
            'project': 'p', 'region': 'r', 'username': 'u'})
        self.assertEqual('https://k:5000/v3', found.settings.auth_url)
        self.assertEqual('d', found.settings.project_domain_name)
        self.assertTrue(found.human_readable_vm_names)

    @ddt.data(
        ('http://k:5000', 'http://k:5000/v3'),
        ('http://k:5000/', 'http://k:5000/v3'),
        ('http://k/identity/v3', 'http://k/identity/v3'),
        ('http://k/v3/auth/tokens', 'http://k/v3'),
    )
    @ddt.unpack
    def test_auth_url(self, given, expected):
        found = self.load(base.OPENSTACK | {'auth_url': given})
        self.assertEqual(expected, found.settings.auth_url)

    def test_application_credential(self):
        found = self.load({
            'auth_url': 'http://k', 'application_credential_id': 'i',
            'application_credential_secret': 'sss'})
        self.assertIsNone(found.settings.username)
        self.assertEqual({'sss'}, found.settings.secrets())
        self.assertNotIn('sss', repr(found))

    def test_project_id_wins(self):
        found = self.load(base.OPENSTACK | {'project_id': 'pid'})
        self.assertEqual('pid', found.settings.project_id)
        self.assertIsNone(found.settings.project_name)

    def test_two_domains(self):
        found = self.load(base.OPENSTACK | {
            'domain': None, 'user_domain_name': 'u',
            'project_domain_name': 'p'})
        self.assertEqual('u', found.settings.user_domain_name)
        self.assertEqual('p', found.settings.project_domain_name)

    def test_connection_options(self):
        found = self.load(base.OPENSTACK | {'connection_options': {
            'ssl_verify_peer': False, 'connect_timeout': 3,
            'read_timeout': 100, 'write_timeout': 200, 'ca_cert': 'PEM',
            'nonblock': True}})
        self.assertIs(False, found.settings.verify)
        self.assertEqual(3, found.settings.connect_timeout)
        self.assertEqual(100, found.settings.read_timeout)
        self.assertEqual(200, found.settings.write_timeout)
        self.assertEqual('PEM', found.ca_cert)
        self.assertTrue(found.ca_from_job)

    def test_ca_file(self):
        found = self.load(base.OPENSTACK | {
            'connection_options': {'ssl_ca_file': '/ca.pem'}})
        self.assertEqual('/ca.pem', found.settings.verify)

    def test_context_wins(self):
        found = self.load(base.OPENSTACK, {
            'director_uuid': 'd', 'request_id': 'r', 'vm': {},
            'auth_url': 'http://other', 'username': None, 'api_key': None,
            'application_credential_id': 'i',
            'application_credential_secret': 's',
            'connection_options': {'ca_cert': 'PEM'}, 'region': 'r2',
            'state_timeout': 7.5})
        self.assertEqual('http://other/v3', found.settings.auth_url)
        self.assertEqual('i', found.settings.application_credential_id)
        self.assertEqual('r2', found.settings.region)
        self.assertEqual(7.5, found.state_timeout)
        self.assertFalse(found.ca_from_job)

    @ddt.data(
        ({}, {'project_id': 'pid'},
         {'project_id': 'pid', 'project_name': None}),
        ({'project_id': 'pid', 'project': None}, {'project': 'other'},
         {'project_id': None, 'project_name': 'other'}),
        ({}, {'user_id': 'uid'}, {'user_id': 'uid', 'username': None}),
        ({}, {'domain_id': 'did'},
         {'user_domain_id': 'did', 'user_domain_name': None}),
        ({'user_domain_id': 'did'}, {'user_domain_name': 'd'},
         {'user_domain_id': None, 'user_domain_name': 'd',
          'project_domain_name': 'Default'}),
        ({}, {'application_credential_id': 'i',
              'application_credential_secret': 's'},
         {'application_credential_id': 'i', 'username': None}),
        ({'username': None, 'api_key': None,
          'application_credential_id': 'i',
          'application_credential_secret': 's'},
         {'username': 'u', 'api_key': 'p'},
         {'application_credential_id': None, 'username': 'u'}),
    )
    @ddt.unpack
    def test_context_chooses_another_way(self, file, context, expected):
        settings = self.load(base.OPENSTACK | file, context).settings
        self.assertEqual(
            expected, {key: getattr(settings, key) for key in expected})

    def test_agent_is_kept_verbatim(self):
        agent = {'mbus': 'm', 'ntp': [], 'blobstores': [{'a': None}]}
        found = self.load(base.OPENSTACK, agent=agent)
        self.assertEqual(agent, found.agent)

    def test_yaml(self):
        path = self.write(
            'cloud:\n  properties:\n    openstack:\n'
            '      auth_url: http://k\n      username: u\n'
            '      api_key: p\n      project: p\n      domain: d\n')
        self.assertEqual('u', config.load(path, {}).settings.username)

    @ddt.data(
        ('auth_url', None), ('auth_url', 'k:5000'), ('auth_url', 7),
        ('auth_url', 'http://k/v2.0'), ('username', 7), ('project', None),
        ('domain', None), ('region', 7), ('endpoint_type', 'Public'),
        ('user_id', 7), ('domain_id', 7), ('user_domain_id', 7),
        ('project_domain_id', 7), ('endpoint_type', ['public']),
        ('state_timeout', '300'), ('state_timeout', 0),
        ('state_timeout', True), ('wait_resource_poll_interval', 0.5),
        ('wait_resource_poll_interval', 0), ('connection_options', []),
        ('default_key_name', 7), ('default_security_groups', 'bosh'),
        ('default_security_groups', [7]), ('default_volume_type', 7),
        ('boot_from_volume', 'true'), ('config_drive', 'floppy'),
        ('config_drive', True), ('use_dhcp', 1),
        ('disk_hint', 'by-id'), ('disk_hint', True),
        ('human_readable_vm_names', 'yes'),
        ('stemcell_public_visibility', 0), ('vm', 'x'),
    )
    @ddt.unpack
    def test_wrong_value(self, key, value):
        error = self.assertRaises(
            errors.InvalidCall, self.load, base.OPENSTACK | {key: value})
        self.assertTrue(error.message.startswith(
            'Invalid OpenStack cloud properties: '), error.message)
        self.assertIn(f"'{key}'", error.message)

    @ddt.data('ca_cert', 'ssl_verify_peer', 'ssl_ca_file',
              'connect_timeout', 'read_timeout', 'write_timeout')
    def test_wrong_connection_option(self, key):
        error = self.assertRaises(
            errors.InvalidCall, self.load,
            base.OPENSTACK | {'connection_options': {key: []}})
        self.assertIn(f"'connection_options.{key}'", error.message)

    @ddt.data(
        {'username': None}, {'api_key': None},
        {'username': None, 'api_key': None},
        {'application_credential_id': 'i'},
        {'application_credential_secret': 's'},
        {'application_credential_id': 'i',
         'application_credential_secret': 's'},
    )
    def test_credentials(self, overrides):
        error = self.assertRaises(
            errors.InvalidCall, self.load, base.OPENSTACK | overrides)
        self.assertIn(
            'username and api_key or application_credential_id and '
            'application_credential_secret is required', error.message)


@ddt.ddt
class TestFile(ConfigCase):

    @ddt.data('', '[]', '{}', '7', '{"cloud": []}', '{"cloud": {}}')
    def test_no_properties(self, text):
        error = self.assertRaises(
            errors.Unknown, config.load, self.write(text), {})
        self.assertEqual(
            'Could not find cloud properties in the configuration',
            error.message)

    def test_broken_file_quotes_no_secret(self):
        error = self.assertRaises(
            errors.InvalidCall, config.load,
            self.write('a: b\napi_key: "very-secret\n'), {})
        self.assertIn('neither JSON nor YAML', error.message)
        self.assertNotIn('very-secret', error.message)
        self.assertIsNone(error.__cause__)

    @ddt.data(
        ('a: [1', ', line 1'),
        ('cloud:\n\tproperties: {}\n', ', line 2'),
        ('a: 2026-13-40', ''),
        ('? [a]\n: b', ', line 1'),
        ('!!python/object:os.system {}', ', line 1'),
    )
    @ddt.unpack
    def test_no_yaml(self, text, place):
        path = self.write(text)
        error = self.assertRaises(
            errors.InvalidCall, config.load, path, {})
        self.assertEqual(
            f"The configuration file '{path}' is neither JSON nor YAML"
            f'{place}', error.message)

    @ddt.data(
        'cloud: &c\n  properties: *c\n',
        'cloud: {properties: {agent: {a: .nan}}}',
        'cloud: {properties: {agent: {a: .inf}}}',
        '{"cloud": {"properties": {"agent": {"a": "\\ud800"}}}}',
        'a: ' + '[' * 150 + ']' * 150,
    )
    def test_more_than_json(self, text):
        path = self.write(text)
        error = self.assertRaises(
            errors.InvalidCall, config.load, path, {})
        self.assertIn(f"'{path}'", error.message)
        self.assertIn('JSON', error.message)

    def test_yaml_that_json_does_not_have(self):
        path = self.write(
            '\ufeffcloud:\n  properties:\n    openstack:\n'
            '      auth_url: http://k\n      username: u\n'
            '      api_key: p\n      project: p\n      domain: d\n'
            '    agent: {a: {1: 2026-01-01, false: null}}\n')
        self.assertEqual(
            {'a': {'1': '2026-01-01', 'false': None}},
            config.load(path, {}).agent)

    def test_tabs_and_repeated_keys_in_json(self):
        path = self.write(
            '{\t"cloud": 1,\n\t"cloud": {"properties": {"openstack": '
            + json.dumps(base.OPENSTACK) + '}}}')
        self.assertEqual('demo', config.load(path, {}).settings.username)

    def test_bytes_that_are_no_text(self):
        path = self.write('')
        with open(path, 'wb') as file:
            file.write(b'{"cloud": "\xff\xfe"}')
        error = self.assertRaises(
            errors.InvalidCall, config.load, path, {})
        self.assertIn('cannot be read', error.message)

    def test_folder(self):
        path = self.useFixture(fixtures.TempDir()).path
        error = self.assertRaises(
            errors.InvalidCall, config.load, path, {})
        self.assertIn(f"'{path}' cannot be read", error.message)

    def test_missing_file(self):
        error = self.assertRaises(
            errors.InvalidCall, config.load, '/no/such/file', {})
        self.assertIn('/no/such/file', error.message)

    def test_no_file(self):
        self.assertRaises(errors.InvalidCall, config.load, None, {})

    def test_sections_of_the_wrong_type(self):
        for key in ('openstack', 'agent'):
            path = self.write(json.dumps(
                {'cloud': {'properties': {key: []}}}))
            error = self.assertRaises(
                errors.InvalidCall, config.load, path, {})
            self.assertIn(f"'{key}' must be a Hash", error.message)
