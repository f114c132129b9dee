# SPDX-License-Identifier: Apache-2.0
"""What the tests of CloudFoundry::CF::Deployment share."""

import json

from heat.engine.clients.os import cinder
from heat.engine.clients.os import neutron
from heat.engine.clients.os.neutron import neutron_constraints
from heat.engine.clients.os import octavia
import yaml

from heat_plugins.cloud_foundry import cloud
from tests.unit.capacity import fake_cloud
from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import life_director

TYPE = 'CloudFoundry::CF::Deployment'

#: What names stand for.
IDS = {'subnet-one': 'subnet-1', 'everybody': 'group-1', 'world': 'group-2',
       'https': 'pool-1'}


def group(name, instances=1, **values):
    return {'name': name, 'instances': instances, 'azs': ['z1', 'z2'],
            'vm_type': 'minimal', 'stemcell': 'default',
            'networks': [{'name': 'default'}], 'jobs': [], **values}


def manifest(**changes):
    return {
        'name': 'cf',
        'stemcells': [{'alias': 'default', 'os': 'ubuntu-noble',
                       'version': '1.425'}],
        'releases': [{'name': 'capi', 'version': '1.2', 'sha1': 'abc',
                      'url': 'https://releases.example.com/capi-1.2.tgz'}],
        'instance_groups': [
            group('api', 2, jobs=[{
                'name': 'cloud_controller_ng', 'release': 'capi',
                'properties': {'app_domains': ['apps.((system_domain))']}}]),
            group('database', azs=['z1'], persistent_disk_type='10GB'),
            group('router', 2,
                  vm_extensions=['cf-router-network-properties']),
            group('smoke-tests', azs=['z1'], lifecycle='errand',
                  jobs=[{'name': 'smoke_tests', 'release': 'capi'}])],
        'update': {'canaries': 1, 'max_in_flight': 1},
        **changes}


class Director(life_director.LifeDirector):
    """A director that runs errands and shows what it has deployed.

    :ivar exit_code: of errands.
    :ivar output: what errands say.
    """

    exit_code = 0
    output = ''

    def routes(self):
        return [
            ('GET', '/deployments/([^/]+)', self.deployment_get),
            ('POST', '/deployments/([^/]+)/errands/([^/]+)/runs',
             self.errand_run),
            *super().routes()]

    def config_list(self, request, context, query):
        return [found for (kind, name), found in self.configs.items()
                if query.get('type', kind) == kind
                and query.get('name', name) == name]

    def deployment_get(self, request, context, query, name):
        found = self.deployments[name]
        return {'manifest': found and yaml.safe_dump(found)}

    def errand_run(self, request, context, query, name, errand):
        def effect(task):
            task.result = json.dumps({
                'instance': {'group': errand, 'id': 'id-0'},
                'errand_name': errand, 'exit_code': self.exit_code,
                'stdout': self.output, 'stderr': ''})

        return self.start(context, 'run errand', effect,
                          request.headers.get('X-Bosh-Context-Id', ''))


class CloudFoundryTestCase(deployments.DeploymentTestCase):
    """A director and a cloud."""

    def setUp(self):
        super().setUp()
        self.cloud = fake_cloud.FakeCloud(self.requests)
        self.patchobject(cloud, 'connect', side_effect=self.cloud.connect)
        for constraint in (neutron_constraints.SubnetConstraint,
                           neutron_constraints.SecurityGroupConstraint,
                           octavia.PoolConstraint,
                           cinder.VolumeTypeConstraint):
            self.patchobject(constraint, 'validate', return_value=True)
        self.patchobject(neutron.NeutronClientPlugin,
                         'find_resourceid_by_name_or_id',
                         side_effect=lambda _kind, name: IDS.get(name, name))
        self.patchobject(octavia.OctaviaClientPlugin, 'get_pool',
                         side_effect=lambda name: IDS.get(name, name))
        self.bosh = Director(self.requests)
        self.stacks = []

    def deployment(self, **changes):
        values = {
            'director': self.sealed(), 'manifest': manifest(),
            'system_domain': 'cf.example.com',
            'networks': [{'subnets': ['subnet-1', 'subnet-2']}],
            'stemcells': [deployments.STEMCELL], **changes}
        rsrc = self.rsrc(TYPE, {key: value for key, value in values.items()
                                if value is not None})
        self.stacks.append(self.stk)      # kept alive
        return rsrc

    def config(self):
        """The content of the one cloud config at the director."""
        [found] = [found for (kind, _name), found
                   in self.bosh.configs.items() if kind == 'cloud']
        return yaml.safe_load(found['content'])

    def delete(self, rsrc):
        super().delete(rsrc)
        self.assertEqual({}, self.bosh.configs)
