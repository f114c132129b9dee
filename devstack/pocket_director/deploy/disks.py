# SPDX-License-Identifier: Apache-2.0
"""Persistent disks: made, attached, moved, orphaned, deleted."""

import datetime
from typing import Any

from devstack.pocket_director import cpi_runner
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director.plan import manifest
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


class Disks:
    """The disks of a deployment's instances, during one task.

    :param director: whose disks they are.
    :param task: the task that changes them.
    :param tags: the manifest's, for the disk's metadata.
    """

    def __init__(self, director: directors.Director, task: tasks.TaskRun,
                 tags: dict[str, Any] | None = None) -> None:
        self._director = director
        self._store = director.store
        self._task = task
        self._tags = dict(tags or {})

    def active(self, instance: stores.Row) -> stores.Row | None:
        """The persistent disk of an instance."""
        return self._store.one(
            'SELECT * FROM disks WHERE instance = ? AND active = 1',
            instance['uuid'])

    def attach(self, instance: stores.Row, disk: stores.Row) -> None:
        """Attach a disk to the instance's VM, and name it.

        :raises: CpiError.
        """
        cpi = self._cpi(disk)
        cpi.call('attach_disk', instance['vm_cid'], disk['cid'],
                 stemcell_api_version=_api_version(instance))
        metadata = {
            **self._tags, 'director': self._director.settings.name,
            'deployment': instance['deployment'],
            'instance_id': instance['uuid'],
            'instance_index': str(instance['idx']),
            'instance_group': instance['job'], 'attached_at': now()}
        try:
            cpi.call('set_disk_metadata', disk['cid'], metadata)
        except errors.CpiError as error:
            if error.kind not in cpi_runner.NOT_IMPLEMENTED:
                raise
            self._task.debug('set_disk_metadata: %s', error)

    def detach(self, instance: stores.Row, disk: stores.Row) -> None:
        """Detach a disk from the instance's VM.

        :raises: CpiError.
        """
        self._cpi(disk).call(
            'detach_disk', instance['vm_cid'], disk['cid'],
            stemcell_api_version=_api_version(instance))

    def converge(self, instance: stores.Row,
                 wanted: manifest.Disk | None,
                 recreate: bool = False) -> None:
        """Make the disk of an instance with a VM what it should be.

        A changed disk is replaced: the new one is made and attached, the
        old one detached and orphaned.

        :param recreate: whether it is replaced in any case.
        :raises: CpiError.
        """
        for left in self._store.all(
                'SELECT * FROM disks WHERE instance = ? AND active = 0',
                instance['uuid']):
            # Made by a task that failed before the disk was of any use.
            self.orphan(instance, left)
        old = self.active(instance)
        if old is not None and wanted is not None and not recreate and (
                old['cloud_properties'] == dict(wanted.cloud_properties)):
            if old['size'] == wanted.size or self._resize(
                    instance, old, wanted.size):
                return
        if wanted is not None:
            self._task.checkpoint()
            disk = self._create(instance, wanted)
            self.attach(instance, disk)
            with self._store.transaction():
                if old is not None:
                    self._store.update('disks', {'cid': old['cid']}, active=0)
                self._store.update('disks', {'cid': disk['cid']}, active=1)
        if old is not None:
            self.detach(instance, old)
            self.orphan(instance, old)

    def orphan(self, instance: stores.Row, disk: stores.Row) -> None:
        """Keep a disk that no instance needs any more, for a while."""
        self._store.update(
            'disks', {'cid': disk['cid']}, active=0, instance=None,
            orphaned_at=datetime.datetime.now(
                datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC'),
            instance_name=f"{instance['job']}/{instance['uuid']}",
            az=instance['az'])
        self._director.audit.record(
            'orphan', 'disk', disk['cid'], task=self._task.id,
            deployment=disk['deployment'],
            instance=f"{instance['job']}/{instance['uuid']}")

    def delete(self, disk: stores.Row) -> None:
        """Delete a disk, and its snapshots before.

        :raises: CpiError.
        """
        cpi = self._cpi(disk)
        for snapshot in self._store.all(
                'SELECT * FROM snapshots WHERE disk = ?', disk['cid']):
            cpi.call('delete_snapshot', snapshot['cid'])
            self._store.execute(
                'DELETE FROM snapshots WHERE cid = ?', snapshot['cid'])
        try:
            cpi.call('delete_disk', disk['cid'])
        except errors.CpiError as error:
            if error.kind != 'Bosh::Clouds::DiskNotFound':
                raise
        self._store.execute('DELETE FROM disks WHERE cid = ?', disk['cid'])
        self._director.audit.record(
            'delete', 'disk', disk['cid'], task=self._task.id,
            deployment=disk['deployment'])

    def orphans(self, deployment: str | None = None) -> list[stores.Row]:
        """The orphaned disks, of one deployment or all."""
        return self._store.all(
            'SELECT * FROM disks WHERE orphaned_at IS NOT NULL AND '
            '(deployment = ? OR ? IS NULL) ORDER BY orphaned_at',
            deployment, deployment)

    def _create(self, instance: stores.Row,
                wanted: manifest.Disk) -> stores.Row:
        name = (instance['spec'] or {}).get('cpi', '')
        cid = self._director.cpi(self._task, name).call(
            'create_disk', wanted.size, dict(wanted.cloud_properties),
            instance['vm_cid'])
        self._store.insert(
            'disks', cid=cid, deployment=instance['deployment'],
            instance=instance['uuid'], name='', size=wanted.size,
            cloud_properties=dict(wanted.cloud_properties), active=0,
            cpi=name)
        self._director.audit.record(
            'create', 'disk', cid, task=self._task.id,
            deployment=instance['deployment'],
            instance=f"{instance['job']}/{instance['uuid']}")
        row = self._store.one('SELECT * FROM disks WHERE cid = ?', cid)
        assert row is not None
        return row

    def _resize(self, instance: stores.Row, disk: stores.Row,
                size: int) -> bool:
        if not self._director.settings.cpi_resize_disk:
            return False
        self.detach(instance, disk)
        try:
            self._cpi(disk).call('resize_disk', disk['cid'], size)
        except errors.CpiError as error:
            if error.kind not in cpi_runner.NOT_IMPLEMENTED:
                raise
            self._task.debug('resize_disk: %s', error)
            self.attach(instance, disk)
            return False
        self._store.update('disks', {'cid': disk['cid']}, size=size)
        self.attach(instance, disk)
        return True

    def _cpi(self, disk: stores.Row) -> cpi_runner.Cpi:
        return self._director.cpi(self._task, disk['cpi'] or '')


def now() -> str:
    """This moment, as metadata has it."""
    return datetime.datetime.now(
        datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def _api_version(instance: stores.Row) -> int | None:
    version: int | None = (instance['spec'] or {}).get(
        'stemcell', {}).get('api_version')
    return version
