# SPDX-License-Identifier: Apache-2.0

import pathlib

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as test_base

from cf_openstack.capacity import flavors
from cf_openstack.capacity import need
from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_config import making
from cf_openstack.manifest.cloud_config import names
from cf_openstack.manifest.cloud_config import reading
from cf_openstack.manifest.cloud_config import vm_types
from cf_openstack.manifest import document
from cf_openstack.manifest import errors as manifest_errors
from tests.unit.manifest.cloud_config import base

EXAMPLE = (pathlib.Path(__file__).parents[4] / 'examples' / 'manifests'
           / 'cloud-foundry.yml')


def section(config, key):
    return {entry['name']: entry.get('cloud_properties', {})
            for entry in config[key]}


@ddt.ddt
class TestMake(test_base.BaseTestCase):

    def test_whole(self):
        config = making.make(base.manifest(
            base.group('db', persistent_disk_type='10GB', azs=['z1', 'z2'],
                       vm_extensions=['cf-router-network-properties']),
            base.group('e', vm_type='small', lifecycle='errand')),
            base.facts(zones=('nova-a', 'nova-b'), security_groups=('sg',)))
        self.assertEqual({
            'azs': [
                {'name': 'z1',
                 'cloud_properties': {'availability_zone': 'nova-a'}},
                {'name': 'z2',
                 'cloud_properties': {'availability_zone': 'nova-b'}}],
            'networks': [{
                'name': 'default', 'type': 'manual', 'subnets': [{
                    'azs': ['z1', 'z2'], 'range': '10.0.16.0/24',
                    'gateway': '10.0.16.1',
                    'reserved': ['10.0.16.2-10.0.16.50'],
                    'cloud_properties': {
                        'net_id': 'net-1', 'security_groups': ['sg']}}]}],
            'vm_types': [
                {'name': 'minimal',
                 'cloud_properties': {'instance_type': 'minimal'}},
                {'name': 'small',
                 'cloud_properties': {'instance_type': 'small'}}],
            'vm_extensions': [{'name': 'cf-router-network-properties'}],
            'disk_types': [{'name': '10GB', 'disk_size': 10000}],
            'compilation': {
                'workers': 5, 'reuse_compilation_vms': True,
                'vm_type': 'minimal', 'network': 'default', 'az': 'z1'}},
            config)

    def test_names_come_from_the_manifest(self):
        doc = base.manifest(base.group(
            vm_type='own', azs=['z3'], networks=[{'name': 'net'}],
            vm_extensions=['x', '7GB_ephemeral_disk'],
            persistent_disk_type='d'))
        config = making.make(doc, base.facts(
            networks={'net': (base.subnet(),)}, disk_sizes={'d': 2048},
            sizes={'own': flavors.Size(1, 512, 1)},
            extensions={'x': inputs.Extension()},
            compilation=inputs.Compilation(2, 'own')))
        self.assertEqual({}, names.missing(doc, config))
        self.assertEqual(['z3'], [az['name'] for az in config['azs']])
        self.assertEqual(['own'], list(section(config, 'vm_types')))
        self.assertEqual((2, 'net', 'z3'), tuple(
            config['compilation'][key] for key in ('workers', 'network',
                                                   'az')))

    def test_the_same_again(self):
        doc = document.load(EXAMPLE.read_text(), 'example')
        doc['instance_groups'] = [
            group for group in doc['instance_groups']
            if group['name'] != 'diego-cell']
        for group in doc['instance_groups']:
            for network in group['networks']:
                network.pop('static_ips', None)
        facts = base.facts(vip_networks=('public',))
        config = making.make(doc, facts)
        self.assertEqual(document.dump(config),
                         document.dump(making.make(doc, facts)))
        self.assertEqual({}, names.missing(doc, config))

    @ddt.data(
        (('a', 'b', 'c'), 'default', ['a', 'b', 'c']),
        (('a', 'b'), 'default', ['a', 'b', 'a']),
        (('a',), 'default', ['a', 'a', 'a']),
        (('a', 'b'), 'one-az', ['a', 'a', 'a']),
        ((), 'default', [None, None, None]),
        ((), 'one-az', [None, None, None]),
        ({'z1': 'b', 'z2': None, 'z3': 'a'}, 'default', ['b', None, 'a']),
    )
    @ddt.unpack
    def test_zones(self, zones, availability, expected):
        config = making.make(
            base.manifest(base.group(azs=['z3', 'z1', 'z2'])),
            base.facts(zones=zones, availability=availability))
        self.assertEqual(
            dict(zip(('z1', 'z2', 'z3'), expected)),
            {name: properties.get('availability_zone')
             for name, properties in section(config, 'azs').items()})

    def test_an_az_stays_where_it_is(self):
        def zone(*azs):
            config = making.make(
                base.manifest(base.group(azs=list(azs))),
                base.facts(zones=('a', 'b')))
            return section(config, 'azs')['z2']

        self.assertEqual(zone('z2'), zone('z1', 'z2', 'z3'))

    @ddt.data(
        ({'vm_type': 'huge'}, 'VM types that nothing is known of: huge'),
        ({'vm_extensions': ['x', 'y']},
         'VM extensions that nothing is known of: x, y'),
        ({'persistent_disk_type': 'fast'},
         'disk types that nothing is known of: fast'),
        ({'networks': [{'name': 'other'}]},
         'networks that nothing is known of: other'),
        ({'azs': ['west']}, 'zones that nothing is known of: west'),
    )
    @ddt.unpack
    def test_unknown_names(self, values, reason):
        error = self.assertRaises(
            errors.UnknownNames, making.make,
            base.manifest(base.group(**values)), base.facts(zones=('a',)))
        self.assertIn(reason, str(error))
        self.assertRegex(str(error), 'Give|Say|say')

    @ddt.data(
        ({'networks': [{'name': '((net))'}]}, '"((net))"'),
        ({'networks': [{'name': 'default', 'static_ips': ['((ip))']}]},
         'the static IP "((ip))"'),
        ({'networks': [{'name': 'default', 'static_ips': '((ips))'}]},
         'the static IP "((ips))"'),
    )
    @ddt.unpack
    def test_variables_without_value(self, values, reason):
        error = self.assertRaises(
            errors.CloudConfigError, making.make,
            base.manifest(base.group(**values)), base.facts())
        self.assertIn(reason, str(error))
        self.assertIn('give the variable a value', str(error))

    def test_no_zone_is_given_for_an_az(self):
        error = self.assertRaises(
            errors.UnknownNames, making.make,
            base.manifest(base.group(azs=['z1', 'z2'])),
            base.facts(zones={'z1': 'nova'}))
        self.assertEqual(('z2',), error.names)

    def test_addresses_of_floating_ips_need_no_value(self):
        config = making.make(
            base.manifest(base.group(networks=[
                {'name': 'default', 'default': ['dns', 'gateway']},
                {'name': 'public', 'static_ips': ['((ip))']}])),
            base.facts(vip_networks=('public',)))
        self.assertEqual({'name': 'public', 'type': 'vip'},
                         config['networks'][1])

    @ddt.data(
        ({'availability': 'two'}, 'the availability "two" is neither'),
        ({'vip_networks': ('default',)}, 'default cannot both'),
        ({'compilation': inputs.Compilation(network='x')},
         'the network "x" for the compilation'),
        ({'compilation': inputs.Compilation(az='z9')},
         'zone "z9" for the compilation'),
        ({'vm_type_flavors': {'minimal': 'gone'}},
         'the flavor "gone" for "minimal" does not exist; there are'),
    )
    @ddt.unpack
    def test_refused(self, values, reason):
        error = self.assertRaises(
            errors.InputError, making.make, base.manifest(base.group()),
            base.facts(**values))
        self.assertIn(reason, str(error))

    def test_no_manifest(self):
        self.assertRaises(manifest_errors.ManifestError, making.make, {},
                          base.facts())

    def test_without_compilation(self):
        config = making.make(base.manifest(base.group(vm_type='small')),
                             base.facts(compilation=None))
        self.assertNotIn('compilation', config)
        self.assertEqual(['small'], list(section(config, 'vm_types')))


