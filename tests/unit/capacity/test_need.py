# SPDX-License-Identifier: Apache-2.0

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as test_base

from cf_openstack.capacity import amounts
from cf_openstack.capacity import check
from cf_openstack.capacity import errors
from cf_openstack.capacity import groups
from cf_openstack.capacity import need
from cf_openstack.capacity import placement
from cf_openstack.capacity import servers
from tests.unit.capacity import base

R = amounts.Resource


@ddt.ddt
class TestUpdateBlock(test_base.BaseTestCase):

    @ddt.data(
        # as the director does: shares are rounded down
        ('1', 5, 1), ('3', 5, 3), ('9', 5, 5), ('0', 5, 1), ('-2', 5, 1),
        ('33%', 10, 3), ('39%', 10, 3), ('100%', 7, 7), ('5%', 10, 1),
        ('0%', 10, 1), ('250%', 4, 4), ('50%', 3, 1), ('1', 0, 0))
    @ddt.unpack
    def test_in_flight(self, value, instances, expected):
        self.assertEqual(
            expected, groups.UpdateBlock(value).in_flight(instances))

    @hypothesis.given(st.integers(0, 300), st.integers(1, 500))
    def test_share(self, percent, instances):
        found = groups.UpdateBlock('%d%%' % percent).in_flight(instances)
        self.assertTrue(1 <= found <= instances)
        exact = percent * instances / 100
        if 1 <= exact <= instances:
            self.assertTrue(found <= exact < found + 1)

    def test_group_over_deployment(self):
        one, other = groups.read(base.manifest(
            base.group('a', update={'max_in_flight': '50%',
                                    'vm_strategy': 'delete-create'}),
            base.group('b', update={'serial': True}),
            update={'max_in_flight': 4, 'serial': False, 'canaries': 1,
                    'vm_strategy': 'create-swap-delete'}))
        self.assertEqual(groups.UpdateBlock('50%', False, False),
                         one.update)
        self.assertEqual(groups.UpdateBlock('4', True, True), other.update)

    def test_the_directors_defaults(self):
        (group,) = groups.read(base.manifest(base.group()))
        self.assertEqual(groups.UpdateBlock('1', True, False), group.update)

    def test_no_number(self):
        error = self.assertRaises(
            errors.NeedUnknown, groups.read,
            base.manifest(base.group(update={'max_in_flight': 'half'})))
        self.assertIn('"half"', str(error))

    def test_static_ips_prevent_swapping(self):
        update = {'vm_strategy': 'create-swap-delete'}
        one, other = groups.read(base.manifest(
            base.group('a', update=update),
            base.group('b', 1, update=update, networks=[
                {'name': 'default', 'static_ips': ['10.0.1.12']}])))
        self.assertEqual([True, False], [one.swaps, other.swaps])

    @ddt.data({'instances': '((count))'}, {'persistent_disk': '((size))'})
    def test_variables(self, values):
        error = self.assertRaises(
            errors.NeedUnknown, groups.read,
            base.manifest(base.group(**values)))
        self.assertIn(next(iter(values.values())), str(error))


class TestSpread(test_base.BaseTestCase):

    @hypothesis.given(st.integers(0, 50), st.integers(1, 5))
    def test_even(self, instances, count):
        azs = ['z%d' % number for number in range(count)]
        found = placement.spread(instances, azs)
        counts = [found.count(az) for az in azs]
        self.assertEqual(instances, len(found))
        self.assertLessEqual(max(counts) - min(counts), 1)
        self.assertEqual(sorted(counts, reverse=True), counts)

    def test_no_azs(self):
        self.assertEqual([None, None], placement.spread(2, ()))


