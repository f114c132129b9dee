# SPDX-License-Identifier: Apache-2.0
"""calculate_vm_cloud_properties and the choice of flavors."""

import math
from typing import Any
from typing import NamedTuple

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as oslotest_base

from cf_openstack.cpi import errors
from cf_openstack.cpi import flavor_choice
from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

SMALL = {'cpu': 1, 'ram': 512, 'ephemeral_disk_size': 2048}


class Flavor(NamedTuple):
    """The attributes of the SDK's flavor that count."""

    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int | None
    is_disabled: bool


FLAVORS = st.lists(st.builds(
    Flavor, st.text('abc', min_size=1), st.integers(1, 8),
    st.integers(64, 4096), st.integers(0, 40),
    st.sampled_from((None, 0, 5, 10, 30)), st.booleans()),
    unique_by=lambda flavor: flavor.name, max_size=8)
REQUIREMENTS = st.builds(
    flavor_choice.Requirements, st.integers(0, 8), st.integers(0, 4096),
    st.integers(0, 40000) | st.integers(0, 10000).map(lambda n: n / 8))


def _fits(requirements: Any, flavor: Any) -> bool:
    """Whether there is room, however it is shared out."""
    gib = requirements.ephemeral_disk_size / 1024
    if flavor.is_disabled or flavor.vcpus < requirements.cpu or (
            flavor.ram < requirements.ram):
        return False
    if flavor.ephemeral and gib:
        return flavor.ephemeral >= gib and flavor.disk >= 3
    return flavor.disk >= 3 + (0 if flavor.ephemeral else gib)


class TestChoice(oslotest_base.BaseTestCase):

    @hypothesis.given(FLAVORS, REQUIREMENTS)
    @hypothesis.settings(deadline=None, max_examples=60)
    def test_boot_from_image(self, flavors, requirements):
        fitting = [flavor for flavor in flavors
                   if _fits(requirements, flavor)]
        try:
            properties = flavor_choice.choose(requirements, flavors, False)
        except errors.CloudError:
            self.assertEqual([], fitting)
            return
        self.assertEqual(['instance_type'], list(properties))
        chosen, = [flavor for flavor in flavors
                   if flavor.name == properties['instance_type']]
        self.assertIn(chosen, fitting)
        # Among those with their disk in the same place none is smaller.
        for other in fitting:
            if bool(other.ephemeral) == bool(chosen.ephemeral):
                self.assertLessEqual((chosen.vcpus, chosen.ram),
                                     (other.vcpus, other.ram))

    @hypothesis.given(FLAVORS, REQUIREMENTS)
    @hypothesis.settings(deadline=None, max_examples=60)
    def test_boot_from_volume(self, flavors, requirements):
        fitting = [
            flavor for flavor in flavors if not flavor.ephemeral
            and not flavor.is_disabled and flavor.ram >= requirements.ram
            and flavor.vcpus >= requirements.cpu]
        try:
            properties = flavor_choice.choose(requirements, flavors, True)
        except errors.CloudError:
            self.assertEqual([], fitting)
            return
        name = properties.pop('instance_type')
        chosen, = [flavor for flavor in fitting if flavor.name == name]
        size = properties.pop('root_disk', {'size': chosen.disk})['size']
        self.assertEqual({}, properties)
        self.assertIs(int, type(size))
        needed = 3 + requirements.ephemeral_disk_size / 1024
        self.assertGreaterEqual(size, needed)
        if size != chosen.disk:
            self.assertEqual(math.ceil(needed), size)
        for other in fitting:
            self.assertLessEqual((chosen.vcpus, chosen.ram, chosen.disk),
                                 (other.vcpus, other.ram, other.disk))