GROUPS = st.lists(st.builds(
    lambda azs, vm_type, extensions, disk: base.group(
        azs=azs, vm_type=vm_type, vm_extensions=extensions,
        persistent_disk_type=disk),
    st.lists(st.sampled_from(['z1', 'z2', 'z3', 'z4']), min_size=1,
             unique=True),
    st.sampled_from(sorted(vm_types.SIZES)),
    st.lists(st.sampled_from(
        [*vm_types.LOAD_BALANCED, '5GB_ephemeral_disk',
         '100GB_ephemeral_disk']), unique=True, max_size=3),
    st.sampled_from([None, '1GB', '5GB', '100GB'])), max_size=5)


class TestAnyManifest(test_base.BaseTestCase):

    @hypothesis.settings(max_examples=40)
    @hypothesis.given(GROUPS, st.integers(1, 4), st.integers(0, 3),
                      st.sampled_from(['default', 'one-az']))
    def test_it_can_be_deployed(self, groups, subnets, zones, availability):
        for number, group in enumerate(groups):
            group['name'] = 'group-%d' % number
        doc = base.manifest(*groups)
        # Large enough for any combination of VM type and extension
        some = (*base.FLAVORS, flavors.Flavor('huge', 64, 1 << 20, 3, 500))
        config = making.make(doc, base.facts(
            networks={'default': tuple(
                base.subnet(16 + number) for number in range(subnets))},
            zones=('a', 'b', 'c')[:zones], availability=availability,
            flavors=some))
        self.assertEqual({}, names.missing(doc, config))
        found = need.calculate(doc, config, some)
        self.assertEqual((), found.problems)
        self.assertLessEqual(
            set(found.zones), {'a'} if availability == 'one-az'
            else {'a', 'b', 'c'})
        for group in groups:
            size = vm_types.SIZES[group['vm_type']]
            for properties in (
                    section(config, 'vm_types')[group['vm_type']],
                    *(section(config, 'vm_extensions')[name]
                      for name in group['vm_extensions'])):
                for flavor in some:
                    if flavor.name == properties.get('instance_type'):
                        self.assertGreaterEqual(flavor.vcpus, size.vcpus)
                        self.assertGreaterEqual(flavor.ram_mib,
                                                size.ram_mib)


