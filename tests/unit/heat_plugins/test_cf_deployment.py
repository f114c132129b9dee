# SPDX-License-Identifier: Apache-2.0
"""The life of CloudFoundry::CF::Deployment."""

import ddt
from heat.common import exception
from heat.engine import resource
import yaml

from tests.unit.heat_plugins import cloud_foundries
from tests.unit.heat_plugins import deployments

CONFIG = ('POST', '/configs')


def by_name(entries):
    return {entry['name']: entry.get('cloud_properties')
            for entry in entries}


class LifeTest(cloud_foundries.CloudFoundryTestCase):

    def groups(self, name='cf'):
        return {group['name']: group for group
                in self.bosh.deployments[name]['instance_groups']}

    def test_create_and_delete(self):
        rsrc = self.created(availability_zones=['nova-a', 'nova-b'])
        self.assertEqual('cf', rsrc.resource_id)
        config = self.config()
        self.assertEqual(
            {'z1': {'availability_zone': 'nova-a'},
             'z2': {'availability_zone': 'nova-b'}},
            by_name(config['azs']))
        self.assertEqual({'minimal': {'instance_type': 'minimal'}},
                         by_name(config['vm_types']))
        first, second = config['networks'][0]['subnets']
        self.assertEqual(
            ('z1', '10.0.1.0/24', ['10.0.1.2-10.0.1.9'], ['10.9.9.9'],
             {'net_id': 'net-1'}),
            tuple(first[key] for key in (
                'az', 'range', 'reserved', 'dns', 'cloud_properties')))
        self.assertEqual('z2', second['az'])
        self.assertEqual(5, config['compilation']['workers'])
        api = self.groups()['api']
        self.assertEqual(['apps.cf.example.com'],
                         api['jobs'][0]['properties']['app_domains'])
        self.assertIn('The project has room for the deployment',
                      self.events(rsrc))
        self.delete(rsrc)

    def test_the_config_goes_after_the_deployment(self):
        rsrc = self.created()
        self.bosh.polls['delete deployment'] = 3
        runner = self.steps(rsrc.delete)
        self.addCleanup(lambda: runner)
        runner.step()
        self.assertIn(('cloud', rsrc.journal.get('cloud_config')['name']),
                      self.bosh.configs)
        while not runner.done():
            runner.step()
        self.assertEqual({}, self.bosh.configs)

    def test_the_config_may_be_gone(self):
        rsrc = self.created()
        self.bosh.configs.clear()
        self.delete(rsrc)

    def test_one_az(self):
        self.created(availability='one-az', availability_zones=['nova-b'])
        self.assertEqual(
            {'api': 1, 'database': 1, 'router': 1, 'smoke-tests': 1},
            {name: group['instances']
             for name, group in self.groups().items()})
        self.assertEqual({'z1': {'availability_zone': 'nova-b'}},
                         by_name(self.config()['azs']))

    def test_own_operations_come_after_ours(self):
        self.created(availability='one-az', operations=[yaml.safe_dump([
            {'type': 'replace', 'value': 3,
             'path': '/instance_groups/name=api/instances'}])])
        self.assertEqual(3, self.groups()['api']['instances'])

    def test_manifest_as_text(self):
        self.created(manifest=yaml.safe_dump(cloud_foundries.manifest()))
        self.assertIn('api', self.groups())

    def test_names_are_resolved(self):
        self.created(
            networks=[{'name': 'default', 'subnets': ['subnet-one']}],
            security_groups=['everybody'], load_balancer={
                'router': {'security_groups': ['world'], 'pools': [
                    {'pool': 'https', 'port': 443,
                     'monitoring_port': 8080}]}})
        config = self.config()
        [subnet] = config['networks'][0]['subnets']
        self.assertEqual({'net_id': 'net-1', 'security_groups': ['group-1']},
                         subnet['cloud_properties'])
        self.assertEqual(
            {'security_groups': ['group-1', 'group-2'],
             'loadbalancer_pools': [
                 {'id': 'pool-1', 'port': 443, 'monitoring_port': 8080}]},
            by_name(config['vm_extensions'])[
                'cf-router-network-properties'])

    def test_floating_ips(self):
        self.cloud.answers[
            'http://neutron/v2.0/floatingips']['floatingips'].append(
                {'id': 'f2', 'floating_ip_address': '1.1.1.2',
                 'port_id': None})
        rsrc = self.created(load_balancer={
            'router': {'floating_ips': ['1.1.1.1', '1.1.1.2']}})
        self.assertEqual({'name': 'floating-ips', 'type': 'vip'},
                         self.config()['networks'][1])
        self.assertEqual(
            ['1.1.1.1', '1.1.1.2'],
            self.groups()['router']['networks'][1]['static_ips'])
        self.assertEqual('1.1.1.1', rsrc._resolve_attribute(
            'router_address'))

    def test_floating_network_of_the_manifest(self):
        self.created(
            networks=[{'subnets': ['subnet-1']},
                      {'name': 'public', 'floating': True}],
            operations=[yaml.safe_dump([{
                'type': 'replace', 'value': {
                    'name': 'public', 'static_ips': ['1.1.1.1']},
                'path': '/instance_groups/name=database/networks/-'}])])
        self.assertEqual({'name': 'public', 'type': 'vip'},
                         self.config()['networks'][1])

    def test_all_other_choices(self):
        self.created(
            flavors={'minimal': 'huge'}, disk_sizes={'own': 2048},
            vm_extensions={'odd': {'key': 'value'}}, volume_type='type-1',
            boot_from_volume=True, boot_volume_type='fast',
            compilation_workers=2, cpi={
                'ephemeral_disk_rule': 'size', 'auto_anti_affinity': True,
                'ignore_server_availability_zone': True,
                'default_volume_type': 'fast'},
            operations=[yaml.safe_dump([
                {'type': 'replace', 'value': 'own',
                 'path': '/instance_groups/name=database/'
                         'persistent_disk_type'},
                {'type': 'replace', 'value': ['odd'],
                 'path': '/instance_groups/name=api/vm_extensions?'}])])
        config = self.config()
        self.assertEqual(
            {'minimal': {'instance_type': 'huge', 'boot_from_volume': True,
                         'root_disk': {'size': 3, 'type': 'fast'}}},
            by_name(config['vm_types']))
        self.assertEqual([{'name': 'own', 'disk_size': 2048,
                           'cloud_properties': {'type': 'fast'}}],
                         config['disk_types'])
        self.assertEqual({'key': 'value'},
                         by_name(config['vm_extensions'])['odd'])
        self.assertEqual(2, config['compilation']['workers'])

    def test_another_name(self):
        rsrc = self.created(deployment_name='cf-two')
        self.assertEqual('cf-two', rsrc.resource_id)
        self.assertEqual(['cf-two'], list(self.bosh.deployments))
        self.delete(rsrc)


