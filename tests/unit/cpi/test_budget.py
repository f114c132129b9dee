# SPDX-License-Identifier: Apache-2.0
"""How many requests each method of a VM's life sends.

Counted are all: for a token, for versions of services, and one poll where
there is a wait.
"""

import io
import os
import tarfile
from typing import Any
from typing import NamedTuple

from tests.unit.cpi import create_vm_case


class Allowed(NamedTuple):
    """The most requests of a method.

    :ivar first: of a call that has to ask for a token first.
    :ivar later: of one that finds token and versions in the cache.
    """

    first: int
    later: int


BUDGET = {
    'attach_disk': Allowed(5, 3),
    'calculate_vm_cloud_properties': Allowed(3, 1),
    'create_disk': Allowed(5, 3),
    'create_stemcell': Allowed(5, 3),
    'create_vm': Allowed(12, 9),
    'delete_disk': Allowed(4, 3),
    'delete_snapshot': Allowed(4, 3),
    'delete_stemcell': Allowed(3, 1),
    'delete_vm': Allowed(7, 5),
    'detach_disk': Allowed(5, 3),
    'get_disks': Allowed(4, 2),
    'has_disk': Allowed(2, 1),
    'has_vm': Allowed(3, 1),
    'info': Allowed(0, 0),
    'reboot_vm': Allowed(5, 3),
    'resize_disk': Allowed(4, 3),
    'set_disk_metadata': Allowed(2, 1),
    'set_vm_metadata': Allowed(4, 2),
    'snapshot_disk': Allowed(4, 3),
}


class TestBudget(create_vm_case.CreateVmCase):

    def _life(self) -> dict[str, list[str]]:
        """Live the life of a VM and return the requests of each call."""
        found: dict[str, list[str]] = {}

        def call(method: str, *arguments: Any) -> Any:
            before = len(self.cloud.calls)
            result = self.call(method, *arguments)
            found[method] = self.cloud.calls[before:]
            return result

        call('info')
        stemcell = call('create_stemcell', self._image(), {
            'name': 'a', 'version': '1'})
        arguments = self.arguments()
        arguments[1] = stemcell
        vm = call('create_vm', *arguments)[0]
        call('has_vm', vm)
        call('set_vm_metadata', vm, {'name': 'web/i'})
        call('reboot_vm', vm)
        disk = call('create_disk', 1024, {}, vm)
        call('has_disk', disk)
        call('attach_disk', vm, disk)
        call('set_disk_metadata', disk, {'deployment': 'cf'})
        call('get_disks', vm)
        snapshot = call('snapshot_disk', disk, {'deployment': 'cf'})
        call('delete_snapshot', snapshot)
        call('detach_disk', vm, disk)
        call('resize_disk', disk, 2048)
        call('calculate_vm_cloud_properties', {
            'cpu': 1, 'ram': 512, 'ephemeral_disk_size': 1024})
        call('delete_vm', vm)
        call('delete_disk', disk)
        call('delete_stemcell', stemcell)
        self.assert_nothing_left()
        return found

    def _image(self) -> str:
        path = os.path.join(self.temp_dir, 'image')
        with tarfile.open(path, 'w:gz') as archive:
            member = tarfile.TarInfo('root.img')
            member.size = 5000
            archive.addfile(member, io.BytesIO(b'QFI\xfb' + b'\0' * 4996))
        return path

    def test_first_calls(self):
        self.config = self.write_config(
            token_cache=False, human_readable_vm_names=True)
        for method, requests in self._life().items():
            self.assertLessEqual(
                len(requests), BUDGET[method].first, requests)
            tokens = requests.count('POST identity/auth/tokens')
            self.assertEqual(int(bool(requests)), tokens)

    def test_later_calls(self):
        self.config = self.write_config(
            token_cache=os.path.join(self.temp_dir, 'cache'),
            human_readable_vm_names=True)
        self._life()
        found = self._life()
        self.assertEqual(set(BUDGET), set(found))
        for method, requests in found.items():
            self.assertLessEqual(
                len(requests), BUDGET[method].later, requests)
            self.assertNotIn('POST identity/auth/tokens', requests)

    def test_description(self):
        root = os.path.abspath(__file__)
        for _level in range(4):
            root = os.path.dirname(root)
        with open(os.path.join(root, 'doc', 'source', 'cpi',
                               'performance.rst'), encoding='utf-8') as file:
            text = file.read()
        for method, allowed in BUDGET.items():
            self.assertIn(
                f'   ``{method}``, {allowed.first}, {allowed.later}, ', text)
