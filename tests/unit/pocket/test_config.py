# SPDX-License-Identifier: Apache-2.0

import configparser
import json
import os
import pathlib
import stat
from unittest import mock
import urllib.parse

import ddt

from devstack.pocket import clients
from devstack.pocket.config import horizon
from devstack.pocket.config import ini
from devstack.pocket.config import mariadb
from devstack.pocket.config import writer
from devstack.pocket import environment
from devstack.pocket import service
from tests.unit.pocket import fixtures

# service -> the file with its [keystone_authtoken]
TOKENS = {'glance': 'glance-api.conf', 'placement': 'placement.conf',
          'nova': 'nova.conf', 'neutron': 'neutron.conf',
          'cinder': 'cinder.conf', 'heat': 'heat.conf',
          'octavia': 'octavia.conf'}


@ddt.ddt
class IniTestCase(fixtures.base.BaseTestCase):

    @ddt.unpack
    @ddt.data((True, 'true'), (False, 'false'), (5, '5'), ('a', 'a'),
              (('a', 'b'), 'a,b'), ([1, 2], '1,2'), ('$x', '$$x'),
              (pathlib.Path('/a/b'), '/a/b'))
    def test_value(self, given: object, text: str) -> None:
        self.assertEqual(text, ini.value(given))

    def test_render(self) -> None:
        self.assertEqual('[a]\nb = 1\nc = true\n\n[d]\n',
                         ini.render({'a': {'b': 1, 'c': True}, 'd': {}}))


@ddt.ddt
class WriterTestCase(fixtures.StateTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.make_venv_files()
        self.state.make(service.FEATURES)
        self.prints = writer.write(self.state)

    def read(self, name: str) -> configparser.ConfigParser:
        parsed = configparser.ConfigParser(
            interpolation=None, strict=True, default_section='none')
        parsed.read_string((self.state.path('etc') / name).read_text())
        return parsed

    def test_every_service_has_its_own(self) -> None:
        self.assertEqual({one.name for one in service.ALL},
                         set(self.prints))
        self.assertEqual(len(service.ALL), len(set(self.prints.values())))

    def test_the_same_again_has_the_same_fingerprint(self) -> None:
        self.assertEqual(self.prints, writer.write(self.state))

    def test_a_change_is_that_of_one_service(self) -> None:
        self.state.ports['director'] = 4242
        again = writer.write(self.state)
        changed = {name for name in again
                   if again[name] != self.prints[name]}
        self.assertEqual({'heat'}, changed)

    def test_nobody_else_may_read_them(self) -> None:
        for file in self.state.path('etc').iterdir():
            self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode), file)

    @ddt.unpack
    @ddt.data(*TOKENS.items())
    def test_access_rules_and_passwords(self, name: str, file: str) -> None:
        section = self.read(file)['keystone_authtoken']
        types = {one.name: one.type for one in service.ALL if one.endpoints}
        self.assertEqual(types[name], section['service_type'])
        self.assertEqual(self.state.password(name), section['password'])
        self.assertEqual(self.state.url('keystone'), section['auth_url'])

    @ddt.data('keystone.conf', 'glance-api.conf', 'nova.conf',
              'neutron.conf', 'cinder.conf', 'heat.conf', 'octavia.conf')
    def test_databases(self, file: str) -> None:
        url = self.read(file)['database']['connection']
        parts = urllib.parse.urlparse(url)
        self.assertEqual('sqlite', parts.scheme)
        self.assertEqual(self.state.path('data/db'),
                         pathlib.Path(parts.path[1:]).parent)
        self.assertEqual(['pocket'],
                         urllib.parse.parse_qs(parts.query)['plugin'])

    def test_heat(self) -> None:
        parsed = self.read('heat.conf')
        self.assertEqual('true', parsed['DEFAULT'][
            'encrypt_parameters_and_properties'])
        self.assertEqual(32, len(parsed['DEFAULT']['auth_encryption_key']))
        # a stack may be taken out of Heat, and another one taken over
        for name in ('abandon', 'adopt'):
            self.assertEqual('true',
                             parsed['DEFAULT']['enable_stack_' + name])
        ours = parsed['cf_openstack']
        self.assertEqual('127.0.0.0/8', ours['allowed_networks'])
        self.assertEqual('1', ours['poll_interval'])
        self.assertIn(str(self.state.ports['director']),
                      ours['director_allowed_ports'].split(','))

    def test_heat_with_engines(self) -> None:
        without = self.prints
        self.state.make(engines=2)
        prints = writer.write(self.state)
        self.assertEqual(
            {'heat'}, {name for name in without
                       if without[name] != prints[name]})
        self.assertEqual(
            {'mariadb', 'epmd', 'rabbitmq', 'heat-engine-1',
             'heat-engine-2'}, set(prints) - set(without))
        parsed = self.read('heat.conf')
        database = urllib.parse.urlparse(parsed['database']['connection'])
        self.assertEqual(
            ('mysql+pymysql', '127.0.0.1', self.state.ports['mariadb']),
            (database.scheme, database.hostname, database.port))
        bus = urllib.parse.urlparse(parsed['DEFAULT']['transport_url'])
        self.assertEqual(('rabbit', '127.0.0.1', self.state.ports['rabbitmq'],
                          self.state.secrets['rabbitmq']),
                         (bus.scheme, bus.hostname, bus.port, bus.password))

    def test_the_backends_listen_on_loopback(self) -> None:
        self.state.make(engines=1)
        writer.write(self.state)
        options = self.read('mariadb.cnf')['mariadbd']
        self.assertEqual('127.0.0.1', options['bind_address'])
        self.assertEqual(str(self.state.ports['mariadb']), options['port'])
        text = self.state.path('etc/rabbitmq.conf').read_text()
        self.assertIn('listeners.tcp.pocket = 127.0.0.1:%d\n'
                      % self.state.ports['rabbitmq'], text)
        # with another user from the start, there is no guest
        self.assertIn('default_user = pocket\n', text)
        self.assertIn('default_pass = %s\n'
                      % self.state.secrets['rabbitmq'], text)
        self.assertEqual('[].\n', self.state.path(
            'etc/rabbitmq-plugins').read_text())

    @ddt.unpack
    @ddt.data((0, 'root'), (1000, None))
    def test_mariadb_as_root(self, uid: int, user: str | None) -> None:
        self.state.make(engines=1)
        with mock.patch.object(os, 'getuid', autospec=True,
                               return_value=uid):
            options = mariadb.files(self.state)['mariadb.cnf']
        self.assertEqual(user is not None, 'user = root\n' in options)

    def test_mariadb_makes_what_heat_needs(self) -> None:
        self.state.make(engines=1)
        lines = mariadb.files(self.state)['mariadb.sql'].splitlines()
        self.assertEqual(3, len(lines))
        # each start runs it: it may not fail on what is there
        self.assertIn('IF NOT EXISTS heat ', lines[0])
        self.assertIn("OR REPLACE USER heat@'127.0.0.1' IDENTIFIED BY '%s'"
                      % self.state.secrets['mariadb'], lines[1])
        self.assertTrue(all(line.endswith(';') for line in lines))

    def test_barbican_is_found_in_the_home_folder(self) -> None:
        home = environment.build(self.state, {})['HOME']
        text = pathlib.Path(home, '.barbican/barbican.conf').read_text()
        self.assertIn(self.state.password('barbican'), text)

    def test_horizons_switches_come_and_go(self) -> None:
        site = horizon.site_packages(self.state)
        source = site / 'heat_dashboard/enabled/_1610_panel.py'
        source.parent.mkdir(parents=True)
        source.write_text('PANEL = 1\n')
        target = site / 'openstack_dashboard/local/enabled/_1610_panel.py'
        again = writer.write(self.state)
        self.assertEqual('PANEL = 1\n', target.read_text())
        self.assertNotEqual(self.prints['horizon'], again['horizon'])
        source.unlink()
        writer.write(self.state)
        self.assertFalse(target.exists())

    def test_horizons_settings_are_python(self) -> None:
        found: dict[str, object] = {}
        exec(horizon.settings(self.state), found)
        self.assertEqual(self.state.url('keystone'),
                         found['OPENSTACK_KEYSTONE_URL'])
        self.assertIs(False, found['DEBUG'])