@ddt.ddt
class UpdateTest(cloud_foundries.CloudFoundryTestCase):

    def counts(self):
        return (self.bosh.count(*deployments.DEPLOY),
                self.bosh.count(*CONFIG))

    def test_nothing_new(self):
        rsrc = self.created()
        before = self.counts()
        asked = len(self.cloud.asked())
        # Something of the cloud that no update is made for
        self.cloud.subnets[0]['dns_nameservers'] = ['10.8.8.8']
        self.update(rsrc, cpi={}, smoke_test=False)
        self.assertEqual(before, self.counts())
        self.assertEqual(asked, len(self.cloud.asked()))

    def test_scale(self):
        rsrc = self.created()
        config = self.config()
        self.update(rsrc, operations=[yaml.safe_dump([
            {'type': 'replace', 'value': 4,
             'path': '/instance_groups/name=api/instances'}])])
        self.assertEqual(2, self.bosh.count(*deployments.DEPLOY))
        # The config is the same, and so is its version
        self.assertEqual(config, self.config())
        self.assertEqual('1', rsrc.journal.get('cloud_config')['id'])

    @ddt.data({'availability_zones': ['nova-b']},
              {'networks': [{'subnets': ['subnet-1', 'subnet-3']}]},
              {'flavors': {'minimal': 'huge'}},
              {'compilation_workers': 1},
              {'security_groups': ['everybody']})
    def test_another_cloud_config(self, values):
        rsrc = self.created()
        before = self.config()
        self.update(rsrc, **values)
        self.assertNotEqual(before, self.config())
        self.assertEqual('2', rsrc.journal.get('cloud_config')['id'])
        self.assertEqual(2, self.bosh.count(*deployments.DEPLOY))
        self.delete(self.reload(rsrc))

    def test_the_other_way_and_back(self):
        rsrc = self.created()
        self.update(rsrc, availability='one-az')
        self.update(rsrc, availability='default')
        self.assertEqual(3, self.bosh.count(*deployments.DEPLOY))

    def test_somebody_else_changed_the_config(self):
        rsrc = self.created()
        name = rsrc.journal.get('cloud_config')['name']
        self.bosh.write_config('cloud', name, 'azs: []')
        error = self.assertRaises(
            exception.ResourceFailure, self.update, rsrc,
            compilation_workers=1)
        self.assertIn('was changed outside of this stack', str(error))
        self.assertEqual({'azs': []}, self.config())
        rsrc = self.reload(rsrc)
        self.update(rsrc, compilation_workers=1)
        self.assertEqual(1, self.config()['compilation']['workers'])

    def test_somebody_else_deleted_the_config(self):
        rsrc = self.created()
        self.bosh.configs.clear()
        self.update(rsrc, compilation_workers=1)
        self.assertEqual(1, self.config()['compilation']['workers'])

    @ddt.data({'deployment_name': 'other'},
              {'operations': ['[{type: replace, path: /name, value: b}]']},
              {'manifest': cloud_foundries.manifest(name='b')})
    def test_another_name_is_another_deployment(self, values):
        rsrc = self.created()
        self.assertRaises(resource.UpdateReplace, self.run_action,
                          rsrc.update, self.definition(rsrc, **values))

    @ddt.data({'deployment_name': 'cf'}, {'availability': 'one-az'},
              {'operations': ['no operations']},
              {'system_domain': 'b.example.com'}, {'smoke_test': True})
    def test_the_same_name_is_the_same_deployment(self, values):
        rsrc = self.created()
        self.assertFalse(rsrc.needs_replace_with_prop_diff(
            set(values), rsrc.new_properties(
                self.definition(rsrc, **values)), rsrc.properties))

    def test_config_that_was_reviewed(self):
        rsrc = self.created()
        error = self.assertRaises(
            exception.ResourceFailure, self.update, rsrc,
            compilation_workers=1, reviewed_configs={
                'cloud_config_ids': [1], 'runtime_config_ids': []})
        self.assertIn('was reviewed', str(error).replace('were', 'was'))
        self.assertEqual('1', rsrc.journal.get('cloud_config')['id'])
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_reviewed_as_it_is(self):
        rsrc = self.created()
        diff = {'diff': [], 'context': {'cloud_config_ids': [1],
                                        'runtime_config_ids': []}}
        self.patchobject(
            type(rsrc.director().deployments), 'diff',
            return_value=_Diff(diff['context']))
        self.update(
            rsrc, system_domain='b.example.com',
            reviewed_configs=diff['context'])
        self.assertEqual(2, self.bosh.count(*deployments.DEPLOY))


