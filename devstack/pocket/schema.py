# SPDX-License-Identifier: Apache-2.0
"""Makes what services need on disk before they start: tables, keys, CSS."""

from collections.abc import Callable
from concurrent import futures
import os
import time

from devstack.pocket import command
from devstack.pocket.config import common
from devstack.pocket.config import writer
from devstack.pocket import environment
from devstack.pocket import progress as pocket_progress
from devstack.pocket import service
from devstack.pocket import state as pocket_state

DATABASES = {'nova': ('nova', 'nova_api', 'nova_cell0')}
#: What Horizon's static files are made of, besides its packages.
STATIC_SOURCES = ('horizon_panel',)


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

    def make(self, progress: pocket_progress.Progress) -> None:
        """Prepare every enabled service that is not, in parallel.

        :raises CommandFailed: a service's own command failed.
        """
        missing = [one.name for one in service.enabled(self._state.features)
                   if not self._done(one.name)]
        if not missing:
            return
        # the longest first
        missing.sort(key=lambda name: ORDER.index(name))
        with (progress.step('Making databases: ' + ', '.join(missing)),
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
        return self._state.stamped('schema-' + name, self._stamp(name))

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
        for database in DATABASES.get(name, (name,)):
            for file in self._state.path('data/db').glob(
                    database + '.sqlite*'):
                file.unlink()
        MAKERS[name](self)
        self._state.stamp('schema-' + name, self._stamp(name))
        return time.monotonic() - start

    def _run(self, name: str, program: str, *arguments: str) -> None:
        self._runner.run(
            'Making the databases of ' + name,
            [str(self._state.path('venv', 'bin', program)), *arguments],
            self._env, 'schema-' + name)

    def _config(self, name: str) -> tuple[str, str]:
        return '--config-file', str(self._state.path('etc', name))

    def _keystone(self) -> None:
        config = self._config('keystone.conf')
        owner = ('--keystone-user', str(os.getuid()),
                 '--keystone-group', str(os.getgid()))
        for folder in ('fernet', 'credential'):
            self._state.path('data', 'keystone', folder).mkdir(
                mode=0o700, parents=True, exist_ok=True)
        for task in ('fernet_setup', 'credential_setup'):
            self._run('keystone', 'keystone-manage', *config, task, *owner)
        self._run('keystone', 'keystone-manage', *config, 'db_sync')
        url = self._state.url('keystone')
        # through the environment: a command line is visible to everyone
        password = self._state.password('admin')
        self._runner.run(
            'Making the first user of keystone',
            [str(self._state.path('venv/bin/keystone-manage')), *config,
             'bootstrap', '--bootstrap-admin-url', url,
             '--bootstrap-internal-url', url, '--bootstrap-public-url', url,
             '--bootstrap-region-id', pocket_state.REGION],
            {**self._env, 'OS_BOOTSTRAP_PASSWORD': password},
            'schema-keystone')

    def _glance(self) -> None:
        for folder in ('images', 'staging', 'tasks'):
            self._state.path('data', 'glance', folder).mkdir(
                parents=True, exist_ok=True)
        self._run('glance', 'glance-manage',
                  *self._config('glance-api.conf'), 'db_sync')

    def _placement(self) -> None:
        self._run('placement', 'placement-manage',
                  *self._config('placement.conf'), 'db', 'sync')

    def _nova(self) -> None:
        config = self._config('nova.conf')
        for arguments in (
                ('api_db', 'sync'),
                ('cell_v2', 'map_cell0', '--database_connection',
                 common.database_url(self._state, 'nova_cell0')),
                ('cell_v2', 'create_cell', '--name', 'cell1',
                 '--database_connection',
                 common.database_url(self._state, 'nova'),
                 '--transport-url', common.TRANSPORT),
                ('db', 'sync')):
            self._run('nova', 'nova-manage', *config, *arguments)

    def _neutron(self) -> None:
        self._tables('neutron')
        self._run('neutron', 'neutron-db-manage',
                  *self._config('neutron.conf'), 'stamp', 'heads')

    def _cinder(self) -> None:
        self._run('cinder', 'cinder-manage', *self._config('cinder.conf'),
                  'db', 'sync')

    def _heat(self) -> None:
        self._run('heat', 'heat-manage', *self._config('heat.conf'),
                  'db_sync')

    def _barbican(self) -> None:
        self._run('barbican', 'barbican-manage', 'db', 'upgrade')

    def _octavia(self) -> None:
        self._tables('octavia')

    def _horizon(self) -> None:
        self._run('horizon', 'python', '-m', 'django', 'collectstatic',
                  '--noinput', '--clear', '-v0')
        self._run('horizon', 'python', '-m', 'django', 'compress',
                  '--force', '-v0')

    def _tables(self, name: str) -> None:
        self._run(name, 'python', '-m', 'devstack.pocket.tables', name,
                  common.database_url(self._state, name))


MAKERS: dict[str, Callable[[Maker], None]] = {
    'nova': Maker._nova,
    'horizon': Maker._horizon,
    'keystone': Maker._keystone,
    'neutron': Maker._neutron,
    'cinder': Maker._cinder,
    'heat': Maker._heat,
    'octavia': Maker._octavia,
    'barbican': Maker._barbican,
    'glance': Maker._glance,
    'placement': Maker._placement,
}
ORDER = tuple(MAKERS)
