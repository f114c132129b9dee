# SPDX-License-Identifier: Apache-2.0

import dataclasses
import json
import subprocess
import sys

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as test_base

from cf_openstack.capacity import amounts
from cf_openstack.capacity import check
from cf_openstack.capacity import demand
from cf_openstack.capacity import errors
from cf_openstack.capacity import need
from cf_openstack.capacity import project
from cf_openstack.capacity import report
from cf_openstack.capacity import servers
from cf_openstack.manifest import addresses
from tests.unit.capacity import base

R = amounts.Resource
EIGHT = base.needed(base.group('a', 8))


@ddt.ddt
class TestQuotas(test_base.BaseTestCase):

    @ddt.data(
        ('instances', 'instances', 4), ('cores', 'cores', 7),
        ('ram', 'ram MiB', 11264), ('ports', 'ports', 4),
        ('volumes', 'volumes', 1), ('gigabytes', 'gigabytes', 10),
        ('members', 'members', 6),
    )
    @ddt.unpack
    def test_limit(self, kind, what, wanted):
        need_ = base.needed(
            base.group('db', 1, persistent_disk_type='10GB'),
            base.group('api', 3, vm_extensions=['lb']))
        if kind in ('cores', 'ram'):
            need_ = base.needed(base.group('a', 3),
                                base.group('b', 1, vm_type='large'))
        for used in (0, 100):
            self.assertEqual({}, base.shortages(
                need_, base.roomy(**{kind: (wanted + used, used)})))
            self.assertEqual({what: 1}, base.shortages(
                need_, base.roomy(**{kind: (wanted + used - 1, used)})))
        self.assertEqual({what: wanted}, base.shortages(
            need_, base.roomy(**{kind: (5, 50)})))

    @hypothesis.settings(max_examples=50)
    @hypothesis.given(st.integers(-1, 30), st.integers(0, 30))
    def test_missing_is_what_would_be_enough(self, limit, used):
        missing = base.shortages(
            EIGHT, base.roomy(ports=(limit, used))).get('ports', 0)
        if limit < 0:
            self.assertEqual(0, missing)
        else:
            self.assertEqual(max(0, 8 - max(limit - used, 0)), missing)

    def test_every_shortage_is_told(self):
        found = check.check(
            base.needed(base.group('a', 4)),
            base.roomy(instances=(10, 8), cores=(2, 0), ports=(0, 0)))
        self.assertFalse(found.fits)
        error = self.assertRaises(errors.CapacityExceeded, found.require)
        self.assertEqual((
            'instances: need 4, limit 10, used 8, missing 2',
            'cores: need 4, limit 2, used 0, missing 2',
            'ports: need 4, limit 0, used 0, missing 4'), error.shortages)
        self.assertIn(error.shortages[0], str(error))

    def test_when_it_is_needed(self):
        wanted = need.calculate(
            base.source(base.manifest(base.group('a', 4))), base.config(),
            base.FLAVORS)
        found = check.check(wanted, base.roomy(instances=(6, 0)))
        self.assertEqual(
            ['instances: need 7 (during next compilation), limit 6, used 0, '
             'missing 1'], [row.describe() for row in found.shortages])

    def test_fits(self):
        found = check.check(base.needed(base.group('a', 4)), base.roomy())
        self.assertTrue(found.fits)
        self.assertIsNone(found.require())

    def test_update_does_not_count_twice(self):
        wanted = base.needed(base.group('a', 4, persistent_disk=1024))
        has = base.roomy(instances=(5, 4), volumes=(5, 4), ports=(5, 4),
                         gigabytes=(5, 4))
        self.assertEqual(3, base.shortages(wanted, has)['instances'])
        deployed = demand.Deployed(wanted)
        self.assertEqual({}, base.shortages(wanted, has, deployed))
        more = base.needed(base.group('a', 6, persistent_disk=1024))
        self.assertEqual(
            {'instances': 1, 'volumes': 1, 'ports': 1, 'gigabytes': 1},
            base.shortages(more, has, deployed))
        row = [row for row in check.check(more, has, deployed).rows
               if row.kind == 'instances'][0]
        self.assertEqual((2, 6, 5, 4, 1), (
            row.need, row.total, row.limit, row.used, row.missing))

    def test_volume_types(self):
        wanted = base.needed(
            base.group('a', 2, persistent_disk_type='10GB'),
            base.group('b', 1, persistent_disk_type='fast'))
        has = base.roomy(gigabytes=(22, 0))
        has.quotas.update({
            R('gigabytes', 'slow'): project.Quota(15, 0),
            R('volumes', 'fast'): project.Quota(3, 3)})
        self.assertEqual({'gigabytes (slow)': 5, 'volumes (fast)': 1},
                         base.shortages(wanted, has))

    def test_size_of_a_volume(self):
        wanted = base.needed(base.group('a', persistent_disk_type='10GB'))
        self.assertEqual({'volume size GiB': 2}, base.shortages(
            wanted, base.roomy(volume_size=(8, 0))))

    def test_members_of_a_server_group(self):
        wanted = base.needed(
            base.group('a', 7),
            options=servers.Options(auto_anti_affinity=True))
        self.assertEqual(
            {'server group members': 2, 'server groups': 1},
            base.shortages(wanted, base.roomy(
                server_group_members=(5, 0), server_groups=(4, 4))))

    def test_beside(self):
        wanted = need.calculate(
            base.manifest(), base.config(), base.FLAVORS,
            beside=amounts.of(floating_ips=2, load_balancers=1))
        self.assertEqual(
            {'floating ips': 1, 'load balancers': 1},
            base.shortages(wanted, base.roomy(
                floating_ips=(4, 3), load_balancers=(1, 1))))

    def test_nothing_is_known(self):
        wanted = base.needed(
            base.group('a', 2, persistent_disk_type='fast',
                       vm_extensions=['lb'], networks=[
                           {'name': 'default', 'static_ips': [
                               '10.0.1.12', '10.0.2.12']},
                           {'name': 'public', 'static_ips': [
                               '1.1.1.1', '1.1.1.2']}]),
            base.group('b', 1))
        found = check.check(wanted, project.Project(
            unknown={'compute limits': 'Forbidden: no'}))
        self.assertTrue(found.fits)
        self.assertEqual({'unknown', 'info'},
                         {row.state for row in found.rows})
        self.assertIn('not known: compute limits: Forbidden: no',
                      found.table())

    @ddt.data((3, report.SHORT), (4, report.UNKNOWN))
    @ddt.unpack
    def test_usage_is_not_known(self, limit, state):
        found = check.check(base.needed(base.group('a', 4)),
                            base.roomy(instances=(limit, None)))
        self.assertEqual(state, found.rows[0].state)


