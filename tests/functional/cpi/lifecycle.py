# SPDX-License-Identifier: Apache-2.0
"""The life that upstream's suite leads VMs through on a real cloud."""

from collections.abc import Callable
import tempfile
from typing import Any

from devstack.pocket.seed import connection as seed_connection
from devstack.pocket import state as pocket_state
from devstack.pocket import stemcell_builder
from tests.functional.cpi import base

#: What is looked at while the VM runs: called with its id and the networks
#: that create_vm returned.
Check = Callable[[str, dict[str, Any]], None]

NAME = 'openstack_cpi_spec/instance_id'


class LifecycleTestCase(base.CpiTestCase):
    """Has a stemcell for all its tests, and leads VMs through their life.

    :ivar stemcell_cid: a light stemcell, "<image id> light".
    """

    stemcell_cid: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        state = pocket_state.State()
        state.load()
        cloud = seed_connection.connect(state, 'pocket')
        cls.addClassCleanup(cloud.close)
        with tempfile.TemporaryDirectory() as folder:
            disk = stemcell_builder.extract(
                stemcell_builder.build_image(folder), 'root.img', folder)
            image = cloud.image.create_image(
                f'stemcell-of-{cls.__name__}', filename=disk,
                disk_format='qcow2', container_format='bare',
                allow_duplicates=True, wait=True)
        cls.addClassCleanup(cloud.image.delete_image, image.id)
        cls.stemcell_cid = f'{image.id} light'

    def setUp(self) -> None:
        super().setUp()
        self._alive: dict[str, str] = {}

    def create(
        self, networks: dict[str, Any], disks: tuple[str, ...] = (),
        **properties: Any
    ) -> tuple[str, dict[str, Any]]:
        """Create a VM, which goes at the test's end at the latest.

        :returns: its id and the networks.
        """
        vm, created = self.call('create_vm', *self.vm_arguments(
            self.stemcell_cid, networks, disks, **properties))
        self._made(vm, 'delete_vm')
        return vm, created

    def create_disk(self, vm: str, size: int = 2048) -> str:
        """Create a disk, which goes at the test's end at the latest."""
        disk = self.call('create_disk', size, {}, vm)
        self._made(disk, 'delete_disk')
        return disk

    def delete(self, cid: str) -> None:
        """Delete what was made by these methods."""
        self.call(self._alive[cid], cid)
        del self._alive[cid]

    def vm_lifecycle(
        self, networks: dict[str, Any], *, disk: str | None = None,
        check: Check | None = None, **properties: Any
    ) -> None:
        """Lead a VM with a disk through its life; leave nothing.

        :param disk: one that exists; it is deleted in the end.
        :param check: looks at the running VM.
        """
        vm, created = self.create(
            networks, (disk,) if disk else (), **properties)
        self.assertTrue(self.call('has_vm', vm))
        self.call('set_vm_metadata', vm, {
            'deployment': 'deployment', 'name': NAME})
        if check is not None:
            check(vm, created)
        disk = disk or self.create_disk(vm)
        self.assertTrue(self.call('has_disk', disk))
        self.call('attach_disk', vm, disk)
        self.call('detach_disk', vm, disk)
        snapshot = self.call('snapshot_disk', disk, {
            'deployment': 'deployment', 'job': 'openstack_cpi_spec',
            'index': 0, 'instance_id': 'instance_id',
            'agent_id': f'agent-{self.tag}', 'director_name': 'director',
            'director_uuid': self.director_uuid})
        self._made(snapshot, 'delete_snapshot')
        self.delete(snapshot)
        self.delete(disk)
        self.delete(vm)
        self.assertFalse(self.call('has_vm', vm))
        self.assert_nothing_left('ports in the network')

    def _made(self, cid: str, method: str) -> None:
        """Have something deleted at the end if it is still there then."""
        self._alive[cid] = method
        self.addCleanup(
            lambda: self.delete(cid) if cid in self._alive else None)
