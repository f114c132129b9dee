# SPDX-License-Identifier: Apache-2.0
"""A VM that boots from a volume, and whatever else only Nova can prove."""

from tests.functional.cpi import base


class BootVolumeTestCase(base.CpiTestCase):

    def test_type_and_hints(self) -> None:
        volume_type = self.admin.block_storage.create_type(
            name=self.name('fast'))
        self.addCleanup(
            self.admin.block_storage.delete_type, volume_type)
        group = self.cloud.compute.create_server_group(
            name=self.name('group'), policy='soft-anti-affinity')
        self.addCleanup(
            self.cloud.compute.delete_server_group, group)
        # As a cpi-config would have it: users and projects of domains
        # that are known by their ids.
        domain = self.admin.identity.find_domain(self.openstack['domain'])
        vm, _networks = self.call('create_vm', *self.vm_arguments(
            f'{self.make_stemcell()} light',
            {'d': self.manual('10.77.0.40')},
            boot_from_volume=True,
            root_disk={'size': 1.5, 'type': volume_type.name},
            scheduler_hints={'group': group.id}),
            domain=None, user_domain_id=domain.id,
            project_domain_id=domain.id, regoin='typo')
        self.addCleanup(self.call, 'delete_vm', vm)
        self.assertIn("'regoin' is not known; did you mean 'region'?",
                      self.errors)
        attached, = self.cloud.compute.get_server(vm).attached_volumes
        volume = self.cloud.block_storage.get_volume(attached.id)
        self.assertEqual(volume_type.name, volume.volume_type)
        self.assertEqual(2, volume.size)
        self.assertEqual([vm], self.cloud.compute.get_server_group(
            group.id).member_ids)
        error = self.refused('create_vm', *self.vm_arguments(
            'any', {}, instance_typ='m1.tiny'))
        self.assertEqual(
            "Invalid VM cloud properties: 'instance_typ' is not known; did "
            "you mean 'instance_type'?", error['message'])
        self.call('delete_vm', vm)
        self.wait_gone(
            lambda: self.cloud.block_storage.get_volume(volume.id),
            'the boot volume')
