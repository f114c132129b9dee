# SPDX-License-Identifier: Apache-2.0
"""Deletes a deployment."""

from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director import parallel
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


class DeleteDeployment:
    """One deletion, as the work of a task.

    :param director: the director that deletes.
    :param name: the deployment's name.
    :param force: whether the CPI's errors are ignored.
    """

    def __init__(self, director: directors.Director, name: str,
                 force: bool) -> None:
        self._director = director
        self._store = director.store
        self._name = name
        self._force = force

    def __call__(self, task: tasks.TaskRun) -> str:
        """Delete.

        :raises: DirectorError.
        """
        with self._director.locks.hold(task.id, 'deployment', self._name):
            self._delete(task)
        self._director.audit.record(
            'delete', 'deployment', self._name, task=task.id,
            deployment=self._name, user=task.request.user)
        return f'/deployments/{self._name}'

    def _delete(self, task: tasks.TaskRun) -> None:
        rows = self._store.all(
            'SELECT * FROM instances WHERE deployment = ? '
            'ORDER BY job, idx', self._name)
        ignored = self._director.faults.value('ignored', ())
        if any(row['ignored'] or row['job'] in ignored for row in rows):
            raise errors.DirectorError(
                190021, 'You are trying to delete deployment '
                        f"'{self._name}', which contains ignored "
                        'instance(s). Operation not allowed.')
        vms = vm_keepers.Vms(self._director, task)
        stage = task.events.stage('Deleting instances', len(rows))

        def remove(row: stores.Row) -> None:
            with stage.step(planner.label(row)):
                vms.remove(row, force=self._force)

        parallel.each(task, self._director.settings.threads, rows, remove)
        stage = task.events.stage('Removing deployment artifacts', 3)
        with stage.step('Detaching stemcells'):
            self._store.update(
                'deployments', {'name': self._name}, stemcells=[])
        with stage.step('Detaching releases'):
            self._store.update(
                'deployments', {'name': self._name}, releases=[])
        if not self._director.settings.orphan_disk_retention:
            self._delete_orphans(task, vms)
        stage = task.events.stage('Deleting properties', 0)
        stage.skip('Deleting dynamic disks')
        with stage.step('Destroying deployment'), self._store.transaction():
            for table in ('addresses', 'problems'):
                self._store.execute(
                    f'DELETE FROM {table} WHERE deployment = ?', self._name)
            self._store.execute(
                'DELETE FROM deployments WHERE name = ?', self._name)

    def _delete_orphans(self, task: tasks.TaskRun,
                        vms: vm_keepers.Vms) -> None:
        """A retention of nothing ends here, not in a nightly clean-up."""
        disks = vms.disks.orphans(self._name)
        if not disks:
            return
        stage = task.events.stage('Deleting orphaned disks', len(disks))

        def delete(disk: stores.Row) -> None:
            with stage.step(disk['cid']):
                vms.disks.delete(disk)

        parallel.each(task, self._director.settings.threads, disks, delete)
