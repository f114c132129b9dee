# SPDX-License-Identifier: Apache-2.0

from keystoneauth1 import fixture
from oslotest import base as test_base
from requests_mock.contrib import fixture as fixture_module

from cf_openstack.capacity import amounts
from cf_openstack.capacity import errors
from cf_openstack.capacity import flavors
from cf_openstack.capacity import limits
from cf_openstack.capacity import project
from cf_openstack.cloud import connection
from cf_openstack.manifest import addresses

R = amounts.Resource
Quota = project.Quota

KEYSTONE = 'http://keystone/v3'
PROJECT = 'project-1'
COMPUTE, NETWORK = 'http://nova/v2.1', 'http://neutron/v2.0'
VOLUME, BALANCER = 'http://cinder/v3', 'http://octavia/v2.0'


class LimitsCase(test_base.BaseTestCase):
    """A cloud of answers, each of which a test can change."""

    def setUp(self):
        super().setUp()
        self.http = self.useFixture(fixture_module.Fixture())
        self.services = {
            'compute': COMPUTE, 'network': NETWORK, 'block-storage': VOLUME,
            'load-balancer': 'http://octavia'}
        self.answers = {
            COMPUTE + '/limits': {'limits': {'absolute': {
                'maxTotalInstances': 10, 'totalInstancesUsed': 3,
                'maxTotalCores': -1, 'totalCoresUsed': 5,
                'maxTotalRAMSize': 51200, 'totalRAMUsed': 4096,
                'maxServerGroups': 10, 'totalServerGroupsUsed': 1,
                'maxServerGroupMembers': 7}}},
            COMPUTE + '/flavors/detail': {'flavors': [
                {'id': '1', 'name': 'tiny', 'vcpus': 1, 'ram': 512,
                 'disk': 3, 'OS-FLV-EXT-DATA:ephemeral': 10,
                 'OS-FLV-DISABLED:disabled': False,
                 'extra_specs': {'hw:x': '1'}},
                {'id': '2', 'name': 'off', 'vcpus': 2, 'ram': 1024,
                 'disk': 0, 'OS-FLV-DISABLED:disabled': True}]},
            COMPUTE + '/os-availability-zone': _zones('nova', 'down'),
            NETWORK + '/quotas/project-1/details.json': {'quota': {
                'port': {'limit': 100, 'used': 7, 'reserved': 1},
                'floatingip': {'limit': 5, 'used': 2, 'reserved': 0}}},
            NETWORK + '/floatingips': {'floatingips': [
                {'id': 'f1', 'floating_ip_address': '1.1.1.1',
                 'port_id': 'port-1'},
                {'id': 'f2', 'floating_ip_address': '1.1.1.2',
                 'port_id': None}]},
            NETWORK + '/subnets': {'subnets': [
                {'id': 's1', 'network_id': 'net-1', 'cidr': '10.0.1.0/24',
                 'allocation_pools': [{'start': '10.0.1.2',
                                       'end': '10.0.1.9'}]}]},
            NETWORK + '/ports': {'ports': [
                {'id': 'p1', 'network_id': 'net-1',
                 'fixed_ips': [{'ip_address': '10.0.1.2'},
                               {'ip_address': '10.0.1.60'}]},
                {'id': 'p2', 'network_id': 'net-1', 'fixed_ips': []}]},
            VOLUME + '/os-quota-sets/project-1': {'quota_set': {
                'id': PROJECT,
                'volumes': {'limit': 10, 'in_use': 2, 'reserved': 1},
                'gigabytes': {'limit': 1000, 'in_use': 30, 'reserved': 0},
                'volumes_my_type': {'limit': 4, 'in_use': 1},
                'gigabytes_my_type': {'limit': -1, 'in_use': 1},
                'per_volume_gigabytes': {'limit': 500, 'in_use': 0},
                'backup_gigabytes': {'limit': 1, 'in_use': 0}}},
            VOLUME + '/os-availability-zone': _zones('cinder'),
            VOLUME + '/types': {'volume_types': [
                {'id': 't1', 'name': 'my_type'}]},
            VOLUME + '/types/default': {
                'volume_type': {'id': 't1', 'name': 'my_type'}},
            BALANCER + '/lbaas/quotas/project-1': {'quota': {
                'load_balancer': 3, 'loadbalancer': 3, 'listener': -1,
                'pool': 20, 'member': 50}},
            BALANCER + '/lbaas/loadbalancers': {'loadbalancers': [
                {'id': 'lb1', 'listeners': [{'id': 'l1'}, {'id': 'l2'}]}]},
            BALANCER + '/lbaas/pools': {'pools': [
                {'id': 'pool-1', 'name': 'https',
                 'members': [{'id': 'm1'}, {'id': 'm2'}]},
                {'id': 'pool-2', 'name': 'https', 'members': []}]},
        }
        self.failing = {}

    def read(self, *network_ids):
        token = fixture.V3Token(project_id=PROJECT)
        for name, url in self.services.items():
            token.add_service(name).add_standard_endpoints(
                public=url, region='r')
            self.http.get(url, status_code=404)
            self.http.get(url + '/', status_code=404)
        self.http.post(KEYSTONE + '/auth/tokens', json=token,
                       headers={'X-Subject-Token': 'token-1'})
        for url, answer in self.answers.items():
            self.http.get(url, **self.failing.get(url, {'json': answer}))
        with self.connect() as conn:
            return limits.read(conn, network_ids)

    def connect(self):
        return connection.connect(connection.Settings(
            auth_url=KEYSTONE, username='u', password='secret', region='r',
            user_domain_name='Default', project_id=PROJECT))

    def fail_(self, url):
        self.failing[url] = {'status_code': 403, 'json': {}}

    def asked(self):
        return [request for request in self.http.request_history
                if request.url.split('?')[0] in self.answers]


