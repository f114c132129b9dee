# SPDX-License-Identifier: Apache-2.0

import pathlib

import ddt

from devstack.pocket import programs
from devstack.pocket import service
from tests.unit.pocket import fixtures


@ddt.ddt
class ProgramsTestCase(fixtures.StateTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.state.make(engines=2)
        self.usr = self.state.path('packages', 'usr')
        for name in ('lib/erlang/erts-1/bin', 'lib/x86_64-linux-gnu',
                     'lib/rabbitmq/lib/rabbitmq_server-1/sbin'):
            (self.usr / name).mkdir(parents=True)
        self.services = {one.name: one for one in self.state.services}

    def command(self, name: str) -> tuple[list[str], dict[str, str]]:
        return programs.command(self.state, self.services[name])

    @ddt.data('mariadb', 'epmd', 'rabbitmq', 'heat', 'heat-engine-2')
    def test_no_secret_is_in_it(self, name: str) -> None:
        argv, env = self.command(name)
        for secret in (*self.state.passwords.values(),
                       *self.state.secrets.values()):
            self.assertNotIn(secret, ' '.join(argv))
            self.assertNotIn(secret, ' '.join(env.values()))

    def test_an_engine_is_one_of_our_own_servers(self) -> None:
        argv, _env = self.command('heat-engine-2')
        self.assertEqual(
            [str(self.state.path('venv/bin/python')), '-m',
             'devstack.pocket.serve', '--state', str(self.state.root),
             'heat-engine-2'], argv)

    def test_mariadb_reads_no_other_configuration(self) -> None:
        argv, env = self.command('mariadb')
        # it must be the first of all
        self.assertEqual('--defaults-file=%s' % self.state.path(
            'etc/mariadb.cnf'), argv[1])
        self.assertEqual(self.usr / 'sbin/mariadbd', pathlib.Path(argv[0]))
        self.assertEqual(str(self.usr / 'lib/x86_64-linux-gnu'),
                         env['LD_LIBRARY_PATH'])

    def test_erlang_stays_on_loopback_and_on_ports_of_its_own(self) -> None:
        argv, _env = self.command('epmd')
        self.assertEqual(['-address', '127.0.0.1', '-port',
                          str(self.state.ports['epmd'])], argv[1:])
        _argv, env = self.command('rabbitmq')
        self.assertEqual('127.0.0.1', env['ERL_EPMD_ADDRESS'])
        self.assertEqual(str(self.state.ports['epmd']),
                         env['ERL_EPMD_PORT'])
        self.assertEqual(str(self.state.ports['rabbitmq_dist']),
                         env['RABBITMQ_DIST_PORT'])
        self.assertIn('inet_dist_use_interface {127,0,0,1}',
                      env['RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS'])

    def test_rabbitmq_keeps_everything_in_the_folder(self) -> None:
        _argv, env = self.command('rabbitmq')
        for name in ('RABBITMQ_MNESIA_BASE', 'RABBITMQ_LOG_BASE',
                     'RABBITMQ_CONFIG_FILE', 'HOME',
                     'RABBITMQ_ENABLED_PLUGINS_FILE'):
            self.assertTrue(
                env[name].startswith(str(self.state.root)), name)
        self.assertEqual(str(self.usr / 'lib/erlang/bin'),
                         env['PATH'].split(':')[0])


@ddt.ddt
class EnabledTestCase(fixtures.StateTestCase):

    def test_without_engines_nothing_of_them_is_there(self) -> None:
        names = {one.name for one in service.enabled(service.FEATURES)}
        self.assertEqual([], [n for n in names if service.of_engines(n)])

    def test_with_engines(self) -> None:
        found = service.enabled((), 3)
        added = [one.name for one in found if service.of_engines(one.name)]
        self.assertEqual(
            ['mariadb', 'epmd', 'rabbitmq', 'heat-engine-1',
             'heat-engine-2', 'heat-engine-3'], added)
        self.assertEqual({'heat-engine'}, {
            one.kind for one in found if one.name.startswith('heat-engine')})

    @ddt.data('heat', 'horizon', 'director', 'heat-engines')
    def test_others_are_none_of_them(self, name: str) -> None:
        self.assertFalse(service.of_engines(name))
