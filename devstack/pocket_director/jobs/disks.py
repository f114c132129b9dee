# SPDX-License-Identifier: Apache-2.0
"""Acts on single disks and VMs by their cids."""

from devstack.pocket_director.deploy import disks as disk_keepers
from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director import tasks


class DeleteOrphanDisk:
    """Deletes an orphaned disk.

    :param director: the director that has it.
    :param cid: the disk.
    """

    def __init__(self, director: directors.Director, cid: str) -> None:
        self._director = director
        self._cid = cid

    def __call__(self, task: tasks.TaskRun) -> str:
        """Delete; a disk that is gone counts as deleted.

        :raises: DirectorError.
        """
        row = self._director.store.one(
            'SELECT * FROM disks WHERE cid = ? AND orphaned_at IS NOT NULL',
            self._cid)
        with task.events.stage('Deleting orphaned disks', 1).step(
                f'Deleted {self._cid}'):
            if row is not None:
                disk_keepers.Disks(self._director, task).delete(row)
        return f'orphaned disk(s) {self._cid} deleted'


class OrphanDisk:
    """Orphans a disk that an instance has.

    :param director: the director that has it.
    :param cid: the disk.
    """

    def __init__(self, director: directors.Director, cid: str) -> None:
        self._director = director
        self._cid = cid

    def __call__(self, task: tasks.TaskRun) -> str:
        """Orphan.

        :raises: DirectorError 520000 while its VM exists.
        """
        store = self._director.store
        row = store.one('SELECT * FROM disks WHERE cid = ?', self._cid)
        instance = row and store.one(
            'SELECT * FROM instances WHERE uuid = ?', row['instance'])
        with task.events.stage('Orphan disk', 1).step(
                f'Orphan disk {self._cid}'):
            if row is not None and instance is not None:
                if instance['vm_cid']:
                    raise errors.DirectorError(
                        520000, f"Disk '{self._cid}' is attached to VM "
                                f"'{instance['vm_cid']}': stop the instance "
                                'with --hard first')
                disk_keepers.Disks(self._director, task).orphan(
                    instance, row)
        return f'disk {self._cid} orphaned'


class AttachDisk:
    """Gives a hard-stopped instance another persistent disk.

    :param director: the director that attaches.
    :param deployment: the deployment's name.
    :param job: the instance group.
    :param instance: the instance's uuid.
    :param cid: the disk.
    """

    def __init__(self, director: directors.Director, deployment: str,
                 job: str, instance: str, cid: str) -> None:
        self._director = director
        self._deployment = deployment
        self._job = job
        self._instance = instance
        self._cid = cid

    def __call__(self, task: tasks.TaskRun) -> str:
        """Attach: from the next start on the instance has the disk.

        :raises: DirectorError of the family 520000.
        """
        store = self._director.store
        row = store.one(
            'SELECT * FROM instances WHERE deployment = ? AND job = ? AND '
            'uuid = ?', self._deployment, self._job, self._instance)
        if row is None:
            raise errors.DirectorError(
                520001, f"Instance '{self._job}/{self._instance}' in "
                        f"deployment '{self._deployment}' was not found")
        keeper = disk_keepers.Disks(self._director, task)
        old = keeper.active(row)
        if old is None:
            raise errors.DirectorError(
                520002, f"Job '{self._job}' is not configured with a "
                        'persistent disk')
        if row['state'] != 'detached':
            raise errors.DirectorError(
                520003, f"Instance '{self._job}/{self._instance}' in "
                        f"deployment '{self._deployment}' must be in "
                        "'bosh stop --hard' state")
        with store.transaction():
            keeper.orphan(row, old)
            store.execute('DELETE FROM disks WHERE cid = ?', self._cid)
            store.insert(
                'disks', cid=self._cid, deployment=self._deployment,
                instance=row['uuid'], name='', size=old['size'],
                cloud_properties=old['cloud_properties'], active=1,
                cpi=old['cpi'])
        return f"attached disk '{self._cid}' to '{self._job}/" \
               f"{self._instance}' in deployment '{self._deployment}'"


class DeleteVm:
    """Deletes a VM, known or not.

    :param director: the director that deletes.
    :param cid: the VM.
    """

    def __init__(self, director: directors.Director, cid: str) -> None:
        self._director = director
        self._cid = cid

    def __call__(self, task: tasks.TaskRun) -> str:
        """Delete.

        :raises: CpiError.
        """
        row = self._director.store.one(
            'SELECT * FROM instances WHERE vm_cid = ?', self._cid)
        with task.events.stage('Delete VM', 1).step(self._cid):
            if row is not None:
                vm_keepers.Vms(self._director, task).delete(
                    row, detach=False)
            else:
                try:
                    self._director.cpi(task).call('delete_vm', self._cid)
                except errors.CpiError as error:
                    if error.kind != 'Bosh::Clouds::VMNotFound':
                        raise
        return f'vm {self._cid} deleted'