@ddt.ddt
class TestRoom(test_base.BaseTestCase):

    # Of each /28, the gateway, three reserved and three static ones are not
    # given out, nor are the first and the last.
    @ddt.data((14, {}), (15, {'addresses (default 10.0.1.0/28)': 1}),
              (16, {'addresses (default 10.0.1.0/28)': 1,
                    'addresses (default 10.0.2.0/28)': 1}))
    @ddt.unpack
    def test_addresses(self, instances, expected):
        self.assertEqual(expected, base.shortages(
            base.needed(base.group('a', instances)), base.roomy()))

    def used(self, *texts):
        has = base.roomy()
        network = dataclasses.replace(
            has.networks['net-z1'], used=addresses.parse(list(texts)))
        return dataclasses.replace(
            has, networks={**has.networks, 'net-z1': network})

    def test_used_addresses(self):
        has = self.used('10.0.1.1-10.0.1.4', '10.0.1.8', '10.0.1.9')
        self.assertEqual(
            {'addresses (default 10.0.1.0/28)': 2},
            base.shortages(base.needed(base.group('a', 14)), has))

    def test_addresses_of_the_deployment_itself(self):
        wanted = base.needed(base.group('a', 4, azs=['z1']))
        has = self.used('10.0.1.5-10.0.1.11')
        self.assertEqual({'addresses (default 10.0.1.0/28)': 4},
                         base.shortages(wanted, has))
        self.assertEqual({}, base.shortages(wanted, has,
                                            demand.Deployed(wanted)))

    def test_a_subnet_for_all(self):
        config = base.config()
        (subnet, _) = config['networks'][0]['subnets']
        del subnet['az']
        config['networks'][0]['subnets'] = [subnet]
        wanted = need.calculate(base.manifest(base.group('a', 8)), config,
                                base.FLAVORS)
        self.assertEqual({'addresses (default 10.0.1.0/28)': 1},
                         base.shortages(wanted, base.roomy()))

    def test_subnets_that_are_shared(self):
        config = base.config()
        config['networks'][0]['subnets'][0].update(az='z1')
        config['networks'][0]['subnets'][1] = {
            **config['networks'][0]['subnets'][1], 'azs': ['z1', 'z2']}
        del config['networks'][0]['subnets'][1]['az']
        wanted = need.calculate(
            base.manifest(base.group('a', 10, azs=['z1']),
                          base.group('b', 5, azs=['z2'])),
            config, base.FLAVORS)
        self.assertEqual(
            ['addresses (default 10.0.1.0/28, 10.0.2.0/28 + '
             'default 10.0.2.0/28)'],
            list(base.shortages(wanted, base.roomy())))

    def test_ranges_of_different_networks_do_not_meet(self):
        config = base.config()
        config['networks'].insert(1, {
            **config['networks'][0], 'name': 'other', 'subnets': [
                {**subnet, 'cloud_properties': {'net_id': 'net-3'}}
                for subnet in config['networks'][0]['subnets']]})
        wanted = need.calculate(
            base.manifest(base.group('a', 6, azs=['z1'], networks=[
                {'name': 'default'}, {'name': 'other'}])),
            config, base.FLAVORS)
        has = base.roomy()
        has.networks['net-3'] = has.networks['net-z1']
        self.assertEqual({}, base.shortages(wanted, has))

    def test_dynamic_and_manual_at_once(self):
        config = base.config()
        config['networks'].append({
            'name': 'd', 'type': 'dynamic',
            'cloud_properties': {'net_id': 'net-z1'}})
        wanted = need.calculate(
            base.manifest(base.group('a', 4, azs=['z1'], networks=[
                {'name': 'default'}, {'name': 'd'}])),
            config, base.FLAVORS)
        self.assertEqual({'addresses (d, dynamic)': 1},
                         base.shortages(wanted, base.roomy()))

    def test_dynamic_network(self):
        config = base.config(networks=[{
            'name': 'default', 'type': 'dynamic',
            'cloud_properties': {'net_id': 'net-z1'}}])
        wanted = need.calculate(base.manifest(base.group('a', 4)), config,
                                base.FLAVORS)
        self.assertEqual({'addresses (default, dynamic)': 1},
                         base.shortages(wanted, base.roomy()))

    def test_static_ips(self):
        wanted = base.needed(base.group('a', 1, networks=[
            {'name': 'default', 'static_ips': ['10.0.1.12']}]))
        self.assertEqual({}, base.shortages(wanted, base.roomy()))
        has = self.used('10.0.1.12')
        self.assertEqual({'static ip (10.0.1.12)': 1},
                         base.shortages(wanted, has))
        self.assertEqual({}, base.shortages(wanted, has,
                                            demand.Deployed(wanted)))

    @ddt.data(({'1.1.1.1': None}, None), ({}, 'create it first'),
              ({'1.1.1.1': 'port-1'}, 'in use by the port port-1'))
    @ddt.unpack
    def test_floating_ips(self, known, text):
        wanted = base.needed(base.group('a', 1, networks=[
            {'name': 'default'},
            {'name': 'public', 'static_ips': ['1.1.1.1']}]))
        has = dataclasses.replace(base.roomy(), floating_ips=known)
        found = check.check(wanted, has).shortages
        self.assertEqual(bool(text), bool(found))
        if text:
            self.assertIn(text, found[0].describe())
        if known:
            self.assertEqual({}, base.shortages(wanted, has,
                                                demand.Deployed(wanted)))


