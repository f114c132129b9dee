# SPDX-License-Identifier: Apache-2.0
"""VMs in states that they ought not to be in: rebooted and deleted."""

from tests.functional.cpi import base


class StateTestCase(base.CpiTestCase):

    def test_reboot_and_delete_in_every_state(self) -> None:
        vm, _networks = self.make_vm(
            self.make_stemcell(), {'default': self.manual('10.77.0.40')})
        compute = self.admin.compute

        def wait_for(status: str) -> None:
            self.wait_for_status(lambda: compute.get_server(vm), status,
                                 failed=())

        self.cloud.compute.stop_server(vm)
        wait_for('SHUTOFF')
        self.call('reboot_vm', vm)
        self.assertIn('os-start', self.errors)
        compute.reset_server_state(vm, 'error')
        wait_for('ERROR')
        self.assertTrue(self.call('has_vm', vm))
        self.call('reboot_vm', vm)
        self.assertEqual('ACTIVE', compute.get_server(vm).status)

        # Deleted behind the director's back: Nova lets go of the port.
        self.cloud.compute.delete_server(vm)
        self.wait_gone(lambda: compute.get_server(vm), 'the server')
        port, = self.cloud.network.ports(network_id=self.network_id)
        self.assertEqual('', port.device_id)
        foreign = self.cloud.network.create_port(
            network_id=self.network_id, name='bosh-vm-1-0')
        self.addCleanup(self.cloud.network.delete_port, foreign)
        self.assertFalse(self.call('has_vm', vm))
        error = self.refused('reboot_vm', vm)
        self.assertEqual('Bosh::Clouds::VMNotFound', error['type'])
        self.call('delete_vm', vm)
        # Nova failed to let go of it, and Neutron leaves it to Nova.
        forgotten = self.admin.network.create_port(
            network_id=self.network_id, device_id=vm,
            project_id=self.cloud.current_project_id,
            device_owner='compute:nova')
        self.addCleanup(self.admin.network.delete_port, forgotten)
        self.call('delete_vm', vm)
        left, = self.cloud.network.ports(network_id=self.network_id)
        self.assertEqual(foreign.id, left.id)
