# SPDX-License-Identifier: Apache-2.0
"""The scenarios of upstream's lifecycle suite, by its numbers.

Some more are where they cost least: 16, 17 and 26 in test_failures; 6 to 8,
14 and 15 in test_networks.
"""

from typing import Any

from devstack.pocket.seed import infrastructure
from devstack.pocket.seed import tenant
from tests.functional.cpi import lifecycle


class LifecycleTestCase(lifecycle.LifecycleTestCase):

    def test_01_03_dynamic_network_with_vip(self) -> None:
        """Scenario 1: the floating IP moves over from another VM.

        Scenario 3: human_readable_vm_names.
        """
        external = self.cloud.network.find_network(infrastructure.NETWORK)
        private = self.cloud.network.find_network(tenant.NETWORK)
        floating = self.cloud.network.create_ip(
            floating_network_id=external.id)
        self.addCleanup(self.cloud.network.delete_ip, floating)
        networks = {
            'd': {'type': 'dynamic', 'prefix': '32',
                  'cloud_properties': {'net_id': private.id}},
            'v': {'type': 'vip', 'ip': floating.floating_ip_address,
                  'prefix': '32', 'cloud_properties': {}}}
        first, _networks = self.create(networks)

        def check(vm: str, created: dict[str, Any]) -> None:
            port, = self.cloud.network.ports(device_id=vm)
            self.assertEqual(
                port.id, self.cloud.network.get_ip(floating).port_id)
            self.assertTrue(created['d']['use_dhcp'])
            self.assertNotIn('use_dhcp', created['v'])
            group = self.cloud.network.find_security_group(tenant.BOSH)
            self.assertEqual([group.id], port.security_group_ids)
            server = self.cloud.compute.get_server(vm)
            self.assertEqual(lifecycle.NAME, server.name)
            self.delete(first)

        self.vm_lifecycle(networks, check=check)
        self.assertIsNone(self.cloud.network.get_ip(floating).port_id)

    def test_02_dynamic_network_and_existing_disk(self) -> None:
        """Scenario 2: the disk was made for another VM."""
        self._with_existing_disk({'d': {
            'type': 'dynamic',
            'cloud_properties': {'net_id': self.network_id}}})

    def test_05_manual_network_and_existing_disk(self) -> None:
        """Scenario 5: as before, with the first VM's address."""
        self._with_existing_disk({'n': self.manual('10.77.0.20')})

    def _with_existing_disk(self, networks: dict[str, Any]) -> None:
        temporary, _networks = self.create(networks)
        disk = self.create_disk(temporary)
        self.delete(temporary)
        zone = self.cloud.block_storage.get_volume(disk).availability_zone

        def check(vm: str, created: dict[str, Any]) -> None:
            server = self.cloud.compute.get_server(vm)
            self.assertEqual(zone, server.availability_zone)

        self.vm_lifecycle(networks, disk=disk, check=check)

    def test_04_13_22_manual_network(self) -> None:
        """Scenario 4: a manual network.

        Scenario 13: its security group by name.  Scenario 22: a light
        stemcell.
        """
        network = self.manual('10.77.0.10')
        network['cloud_properties']['security_groups'] = ['default']

        def check(vm: str, created: dict[str, Any]) -> None:
            port, = self.cloud.network.ports(device_id=vm)
            self.assertEqual('10.77.0.10', port.fixed_ips[0]['ip_address'])
            self.assertEqual(port.mac_address, created['n']['mac'])
            group = self.cloud.network.find_security_group('default')
            self.assertEqual([group.id], port.security_group_ids)

        self.vm_lifecycle({'n': network}, check=check)
        self.assert_nothing_left()

    def test_09_to_11_boot_from_volume(self) -> None:
        """Scenarios 9 to 11: boot_from_volume for all, for one VM.

        And with a flavor that has no disk, and root_disk.
        """
        flavor = self.admin.compute.create_flavor(
            name=self.name('no-disk'), ram=64, vcpus=1, disk=0)
        self.addCleanup(self.admin.compute.delete_flavor, flavor)
        volumes = []

        def check(vm: str, size: int) -> None:
            attached, = self.cloud.compute.get_server(vm).attached_volumes
            volume = self.cloud.block_storage.get_volume(attached.id)
            self.assertEqual(size, volume.size)
            self.assertEqual('/dev/vda', volume.attachments[0]['device'])
            self.assertEqual([], self.call('get_disks', vm))
            volumes.append(volume.id)

        networks = {'n': self.manual('10.77.0.11')}
        self.openstack['boot_from_volume'] = True
        self.vm_lifecycle(networks, check=lambda vm, created: check(vm, 1))
        del self.openstack['boot_from_volume']
        self.vm_lifecycle(
            networks, check=lambda vm, created: check(vm, 2),
            boot_from_volume=True, root_disk={'size': 1.5})
        self.vm_lifecycle(
            networks, check=lambda vm, created: check(vm, 20),
            instance_type=flavor.name, boot_from_volume=True,
            root_disk={'size': 20})
        for volume in volumes:
            self.wait_gone(
                lambda: self.cloud.block_storage.get_volume(volume),
                'the boot volume')

    def test_12_18_20_21_refusals(self) -> None:
        """Scenario 12: a flavor without a disk, and no root_disk.

        Scenario 18: detach_disk of a disk that does not exist.  Scenario
        20: create_stemcell of a light stemcell.  Scenario 21: of one with
        an unknown image.
        """
        flavor = self.admin.compute.create_flavor(
            name=self.name('no-disk'), ram=64, vcpus=1, disk=0)
        self.addCleanup(self.admin.compute.delete_flavor, flavor)
        error = self.refused('create_vm', *self.vm_arguments(
            self.stemcell_cid, {'n': self.manual('10.77.0.12')},
            instance_type=flavor.name, boot_from_volume=True))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn(
            f"Flavor '{flavor.name}' has a root disk size of 0",
            error['message'])
        self.assert_nothing_left()

        vm, _networks = self.create({'n': self.manual('10.77.0.12')})
        self.call('detach_disk', vm, 'absent')
        self.delete(vm)

        image_id = self.stemcell_cid.removesuffix(' light')
        self.assertEqual(self.stemcell_cid, self.call(
            'create_stemcell', '', {'image_id': image_id}))
        self.call('delete_stemcell', self.stemcell_cid)
        self.assertEqual(
            'active', self.cloud.image.get_image(image_id).status)
        error = self.refused(
            'create_stemcell', '', {'image_id': self.director_uuid})
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn('No active image with id', error['message'])


class CredentialTestCase(lifecycle.LifecycleTestCase):

    def test_application_credential(self) -> None:
        credential = self.cloud.identity.create_application_credential(
            self.cloud.current_user_id, self.name('cpi'))
        self.addCleanup(
            self.cloud.identity.delete_application_credential,
            self.cloud.current_user_id, credential)
        self.openstack = {
            key: value for key, value in self.openstack.items()
            if key not in ('username', 'api_key', 'project', 'domain')
        } | {
            'application_credential_id': credential.id,
            'application_credential_secret': credential.secret}
        # The key pair belongs to the user, whom the credential stands for.
        vm, _networks = self.create({'d': self.manual('10.77.0.34')})
        self.assertNotIn(credential.secret, self.errors)
        self.delete(vm)
        self.assert_nothing_left()
