# SPDX-License-Identifier: Apache-2.0
"""Uploads and deletes releases.

A manifest suffices: an archive with nothing but ``release.MF``.
"""

import pathlib
from typing import Any

from devstack.pocket_director import archives
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import stemcells
from devstack.pocket_director import tasks


class UpdateRelease:
    """One upload, as the work of a task.

    :param director: the director that takes it.
    :param source: a file that was uploaded, removed at the end, or a URL.
    :param checksum: what the archive's digest should be.
    """

    def __init__(self, director: directors.Director,
                 source: pathlib.Path | str, checksum: str | None) -> None:
        self._director = director
        self._source = source
        self._checksum = checksum

    def __call__(self, task: tasks.TaskRun) -> str:
        """Upload.

        :raises: DirectorError.
        """
        folder = self._director.settings.path('tmp')
        if isinstance(self._source, pathlib.Path):
            path = self._source
        else:
            stage = task.events.stage('Downloading remote release', 1)
            with stage.step('Downloading remote release'):
                path = archives.download(
                    self._source, folder,
                    self._director.authority.bundle_file)
        try:
            if self._checksum:
                stage = task.events.stage('Verifying remote release', 1)
                with stage.step('Verifying remote release'):
                    archives.verify(path, self._checksum, 30015)
            stage = task.events.stage('Extracting release', 1)
            with stage.step('Extracting release'):
                with archives.unpacked(path, folder, 30002) as target:
                    manifest = archives.document(
                        target / 'release.MF', 30003)
            return self._save(task, manifest)
        finally:
            path.unlink(missing_ok=True)

    def _save(self, task: tasks.TaskRun, manifest: dict[str, Any]) -> str:
        with task.events.stage('Verifying manifest', 1).step(
                'Verifying manifest'):
            for key in ('name', 'version'):
                if not isinstance(manifest.get(key), (str, int, float)):
                    raise errors.DirectorError(
                        30003, f"release.MF does not say its '{key}'")
        name, version = str(manifest['name']), str(manifest['version'])
        jobs = manifest.get('jobs') or []
        packages = (manifest.get('packages')
                    or manifest.get('compiled_packages') or [])
        known = self._director.store.one(
            'SELECT * FROM releases WHERE name = ? AND version = ?',
            name, version)
        task.events.stage('Resolving package dependencies', 1).skip(
            'Resolving package dependencies')
        if known is None:
            for what, entries in (('packages', packages), ('jobs', jobs)):
                stage = task.events.stage(
                    f'Creating new {what}', len(entries))
                for entry in entries:
                    stage.skip(f"{entry['name']}/{entry.get('version')}")
            self._director.store.insert(
                'releases', name=name, version=version,
                commit_hash=manifest.get('commit_hash', 'unknown'),
                uncommitted_changes=int(
                    bool(manifest.get('uncommitted_changes'))),
                data={'jobs': jobs, 'packages': packages})
        task.events.stage('Release has been created' if known is None
                          else 'Release already exists', 1).skip(
            f'{name}/{version}')
        return f'Created release \'{name}/{version}\''


class DeleteRelease:
    """One deletion, as the work of a task.

    :param director: the director that has it.
    :param name: the release's name.
    :param version: one version, or None for all.
    """

    def __init__(self, director: directors.Director, name: str,
                 version: str | None) -> None:
        self._director = director
        self._name = name
        self._version = version

    def __call__(self, task: tasks.TaskRun) -> str:
        """Delete.

        :raises: DirectorError 30007 or 30008 while a deployment uses it.
        """
        store = self._director.store
        rows = store.all(
            'SELECT * FROM releases WHERE name = ? AND '
            '(version = ? OR ? IS NULL)',
            self._name, self._version, self._version)
        for row in rows:
            users = stemcells.deployments_using(
                self._director, 'releases', row['name'], row['version'])
            if users and self._version is None:
                raise errors.DirectorError(
                    30007, f"Release '{self._name}' is still in use by: "
                           f"{', '.join(users)}")
            if users:
                raise errors.DirectorError(
                    30008, f"Release version '{row['name']}/"
                           f"{row['version']}' is still in use by: "
                           f"{', '.join(users)}")
        what = '/'.join(filter(None, (self._name, self._version)))
        stage = task.events.stage('Deleting release', len(rows))
        for row in rows:
            with stage.step(f"{row['name']}/{row['version']}"):
                store.execute('DELETE FROM releases WHERE id = ?', row['id'])
        return f'/release/{what}'