@ddt.ddt
class TestVmTypes(test_base.BaseTestCase):

    def make(self, *groups, **values):
        return making.make(base.manifest(*groups), base.facts(**values))

    def test_a_flavor_that_was_chosen(self):
        config = self.make(base.group(vm_type='own'),
                           vm_type_flavors={'own': 'medium'})
        self.assertEqual('medium', section(
            config, 'vm_types')['own']['instance_type'])

    def test_all_that_are_too_large_are_told(self):
        error = self.assertRaises(
            errors.NoFlavor, self.make, base.group(vm_type='medium'),
            base.group('b', vm_type='small-highmem'),
            flavors=base.FLAVORS[:2])
        self.assertEqual(('medium', 'small-highmem'), error.names)
        for part in ('"medium" (8 vCPU, 16384 MiB of RAM, 50 GiB of '
                     'ephemeral disk)', 'small (2 vCPU, 7680 MiB, 3 GiB '
                                        'root, 14 GiB ephemeral)'):
            self.assertIn(part, str(error))

    def test_ephemeral_disk_of_an_extension(self):
        config = self.make(
            base.group(vm_type='small-highmem', vm_extensions=[
                '100GB_ephemeral_disk']),
            base.group('b', vm_type='small', vm_extensions=[
                '50GB_ephemeral_disk']))
        found = section(config, 'vm_extensions')
        self.assertEqual(
            {'100GB_ephemeral_disk':
             {'instance_type': 'small-highmem-100GB-ephemeral-disk'},
             '50GB_ephemeral_disk':
             {'instance_type': 'small-50GB-ephemeral-disk'}}, found)

    def test_one_extension_suits_all_its_vm_types(self):
        config = self.make(
            base.group(vm_type='minimal', vm_extensions=[
                '50GB_ephemeral_disk']),
            base.group('b', vm_type='medium', vm_extensions=[
                '50GB_ephemeral_disk']))
        self.assertEqual('medium', section(config, 'vm_extensions')[
            '50GB_ephemeral_disk']['instance_type'])

    @ddt.data(
        # the extension follows the flavor that was chosen
        ({'small-highmem': 'minimal'}, {}, 'small-50GB-ephemeral-disk'),
        ({'small-highmem': 'minimal'},
         {'small-highmem': flavors.Size(8, 3840, 0)}, 'medium'),
        ({'50GB_ephemeral_disk': 'small'}, {}, 'small'),
    )
    @ddt.unpack
    def test_ephemeral_disk_with_a_flavor_that_was_chosen(
            self, chosen, sizes, expected):
        config = self.make(
            base.group(vm_type='small-highmem', vm_extensions=[
                '50GB_ephemeral_disk']),
            vm_type_flavors=chosen, sizes=sizes)
        self.assertEqual(
            {'instance_type': expected},
            section(config, 'vm_extensions')['50GB_ephemeral_disk'])

    def test_extension_of_an_unknown_vm_type(self):
        error = self.assertRaises(
            errors.UnknownNames, self.make, base.group(
                vm_type='own', vm_extensions=['5GB_ephemeral_disk']))
        self.assertEqual(('own',), error.names)

    def test_extension_of_a_load_balancer(self):
        extensions = {'cf-tcp-router-network-properties': inputs.Extension(
            ('lb-tcp', 'all'), (
                inputs.Pool(1024, id='p-1', monitoring_port=8080),
                inputs.Pool(1025, name='cf-tcp-1025')),
            {'allowed_address_pairs': '10.0.0.9'})}
        config = self.make(
            base.group(vm_extensions=list(extensions)),
            extensions=extensions, security_groups=('all',))
        self.assertEqual({
            'security_groups': ['all', 'lb-tcp'],
            'loadbalancer_pools': [
                {'id': 'p-1', 'port': 1024, 'monitoring_port': 8080},
                {'name': 'cf-tcp-1025', 'port': 1025}],
            'allowed_address_pairs': '10.0.0.9'},
            section(config, 'vm_extensions')[
                'cf-tcp-router-network-properties'])

    def test_pool_without_name(self):
        error = self.assertRaises(
            errors.InputError, self.make,
            base.group(vm_extensions=['x']), extensions={
                'x': inputs.Extension(pools=(inputs.Pool(1),))})
        self.assertIn('"x" has neither id nor name', str(error))

    @ddt.data(
        (5, {'size': 3}), (0, {'size': 13, 'type': 'fast'}))
    @ddt.unpack
    def test_boot_volume(self, ephemeral, root_disk):
        flavor = flavors.Flavor('f', 1, 3840, 0, ephemeral and 10)
        config = self.make(
            base.group(), flavors=[flavor],
            boot_volume=inputs.BootVolume(root_disk.get('type')))
        self.assertEqual(
            {'instance_type': 'f', 'boot_from_volume': True,
             'root_disk': root_disk}, section(config, 'vm_types')['minimal'])

    def test_disk_types(self):
        config = self.make(
            base.group(persistent_disk_type='5GB'),
            base.group('b', persistent_disk_pool='100GB'),
            base.group('c', persistent_disks=[
                {'name': 'x', 'type': 'own'}]),
            disk_sizes={'own': 70}, volume_type='slow',
            volume_types={'100GB': 'fast'})
        self.assertEqual([
            {'name': '5GB', 'disk_size': 5000,
             'cloud_properties': {'type': 'slow'}},
            {'name': '100GB', 'disk_size': 100000,
             'cloud_properties': {'type': 'fast'}},
            {'name': 'own', 'disk_size': 70,
             'cloud_properties': {'type': 'slow'}}], config['disk_types'])