@ddt.ddt
class TestExistence(test_base.BaseTestCase):

    @ddt.data(
        ('zones', frozenset({'nova-z1'}), 'zone (nova-z2)', '(for db, lb)'),
        ('volume_zones', frozenset({'nova-z2', 'nova'}),
         'volume zone (nova-z1)', 'ignore_server_availability_zone'),
        ('volume_types', frozenset(), 'volume type (fast)', '(for db)'),
        ('pools', {'pool-1': 'https'}, 'pool (ssh)', 'no pool "ssh"'),
    )
    @ddt.unpack
    def test_missing(self, part, known, what, text):
        wanted = base.needed(
            base.group('db', 2, persistent_disk_type='fast'),
            base.group('lb', 2, vm_extensions=['lb']))
        self.assertEqual({}, base.shortages(wanted, base.roomy()))
        has = dataclasses.replace(base.roomy(), **{part: known})
        self.assertEqual({what: 1}, base.shortages(wanted, has))
        self.assertIn(text, check.check(wanted, has).shortages[0].text)

    def test_network(self):
        has = base.roomy()
        del has.networks['net-z2']
        self.assertEqual(
            {'network (net-z2)': 1},
            base.shortages(base.needed(base.group('a', 2)), has))

    def test_problems(self):
        wanted = base.needed(base.group('a', vm_type='huge'))
        self.assertEqual({'vm type (huge)': 1},
                         base.shortages(wanted, base.roomy()))


