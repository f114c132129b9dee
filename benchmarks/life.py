# SPDX-License-Identifier: Apache-2.0
"""The life of a VM with a disk, as a sequence of CPI calls."""

from collections.abc import Callable
import dataclasses
from typing import Any

from benchmarks import runner


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the VM lives.

    :ivar image: path of a stemcell's ``image``.
    :ivar stemcell: cloud properties of the stemcell's manifest.
    :ivar network: the id of a network.
    :ivar spec: of the manual network: ip, netmask, gateway.
    :ivar flavor: its name.
    """

    image: str
    stemcell: dict[str, Any]
    network: str
    spec: dict[str, Any]
    flavor: str


class Life:
    """Runs it once; what a step cannot do without is skipped with it.

    :param cpi: whose life it is.
    :param place: where.
    :ivar measured: the calls so far.
    """

    def __init__(self, cpi: runner.Executable, place: Place) -> None:
        self._cpi = cpi
        self._place = place
        self.measured: list[runner.Measurement] = []
        self.cids: dict[str, str] = {}

    def run(self, folder: Callable[[], str]) -> None:
        """Call method after method.

        :param folder: gives the folder of each call.
        """
        self._folder = folder
        try:
            self._call('info')
            self._make('stemcell', 'create_stemcell', self._place.image,
                       self._place.stemcell)
            if 'stemcell' in self.cids:
                self._live()
        finally:
            self._end()

    def _live(self) -> None:
        place = self._place
        self._call('calculate_vm_cloud_properties', {
            'cpu': 1, 'ram': 128, 'ephemeral_disk_size': 512})
        self._make(
            'vm', 'create_vm', 'agent-1', self.cids['stemcell'],
            {'instance_type': place.flavor},
            {'default': place.spec | {
                'type': 'manual', 'default': ['dns', 'gateway'],
                'dns': ['8.8.8.8'],
                'cloud_properties': {'net_id': place.network}}},
            [], {'bosh': {'password': 'x' * 8, 'tags': {}}})
        vm = self.cids.get('vm')
        if vm is None:
            return
        self._call('has_vm', vm)
        self._call('set_vm_metadata', vm, {
            'director': 'benchmark', 'deployment': 'cf', 'name': 'api/1',
            'job': 'api', 'index': '0', 'id': '1'})
        self._make('disk', 'create_disk', 1024, {}, vm)
        disk = self.cids.get('disk')
        if disk is not None:
            self._with_disk(vm, disk)
        self._call('reboot_vm', vm)

    def _with_disk(self, vm: str, disk: str) -> None:
        self._call('has_disk', disk)
        self._call('attach_disk', vm, disk)
        self._call('get_disks', vm)
        self._call('set_disk_metadata', disk, {'deployment': 'cf'})
        self._make('snapshot', 'snapshot_disk', disk, {
            'deployment': 'cf', 'job': 'api', 'index': 0,
            'director_name': 'benchmark', 'director_uuid': 'benchmark',
            'agent_id': 'agent-1', 'instance_id': '1'})
        if 'snapshot' in self.cids:
            self._call('delete_snapshot', self.cids['snapshot'])
        self._call('detach_disk', vm, disk)
        self._call('resize_disk', disk, 2048)

    def _end(self) -> None:
        for kind, method in (('disk', 'delete_disk'), ('vm', 'delete_vm'),
                             ('stemcell', 'delete_stemcell')):
            if kind in self.cids:
                self._call(method, self.cids[kind])

    def _make(self, kind: str, method: str, *arguments: Any) -> None:
        result = self._call(method, *arguments)
        if isinstance(result, list) and result:
            result = result[0]
        if isinstance(result, str) and result:
            self.cids[kind] = result

    def _call(self, method: str, *arguments: Any) -> Any:
        result, measured = self._cpi.call(
            self._folder(), method, *arguments)
        self.measured.append(measured)
        return result