@ddt.ddt
class TestReading(test_base.BaseTestCase):

    def test_incomplete(self):
        doc = base.manifest(base.group(vm_type='a', vm_extensions=['b']))
        config = {'azs': [{'name': 'z1'}], 'vm_types': None}
        self.assertEqual({'networks': ['default'], 'vm_types': ['a'],
                          'vm_extensions': ['b']},
                         names.missing(doc, config))
        error = self.assertRaises(errors.Incomplete, names.check, doc,
                                  config)
        self.assertIn('vm_types a; vm_extensions b', str(error))

    def test_merge(self):
        merged = reading.merge([
            {'azs': [{'name': 'z1'}], 'compilation': {'workers': 1}},
            {'azs': [{'name': 'z2'}], 'networks': None}])
        self.assertEqual({'azs': [{'name': 'z1'}, {'name': 'z2'}],
                          'compilation': {'workers': 1}, 'networks': []},
                         merged)
        self.assertRaises(errors.CloudConfigError, reading.merge,
                          [{'compilation': {}}] * 2)

    def test_dynamic_and_vip(self):
        found = reading.read({'networks': [
            {'name': 'd', 'type': 'dynamic',
             'cloud_properties': {'net_id': 'n'}},
            {'name': 'v', 'type': 'vip'}]}).networks
        self.assertEqual('n', found['d'].subnets[0].network_id)
        self.assertEqual(('vip', ()), (found['v'].kind,
                                       found['v'].subnets))

    @ddt.data(
        ([], 'the document is list, but has to be a mapping'),
        ({'networks': {'a': 1}}, '"networks" is dict, but has to be a list'),
        ({'azs': ['z1']}, 'an item of "azs" is str, but has to be a mapping'),
        ({'azs': [{}]}, 'an item of "azs" has no name'),
        ({'azs': [{'name': 'z1'}] * 2}, '"z1" is twice in "azs"'),
        ({'vm_types': [{'name': 'a', 'cloud_properties': 'x'}]},
         'cloud_properties of "a" in "vm_types" is str, but has to'),
        ({'disk_types': [{'name': 'a'}]}, '"a" has no disk_size'),
        ({'networks': [{'name': 'a', 'type': 'x'}]},
         '"a" has the unknown type "x"'),
        ({'networks': [{'name': 'a', 'subnets': [{}]}]}, 'has no range'),
        ({'compilation': {'network': 'a'}}, 'how many workers'),
        ({'compilation': {'workers': 1}}, 'has no network'),
    )
    @ddt.unpack
    def test_refused(self, config, reason):
        error = self.assertRaises(manifest_errors.ManifestError,
                                  reading.read, config)
        self.assertIn(reason, str(error))