class TestReport(test_base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.report = check.check(
            base.needed(base.group('a', 4), base.group('b', 1, azs=['z9'])),
            base.roomy(instances=(10, 8)))

    def test_json(self):
        found = json.loads(json.dumps(self.report.to_dict()))
        self.assertFalse(found['fits'])
        self.assertEqual({
            'kind': 'instances', 'name': '', 'need': 5, 'total': 5,
            'limit': 10, 'used': 8, 'free': 2, 'missing': 3, 'unit': '',
            'state': 'short', 'phase': 'creation', 'text': ''},
            found['rows'][0])
        self.assertIn('running',
                      [phase['name'] for phase in found['phases']])
        self.assertEqual(5, found['phases'][-1]['takes']['instances'])
        self.assertIn('instances: need 5, limit 10, used 8, missing 3',
                      found['shortages'])

    def test_table(self):
        lines = self.report.table().splitlines()
        self.assertEqual(
            ['what', 'need', 'limit', 'used', 'free', 'missing', 'state'],
            [cell.strip() for cell in lines[0].split('|')])
        self.assertEqual(
            ['instances', '5', '10', '8', '2', '3', 'short'],
            [cell.strip() for cell in lines[2].split('|')])
        self.assertEqual({len(line.split('|')[0]) for line in lines[2:9]},
                         {len(lines[0].split('|')[0])})
        self.assertIn('the manifest: the cloud config defines no '
                      'availability zone "z9"', lines)


class TestImports(test_base.BaseTestCase):

    def test_no_sdk_is_imported(self):
        modules = ', '.join('cf_openstack.capacity.' + name for name in (
            'check', 'demand', 'flavors', 'limits', 'need', 'project'))
        code = ('import sys, %s; '
                'print({name.partition(".")[0] for name in sys.modules} & '
                '{"openstack", "keystoneauth1", "heat", "django", '
                '"horizon"})' % modules)
        self.assertEqual('set()', subprocess.run(
            [sys.executable, '-c', code], capture_output=True, text=True,
            check=True).stdout.strip())
