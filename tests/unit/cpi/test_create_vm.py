# SPDX-License-Identifier: Apache-2.0

import base64
import json

import ddt
import requests

from tests.unit.cpi import base
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud


class TestCreateVm(create_vm_case.CreateVmCase):

    def test_manual_network(self):
        cid, networks = self.call('create_vm', *self.arguments())
        port, = self.cloud.ports.values()
        server = self.cloud.servers[cid]
        self.assertEqual(
            {'default': base.manual() | {
                'mac': port['mac_address'], 'use_dhcp': True}}, networks)
        self.assertEqual([{'ip_address': '10.0.0.10'}], port['fixed_ips'])
        self.assertEqual([fake_cloud.GROUP_ID], port['security_groups'])
        self.assertEqual([{'port': port['id']}], self.posted()['networks'])
        self.assertEqual('id-m1.small', self.posted()['flavorRef'])
        self.assertEqual(fake_cloud.IMAGE_ID, self.posted()['imageRef'])
        self.assertEqual('bosh-key', self.posted()['key_name'])
        self.assertRegex(server['name'], '^vm-[0-9a-f-]{36}$')

    def test_everything_is_tagged_from_birth(self):
        cid, _networks = self.call('create_vm', *self.arguments())
        port, = self.cloud.ports.values()
        name = self.posted()['name']
        self.assertEqual({
            'bosh_director_uuid': 'dir-1', 'bosh_request_id': 'cpi-123456',
            'bosh_deployment': 'dep', 'bosh_vm_name': name, 'team': 'a',
        }, self.posted()['metadata'])
        self.assertEqual(f'bosh-{name}-0', port['name'])
        origin = ['bosh_director_uuid=dir-1', 'bosh_request_id=cpi-123456',
                  'bosh_deployment=dep']
        self.assertEqual(' '.join(origin), port['description'])
        self.assertEqual(
            origin, self.cloud.body('POST network/ports')['ports'][0]['tags'])
        # Which server it is for shows later.
        self.assertEqual([*origin, f'bosh_vm_cid={cid}'], port['tags'])

    def test_ports_that_cannot_be_tagged(self):
        self.cloud.fail_route('PUT network/ports', fake_cloud.Fault(403))
        self.call('create_vm', *self.arguments())
        self.assertIn('cannot be tagged: injected', self.log())

    def test_user_data(self):
        self.call('create_vm', *self.arguments())
        port, = self.cloud.ports.values()
        name = self.posted()['name']
        self.assertEqual({
            'server': {'name': name},
            'networks': {'default': base.manual() | {
                'mac': port['mac_address'], 'use_dhcp': True}},
            'dns': {'nameserver': ['8.8.8.8']},
            'vm': {'name': name},
            'agent_id': 'agent-1',
            'disks': {
                'system': '/dev/sda', 'persistent': {}, 'ephemeral': None},
            'env': create_vm_case.ENV,
            'mbus': base.AGENT['mbus'],
            'ntp': ['time'],
        }, json.loads(base64.b64decode(self.posted()['user_data'])))

    def test_secrets_stay_out_of_the_log(self):
        self.call('create_vm', *self.arguments())
        for secret in ('pw-secret', 'mbus-secret', 'env-secret',
                       'tok-secret', self.posted()['user_data']):
            self.assertNotIn(secret, self.log())

    def test_budget_of_requests(self):
        self.call('create_vm', *self.arguments())
        polls = sum(
            1 for call in self.cloud.calls
            if call.startswith('GET compute/servers/'))
        self.assertEqual(1, polls)
        self.assertLessEqual(len(self.cloud.calls) - polls, 11)

    def test_ephemeral_disk(self):
        self.call('create_vm', *self.arguments({'instance_type': 'eph'}))
        data = json.loads(base64.b64decode(self.posted()['user_data']))
        self.assertEqual('/dev/sdb', data['disks']['ephemeral'])

    def test_light_stemcell(self):
        arguments = self.arguments()
        arguments[1] += ' light'
        self.call('create_vm', *arguments)
        self.assertEqual(fake_cloud.IMAGE_ID, self.posted()['imageRef'])

    def test_dynamic_network(self):
        _cid, networks = self.call('create_vm', *self.arguments(networks={
            'd': {'type': 'dynamic', 'cloud_properties': {
                'net_id': fake_cloud.NET_ID}}}))
        self.assertEqual(
            [{'uuid': fake_cloud.NET_ID}], self.posted()['networks'])
        self.assertEqual(
            [{'name': fake_cloud.GROUP_ID}],
            self.posted()['security_groups'])
        self.assertTrue(networks['d']['use_dhcp'])

    def test_dynamic_network_of_novas_choice(self):
        self.call('create_vm', *self.arguments(
            networks={'d': {'type': 'dynamic'}}))
        self.assertEqual('auto', self.posted()['networks'])

    def test_vip(self):
        self.cloud.floating_ips.append({
            'id': 'fip', 'floating_ip_address': '1.2.3.4',
            'port_id': 'another', 'floating_network_id': 'ext'})
        self.call('create_vm', *self.arguments(networks={
            'p': base.manual(), 'v': {'type': 'vip', 'ip': '1.2.3.4'}}))
        port, = self.cloud.ports.values()
        self.assertEqual(port['id'], self.cloud.floating_ips[0]['port_id'])

    def test_vip_not_allocated(self):
        error = self.refused('create_vm', *self.arguments(networks={
            'p': base.manual(),
            'v': {'type': 'vip', 'ip': '255.255.255.255'}}))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertIn("'255.255.255.255' not allocated", error['message'])
        self.assertTrue(error['ok_to_retry'])
        self.assert_nothing_left()

    def test_unused_port_on_the_address(self):
        old = self.cloud.add_port(
            network_id=fake_cloud.NET_ID,
            fixed_ips=[{'ip_address': '10.0.0.10'}])
        self.call('create_vm', *self.arguments())
        self.assertNotIn(old['id'], self.cloud.ports)
        self.assertEqual(1, len(self.cloud.ports))

    def test_used_port_on_the_address(self):
        old = self.cloud.add_port(
            network_id=fake_cloud.NET_ID, status='ACTIVE', device_id='x',
            fixed_ips=[{'ip_address': '10.0.0.10'}])
        error = self.refused('create_vm', *self.arguments())
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn('OpenStack API Conflict (IP address is in use)',
                      error['message'])
        self.assertEqual([old['id']], list(self.cloud.ports))

    def test_several_networks(self):
        self.config = self.write_config(
            use_dhcp=False, config_drive='cdrom')
        second = base.manual('10.1.0.3', net_id=fake_cloud.OTHER_NET_ID)
        second['default'] = []
        _cid, networks = self.call('create_vm', *self.arguments(
            networks={'a': base.manual(), 'b': second}))
        self.assertEqual(2, len(self.cloud.ports))
        self.assertTrue(self.posted()['config_drive'])
        self.assertNotEqual(networks['a']['mac'], networks['b']['mac'])
        self.assertFalse(networks['b']['use_dhcp'])

    def test_several_networks_with_dhcp(self):
        second = base.manual('10.1.0.3', net_id=fake_cloud.OTHER_NET_ID)
        error = self.refused('create_vm', *self.arguments(
            networks={'a': base.manual(), 'b': second}))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertIn('openstack.use_dhcp=false', error['message'])

    def test_boot_from_volume(self):
        self.call('create_vm', *self.arguments({
            'boot_from_volume': True,
            'root_disk': {'size': 9.5, 'type': 'fast'}}))
        self.assertEqual([{
            'uuid': fake_cloud.IMAGE_ID, 'source_type': 'image',
            'destination_type': 'volume', 'volume_size': 10,
            'boot_index': 0, 'delete_on_termination': True,
            'device_name': '/dev/vda', 'volume_type': 'fast',
        }], self.posted()['block_device_mapping_v2'])
        self.assertFalse(self.posted().get('imageRef'))

    def test_scheduler_hints(self):
        self.call('create_vm', *self.arguments(
            {'scheduler_hints': {'group': 'g', 'query': ['a', 1]}}))
        self.assertEqual(
            {'group': 'g', 'query': ['a', 1]},
            self.cloud.body('POST compute/servers')[
                'OS-SCH-HNT:scheduler_hints'])

    def test_allowed_address_pairs(self):
        self.cloud.add_port(
            network_id=fake_cloud.NET_ID,
            fixed_ips=[{'ip_address': '10.0.0.99'}])
        self.call('create_vm', *self.arguments(
            {'allowed_address_pairs': '10.0.0.99'}))
        body = self.cloud.body('POST network/ports')['ports'][0]
        self.assertEqual(
            [{'ip_address': '10.0.0.99'}], body['allowed_address_pairs'])

    def test_zones_in_turn(self):
        self.config = self.write_config(
            ignore_server_availability_zone=True)
        self.cloud.server_status = 'ERROR'
        error = self.refused('create_vm', *self.arguments(
            {'availability_zones': ['z1', 'z2']}))
        zones = {
            body['server']['availability_zone']
            for call, body in self.cloud.bodies
            if call == 'POST compute/servers'}
        self.assertEqual({'z1', 'z2'}, zones)
        self.assertTrue(error['ok_to_retry'])
        self.assert_nothing_left()

    def test_zone_of_the_disks(self):
        disk = self.cloud.add_volume(availability_zone='az7')
        self.call('create_vm', *self.arguments(disks=[disk['id']]))
        self.assertEqual('az7', self.posted()['availability_zone'])

    def test_missing_disk(self):
        error = self.refused('create_vm', *self.arguments(disks=['gone']))
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])

    def test_human_readable_names(self):
        self.config = self.write_config(human_readable_vm_names=True)
        self.call('create_vm', *self.arguments())
        self.assertEqual(
            self.posted()['name'], self.posted()['metadata']['registry_key'])

    def test_context_wins_over_the_configuration(self):
        self.cloud.keypairs.append('other')
        self.call('create_vm', *self.arguments(), default_key_name='other')
        self.assertEqual('other', self.posted()['key_name'])


