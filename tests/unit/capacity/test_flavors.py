# SPDX-License-Identifier: Apache-2.0

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.capacity import flavors

RULE = st.sampled_from(list(flavors.EphemeralRule))
SIZE = st.builds(
    flavors.Size, st.integers(1, 8), st.sampled_from([512, 3840, 31232]),
    st.integers(0, 100))
FLAVOR = st.builds(
    flavors.Flavor, st.text('abc', min_size=1, max_size=3),
    st.integers(1, 8), st.sampled_from([256, 512, 3840, 4096, 31232]),
    st.integers(0, 130), st.one_of(st.just(0), st.integers(0, 130)),
    st.booleans())
SIZES = {'minimal': (1, 3840, 10), 'small': (2, 7680, 14),
         'small-highmem': (4, 31232, 10),
         'small-highmem-100GB': (4, 31232, 100),
         'small-50GB': (2, 7680, 50), 'medium': (8, 16384, 50)}


@ddt.ddt
class TestFlavors(base.BaseTestCase):

    @hypothesis.settings(max_examples=50)
    @hypothesis.given(st.lists(FLAVOR, max_size=12), SIZE, RULE,
                      st.booleans())
    def test_nothing_smaller_fits(self, some, size, rule, from_volume):
        found = flavors.smallest(some, size, rule, 3, from_volume)
        for flavor in some:
            fits = flavors.fits(flavor, size, rule, 3, from_volume)
            if found is None:
                self.assertFalse(fits)
            elif fits:
                self.assertLessEqual(flavors.order(found, from_volume),
                                     flavors.order(flavor, from_volume))
        if found is not None:
            self.assertFalse(found.disabled)
            self.assertGreaterEqual(found.vcpus, size.vcpus)
            self.assertGreaterEqual(found.ram_mib, size.ram_mib)
            if not from_volume:
                self.assertGreaterEqual(
                    found.root_gib + found.ephemeral_gib,
                    3 + size.ephemeral_gib)

    # GiB that each VM type needs at least, by the rules of those who look
    @ddt.data(
        ('SIZE', (10, 14, 10, 100, 50, 50)),
        ('SWAP', (14, 22, 41, 131, 58, 66)),
        ('DOUBLE_RAM', (10, 14, 60, 100, 50, 50)),
    )
    @ddt.unpack
    def test_ephemeral_rules(self, rule, expected):
        for size, gib in zip(SIZES.values(), expected):
            fits = [flavors.fits(
                flavors.Flavor('f', size[0], size[1], 3, ephemeral),
                flavors.Size(*size), flavors.EphemeralRule[rule])
                for ephemeral in (gib - 1, gib)]
            self.assertEqual([False, True], fits, size)

    @ddt.data(
        # root, ephemeral, from volume, fits
        (13, 0, False, True), (12, 0, False, False), (3, 10, False, True),
        (2, 10, False, False), (20, 5, False, False), (0, 0, True, True),
        (0, 5, True, False), (0, 10, True, True))
    @ddt.unpack
    def test_disks(self, root, ephemeral, from_volume, expected):
        self.assertEqual(expected, flavors.fits(
            flavors.Flavor('f', 1, 3840, root, ephemeral),
            flavors.Size(1, 3840, 10), from_volume=from_volume))

    @ddt.data({'pci_passthrough:alias': 'gpu:1'}, {'resources:VGPU': '1'},
              {'trait:CUSTOM_SSD': 'required'})
    def test_particular_hosts_are_not_chosen(self, specs):
        size = flavors.Size(1, 512, 0)
        special = flavors.Flavor('a', 1, 512, 3, extra_specs=specs)
        plain = flavors.Flavor('b', 8, 4096, 3,
                               extra_specs={'hw:cpu_policy': 'shared'})
        self.assertEqual(plain, flavors.smallest([special, plain], size))
        self.assertIsNone(flavors.smallest([special], size))