@ddt.ddt
class TestNeed(test_base.BaseTestCase):

    def test_whole(self):
        found = base.needed(
            base.group('db', 1, persistent_disk_type='10GB'),
            base.group('api', 3, vm_type='large', vm_extensions=['lb']),
            base.group('errand', 1, lifecycle='errand'))
        self.assertEqual({
            R('instances'): 4, R('cores'): 13, R('ram'): 25600,
            R('ports'): 4, R('flavor', 'tiny'): 1, R('flavor', 'big'): 3,
            R('root_disk', 'tiny'): 4, R('root_disk', 'big'): 15,
            R('ephemeral_disk', 'tiny'): 10, R('volumes'): 1,
            R('gigabytes'): 10, R('members', 'pool-1'): 3,
            R('members', 'ssh'): 3, R('addresses', 'default 10.0.1.0/28'): 3,
            R('addresses', 'default 10.0.2.0/28'): 1}, dict(found.running))
        self.assertEqual((1, 1024), (found.errands[R('instances')],
                                     found.errands[R('ram')]))
        self.assertEqual({}, dict(found.compilation))
        self.assertEqual({'nova-z1': ('db', 'api', 'errand'),
                          'nova-z2': ('api',)}, found.zones)
        self.assertEqual({'nova-z1': ('db',)}, found.volume_zones)
        self.assertEqual({'net-z1', 'net-z2'}, found.network_ids)
        self.assertEqual(10, found.largest_disk)
        self.assertEqual((), found.problems)

    def test_compilation(self):
        found = need.calculate(base.source(base.manifest()), base.config(),
                               base.FLAVORS)
        self.assertEqual({
            R('instances'): 3, R('cores'): 12, R('ram'): 24576,
            R('ports'): 3, R('flavor', 'big'): 3, R('root_disk', 'big'): 15,
            R('addresses', 'default 10.0.1.0/28'): 3}, dict(found.compilation))

    def test_boot_from_volume(self):
        found = base.needed(base.group(vm_extensions=['root']))
        self.assertEqual(2, found.running[R('volumes', 'fast')])
        self.assertEqual(40, found.running[R('gigabytes', 'fast')])
        self.assertEqual(0, found.running[R('root_disk', 'tiny')])
        self.assertEqual(20, found.running[R('ephemeral_disk', 'tiny')])
        self.assertEqual({'fast': ('api',)}, found.volume_types)

    def test_boot_from_volume_by_the_cpi(self):
        found = base.needed(
            base.group('a', 1, vm_type='large'),
            options=servers.Options(boot_from_volume=True))
        self.assertEqual(5, found.running[R('gigabytes')])

    @ddt.data(
        ({'persistent_disk': 1025}, '', 2),
        ({'persistent_disk': 0}, '', 0),
        ({'persistent_disk_type': 'fast'}, 'fast', 2),
        ({'persistent_disk_pool': '10GB'}, '', 10),
        ({'persistent_disks': [{'name': 'a', 'type': '10GB'},
                               {'name': 'b', 'type': '10GB'}]}, '', 20),
    )
    @ddt.unpack
    def test_disks(self, values, volume_type, gib):
        found = base.needed(base.group('db', 1, **values)).running
        self.assertEqual(gib, found[R('gigabytes', volume_type)])

    def test_default_volume_type_of_the_cpi(self):
        found = base.needed(
            base.group('db', 1, persistent_disk_type='10GB'),
            options=servers.Options(default_volume_type='slow',
                                    ignore_server_availability_zone=True))
        self.assertEqual(10, found.running[R('gigabytes', 'slow')])
        self.assertEqual({}, found.volume_zones)

    def test_static_and_floating_ips(self):
        found = base.needed(
            base.group('a', 3, networks=[
                {'name': 'default', 'static_ips': [
                    '10.0.1.12-10.0.1.13', '10.0.2.14']},
                {'name': 'public', 'static_ips': [
                    '1.1.1.1', '1.1.1.2', '1.1.1.3']}]),
            base.group('b', 1, networks=[
                {'name': 'default', 'static_ips': ['((ip))']}]))
        self.assertEqual({'10.0.1.12': 'net-z1', '10.0.1.13': 'net-z1',
                          '10.0.2.14': 'net-z2'}, found.static_ips)
        self.assertEqual(('1.1.1.1', '1.1.1.2', '1.1.1.3'),
                         found.floating_ips)
        self.assertEqual(4, found.running[R('ports')])
        self.assertEqual({}, found.address_pools)
        self.assertEqual((), found.problems)

    def test_sizes_in_place_of_a_vm_type(self):
        found = base.needed(base.group(
            'a', 1, vm_type=None, vm_resources={
                'cpu': 1, 'ram': 1024, 'ephemeral_disk_size': 10240}))
        self.assertEqual(1, found.running[R('flavor', 'tiny')])

    def test_server_groups(self):
        found = need.calculate(
            base.source(base.manifest(base.group('a', 5), base.group('b'))),
            base.config(), base.FLAVORS,
            servers.Options(auto_anti_affinity=True))
        self.assertEqual(2, found.running[R('server_groups')])
        self.assertEqual(3, found.compilation[R('server_groups')])
        self.assertEqual(5, found.largest_group)

    def test_beside(self):
        found = need.calculate(
            base.manifest(), base.config(), base.FLAVORS,
            beside=amounts.of(floating_ips=2))
        self.assertEqual({R('floating_ips'): 2}, dict(found.running))

    @ddt.data(
        ({'vm_type': 'huge'}, 'vm_type', 'huge'),
        ({'vm_extensions': ['x']}, 'vm_extension', 'x'),
        ({'persistent_disk_type': '1TB'}, 'disk_type', '1TB'),
        ({'networks': [{'name': 'x'}]}, 'network', 'x'),
        ({'azs': ['z1', 'z9']}, 'az', 'z9'),
        ({'networks': [{'name': 'default', 'static_ips': [
            '10.0.1.9', '10.0.2.12']}]}, 'static_ip', '10.0.1.9'),
        ({'networks': [{'name': 'default', 'static_ips': [
            '10.0.1.12']}]}, 'static_ip', 'default'),
        ({'azs': ['z1'], 'networks': [
            {'name': 'default', 'static_ips': ['10.0.1.12',
                                               '10.0.2.12']}]},
         'static_ip', '10.0.2.12'),
        ({'vm_type': None, 'vm_resources': {
            'cpu': 64, 'ram': 1, 'ephemeral_disk_size': 1}}, 'flavor',
         '64 vCPU, 1 MiB of RAM, 1 GiB of ephemeral disk'),
    )
    @ddt.unpack
    def test_problems(self, values, kind, name):
        problems = base.needed(base.group(**values)).problems
        self.assertIn((kind, name),
                      [(found.kind, found.name) for found in problems])
        for problem in problems:
            self.assertIn(problem.name, problem.text)

    def test_flavors(self):
        found = need.calculate(
            base.manifest(base.group(), base.group('b', vm_type='large')),
            base.config(), base.FLAVORS[:1])
        self.assertEqual(
            ['instance group "b": the flavor "big" does not exist in this '
             'project'], [problem.text for problem in found.problems])
        self.assertEqual(4, found.running[R('instances')])

    def test_flavors_are_not_known(self):
        found = need.calculate(
            base.manifest(base.group(), base.group(
                'b', vm_type=None, vm_resources={'cpu': 1, 'ram': 1})),
            base.config(), None)
        self.assertFalse(found.knows_flavors)
        self.assertEqual((), found.problems)
        self.assertEqual(4, found.running[R('instances')])
        rows = {row.kind: row.state
                for row in check.check(found, base.roomy()).rows}
        self.assertEqual(('unknown', 'unknown', 'ok'), (
            rows['cores'], rows['ram'], rows['instances']))

    def test_no_instance_type(self):
        found = need.calculate(
            base.manifest(base.group()),
            base.config(vm_types=[{'name': 'small'}]), base.FLAVORS)
        self.assertIn('"api" has no instance_type', found.problems[0].text)

    @ddt.data(({'instance_type': 'mini'}, 'root disk of 2 GiB'),
              ({'instance_type': 'none', 'boot_from_volume': True},
               'set root_disk.size'))
    @ddt.unpack
    def test_root_disks(self, properties, text):
        flavor = base.FLAVORS[0]
        found = need.calculate(
            base.manifest(base.group()), base.config(vm_types=[
                {'name': 'small', 'cloud_properties': properties}]), [
                type(flavor)('mini', 1, 1, 2), type(flavor)('none', 1, 1, 0)])
        (problem,) = found.problems
        self.assertIn(text, problem.text)

    def test_undefined_names_of_the_compilation(self):
        found = need.calculate(
            base.source(base.manifest()), base.config(compilation={
                'workers': 1, 'network': 'n', 'az': 'a', 'vm_type': 't'}),
            base.FLAVORS)
        self.assertEqual(
            ['az', 'network', 'vm_type'],
            sorted(problem.kind for problem in found.problems))

    def test_networks_of_a_cloud_config(self):
        self.assertEqual(['net-z1', 'net-z2'],
                         need.network_ids(base.config()))