class _Diff:

    def __init__(self, context):
        self.context = context


@ddt.ddt
class ValidationTest(cloud_foundries.CloudFoundryTestCase):

    @ddt.data(
        ({'system_domain': 'under_score.example.com'}, 'under_score'),
        ({'system_domain': ''}, 'system_domain'),
        ({'system_domain': 'cf.example.com.'}, 'system_domain'),
        ({'system_domain': None}, 'system_domain'),
        ({'networks': []}, 'networks'),
        ({'availability': 'three'}, 'availability'),
        ({'deployment_name': 'a b'}, 'deployment_name'),
        ({'compilation_workers': 0}, 'compilation_workers'),
        ({'cpi': {'ephemeral_disk_rule': 'x'}}, 'ephemeral_disk_rule'),
        ({'load_balancer': {'router': {'pools': [{'pool': 'p'}]}}}, 'port'),
        ({'load_balancer': {'router': {'floating_ips': ['x']}}}, 'x'),
        ({'manifest': 'no: manifest'}, 'name'),
        ({'manifest': {'name': 'a', 'instance_groups': 1}},
         'instance_groups'),
        ({'operations': ['[{type: replace}]']}, 'operations[1]'),
        ({'operations': [{'type': 'replace'}], 'availability': 'one-az'},
         'operations[1]'),
        ({'operations': [{'name': 'mine', 'content': [{}]}]}, 'mine'),
    )
    @ddt.unpack
    def test_refused(self, values, reason):
        rsrc = self.deployment(**values)
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn(reason, str(error))

    def test_errors_of_the_choices(self):
        for values, reason in (
                ({'smoke_test': True, 'operations': [
                    '[{type: remove, path: /instance_groups/3}]']},
                 'no errand with the job "smoke_tests"'),
                ({'networks': [{'subnets': ['subnet-9']}]},
                 'the subnet subnet-9 does not exist'),
                ({'networks': [{'name': 'n', 'subnets': ['subnet-1']}]},
                 'networks that nothing is known of: default'),
                ({'disk_sizes': {'x': 'much'}}, '"x" of "disk_sizes"'),
                ({'load_balancer': {'router': {
                    'floating_ips': ['1.1.1.1']}}},
                 'there are 1 floating IPs')):
            rsrc = self.deployment(**values)
            error = self.assertRaises(exception.StackValidationFailed,
                                      rsrc.validate)
            self.assertIn(reason, str(error))
        self.assertEqual({}, self.bosh.configs)
