# SPDX-License-Identifier: Apache-2.0
"""Flavors for requirements of any cloud, and the VM the CPI runs on."""

from tests.functional.cpi import base

REQUIREMENTS = {'cpu': 1, 'ram': 512, 'ephemeral_disk_size': 2048}


class FlavorTestCase(base.CpiTestCase):

    def test_calculate_vm_cloud_properties_spec_and_current_vm(self) -> None:
        """A flavor that fits; a boot volume of 10 TB; no VM of ours."""
        properties = self.call('calculate_vm_cloud_properties', REQUIREMENTS)
        self.assertEqual(['instance_type'], list(properties))
        flavors = {flavor.name: flavor
                   for flavor in self.cloud.compute.flavors()}
        flavor = flavors[properties['instance_type']]
        self.assertGreaterEqual(flavor.ram, 512)
        self.assertGreaterEqual(flavor.vcpus, 1)
        self.assertGreaterEqual(flavor.disk + flavor.ephemeral, 2 + 3)
        self.openstack['boot_from_volume'] = True
        properties = self.call(
            'calculate_vm_cloud_properties',
            REQUIREMENTS | {'ephemeral_disk_size': 10000 * 1024 + 1})
        self.assertEqual({'size': 10004}, properties['root_disk'])
        self.assertEqual(
            0, flavors[properties['instance_type']].ephemeral)
        error = self.refused(
            'calculate_vm_cloud_properties', REQUIREMENTS | {'cpu': 999})
        self.assertIn('Unable to meet requested VM requirements: 999 CPU',
                      error['message'])
        for name in flavors:
            self.assertIn(f'\n{name}: ', error['message'])
        # The machine of the tests is no server of the pocket cloud.
        error = self.refused('current_vm_id')
        self.assertEqual('Bosh::Clouds::NotImplemented', error['type'])
