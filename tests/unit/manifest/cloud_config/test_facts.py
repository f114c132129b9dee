# SPDX-License-Identifier: Apache-2.0

import ddt
from openstack import exceptions
from oslotest import base as test_base
from requests_mock.contrib import fixture

from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import facts
from tests.unit.capacity import fake_cloud

BOSH_TAG = 'bosh_director_uuid=d-1'


def port(last, device=None, owner='compute:nova', subnet='subnet-1',
         **values):
    return {'id': f'port-{last}', 'network_id': 'net-1',
            'device_id': device, 'device_owner': owner, 'tags': [],
            'fixed_ips': [{'subnet_id': subnet,
                           'ip_address': f'10.0.1.{last}'}], **values}


@ddt.ddt
class SubnetsTest(test_base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.http = self.useFixture(fixture.Fixture())
        self.cloud = fake_cloud.FakeCloud(self.http)

    def read(self, *ids):
        with self.cloud.connect() as conn:
            return facts.subnets(conn, ids or ('subnet-1',))

    def taken(self):
        return self.read()['subnet-1'].taken

    def test_all_that_a_cloud_config_says(self):
        self.cloud.subnets[1]['gateway_ip'] = None
        first, second = self.read('subnet-1', 'subnet-2').values()
        self.assertEqual(
            ('10.0.1.0/24', 'net-1', '10.0.1.1', ('10.9.9.9',),
             (('10.0.1.2', '10.0.1.9'),), ()),
            (first.cidr, first.network_id, first.gateway, first.dns,
             first.allocation_pools, first.taken))
        self.assertIsNone(second.gateway)

    def test_none(self):
        with self.cloud.connect() as conn:
            self.assertEqual({}, facts.subnets(conn, []))
        self.assertEqual([], self.cloud.asked())

    def test_absent(self):
        error = self.assertRaises(errors.InputError, self.read,
                                  'subnet-1', 'subnet-8', 'subnet-9')
        self.assertIn('subnet-8, subnet-9', str(error))

    def test_neutron_does_not_answer(self):
        self.cloud.fail(fake_cloud.NETWORK + '/subnets', 403)
        self.assertRaises(exceptions.SDKException, self.read)

    @ddt.data('network:dhcp', 'network:router_interface', 'Octavia', '',
              None)
    def test_taken_by_the_cloud(self, owner):
        self.cloud.ports = [port(60, owner=owner), port(61, owner=owner)]
        self.assertEqual(('10.0.1.60-10.0.1.61',), self.taken())
        # Nobody asked Nova
        self.assertNotIn(fake_cloud.COMPUTE + '/servers/detail',
                         self.cloud.asked())

    def test_in_the_pool_or_the_gateway(self):
        self.cloud.ports = [port(5), port(1, owner='network:router')]
        self.assertEqual((), self.taken())

    def test_another_subnet_of_the_network(self):
        self.cloud.ports = [port(60, subnet='subnet-7')]
        self.assertEqual((), self.taken())

    def test_never_of_a_directors_servers(self):
        self.cloud.ports = [
            port(60, 'vm-1', tags=[BOSH_TAG, 'x']),
            port(61, 'vm-2'), port(62, 'vm-3'), port(63, 'vm-4')]
        self.cloud.servers = [
            {'id': 'vm-2', 'metadata': {'deployment': 'cf'}},
            {'id': 'vm-3', 'metadata': {'bosh_vm_name': 'vm-x'}},
            {'id': 'vm-4', 'metadata': {'other': 'x'}}]
        self.assertEqual(('10.0.1.63',), self.taken())
