# SPDX-License-Identifier: Apache-2.0
"""Makes what services need on disk before they start: tables, keys, CSS."""

from collections.abc import Callable
from collections.abc import Collection
from concurrent import futures
import os
import pwd
import shutil
import time

from devstack.pocket import batch
from devstack.pocket import command
from devstack.pocket.config import common
from devstack.pocket.config import writer
from devstack.pocket import environment
from devstack.pocket import health
from devstack.pocket import programs
from devstack.pocket import progress as pocket_progress
from devstack.pocket import service
from devstack.pocket import state as pocket_state

DATABASES = {'nova': ('nova', 'nova_api', 'nova_cell0')}
#: What Horizon's static files are made of, besides its packages.
STATIC_SOURCES = ('horizon_panel',)
#: What MariaDB makes its own tables from, in this order.
SYSTEM_TABLES = ('mysql_system_tables.sql', 'mysql_performance_tables.sql',
                 'mysql_system_tables_data.sql')


class Maker:
    """Prepares services, each once; what was begun is begun anew.

    :param release: changes with the installed packages.
    """

    def __init__(self, state: pocket_state.State, runner: command.Runner,
                 release: str) -> None:
        self._state = state
        self._runner = runner
        self._release = release
        self._env = environment.build(state)

    def make(self, progress: pocket_progress.Progress,
             services: Collection[service.Service]) -> None:
        """Prepare those of the services that are not, in parallel.

        :raises CommandFailed: a service's own command failed.
        """
        missing = [one.name for one in services
                   if one.name in MAKERS and not self._done(one.name)]
        if not missing:
            return
        # the longest first
        missing.sort(key=lambda name: ORDER.index(name))
        with (progress.step('Preparing ' + ', '.join(missing)),
              futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool):
            jobs = {pool.submit(self._make_one, name): name
                    for name in missing}
            try:
                for job in futures.as_completed(jobs):
                    progress.say('  %s: %.1f s' % (jobs[job], job.result()))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _done(self, name: str) -> bool:
        return self._state.stamped(self._stamp_file(name), self._stamp(name))

    def _stamp_file(self, name: str) -> str:
        # Heat has two databases, one of them at a time.
        where = '-mariadb' if name == 'heat' and self._state.engines else ''
        return 'schema-%s%s' % (name, where)

    def _stamp(self, name: str) -> str:
        # Static files follow what they are made of; a database is made once.
        if name != 'horizon':
            return ''
        return writer.digest([self._release,
                              *writer.sources(*STATIC_SOURCES)])

    def _make_one(self, name: str) -> float:
        start = time.monotonic()
        # Half a database is worth nothing, and not all of these commands
        # may be repeated: without a stamp, whatever is there goes.
        for database in self._files(name):
            for file in self._state.path('data/db').glob(
                    database + '.sqlite*'):
                file.unlink()
        MAKERS[name](self)
        self._state.stamp(self._stamp_file(name), self._stamp(name))
        return time.monotonic() - start

    def _files(self, name: str) -> tuple[str, ...]:
        """The databases of a service that are files."""
        if name == 'heat' and self._state.engines:
            return ()
        return DATABASES.get(name, (name,))

    def _run(self, name: str, *arguments: str, **env: str) -> None:
        """Run a module of this package, or Django, with the venv's Python."""
        self._runner.run(
            'Preparing ' + name,
            [str(self._state.path('venv', 'bin', 'python')), '-W', 'ignore',
             '-m', *arguments],
            {**self._env, **env}, 'schema-' + name)

    def _batch(self, name: str, module: str, config: str,
               *commands: tuple[str, ...], **env: str) -> None:
        """Run commands of a project's management program."""
        words = ['devstack.pocket.batch', module]
        for command_ in commands:
            words += [batch.SEPARATOR, '--config-file',
                      str(self._state.path('etc', config)), *command_]
        self._run(name, *words, **env)

    def _keystone(self) -> None:
        for folder in ('fernet', 'credential'):
            self._state.path('data', 'keystone', folder).mkdir(
                mode=0o700, exist_ok=True)
        owner = ('--keystone-user', str(os.getuid()),
                 '--keystone-group', str(os.getgid()))
        url = self._state.url('keystone')
        self._batch(
            'keystone', 'keystone.cmd.manage', 'keystone.conf',
            ('fernet_setup', *owner),
            ('credential_setup', *owner),
            ('db_sync',),
            ('bootstrap', '--bootstrap-admin-url', url,
             '--bootstrap-internal-url', url, '--bootstrap-public-url', url,
             '--bootstrap-region-id', pocket_state.REGION),
            # not on the command line, which everyone may see
            OS_BOOTSTRAP_PASSWORD=self._state.password('admin'))

    def _glance(self) -> None:
        for folder in ('images', 'staging', 'tasks'):
            self._state.path('data', 'glance', folder).mkdir(
                mode=0o700, exist_ok=True)
        self._batch('glance', 'glance.cmd.manage', 'glance-api.conf',
                    ('db_sync',))

    def _placement(self) -> None:
        self._batch('placement', 'placement.cmd.manage', 'placement.conf',
                    ('db', 'sync'))

    def _nova(self) -> None:
        self._batch(
            'nova', 'nova.cmd.manage', 'nova.conf',
            ('api_db', 'sync'),
            ('cell_v2', 'map_cell0', '--database_connection',
             common.database_url(self._state, 'nova_cell0')),
            ('cell_v2', 'create_cell', '--name', 'cell1',
             '--database_connection',
             common.database_url(self._state, 'nova'),
             '--transport-url', common.TRANSPORT),
            ('db', 'sync'))

    def _neutron(self) -> None:
        self._run('neutron', 'devstack.pocket.tables', 'neutron',
                  str(self._state.path('etc', 'neutron.conf')))

    def _cinder(self) -> None:
        self._batch('cinder', 'cinder.cmd.manage', 'cinder.conf',
                    ('db', 'sync'))

    def _mariadb(self) -> None:
        folder = self._state.path('data', 'mariadb')
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        share = self._state.path('packages', 'usr', 'share', 'mysql')
        # Only this very user of the machine is its root, and by its socket.
        given = ['create database mysql;\nuse mysql;\n'
                 "set @auth_root_socket = '%s';\n"
                 % pwd.getpwuid(os.getuid()).pw_name]
        given += [(share / name).read_text() for name in SYSTEM_TABLES]
        self._runner.run(
            'Preparing mariadb',
            [*programs.mariadb(self._state), '--init-file=', '--bootstrap'],
            {**self._env, **programs.linker(self._state)}, 'schema-mariadb',
            ''.join(given).encode())

    def _heat(self) -> None:
        if self._state.engines:
            health.wait_for(self._state, ['mariadb'])
            self._run('heat', 'devstack.pocket.recreate',
                      str(self._state.path('etc', 'heat.conf')))
        self._batch('heat', 'heat.cmd.manage', 'heat.conf', ('db_sync',))

    def _barbican(self) -> None:
        # finds its configuration by itself, in the home folder
        self._run('barbican', 'devstack.pocket.batch', 'barbican.cmd.'
                  'barbican_manage', batch.SEPARATOR, 'db', 'upgrade')

    def _octavia(self) -> None:
        self._run('octavia', 'devstack.pocket.tables', 'octavia',
                  common.database_url(self._state, 'octavia'))

    def _horizon(self) -> None:
        self._run('horizon', 'django', 'collectstatic', '--noinput',
                  '--clear', '-v0')
        self._run('horizon', 'django', 'compress', '--force', '-v0')


MAKERS: dict[str, Callable[[Maker], None]] = {
    'nova': Maker._nova,
    'horizon': Maker._horizon,
    'keystone': Maker._keystone,
    'neutron': Maker._neutron,
    'cinder': Maker._cinder,
    'heat': Maker._heat,
    'mariadb': Maker._mariadb,
    'octavia': Maker._octavia,
    'barbican': Maker._barbican,
    'glance': Maker._glance,
    'placement': Maker._placement,
}
ORDER = tuple(MAKERS)
