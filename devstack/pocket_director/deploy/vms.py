# SPDX-License-Identifier: Apache-2.0
"""The VMs of instances: made and deleted through the CPI."""

from typing import Any
import uuid

from devstack.pocket_director import cpi_runner
from devstack.pocket_director.deploy import disks as disk_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director.plan import addresses
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


class Vms:
    """The VMs of a deployment's instances, during one task.

    :param director: whose VMs they are.
    :param task: the task that changes them.
    :param tags: the manifest's, for the VM's metadata.
    """

    def __init__(self, director: directors.Director, task: tasks.TaskRun,
                 tags: dict[str, Any] | None = None) -> None:
        self._director = director
        self._store = director.store
        self._task = task
        self._tags = dict(tags or {})
        self.disks = disk_keepers.Disks(director, task, tags)

    def create(self, instance: stores.Row, spec: dict[str, Any]) -> None:
        """Make the VM of an instance; its row tells of it at once.

        :param spec: what the VM should be, as the planner says.
        :raises: CpiError; VMs that may be tried again have been.
        """
        cpi = self._director.cpi(self._task, spec['cpi'])
        agent_id = str(uuid.uuid4())
        disk = self.disks.active(instance)
        arguments = (
            agent_id, spec['stemcell']['cid'], spec['cloud_properties'],
            spec['networks'], [disk['cid']] if disk else [],
            self._env(instance, spec['env'], agent_id))
        cid = self._try(cpi, arguments, spec['stemcell']['api_version'])
        instance.update(vm_cid=cid, agent_id=agent_id, spec=spec,
                        vm_created_at=disk_keepers.now())
        self._save(instance)
        self._audit('create', cid, instance)
        try:
            self._set_metadata(cpi, instance)
            if disk is not None:
                self.disks.attach(instance, disk)
        except errors.CpiError as error:
            # A VM that is half of what it should be is not kept.
            self._task.debug('Deleting VM %s: %s', cid, error)
            self.delete(instance, detach=False, force=True)
            raise
        addresses.AddressBook(
            self._store, instance['deployment']).keep_only(
                instance['uuid'], ips(spec))

    def delete(self, instance: stores.Row, detach: bool = True,
               force: bool = False) -> None:
        """Delete the VM of an instance, if it has one.

        :param detach: whether its persistent disk is detached before.
        :param force: whether the CPI's errors are ignored.
        :raises: CpiError.
        """
        cid = instance['vm_cid']
        if not cid:
            return
        disk = self.disks.active(instance)
        try:
            if detach and disk is not None:
                self.disks.detach(instance, disk)
            self._delete_vm(instance, cid)
        except errors.CpiError as error:
            if not force:
                raise
            self._task.events.warning(str(error))
        instance.update(vm_cid=None, agent_id=None, vm_created_at=None)
        self._save(instance)
        self._audit('delete', cid, instance)

    def forget(self, instance: stores.Row) -> None:
        """Drop the reference to a VM, whatever became of it."""
        instance.update(vm_cid=None, agent_id=None, vm_created_at=None)
        self._save(instance)

    def remove(self, instance: stores.Row, force: bool = False) -> None:
        """Delete an instance: its VM, row and addresses; orphan its disk.

        The VM is deleted with the disk still attached, as a director does.

        :raises: CpiError.
        """
        self.delete(instance, detach=False, force=force)
        for disk in self._store.all(
                'SELECT * FROM disks WHERE instance = ?', instance['uuid']):
            self.disks.orphan(instance, disk)
        with self._store.transaction():
            self._store.execute(
                'DELETE FROM addresses WHERE instance = ?', instance['uuid'])
            self._store.execute(
                'DELETE FROM instances WHERE uuid = ?', instance['uuid'])
        self._director.audit.record(
            'delete', 'instance', f"{instance['job']}/{instance['uuid']}",
            task=self._task.id, deployment=instance['deployment'])

    def reboot(self, instance: stores.Row) -> None:
        """Restart the VM of an instance.

        :raises: CpiError.
        """
        self._cpi(instance).call('reboot_vm', instance['vm_cid'])

    def _try(self, cpi: cpi_runner.Cpi, arguments: tuple[Any, ...],
             api_version: int | None) -> str:
        tries = self._director.settings.max_vm_create_tries
        for left in range(tries - 1, -1, -1):
            try:
                created = cpi.call(
                    'create_vm', *arguments,
                    stemcell_api_version=api_version)
                return str(created[0])
            except errors.CpiError as error:
                if (error.kind != 'Bosh::Clouds::VMCreationFailed'
                        or not error.ok_to_retry or not left):
                    raise
                self._task.debug('create_vm, %s tries left: %s', left, error)
                self._task.checkpoint()
        raise AssertionError('max_vm_create_tries is below 1')

    def _delete_vm(self, instance: stores.Row, cid: str) -> None:
        version = (instance['spec'] or {}).get(
            'stemcell', {}).get('api_version')
        try:
            self._cpi(instance).call(
                'delete_vm', cid, stemcell_api_version=version)
        except errors.CpiError as error:
            if error.kind != 'Bosh::Clouds::VMNotFound':
                raise

    def _env(self, instance: stores.Row, env: dict[str, Any],
             agent_id: str) -> dict[str, Any]:
        certificate, key = self._director.authority.issue(agent_id)
        names = (self._director.settings.name, instance['deployment'],
                 instance['job'])
        bosh = {
            **env.get('bosh', {}),
            'mbus': {'cert': {
                'ca': self._director.authority.ca_file.read_text(),
                'certificate': certificate, 'private_key': key}},
            'group': '-'.join(names),
            'groups': [*names, '-'.join(names[:2]), '-'.join(names[1:]),
                       '-'.join(names)]}
        if self._tags:
            bosh['tags'] = self._tags
        return {**env, 'bosh': bosh}

    def _set_metadata(self, cpi: cpi_runner.Cpi,
                      instance: stores.Row) -> None:
        metadata = {
            **self._tags, 'director': self._director.settings.name,
            'deployment': instance['deployment'], 'id': instance['uuid'],
            'job': instance['job'], 'instance_group': instance['job'],
            'index': str(instance['idx']),
            'name': f"{instance['job']}/{instance['uuid']}",
            'created_at': disk_keepers.now()}
        try:
            cpi.call('set_vm_metadata', instance['vm_cid'], metadata)
        except errors.CpiError as error:
            if error.kind not in cpi_runner.NOT_IMPLEMENTED:
                raise
            self._task.debug('set_vm_metadata: %s', error)

    def _cpi(self, instance: stores.Row) -> cpi_runner.Cpi:
        return self._director.cpi(
            self._task, (instance['spec'] or {}).get('cpi', ''))

    def _save(self, instance: stores.Row) -> None:
        self._store.update(
            'instances', {'uuid': instance['uuid']},
            **{key: instance[key] for key in (
                'vm_cid', 'agent_id', 'vm_created_at', 'spec')})

    def _audit(self, action: str, cid: str, instance: stores.Row) -> None:
        self._director.audit.record(
            action, 'vm', cid, task=self._task.id,
            deployment=instance['deployment'],
            instance=f"{instance['job']}/{instance['uuid']}")


def ips(spec: dict[str, Any] | None) -> list[str]:
    """The addresses within an instance's spec."""
    return [network['ip'] for network in (spec or {}).get(
        'networks', {}).values() if 'ip' in network]
