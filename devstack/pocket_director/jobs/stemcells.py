# SPDX-License-Identifier: Apache-2.0
"""Uploads and deletes stemcells."""

import contextlib
import pathlib
from typing import Any

from devstack.pocket_director import archives
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director import events
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


class UpdateStemcell:
    """One upload, as the work of a task.

    :param director: the director that takes it.
    :param source: a file that was uploaded, removed at the end, or a URL.
    :param checksum: what the archive's digest should be.
    :param fix: whether a stemcell that is there already is made anew.
    """

    def __init__(self, director: directors.Director,
                 source: pathlib.Path | str, checksum: str | None,
                 fix: bool) -> None:
        self._director = director
        self._source = source
        self._checksum = checksum
        self._fix = fix

    def __call__(self, task: tasks.TaskRun) -> str:
        """Upload.

        :raises: DirectorError.
        """
        folder = self._director.settings.path('tmp')
        remote = isinstance(self._source, str)
        stage = task.events.stage('Update stemcell', 7 if remote else 5)
        path = self._fetch(stage, folder)
        try:
            if remote or self._checksum:
                with stage.step('Verifying remote stemcell' if remote
                                else 'Verifying stemcell'):
                    archives.verify(path, self._checksum, 50007)
            with contextlib.ExitStack() as stack:
                with stage.step('Extracting stemcell archive'):
                    target = stack.enter_context(
                        archives.unpacked(path, folder, 50000))
                return self._update(task, stage, target)
        finally:
            path.unlink(missing_ok=True)

    def _fetch(self, stage: events.Stage,
               folder: pathlib.Path) -> pathlib.Path:
        if isinstance(self._source, pathlib.Path):
            return self._source
        with stage.step('Downloading remote stemcell'):
            return archives.download(
                self._source, folder, self._director.authority.bundle_file)

    def _update(self, task: tasks.TaskRun, stage: events.Stage,
                folder: pathlib.Path) -> str:
        with stage.step('Verifying stemcell manifest'):
            manifest = archives.document(folder / 'stemcell.MF', 50000)
            for key in ('name', 'version', 'operating_system'):
                if not isinstance(manifest.get(key), (str, int, float)):
                    raise errors.DirectorError(
                        50000, f"stemcell.MF does not say its '{key}'")
            if not (folder / 'image').is_file():
                raise errors.DirectorError(
                    50001, 'Stemcell image not found')
        name, version = str(manifest['name']), str(manifest['version'])
        for cpi in self._director.cpi_entries() or ['']:
            task.checkpoint()
            with stage.step('Checking if this stemcell already exists'):
                known = self._director.store.one(
                    'SELECT * FROM stemcells WHERE name = ? AND version = ? '
                    'AND cpi = ?', name, version, cpi)
            what = f'Uploading stemcell {name}/{version} to the cloud'
            if known is not None and not self._fix:
                stage.skip(f'{what} (already exists, skipped)')
                continue
            with stage.step(what):
                cid = self._create(task, cpi, manifest, folder / 'image')
            with stage.step(f'Save stemcell {name}/{version} ({cid})'):
                self._save(cpi, manifest, cid)
        return f'/stemcells/{name}/{version}'

    def _create(self, task: tasks.TaskRun, name: str,
                manifest: dict[str, Any], image: pathlib.Path) -> str:
        cpi = self._director.cpi(task, name)
        offered = manifest.get('stemcell_formats')
        accepted = cpi.info().get('stemcell_formats')
        if offered and accepted and not set(offered) & set(accepted):
            raise errors.DirectorError(
                50008, f'Stemcell is not supported: its formats are '
                       f'{offered}, the CPI takes {accepted}')
        tags: dict[str, Any] = {}
        for row in self._director.latest_configs('runtime'):
            if row['name'] == 'default':
                tags = cloud_config.load(row['content']).get('tags') or {}
        return str(cpi.call(
            'create_stemcell', str(image),
            manifest.get('cloud_properties') or {}, {'tags': tags}))

    def _save(self, cpi: str, manifest: dict[str, Any], cid: str) -> None:
        store = self._director.store
        key = {'name': str(manifest['name']),
               'version': str(manifest['version']), 'cpi': cpi}
        values = {'cid': cid,
                  'operating_system': str(manifest['operating_system']),
                  'api_version': manifest.get('api_version')}
        with store.transaction():
            if not store.update('stemcells', key, **values):
                store.insert('stemcells', **key, **values)


class DeleteStemcell:
    """One deletion, as the work of a task.

    :param director: the director that has it.
    :param name: the stemcell's name.
    :param version: the stemcell's version.
    :param force: whether the CPI's errors are ignored.
    """

    def __init__(self, director: directors.Director, name: str,
                 version: str, force: bool) -> None:
        self._director = director
        self._name = name
        self._version = version
        self._force = force

    def __call__(self, task: tasks.TaskRun) -> str:
        """Delete.

        :raises: DirectorError 50004 while a deployment uses it.
        """
        rows = self._director.store.all(
            'SELECT * FROM stemcells WHERE name = ? AND version = ?',
            self._name, self._version)
        if not rows:
            raise errors.DirectorError(
                50003, f"Stemcell '{self._name}/{self._version}' doesn't "
                       'exist')
        users = deployments_using(
            self._director, 'stemcells', self._name, self._version)
        if users:
            raise errors.DirectorError(
                50004, f"Stemcell '{self._name}/{self._version}' is still "
                       f"in use by: {', '.join(users)}")
        for row in rows:
            self._delete(task, row)
        return f'/stemcells/{self._name}/{self._version}'

    def _delete(self, task: tasks.TaskRun, row: stores.Row) -> None:
        stage = task.events.stage('Deleting stemcell from cloud', 1)
        with stage.step('Delete stemcell'):
            try:
                self._director.cpi(task, row['cpi']).call(
                    'delete_stemcell', row['cid'])
            except errors.CpiError as error:
                if not self._force:
                    raise
                task.events.warning(str(error))
            self._director.store.execute(
                'DELETE FROM stemcells WHERE id = ?', row['id'])


def deployments_using(director: directors.Director, column: str, name: str,
                      version: str) -> list[str]:
    """The deployments that use a stemcell or release.

    :param column: ``stemcells`` or ``releases``.
    """
    wanted = {'name': name, 'version': version}
    others = director.faults.value('in_use', {}).get(f'{name}/{version}', ())
    return [row['name'] for row in director.store.all(
        'SELECT * FROM deployments ORDER BY name')
        if wanted in (row[column] or ())] + list(others)
