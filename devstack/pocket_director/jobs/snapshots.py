# SPDX-License-Identifier: Apache-2.0
"""Takes and deletes snapshots of persistent disks."""

import datetime

from devstack.pocket_director import director as directors
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


class TakeSnapshots:
    """Snapshots of instances' disks, as the work of a task.

    :param director: the director that takes them.
    :param deployment: the deployment's name.
    :param instance: one instance's uuid; None takes all.
    """

    def __init__(self, director: directors.Director, deployment: str,
                 instance: str | None = None) -> None:
        self._director = director
        self._store = director.store
        self._deployment = deployment
        self._instance = instance

    def __call__(self, task: tasks.TaskRun) -> str:
        """Take them.

        :raises: CpiError.
        """
        rows = self._store.all(
            'SELECT i.*, d.cid AS disk, d.cpi AS disk_cpi FROM instances i '
            'JOIN disks d ON d.instance = i.uuid WHERE d.active = 1 AND '
            'i.deployment = ? AND (i.uuid = ? OR ? IS NULL)',
            self._deployment, self._instance, self._instance)
        cids = []
        stage = task.events.stage('Taking snapshots', len(rows))
        for row in rows:
            task.checkpoint()
            with stage.step(f"{row['job']}/{row['idx']}"):
                cids.append(self._take(task, row))
        return f"snapshots of deployment '{self._deployment}' created: " \
               f"{', '.join(cids) or 'none'}"

    def _take(self, task: tasks.TaskRun, row: stores.Row) -> str:
        cid: str = self._director.cpi(task, row['disk_cpi'] or '').call(
            'snapshot_disk', row['disk'], {
                'deployment': self._deployment, 'job': row['job'],
                'index': row['idx'], 'agent_id': row['agent_id'],
                'instance_id': row['uuid'],
                'director_name': self._director.settings.name,
                'director_uuid': self._director.uuid})
        self._store.insert(
            'snapshots', cid=cid, disk=row['disk'], instance=row['uuid'],
            deployment=self._deployment, job=row['job'], idx=row['idx'],
            clean=int(row['state'] != 'started'),
            created_at=datetime.datetime.now(
                datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC'))
        return cid


class DeleteSnapshots:
    """Deletes snapshots, as the work of a task.

    :param director: the director that has them.
    :param rows: the snapshots.
    """

    def __init__(self, director: directors.Director,
                 rows: list[stores.Row]) -> None:
        self._director = director
        self._rows = rows

    def __call__(self, task: tasks.TaskRun) -> str:
        """Delete them.

        :raises: CpiError.
        """
        stage = task.events.stage('Deleting snapshots', len(self._rows))
        for row in self._rows:
            task.checkpoint()
            with stage.step(row['cid']):
                self._director.cpi(task).call('delete_snapshot', row['cid'])
                self._director.store.execute(
                    'DELETE FROM snapshots WHERE cid = ?', row['cid'])
        return f'{len(self._rows)} snapshot(s) deleted'
