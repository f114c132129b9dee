# SPDX-License-Identifier: Apache-2.0

from typing import Any

import ddt
import fixtures

from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_catalog
from tests.unit.cpi import fake_cloud


@ddt.ddt
class TestBootVolume(create_vm_case.CreateVmCase):

    def _create(self, **properties: Any) -> dict[str, Any]:
        self.call('create_vm', *self.arguments(
            {'boot_from_volume': True} | properties))
        mapping, = self.posted()['block_device_mapping_v2']
        self.assertNotIn('imageRef', self.posted())
        return mapping

    def test_size_of_the_flavor(self):
        self.assertEqual({
            'uuid': fake_cloud.IMAGE_ID, 'source_type': 'image',
            'destination_type': 'volume', 'volume_size': 20,
            'boot_index': 0, 'delete_on_termination': True,
            'device_name': '/dev/vda'}, self._create())

    @ddt.data((1, 1), (9.5, 10), (3.0, 3))
    @ddt.unpack
    def test_size(self, size, expected):
        found = self._create(root_disk={'size': size})
        self.assertEqual(expected, found['volume_size'])
        self.assertNotIn('volume_type', found)

    def test_type(self):
        found = self._create(root_disk={'type': 'fast'})
        self.assertEqual('fast', found['volume_type'])
        self.assertEqual(20, found['volume_size'])
        headers = self.cloud.headers[
            self.cloud.calls.index('POST compute/servers')]
        _service, version = headers['OpenStack-API-Version'].split()
        minor = int(version.split('.')[1])
        self.assertGreaterEqual(minor, 67)

    def test_type_that_an_old_nova_cannot_choose(self):
        answer = fake_catalog.answer

        def old(call: str, *more: Any) -> Any:
            found = answer(call, *more)
            if call == 'GET compute':
                found[1]['version']['version'] = '2.66'
            return found

        self.useFixture(fixtures.MonkeyPatch(
            'tests.unit.cpi.fake_catalog.answer', old))
        error = self.refused('create_vm', *self.arguments({
            'boot_from_volume': True, 'root_disk': {'type': 'fast'}}))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn("'root_disk.type' needs Nova's API in version 2.67",
                      error['message'])
        self.assert_nothing_left()
        # Without a type all is well.
        self._create(root_disk={'size': 2})

    def test_flavor_without_a_disk(self):
        error = self.refused('create_vm', *self.arguments({
            'boot_from_volume': True, 'instance_type': 'no.disk'}))
        self.assertEqual(
            "Flavor 'no.disk' has a root disk size of 0. Either pick a "
            'different flavor or define root_disk.size in your VM '
            'cloud_properties', error['message'])
        self._create(instance_type='no.disk', root_disk={'size': 7})

    def test_root_disk_without_boot_from_volume(self):
        self.call('create_vm', *self.arguments({
            'root_disk': {'size': 7}}))
        self.assertEqual(fake_cloud.IMAGE_ID, self.posted()['imageRef'])
        self.assertIn("'root_disk' has no effect without", self.log())
