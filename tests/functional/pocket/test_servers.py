# SPDX-License-Identifier: Apache-2.0
"""Servers, their ports and addresses."""

from concurrent import futures
from typing import Any

from openstack import connection

from tests.functional.pocket import resources

MANY = 20


class ServerTestCase(resources.ResourceTestCase):

    def test_own_port_user_data_and_config_drive(self) -> None:
        port = self.make_port()
        server = self.make_server(
            networks=[{'port': port.id}], key_name='bosh',
            user_data='#cloud-config\n', config_drive=True,
            metadata={'director': self.tag})
        self.assertTrue(server.has_config_drive)
        self.assertEqual('bosh', server.key_name)
        self.assertEqual({'director': self.tag}, server.metadata)
        port = self.cloud.network.get_port(port.id)
        self.assertEqual('ACTIVE', port.status)
        self.assertEqual(server.id, port.device_id)
        self.assertEqual(
            [port.fixed_ips[0]['ip_address']],
            [address['addr'] for address in
             server.addresses[resources.NETWORK]])
        # stored as given; only an administrator may read it back
        stored = self.admin.compute.get_server(server.id).user_data
        self.assertEqual('I2Nsb3VkLWNvbmZpZwo=', stored)

    def test_stop_start_and_reboot(self) -> None:
        compute = self.cloud.compute
        server = self.make_server()

        def get() -> Any:
            return compute.get_server(server.id)

        compute.stop_server(server)
        self.wait_for_status(get, 'SHUTOFF')
        compute.start_server(server)
        self.wait_for_status(get, 'ACTIVE')
        compute.reboot_server(server, 'HARD')
        self.wait_for(lambda: get().status == 'ACTIVE'
                      and get().task_state is None, 'the end of the reboot')

    def test_an_image_made_of_a_server_becomes_active(self) -> None:
        server = self.make_server()
        image = self.cloud.compute.create_server_image(
            server.id, self.name('snapshot'))
        self.addCleanup(self.cloud.image.delete_image, image.id)
        self.wait_for_status(
            lambda: self.cloud.image.get_image(image.id), 'active')

    def test_image_that_asks_for_kvm_is_scheduled(self) -> None:
        # as every OpenStack stemcell does
        image = self.make_image()
        self.cloud.image.update_image(image, hypervisor_type='kvm',
                                      architecture='x86_64')
        self.make_server(image_id=image.id)

    def test_floating_ip(self) -> None:
        port = self.make_port()
        server = self.make_server(networks=[{'port': port.id}])
        public = self.cloud.network.find_network('public')
        floating = self.cloud.network.create_ip(
            floating_network_id=public.id)
        self.addCleanup(self.cloud.network.delete_ip, floating.id)
        self.cloud.network.update_ip(floating.id, port_id=port.id)

        def get() -> Any:
            return self.cloud.network.get_ip(floating.id)

        self.wait_for_status(get, 'ACTIVE')
        self.wait_for(
            lambda: floating.floating_ip_address in [
                address['addr'] for address in
                self.cloud.compute.get_server(server.id).addresses[
                    resources.NETWORK]],
            'the floating IP in the addresses of the server')
        self.cloud.network.update_ip(floating.id, port_id=None)
        self.wait_for_status(get, 'DOWN')

    def test_boot_from_volume(self) -> None:
        image = self.make_image()
        server = self.make_server(block_device_mapping=[{
            'boot_index': 0, 'uuid': image.id, 'source_type': 'image',
            'destination_type': 'volume', 'volume_size': 1,
            'delete_on_termination': True}])
        attached = list(self.cloud.compute.volume_attachments(server))
        self.assertEqual(1, len(attached))
        storage = self.cloud.block_storage
        volume = storage.get_volume(attached[0].volume_id)
        self.assertEqual('in-use', volume.status)
        self.assertTrue(volume.is_bootable)
        self.delete_server(server.id)
        self.wait_gone(lambda: storage.get_volume(volume.id),
                       'the root volume')
        # the cleanup finds nothing to do
        self.cloud.compute.delete_server(server.id, ignore_missing=True)

    def test_many_at_once(self) -> None:
        """One request for 20 servers, and 20 requests to delete them."""
        image = self.make_image()
        flavor = self.cloud.compute.find_flavor(resources.FLAVOR)
        network = self.cloud.network.find_network(resources.NETWORK)
        name = self.name('many')
        self.addCleanup(self._delete_all, name)
        self.cloud.compute.create_server(
            name=name, image_id=image.id, flavor_id=flavor.id,
            networks=[{'uuid': network.id}], min_count=MANY, max_count=MANY)

        def built() -> list[Any] | None:
            servers = list(self.cloud.compute.servers(name=name))
            if (len(servers) == MANY
                    and not any(one.status == 'BUILD' for one in servers)):
                return servers
            return None

        servers = self.wait_for(built, '20 servers', 300)
        self.assertEqual({'ACTIVE'}, {one.status for one in servers})
        addresses = {one.addresses[resources.NETWORK][0]['addr']
                     for one in servers}
        self.assertEqual(MANY, len(addresses))
        self._delete_all(name)

    def _delete_all(self, name: str) -> None:
        cloud: connection.Connection = self.cloud
        with futures.ThreadPoolExecutor(MANY) as pool:
            list(pool.map(cloud.compute.delete_server,
                          cloud.compute.servers(name=name)))
        self.wait_for(
            lambda: not list(cloud.compute.servers(name=name)),
            'the end of all servers', 300)