class ClientsTestCase(fixtures.StateTestCase):

    def test_clouds_yaml(self) -> None:
        clients.write(self.state)
        file = self.state.path('clouds.yaml')
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        clouds = json.loads(file.read_text())['clouds']
        self.assertEqual({'pocket', 'pocket-admin'}, set(clouds))
        self.assertEqual(('demo', self.state.password('demo')), (
            clouds['pocket']['auth']['username'],
            clouds['pocket']['auth']['password']))

    def test_exports(self) -> None:
        text = clients.exports(self.state, 'pocket-admin')
        self.assertIn('export OS_USERNAME=admin\n', text)
        self.assertIn('export OS_PASSWORD=%s\n'
                      % self.state.password('admin'), text)


class EnvironmentTestCase(fixtures.StateTestCase):

    def test_another_clouds_settings_are_dropped(self) -> None:
        env = environment.build(self.state, {
            'OS_PASSWORD': 'x', 'PYTHONHOME': '/x', 'VIRTUAL_ENV': '/x',
            'LANG': 'de_DE', 'PATH': '/bin', 'HTTPS_PROXY': 'http://p'})
        self.assertNotIn('OS_PASSWORD', env)
        self.assertNotIn('PYTHONHOME', env)
        self.assertNotIn('VIRTUAL_ENV', env)
        self.assertEqual('http://p', env['HTTPS_PROXY'])
        self.assertEqual('%s:/bin' % self.state.path('venv/bin'),
                         env['PATH'])

    def test_no_proxy_is_for_loopback(self) -> None:
        for name in ('no_proxy', 'NO_PROXY'):
            env = environment.build(self.state, {name: 'example.com'})
            self.assertEqual('example.com,127.0.0.1,localhost',
                             env['no_proxy'])
            self.assertEqual(env['no_proxy'], env['NO_PROXY'])

    def test_no_password_is_in_it(self) -> None:
        values = environment.build(self.state, {}).values()
        for secret in (*self.state.passwords.values(),
                       *self.state.secrets.values()):
            self.assertNotIn(secret, values)
