# SPDX-License-Identifier: Apache-2.0
"""What a tenant finds in a new cloud."""

import stat

from devstack.pocket.seed import infrastructure
from tests.functional import base


class SeedTestCase(base.FunctionalTestCase):

    def test_flavors_fit_what_the_cpi_demands(self) -> None:
        flavors = {one.name: one for one in self.cloud.compute.flavors()}
        for wanted in infrastructure.FLAVORS:
            found = flavors[wanted.name]
            self.assertEqual(
                (wanted.vcpus, wanted.ram, wanted.disk, wanted.ephemeral),
                (found.vcpus, found.ram, found.disk, found.ephemeral))
            if found.ephemeral:
                self.assertGreaterEqual(found.ephemeral,
                                        2 * (found.ram // 1024))

    def test_quotas_fit_two_cf_deployments(self) -> None:
        limits = self.cloud.compute.get_limits().absolute
        self.assertGreaterEqual(limits.instances, 2 * 40)
        self.assertGreaterEqual(limits.total_cores, 2 * 90)
        self.assertGreaterEqual(limits.total_ram, 2 * 330 * 1024)
        project = self.cloud.current_project_id
        self.assertGreaterEqual(
            self.cloud.network.get_quota(project).ports, 2 * 50)
        self.assertGreaterEqual(
            self.cloud.block_storage.get_quota_set(project).gigabytes,
            2 * 250)

    def test_the_hypervisor_has_room_for_them(self) -> None:
        providers = list(self.admin.placement.resource_providers())
        totals = {}
        for inventory in self.admin.placement.resource_provider_inventories(
                providers[0]):
            totals[inventory.resource_class] = (
                inventory.total * inventory.allocation_ratio)
        self.assertGreater(totals['VCPU'], 2 * 90)
        self.assertGreater(totals['MEMORY_MB'], 2 * 330 * 1024)
        self.assertGreater(totals['DISK_GB'], 2 * 1200)

    def test_the_private_network_leads_to_free_floating_ips(self) -> None:
        network = self.cloud.network
        private = network.find_network('private')
        self.assertEqual(self.cloud.current_project_id, private.project_id)
        subnet = network.find_subnet('private-subnet')
        self.assertEqual('10.100.0.0/22', subnet.cidr)
        self.assertTrue(subnet.dns_nameservers)
        public = network.find_network('public')
        self.assertTrue(public.is_router_external)
        router = network.find_router('router')
        self.assertEqual(public.id,
                         router.external_gateway_info['network_id'])
        interfaces = list(network.ports(device_id=router.id,
                                        network_id=private.id))
        self.assertEqual([subnet.gateway_ip], [
            one.fixed_ips[0]['ip_address'] for one in interfaces])

    def test_the_key_pair_is_that_of_the_file(self) -> None:
        key = self.cloud.compute.find_keypair('bosh')
        file = self.state.path('bosh.pem')
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        self.assertIn('OPENSSH PRIVATE KEY', file.read_text())
        self.assertTrue(key.public_key.startswith('ssh-ed25519 '))

    def test_the_security_group_lets_bosh_in(self) -> None:
        group = self.cloud.network.find_security_group('bosh')
        ports = {rule['port_range_min'] for rule in
                 group.security_group_rules
                 if rule['direction'] == 'ingress'}
        self.assertLessEqual({22, 6868, 25555}, ports)