@ddt.ddt
class TestCalculateVmCloudProperties(base.MethodTestCase):

    def _flavors(self, **flavors: tuple[int, int, int, int]) -> None:
        self.cloud.flavors[:] = [
            {'id': f'id-{name}', 'name': name, 'vcpus': vcpus, 'ram': ram,
             'disk': disk, 'OS-FLV-EXT-DATA:ephemeral': ephemeral,
             'OS-FLV-DISABLED:disabled': name == 'disabled', 'swap': 0}
            for name, (vcpus, ram, disk, ephemeral) in flavors.items()]

    def _result(self, **requirements: Any) -> Any:
        return self.call(
            'calculate_vm_cloud_properties', SMALL | requirements)

    @ddt.data(
        # An ephemeral disk is preferred, even of a larger flavor.
        ({'root': (1, 512, 5, 0), 'eph': (2, 1024, 3, 2)}, 'eph'),
        ({'root': (1, 512, 5, 0), 'eph': (2, 1024, 2, 2)}, 'root'),
        ({'root': (1, 512, 5, 0), 'eph': (2, 1024, 3, 1)}, 'root'),
        ({'less': (1, 512, 4, 0), 'enough': (1, 512, 5, 0)}, 'enough'),
        ({'ram': (1, 600, 5, 0), 'cpu': (2, 512, 5, 0)}, 'ram'),
        ({'disk': (1, 512, 9, 0), 'less': (1, 512, 5, 0)}, 'less'),
        ({'b': (1, 512, 6, 4), 'a': (1, 512, 5, 5)}, 'a'),
        ({'disabled': (1, 512, 5, 0), 'other': (9, 9999, 9, 0)}, 'other'),
    )
    @ddt.unpack
    def test_order(self, flavors, expected):
        self._flavors(**flavors)
        self.assertEqual({'instance_type': expected}, self._result())

    @ddt.data(
        (2048, 5), (2049, 6), (2560, 6), (10000 * 1024, 10003), (0, 3))
    @ddt.unpack
    def test_size_of_the_boot_volume(self, disk, expected):
        self.config = self.write_config(boot_from_volume=True)
        self._flavors(none=(1, 512, 0, 0), eph=(1, 512, 0, 50))
        self.assertEqual(
            {'instance_type': 'none', 'root_disk': {'size': expected}},
            self._result(ephemeral_disk_size=disk))

    def test_boot_volume_as_large_as_the_flavor_says(self):
        self.config = self.write_config(boot_from_volume=True)
        self._flavors(large=(1, 512, 5, 0))
        self.assertEqual({'instance_type': 'large'}, self._result())

    def test_result_is_accepted_by_create_vm(self):
        self.config = self.write_config(boot_from_volume=True)
        self._flavors(none=(1, 512, 0, 0))
        self.call('create_vm', 'a', fake_cloud.IMAGE_ID,
                  self._result(ephemeral_disk_size=2500),
                  {'d': base.manual()})
        device, = self.cloud.body('POST compute/servers')['server'][
            'block_device_mapping_v2']
        self.assertEqual(6, device['volume_size'])

    def test_nothing_is_large_enough(self):
        self._flavors(tiny=(1, 256, 1, 0), eph=(2, 512, 0, 9))
        error = self.refused('calculate_vm_cloud_properties', SMALL)
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertEqual(
            'Unable to meet requested VM requirements: 1 CPU, 512 MB RAM, '
            '2.0 GB Disk.\nAvailable flavors:\n'
            'tiny: 1 CPU, 256 MB RAM, 1 GB Disk\n'
            'eph: 2 CPU, 512 MB RAM, 0 GB Disk\n', error['message'])

    @ddt.data(
        ({}, "'cpu', 'ram', 'ephemeral_disk_size'"),
        ({'cpu': 1, 'ram': None}, "'ram', 'ephemeral_disk_size'"),
        ({'cpu': 1, 'ephemeral_disk_size': 0}, "'ram'"),
    )
    @ddt.unpack
    def test_missing(self, requirements, names):
        error = self.refused('calculate_vm_cloud_properties', requirements)
        self.assertEqual(
            ('InvalidCall', f'Missing VM cloud properties: {names}'),
            (error['type'], error['message']))

    @ddt.data('1', True, -1, [], {})
    def test_no_number(self, value):
        error = self.refused(
            'calculate_vm_cloud_properties', SMALL | {'ram': value})
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn("'ram'", error['message'])

    @ddt.data(None, [], 'x')
    def test_no_hash(self, value):
        error = self.refused('calculate_vm_cloud_properties', value)
        self.assertEqual('InvalidCall', error['type'])

    def test_budget_of_requests(self):
        self._flavors(any=(1, 512, 5, 0))
        self._result()
        # Token, discovery, flavors.
        self.assertLessEqual(len(self.cloud.calls), 3)
