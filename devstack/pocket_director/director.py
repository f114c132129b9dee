# SPDX-License-Identifier: Apache-2.0
"""The parts of a director, put together."""

from collections.abc import Mapping
from collections.abc import Sequence
import json
import os
import pathlib
import secrets
import threading
from typing import Any
import uuid

from devstack.pocket_director import access
from devstack.pocket_director import audit
from devstack.pocket_director import certs
from devstack.pocket_director import cpi_runner
from devstack.pocket_director import errors
from devstack.pocket_director import faults
from devstack.pocket_director import health
from devstack.pocket_director import locks
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director import settings as options
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks
from devstack.pocket_director import uaa as uaas

USER = uaas.USER


class Director:
    """One director: what routes and tasks work with.

    :param settings: its options; ``settings.root`` is made when absent.
    """

    def __init__(self, settings: options.Settings) -> None:
        self.settings = settings
        for name in ('files', 'tmp', 'tasks', 'jobs', 'resources'):
            settings.path(name).mkdir(
                mode=0o700, parents=True, exist_ok=True)
        for left in settings.path('tmp').iterdir():
            left.unlink()
        self.authority = certs.Authority(settings.path('certs'))
        self.store = stores.Store(settings.path('director.sqlite3'))
        uid = self.store.meta('uuid', str(uuid.uuid4()))
        assert uid is not None
        self.uuid: str = uid
        self.faults = faults.Faults(settings.path('faults.json'))
        self.locks = locks.Locks(
            settings.lock_timeout, lambda number: str(
                self.tasks.get(number)['description']),
            lambda: self.faults.value('locked', ()))
        self.audit = audit.Audit(self.store)
        self.health = health.beside(settings.cpi)
        self.closing = threading.Event()
        self.tasks = tasks.TaskQueue(
            self.store, settings.path('tasks'), settings.workers,
            self.faults, settings.task_timeout)
        #: Until when it is down, on the clock ``time.monotonic``.
        self.down_until = 0.0
        self.password = self._write_access()
        self.uaa: uaas.Uaa | None = None
        #: Where its UAA listens, once it does.
        self.uaa_url: str | None = None
        if settings.uaa:
            key = self.store.meta('uaa_key', secrets.token_urlsafe(32))
            self.uaa = uaas.Uaa(str(key), self.password,
                                settings.token_lifetime, self.faults)
        self.access = access.Access(
            USER, self.password, self.uuid, self.uaa, self.faults)

    def close(self, limit: float | None = None) -> None:
        """Stop the workers and close the database.

        :param limit: seconds that running tasks have to end in.
        """
        self.closing.set()
        if self.tasks.stop(limit):
            self.store.close()

    def cpi(self, task: tasks.TaskRun, name: str = '') -> cpi_runner.Cpi:
        """The CPI of this name, for a task; '' is the director's own.

        :raises: DirectorError 550001 when no cpi-config has the name.
        """
        if not name:
            return cpi_runner.Cpi(
                self.settings.cpi, self.uuid, self.faults, task,
                self.closing)
        entry = self.cpi_entries().get(name)
        if entry is None:
            raise errors.DirectorError(
                550001, f"CPI '{name}' not found in cpi-config")
        path = entry.get('exec_path')
        return cpi_runner.Cpi(
            pathlib.Path(path) if path else self.settings.path(
                'jobs', f'{entry["type"]}_cpi', 'bin', 'cpi'),
            self.uuid, self.faults, task, self.closing,
            entry.get('properties'))

    def responsive(self, task: tasks.TaskRun,
                   cids: Sequence[str]) -> set[str]:
        """Those of the VMs whose agent would answer."""
        if not cids:
            return set()
        found = self.health.responsive(task, self.cpi(task), cids)
        silent = set(self.faults.value('unresponsive', ()))
        return set() if '*' in silent else found - silent

    def cpi_entries(self) -> dict[str, Mapping[str, Any]]:
        """The entries of all cpi-configs, by name."""
        found: dict[str, Mapping[str, Any]] = {}
        for row in self.latest_configs('cpi'):
            for entry in cloud_config.load(
                    row['content']).get('cpis') or ():
                found[str(entry['name'])] = entry
        return found

    def latest_configs(self, kind: str) -> list[stores.Row]:
        """The newest version of every named config of a type."""
        return self.store.all(
            'SELECT * FROM configs WHERE id IN (SELECT MAX(id) FROM configs '
            'WHERE deleted = 0 AND type = ? GROUP BY name) ORDER BY name',
            kind)

    def _write_access(self) -> str:
        path = self.settings.path('director.json')
        password = (json.loads(path.read_text())['client_secret']
                    if path.exists() else secrets.token_urlsafe(24))
        content = json.dumps({
            'endpoint': self.settings.endpoint,
            'ca_file': str(self.authority.ca_file),
            'client': USER, 'client_secret': password,
            'uuid': self.uuid}, indent=2)
        partial = path.with_name('director.json.partial')
        descriptor = os.open(
            partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, 'w') as file:
            file.write(content + '\n')
        os.replace(partial, path)
        return password
