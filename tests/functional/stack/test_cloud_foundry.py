# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::CF::Deployment, from an empty project to nothing left.

Deployed is the small manifest of the examples, or, with ``--long``, the one
of the checkout of cf-deployment that ``CF_DEPLOYMENT_DIR`` names.
"""

import collections
import os
import pathlib
import time

import fixtures
from heatclient import exc as heat_exc
import yaml

from cf_openstack.manifest import document
from cf_openstack.manifest import reading
from devstack.demo import artifacts
from devstack.demo import run as demo
from devstack.demo import stack as demo_stack
from tests.functional.stack import base
from tests.functional.stack import census

TEMPLATE = demo.EXAMPLES / 'cf-deployment.yaml'

#: Seconds for a refusal, on a machine that is busy with other things.
LONGEST = 30
#: Seconds for an action on all instances.
LONGEST_ACTION = 900

#: What Nova, Neutron and Cinder have of servers.
OF_SERVERS = ('servers', 'ports')


def manifest_path() -> pathlib.Path:
    """Of the manifest to deploy."""
    folder = os.environ.get('CF_DEPLOYMENT_DIR')
    if folder and os.environ.get('CF_OPENSTACK_LONG_TESTS'):
        return pathlib.Path(folder) / 'cf-deployment.yml'
    return demo.EXAMPLES / 'manifests' / 'cf-small.yml'


class CloudFoundryCase(base.StackTestCase):
    """Has a manifest whose releases and stemcell come from this machine."""

    def setUp(self):
        super().setUp()
        path = manifest_path()
        self.manifest = path.read_text()
        self.parts = artifacts.ManifestParts(self.manifest, path.name)
        self.doc = reading.read(document.load(self.manifest, path.name))

    def values(self, *operations, **more):
        """The template's parameters."""
        folder = self.state.path('director', 'files')
        base_url = self.reached['endpoint'] + '/files'
        stemcell = artifacts.make_stemcell(folder, self.parts)
        authority = pathlib.Path(self.reached['ca_file']).read_text()
        return {
            'director_endpoint': self.reached['endpoint'],
            'director_ca_certificate': authority,
            'director_client': self.reached['client'],
            'director_client_secret': self.reached['client_secret'],
            'stemcell_location': f'{base_url}/{stemcell.path.name}',
            'stemcell_checksum': stemcell.checksum,
            'artifact_ca_certificate': authority,
            'manifest': self.manifest, 'availability': 'one-az',
            'operations': [
                artifacts.local_releases(folder, self.parts, base_url),
                *operations], **more}


class WholeLifeTest(CloudFoundryCase):

    def test_create_scale_suspend_resume_check_delete(self):
        values = self.values()
        self.stack.apply(TEMPLATE, values)
        groups = self.one_each()
        self.assert_running(groups)
        self.assert_outputs()
        self.assert_told()
        first = self.added()

        values['operations'].append(yaml.safe_dump([{
            'type': 'replace', 'value': 2,
            'path': '/instance_groups/name=diego-cell/instances'}]))
        self.stack.update_parameters(operations=values['operations'])
        self.assert_running({**groups, 'diego-cell': 2})
        more = self.added()
        for kind in OF_SERVERS:
            self.assertEqual(1, len(more[kind] - first[kind]))
            self.assertLessEqual(first[kind], more[kind])
        self.assertEqual(first['volumes'], more['volumes'])

        self.act('suspend')
        detached = self.added()
        self.assertEqual(set(), detached.get('servers', set()))
        self.assertEqual(first['volumes'], detached['volumes'])
        self.act('resume')
        self.assert_running({**groups, 'diego-cell': 2})
        self.assertEqual(first['volumes'], self.added()['volumes'])
        self.act('check')

        self.stack.delete()
        self.assertIsNone(self.stack.get())
        self.assert_nothing_added()

    def one_each(self):
        """Instances of each group when there is one availability zone."""
        return {group.name: 1 for group in self.doc.instance_groups
                if not group.is_errand}

    def added(self):
        return census.added(self.before, self.census())

    def act(self, action):
        """Run an action of the stack to its end."""
        getattr(self.stack.heat.actions, action)(self.stack.get().id)
        status = self.wait_for(lambda: self.ended(action), action,
                               LONGEST_ACTION)
        self.assertEqual(f'{action.upper()}_COMPLETE', status)

    def ended(self, action):
        status = self.stack.get().stack_status
        if status.startswith(action.upper()) and not status.endswith(
                '_IN_PROGRESS'):
            return status
        return None

    def assert_running(self, groups):
        instances = [i for i in self.stack.outputs()['instances']
                     if i['cid']]
        self.assertEqual(groups, dict(collections.Counter(
            i['group'] for i in instances)))
        servers = self.added()['servers']
        self.assertEqual({i['cid'] for i in instances}, servers)
        self.assertEqual({'ACTIVE'}, {
            server.status for server in self.cloud.compute.servers()
            if server.id in servers})

    def assert_outputs(self):
        outputs = self.stack.outputs()
        self.assertEqual('https://api.cf.example.com', outputs['api_url'])
        self.assertEqual('cf.example.com', outputs['apps_domain'])
        self.assertIn(outputs['router_address'], {
            ip.floating_ip_address for ip in self.cloud.network.ips()})
        self.assertTrue(outputs['capacity']['fits'])
        config = outputs['cloud_config']
        self.assertTrue(config['current'])
        # Each group is in the smallest flavor that it fits into, ...
        flavors = {entry['name']: entry['cloud_properties'] for entry
                   in config['content']['vm_types']}
        self.assertEqual('small-highmem-100GB-ephemeral-disk', flavors[
            'small-highmem-100GB-ephemeral-disk']['instance_type'])
        # ... and the routers are behind the load balancer.
        members = {
            pool.id: len(pool.members)
            for pool in self.cloud.load_balancer.pools()
            for extension in config['content']['vm_extensions']
            for wanted in extension.get('cloud_properties', {}).get(
                'loadbalancer_pools', [])
            if wanted['id'] == pool.id}
        self.assertEqual([1, 1], sorted(members.values()))

    def assert_told(self):
        events = self.events.getvalue()
        for text in ('The project has room for the deployment',
                     'Wrote the cloud config', 'Creating missing vms',
                     'The errand "smoke-tests" has succeeded'):
            self.assertIn(text, events)


