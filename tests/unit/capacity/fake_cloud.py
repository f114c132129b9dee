# SPDX-License-Identifier: Apache-2.0
"""The answers of a cloud with room for a deployment, behind requests_mock."""

from keystoneauth1 import fixture

from cf_openstack.cloud import connection

KEYSTONE = 'http://keystone/v3'
PROJECT = 'project-1'
COMPUTE, NETWORK = 'http://nova/v2.1', 'http://neutron/v2.0'
VOLUME, BALANCER = 'http://cinder/v3', 'http://octavia/v2.0'

_SERVICES = {
    'compute': COMPUTE, 'network': NETWORK, 'block-storage': VOLUME,
    'load-balancer': 'http://octavia'}


class FakeCloud:
    """One cloud; each of its answers can be changed.

    :ivar limits: Nova's.
    :ivar answers: by URL.
    :ivar failing: what a URL answers in place of its answer.
    """

    def __init__(self, mock):
        self._mock = mock
        self.failing = {}
        self.limits = {
            'maxTotalInstances': 100, 'totalInstancesUsed': 3,
            'maxTotalCores': 200, 'totalCoresUsed': 5,
            'maxTotalRAMSize': 5120000, 'totalRAMUsed': 4096,
            'maxServerGroups': 10, 'totalServerGroupsUsed': 1,
            'maxServerGroupMembers': 7}
        self.flavors = [
            self.flavor('minimal', 1, 3840, 10),
            self.flavor('small', 2, 7680, 14),
            self.flavor('huge', 16, 64000, 200)]
        self.ports = []
        self.servers = []
        self.subnets = [
            {'id': f'subnet-{n}', 'name': f's{n}', 'network_id': 'net-1',
             'cidr': f'10.0.{n}.0/24', 'gateway_ip': f'10.0.{n}.1',
             'dns_nameservers': ['10.9.9.9'], 'allocation_pools': [
                 {'start': f'10.0.{n}.2', 'end': f'10.0.{n}.9'}]}
            for n in (1, 2, 3)]
        self.answers = {
            COMPUTE + '/os-availability-zone': _zones('nova-a', 'nova-b'),
            NETWORK + '/quotas/project-1/details.json': {'quota': {
                'port': {'limit': 100, 'used': 7, 'reserved': 1},
                'floatingip': {'limit': 5, 'used': 2, 'reserved': 0}}},
            NETWORK + '/floatingips': {'floatingips': [
                {'id': 'f1', 'floating_ip_address': '1.1.1.1',
                 'port_id': None}]},
            VOLUME + '/os-quota-sets/project-1': {'quota_set': {
                'id': PROJECT,
                'volumes': {'limit': 100, 'in_use': 2, 'reserved': 1},
                'gigabytes': {'limit': 1000, 'in_use': 30,
                              'reserved': 0}}},
            VOLUME + '/os-availability-zone': _zones('nova-a', 'nova-b'),
            VOLUME + '/types': {'volume_types': [
                {'id': 'type-1', 'name': 'fast'}]},
            VOLUME + '/types/default': {
                'volume_type': {'id': 'type-1', 'name': 'fast'}},
            BALANCER + '/lbaas/quotas/project-1': {'quota': {
                'load_balancer': 3, 'listener': -1, 'pool': 20,
                'member': 50}},
            BALANCER + '/lbaas/loadbalancers': {'loadbalancers': []},
            BALANCER + '/lbaas/pools': {'pools': [
                {'id': 'pool-1', 'name': 'https', 'members': [],
                 'loadbalancers': [{'id': 'lb-1'}]}]},
            BALANCER + '/lbaas/pools/pool-1': {'pool': {
                'id': 'pool-1', 'name': 'https', 'members': [],
                'loadbalancers': [{'id': 'lb-1'}]}},
            BALANCER + '/lbaas/loadbalancers/lb-1': {'loadbalancer': {
                'id': 'lb-1', 'vip_address': '10.0.1.5',
                'vip_port_id': 'port-9'}},
        }

    @staticmethod
    def flavor(name, vcpus, ram, ephemeral, root=3):
        return {'id': 'id-of-' + name, 'name': name, 'vcpus': vcpus,
                'ram': ram, 'disk': root,
                'OS-FLV-EXT-DATA:ephemeral': ephemeral,
                'OS-FLV-DISABLED:disabled': False, 'extra_specs': {}}

    def _live(self):
        return {
            COMPUTE + '/limits': {'limits': {'absolute': self.limits}},
            COMPUTE + '/flavors/detail': {'flavors': self.flavors},
            COMPUTE + '/servers/detail': {'servers': self.servers},
            NETWORK + '/subnets': {'subnets': self.subnets},
            NETWORK + '/ports': {'ports': self.ports}}

    def connect(self, *_args):
        """A connection of openstacksdk; it asks for the answers of now."""
        token = fixture.V3Token(project_id=PROJECT)
        for name, url in _SERVICES.items():
            token.add_service(name).add_standard_endpoints(
                public=url, region='r')
            for address in (url, url + '/'):
                self._mock.get(address, status_code=404)
        self._mock.post(KEYSTONE + '/auth/tokens', json=token,
                        headers={'X-Subject-Token': 'token-1'})
        for url, answer in {**self.answers, **self._live()}.items():
            self._mock.get(url, **self.failing.get(url, {'json': answer}))
        return connection.connect(connection.Settings(
            auth_url=KEYSTONE, username='u', password='secret', region='r',
            user_domain_name='Default', project_id=PROJECT))

    def fail(self, url, status=503):
        """Let a URL fail from now on."""
        self.failing[url] = {'status_code': status, 'json': {}}

    def asked(self):
        """The URLs that were asked, without their queries."""
        known = {*self.answers, *self._live()}
        return [url for request in self._mock.request_history
                if (url := request.url.split('?')[0]) in known]


def _zones(*names):
    return {'availabilityZoneInfo': [
        {'zoneName': name, 'zoneState': {'available': True}}
        for name in names]}