def _zones(*names):
    return {'availabilityZoneInfo': [
        {'zoneName': name, 'zoneState': {'available': name != 'down'}}
        for name in names]}


class TestRead(LimitsCase):

    def test_whole(self):
        found = self.read('net-1', 'net-2')
        self.assertEqual({}, found.unknown)
        self.assertEqual({
            R('instances'): Quota(10, 3), R('cores'): Quota(-1, 5),
            R('ram'): Quota(51200, 4096), R('server_groups'): Quota(10, 1),
            R('server_group_members'): Quota(7, 0),
            R('ports'): Quota(100, 8), R('floating_ips'): Quota(5, 2),
            R('volumes'): Quota(10, 3), R('gigabytes'): Quota(1000, 30),
            R('volumes', 'my_type'): Quota(4, 1),
            R('gigabytes', 'my_type'): Quota(-1, 1),
            R('volume_size'): Quota(500, 0),
            R('load_balancers'): Quota(3, 1), R('listeners'): Quota(-1, 2),
            R('pools'): Quota(20, 2), R('members'): Quota(50, 2),
        }, found.quotas)
        self.assertEqual((
            flavors.Flavor('tiny', 1, 512, 3, 10),
            flavors.Flavor('off', 2, 1024, 0, 0, True)), found.flavors)
        self.assertEqual({'hw:x': '1'}, found.flavors[0].extra_specs)
        self.assertEqual({'nova'}, found.zones)
        self.assertEqual({'cinder'}, found.volume_zones)
        self.assertEqual(({'my_type'}, 'my_type'), (
            found.volume_types, found.default_volume_type))
        self.assertEqual({'1.1.1.1': 'port-1', '1.1.1.2': None},
                         found.floating_ips)
        self.assertEqual({'pool-1': 'https', 'pool-2': 'https'},
                         found.pools)
        self.assertEqual({'net-1': project.Network(
            ('10.0.1.0/24',), addresses.parse('10.0.1.2-10.0.1.9'),
            addresses.parse(['10.0.1.2', '10.0.1.60']))}, found.networks)

    def test_each_thing_is_asked_once_and_only_read(self):
        self.read('net-1', 'net-2')
        asked = [request.url.split('?')[0] for request in self.asked()]
        self.assertEqual(sorted(self.answers), sorted(asked))
        self.assertEqual({'GET'}, {request.method
                                   for request in self.asked()})
        ports = [request for request in self.asked()
                 if request.url.startswith(NETWORK + '/ports')]
        self.assertEqual(['net-1'], ports[0].qs['network_id'])

    def test_without_networks(self):
        found = self.read()
        self.assertIsNone(found.networks)
        self.assertEqual(len(self.answers) - 2, len(self.asked()))

    def test_nothing_may_be_read(self):
        for url in self.answers:
            self.fail_(url)
        self.answers[VOLUME + '/limits'] = None
        self.fail_(VOLUME + '/limits')
        found = self.read('net-1')
        self.assertEqual({}, found.quotas)
        self.assertEqual([None] * 8, [
            found.flavors, found.zones, found.volume_zones,
            found.volume_types, found.default_volume_type, found.networks,
            found.floating_ips, found.pools])
        self.assertEqual(
            {'compute limits', 'flavors', 'availability zones',
             'network quotas', 'floating IPs', 'subnets and ports',
             'volume quotas', 'volume limits', 'volume availability zones',
             'volume types', 'default volume type', 'load balancer quotas'},
            set(found.unknown))
        self.assertIn('Forbidden', found.unknown['flavors'])

    def test_volume_quotas_are_for_others(self):
        self.fail_(VOLUME + '/os-quota-sets/project-1')
        self.answers[VOLUME + '/limits'] = {'limits': {'absolute': {
            'maxTotalVolumes': 10, 'totalVolumesUsed': 2,
            'maxTotalVolumeGigabytes': 100, 'totalGigabytesUsed': 5}}}
        found = self.read()
        self.assertEqual(Quota(10, 2), found.quotas[R('volumes')])
        self.assertEqual(Quota(100, 5), found.quotas[R('gigabytes')])
        self.assertEqual({'volume quotas'}, set(found.unknown))

    def test_usage_of_the_load_balancer_is_not_known(self):
        self.fail_(BALANCER + '/lbaas/pools')
        found = self.read()
        self.assertEqual(Quota(50, None), found.quotas[R('members')])
        self.assertEqual(Quota(3, 1), found.quotas[R('load_balancers')])
        self.assertIsNone(found.pools)

    def test_cloud_without_load_balancer(self):
        del self.services['load-balancer']
        found = self.read()
        self.assertIn('load balancer quotas', found.unknown)
        self.assertIn(R('instances'), found.quotas)

    def test_something_else_answers(self):
        self.failing[COMPUTE + '/limits'] = {'text': '<html>'}
        self.answers[VOLUME + '/types/default'] = {}
        found = self.read()
        self.assertEqual({'compute limits', 'default volume type'},
                         set(found.unknown))

    def test_token_without_project(self):
        token = fixture.V3Token()
        token.set_system_scope()
        self.http.post(KEYSTONE + '/auth/tokens', json=token,
                       headers={'X-Subject-Token': 'token-1'})
        with self.connect() as conn:
            error = self.assertRaises(errors.LimitsUnknown, limits.read,
                                      conn)
        self.assertIn('has no project', str(error))

    def test_old_names_of_quotas(self):
        quotas = self.answers[BALANCER + '/lbaas/quotas/project-1']['quota']
        del quotas['load_balancer']
        del quotas['member']
        found = self.read()
        self.assertEqual(Quota(3, 1), found.quotas[R('load_balancers')])
        self.assertNotIn(R('members'), found.quotas)

    def test_no_token(self):
        self.http.post(KEYSTONE + '/auth/tokens', status_code=401)
        with self.connect() as conn:
            error = self.assertRaises(errors.LimitsUnknown, limits.read,
                                      conn)
        self.assertIn('Check the credentials', str(error))
        self.assertNotIn('secret', str(error))