class NoRoomTest(CloudFoundryCase):
    """In a project that Cloud Foundry does not fit into."""

    def setUp(self):
        super().setUp()
        limits = self.cloud.compute.get_limits().absolute
        project = self.cloud.current_project_id
        self.addCleanup(
            self.admin.compute.update_quota_set, project,
            instances=limits.instances, ram=limits.total_ram)
        self.admin.compute.update_quota_set(
            project, instances=limits.instances_used + 2,
            ram=limits.total_ram_used + 8192)

    def test_every_shortage_at_once_and_nothing_made(self):
        self.subnet = self.make_subnet()
        before = self.census()
        secret = {'secret': self.reached['client_secret']}
        template = self.write('both', {
            'resources': {
                'director': self.director_resource(),
                'cloud_foundry': self.resource(
                    {'get_attr': ['director', 'connection']})},
            'parameters': {'secret': {'type': 'string', 'hidden': True}},
            'outputs': {'connection': {'value': {
                'get_attr': ['director', 'connection']}}}})
        error = self.assertRaises(demo_stack.StackFailed, self.stack.apply,
                                  template, secret)
        self.assertIn('instances: need', str(error))
        self.assertIn('ram MiB: need', str(error))
        self.assertLess(self.seconds_to_fail(), LONGEST)
        self.assertEqual({}, census.added(before, self.census()))
        self.refused_by_validation(self.stack.outputs()['connection'])
        self.assertEqual({}, census.added(before, self.census()))

    def refused_by_validation(self, connection):
        """All references resolve: the request itself is refused."""
        template = self.write('one', {'resources': {
            'cloud_foundry': self.resource(connection)}})
        other = demo_stack.Stack(self.cloud, self.name('cf'))
        begun = time.monotonic()
        error = self.assertRaises(heat_exc.HTTPBadRequest, other.apply,
                                  template, {})
        self.assertLess(time.monotonic() - begun, LONGEST)
        self.assertIn('- instances: need', str(error))
        self.assertIn('- ram MiB: need', str(error))
        self.assertIsNone(other.get())

    def director_resource(self):
        return {'type': 'CloudFoundry::BOSH::Director', 'properties': {
            'endpoint': self.reached['endpoint'],
            'ca_certificate': pathlib.Path(
                self.reached['ca_file']).read_text(),
            'client': self.reached['client'],
            'client_secret': {'get_param': 'secret'}}}

    def resource(self, connection):
        return {'type': 'CloudFoundry::CF::Deployment', 'properties': {
            'director': connection, 'system_domain': 'cf.example.com',
            'availability': 'one-az', 'manifest': self.manifest,
            'networks': [{'subnets': [self.subnet.name]}]}}

    def make_subnet(self):
        network = self.cloud.network.create_network(name=self.name('net'))
        self.addCleanup(self.cloud.network.delete_network, network)
        subnet = self.cloud.network.create_subnet(
            name=self.name('subnet'), network_id=network.id, ip_version=4,
            cidr='10.0.16.0/20', gateway_ip='10.0.16.1', allocation_pools=[
                {'start': '10.0.16.2', 'end': '10.0.16.50'}])
        self.addCleanup(self.cloud.network.delete_subnet, subnet)
        return subnet

    def write(self, name, template):
        """A template as a file; returns its path."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / f'{name}.yaml'
        path.write_text(yaml.safe_dump(
            {'heat_template_version': '2021-04-16', **template}))
        return path

    def seconds_to_fail(self):
        """From the beginning of the deployment's creation to its end."""
        times = [
            time.mktime(time.strptime(event.event_time[:19],
                                      '%Y-%m-%dT%H:%M:%S'))
            for event in self.stack.heat.events.list(
                self.stack.name, resource_name='cloud_foundry')]
        return max(times) - min(times)
