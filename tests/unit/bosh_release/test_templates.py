# SPDX-License-Identifier: Apache-2.0
"""The job's templates, rendered by Ruby from odd properties."""

import json
from typing import Any

import ddt
import hypothesis
from hypothesis import strategies

from cf_openstack.cpi import config
from cf_openstack.cpi import schema
from tests.unit.bosh_release import rendering

OPENSTACK = {
    'auth_url': 'https://keystone.example.com:5000/v3',
    'default_key_name': 'bosh', 'default_security_groups': ['bosh']}
CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
#: Of a property in the specification and in its template.
REFUSED = 'enable_auto_anti_affinity'
UNUSED = 'use_nova_networking'
#: Any text that YAML and JSON may hold.
TEXT = strategies.text(strategies.characters(exclude_categories=['Cs']))


def openstack(**more: Any) -> dict[str, Any]:
    return OPENSTACK | more


def value_of(kind: schema.Kind) -> Any:
    """A value that a property of that type may have."""
    if isinstance(kind, tuple):
        return kind[0]
    return {
        schema.ANYTHING: True, schema.ARRAY: ['x'], schema.BOOLEAN: True,
        schema.HASH: {'read_timeout': 7}, schema.NUMBER: 7,
        schema.POSITIVE: 7, schema.STRING: 'x', schema.STRINGS: ['x'],
    }[kind]


class PropertiesTest(rendering.RenderingTestCase):
    """Specification, template and the CPI know the same properties."""

    def setUp(self) -> None:
        super().setUp()
        self.specified = {
            name.removeprefix('openstack.')
            for name in rendering.spec()['properties']
            if name.startswith('openstack.')}
        self.known = {
            name: kind for name, kind in config.PROPERTIES.kinds.items()
            if name not in config.CONTEXT_KEYS}

    def test_the_cpi_knows_what_is_specified(self) -> None:
        dead = set(config.PROPERTIES.dead) - {'registry'}
        self.assertEqual(set(self.known) | dead, self.specified)

    def test_the_template_renders_what_is_specified(self) -> None:
        given = {name: value_of(kind) for name, kind in self.known.items()}
        given |= {'tenant': 'x', UNUSED: True}
        rendered = self.cpi_json(openstack=given)['openstack']
        self.assertEqual(given, rendered)
        self.assertEqual(self.specified - {REFUSED}, set(rendered))

    def test_defaults_are_those_of_the_cpi(self) -> None:
        path = self.create_tempfiles([('cpi', json.dumps({'cloud': {
            'properties': self.cpi_json(openstack=openstack(
                username='u', api_key='p', project='p', domain='d'))}}))])
        loaded = config.load(path[0], {})
        self.assertEqual(
            config.Config(
                settings=loaded.settings, ca_cert=None, ca_from_job=True,
                default_key_name='bosh', default_security_groups=('bosh',),
                agent={'ntp': []}),
            loaded)
        self.assertEqual('public', loaded.settings.interface)

    def test_every_property_is_described(self) -> None:
        for name, one in rendering.spec()['properties'].items():
            self.assertTrue(one.get('description'), name)


