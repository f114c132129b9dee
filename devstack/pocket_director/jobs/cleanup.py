# SPDX-License-Identifier: Apache-2.0
"""Removes what no deployment needs: disks, stemcells, releases."""

from typing import Any

from devstack.pocket_director.deploy import disks
from devstack.pocket_director import director as directors
from devstack.pocket_director.jobs import stemcells
from devstack.pocket_director import parallel
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks

_KEPT_VERSIONS = 2


class Cleanup:
    """One clean-up, as the work of a task.

    :param director: the director that cleans up.
    :param remove_all: whether nothing unused is kept; else the two newest
        versions of stemcells and releases, and orphaned disks, are.
    :param keep_orphaned_disks: whether orphaned disks stay in any case.
    """

    def __init__(self, director: directors.Director, remove_all: bool,
                 keep_orphaned_disks: bool) -> None:
        self._director = director
        self._store = director.store
        self._remove_all = remove_all
        self._keep_disks = keep_orphaned_disks or not remove_all

    def found(self) -> dict[str, list[stores.Row]]:
        """What would be removed."""
        return {
            'releases': self._unused('releases'),
            'stemcells': self._unused('stemcells'),
            'orphaned_disks': [] if self._keep_disks else self._store.all(
                'SELECT * FROM disks WHERE orphaned_at IS NOT NULL')}

    def __call__(self, task: tasks.TaskRun) -> str:
        """Clean up.

        :raises: DirectorError.
        """
        found = self.found()
        stage = task.events.stage(
            'Deleting releases', len(found['releases']))
        for row in found['releases']:
            with stage.step(f"{row['name']}/{row['version']}"):
                self._store.execute(
                    'DELETE FROM releases WHERE id = ?', row['id'])
        stage = task.events.stage(
            'Deleting stemcells', len(found['stemcells']))
        for row in found['stemcells']:
            with stage.step(f"{row['name']}/{row['version']}"):
                self._director.cpi(task, row['cpi']).call(
                    'delete_stemcell', row['cid'])
                self._store.execute(
                    'DELETE FROM stemcells WHERE id = ?', row['id'])
        keeper = disks.Disks(self._director, task)
        stage = task.events.stage(
            'Deleting orphaned disks', len(found['orphaned_disks']))

        def delete(row: stores.Row, stage: Any = stage) -> None:
            with stage.step(f"Deleted {row['cid']}"):
                keeper.delete(row)

        parallel.each(task, self._director.settings.threads,
                      found['orphaned_disks'], delete)
        return ', '.join(
            f"{len(rows)} {kind.replace('_', ' ')}"
            for kind, rows in found.items()) + ' deleted'

    def _unused(self, table: str) -> list[stores.Row]:
        kept = 0 if self._remove_all else _KEPT_VERSIONS
        versions: dict[str, list[str]] = {}
        unused = []
        for row in self._store.all(
                f'SELECT * FROM {table} ORDER BY id DESC'):
            seen = versions.setdefault(row['name'], [])
            if row['version'] not in seen:
                seen.append(row['version'])
            if seen.index(row['version']) >= kept and (
                    not stemcells.deployments_using(
                        self._director, table, row['name'], row['version'])):
                unused.append(row)
        return unused