@ddt.ddt
class TestRefusals(create_vm_case.CreateVmCase):

    @ddt.data(
        ({'instance_type': 'nope'}, "Flavor `nope' not found"),
        ({'key_name': 'nope'}, "Key-pair `nope' not found"),
        ({'security_groups': ['nope']}, "Security group `nope' not found"),
        ({'boot_from_volume': True, 'instance_type': 'no.disk'},
         "Flavor 'no.disk' has a root disk size of 0"),
        ({'availability_zone': 'a', 'availability_zones': ['b']},
         'only one property of "availability_zone"'),
        ({'availability_zones': ['a', 'b']},
         'Cannot use multiple azs without'),
        ({'allowed_address_pairs': '10.0.0.98'},
         "Configured VRRP port with ip '10.0.0.98' does not exist."),
    )
    @ddt.unpack
    def test_cloud_error(self, properties, message):
        error = self.refused('create_vm', *self.arguments(properties))
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn(message, error['message'])
        self.assert_nothing_left()

    @ddt.data(
        ({'instance_type': None}, "'instance_type'"),
        ({'instance_type': 1}, "'instance_type' must be a String"),
        ({'root_disk': {'size': 0.5}}, 'Minimum root_disk size is 1 GiB'),
        ({'root_disk': {'size': '10'}}, "'root_disk.size'"),
        ({'scheduler_hints': 'x'}, "'scheduler_hints' must be a Hash"),
        ({'security_groups': 'bosh'}, "'security_groups' must be an Array"),
        ({'boot_from_volume': 'yes'}, "'boot_from_volume'"),
    )
    @ddt.unpack
    def test_invalid_call(self, properties, message):
        error = self.refused('create_vm', *self.arguments(properties))
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn(message, error['message'])

    def test_unknown_network(self):
        missing = '00000000-0000-0000-0000-000000000000'
        error = self.refused('create_vm', *self.arguments(
            networks={'d': base.manual(net_id=missing)}))
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertIn(f"not accessible from this project: '{missing}'",
                      error['message'])

    def test_duplicate_security_group(self):
        self.cloud.groups.append({'id': 'other-id', 'name': 'bosh'})
        error = self.refused('create_vm', *self.arguments())
        self.assertIn("`bosh' exists 2 times", error['message'])

    def test_security_group_by_id(self):
        self.call('create_vm', *self.arguments(
            {'security_groups': [fake_cloud.GROUP_ID]}))
        port, = self.cloud.ports.values()
        self.assertEqual([fake_cloud.GROUP_ID], port['security_groups'])

    def test_server_in_error(self):
        self.cloud.server_status = 'ERROR'
        error = self.refused('create_vm', *self.arguments())
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertTrue(error['ok_to_retry'])
        self.assertIn('No valid host was found.', error['message'])
        self.assert_nothing_left()

    def test_server_that_stays_in_build(self):
        self.cloud.server_status = 'BUILD'
        error = self.refused('create_vm', *self.arguments())
        self.assertTrue(error['ok_to_retry'])
        self.assertIn('Timed out waiting for Server', error['message'])
        self.assert_nothing_left()

    def test_user_data_too_large(self):
        arguments = self.arguments()
        arguments[5] = {'bosh': {'blob': 'x' * 50000}}
        error = self.refused('create_vm', *arguments)
        self.assertIn('65535', error['message'])
        self.assert_nothing_left()

    def test_post_that_times_out(self):
        self.cloud.fail_route('POST compute/servers$', fake_cloud.Fault(
            None, error=requests.ReadTimeout))
        error = self.refused('create_vm', *self.arguments())
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertIn('received a timeout', error['message'])
        self.assert_nothing_left()

    def test_quota(self):
        self.cloud.fail_route(
            'POST compute/servers$', fake_cloud.Fault(403))
        error = self.refused('create_vm', *self.arguments())
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn('OpenStack API Forbidden (injected)',
                      error['message'])
        self.assert_nothing_left()