@ddt.ddt
class CpiJsonTest(rendering.RenderingTestCase):

    @ddt.data('auth_url', 'default_key_name', 'default_security_groups')
    def test_required(self, name: str) -> None:
        given = openstack()
        del given[name]
        self.assertIn(f"'openstack.{name}'", self.refusal(openstack=given))

    def test_anti_affinity_is_refused(self) -> None:
        for value in (True, False):
            told = self.refusal(openstack=openstack(**{REFUSED: value}))
            self.assertIn(f'openstack.{REFUSED}', told)
            self.assertIn('no longer supported', told)

    @ddt.data(
        ({'host': '10.0.0.6'}, True),
        ({'host': '10.0.0.6', 'port': 6901}, False),
        ({'host': '127.0.0.1'}, False),
        ({'host': '10.0.0.6', 'endpoint': 'http://10.0.0.6:25777'}, False),
        ({'endpoint': 'http://10.0.0.6:25777'}, False),
        ({}, False))
    @ddt.unpack
    def test_names_and_registry(
        self, registry: dict[str, Any], refused: bool
    ) -> None:
        named = openstack(human_readable_vm_names=True)
        if refused:
            self.assertIn('registry.endpoint', self.refusal(
                openstack=named, registry=registry))
        else:
            self.cpi_json(openstack=named, registry=registry)
        self.cpi_json(openstack=openstack(), registry=registry)

    def test_no_registry_is_rendered(self) -> None:
        rendered = self.cpi_json(openstack=openstack(), registry={
            'host': '127.0.0.1', 'username': 'u', 'password': 'p'})
        self.assertEqual({'openstack', 'agent'}, set(rendered))

    @ddt.data(
        ({'agent': {'mbus': 'https://u:p@0.0.0.0:6868'}},
         'https://u:p@0.0.0.0:6868'),
        ({'agent': {'mbus': 'nats://a:1', 'nats': {'address': 'b'}},
          'nats': {'address': 'c', 'user': 'u', 'password': 'p'}},
         'nats://a:1'),
        ({'nats': {'address': '10.0.0.6', 'user': 'u', 'password': 'p'}},
         'nats://u:p@10.0.0.6:4222'),
        ({'nats': {'address': '10.0.0.6', 'port': 4223}},
         'nats://10.0.0.6:4223'),
        ({'agent': {'nats': {'address': '10.0.0.7'}},
          'nats': {'address': '10.0.0.6', 'user': 'u', 'password': 'p'}},
         'nats://u:p@10.0.0.7:4222'),
        ({'nats': {'address': 'fd00::6', 'user': 'u', 'password': 'p@/:'}},
         'nats://u:p%40%2F%3A@[fd00::6]:4222'),
        ({'nats': {'user': 'u', 'password': 'p'}}, None),
        ({}, None))
    @ddt.unpack
    def test_mbus(self, given: dict[str, Any], mbus: str | None) -> None:
        agent = self.cpi_json(openstack=openstack(), **given)['agent']
        self.assertEqual(mbus, agent.pop('mbus', None))
        self.assertEqual({'ntp': []}, agent)

    def test_ntp(self) -> None:
        agent = self.cpi_json(openstack=openstack(), ntp=['a', 'b'])['agent']
        self.assertEqual({'ntp': ['a', 'b']}, agent)

    def test_odd_values_stay_what_they_are(self) -> None:
        @hypothesis.settings(max_examples=50, deadline=None, database=None)
        @hypothesis.given(TEXT, TEXT, strategies.lists(TEXT))
        @hypothesis.example('"\'\\\n\t\r', '\x00\x7f<%= 1 %>', ['#{1}'])
        @hypothesis.example('\u2028', '</script>', ['\U0001f511é'])
        def check(secret: str, user: str, groups: list[str]) -> None:
            given = openstack(
                api_key=secret, username=user, default_security_groups=groups,
                connection_options={'ca_cert': secret, user: [secret]})
            rendered = self.cpi_json(
                openstack=given, agent={'mbus': secret}, ntp=groups)
            self.assertEqual(
                given, {key: rendered['openstack'][key] for key in given})
            self.assertEqual(
                {'mbus': secret, 'ntp': groups}, rendered['agent'])

        check()


class CertificateTest(rendering.RenderingTestCase):

    def certificate(self, **properties: Any) -> str:
        return self.renderer.render(
            'cacert.pem.erb', {'openstack': openstack(**properties)})

    def test_the_jobs_certificate(self) -> None:
        self.assertEqual(
            f'{CERTIFICATE}\n',
            self.certificate(connection_options={'ca_cert': CERTIFICATE}))

    def test_none(self) -> None:
        self.assertEqual('', self.certificate().strip())
        self.assertEqual('', self.certificate(
            connection_options={'ssl_verify_peer': False}).strip())
