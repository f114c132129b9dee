# SPDX-License-Identifier: Apache-2.0
"""What a manifest and a cloud config may say, and what not."""

from collections.abc import Callable
import copy
from typing import Any

import ddt

from tests.unit.pocket_director import base

Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any]

# What is wrong with the manifest's group, the manifest or the cloud
# config; the error's code; what its message names.
BAD: dict[str, tuple[Change, int, str]] = {
    'vm_type': (
        lambda g, m, c: g.update(vm_type='no'), 140004,
        "Instance group 'web' references an unknown vm type 'no'"),
    'no_vm_type': (lambda g, m, c: g.pop('vm_type'), 140022, "'web'"),
    'two_sizes': (lambda g, m, c: g.update(vm_resources={
        'cpu': 1, 'ram': 1, 'ephemeral_disk_size': 1}), 140022, "'web'"),
    'disk_type': (
        lambda g, m, c: g.update(persistent_disk_type='no'), 140012,
        "Instance group 'web' references an unknown disk type 'no'"),
    'disk_pool': (
        lambda g, m, c: g.update(persistent_disk_pool='no'), 140012, 'pool'),
    'two_disks': (
        lambda g, m, c: g.update(
            persistent_disk=1, persistent_disk_type='1GB'), 140013, "'web'"),
    'negative_disk': (
        lambda g, m, c: g.update(persistent_disk=-1), 140013, '-1'),
    'stemcell': (
        lambda g, m, c: g.update(stemcell='no'), 140005, "'no'"),
    'stemcell_version': (
        lambda g, m, c: m['stemcells'][0].update(version='9'), 50003,
        "Stemcell version '9' for OS 'ubuntu-noble' doesn't exist"),
    'stemcell_name_and_os': (
        lambda g, m, c: m['stemcells'][0].update(name='x'), 50006, 'name'),
    'stemcell_alias': (
        lambda g, m, c: m['stemcells'].append(m['stemcells'][0]), 50005,
        'default'),
    'no_stemcells': (lambda g, m, c: m.pop('stemcells'), 190019, ''),
    'release': (
        lambda g, m, c: m['releases'][0].update(name='no'), 140002,
        "'rel'"),
    'release_missing': (
        lambda g, m, c: m['releases'].append(
            {'name': 'no', 'version': '1'}), 30005,
        "Release 'no' doesn't exist"),
    'release_version': (
        lambda g, m, c: m['releases'][0].update(version='9'), 30006,
        "Release version 'rel/9' doesn't exist"),
    'release_twice': (
        lambda g, m, c: m['releases'].append(m['releases'][0]), 190002,
        'rel'),
    'job': (
        lambda g, m, c: g['jobs'][0].update(name='no'), 140029,
        "Job 'no' not found in release 'rel'"),
    'job_twice': (
        lambda g, m, c: g['jobs'].append(g['jobs'][0]), 140010, "'job'"),
    'extension': (
        lambda g, m, c: g.update(vm_extensions=['no']), 100,
        "The vm_extension 'no'"),
    'network': (
        lambda g, m, c: g.update(networks=[{'name': 'no'}]), 150001,
        "Instance group 'web' references an unknown network 'no'"),
    'no_network': (lambda g, m, c: g.update(networks=[]), 140009, 'web'),
    'az': (
        lambda g, m, c: g.update(azs=['no']), 140018,
        "references unknown availability zone 'no'"),
    'no_azs': (lambda g, m, c: g.update(azs=[]), 140017, 'web'),
    'azs_of_network': (
        lambda g, m, c: g.pop('azs'), 150006, "network 'default'"),
    'default': (
        lambda g, m, c: g.update(networks=[
            {'name': 'default'}, {'name': 'second'}]), 150005, 'dns'),
    'two_defaults': (
        lambda g, m, c: g.update(networks=[
            {'name': name, 'default': ['dns', 'gateway']}
            for name in ('default', 'second')]), 150004, 'second'),
    'unknown_default': (
        lambda g, m, c: g['networks'][0].update(default=['x']), 150003,
        "'x'"),
    'static_count': (
        lambda g, m, c: g['networks'][0].update(
            static_ips=['10.0.1.100', '10.0.1.101']), 150002,
        'has 1 instances but was allocated 2 static IPs'),
    'static_pool': (
        lambda g, m, c: g['networks'][0].update(
            static_ips=['10.0.1.50']), 130009, '10.0.1.50'),
    'static_subnet': (
        lambda g, m, c: g['networks'][0].update(
            static_ips=['10.7.0.1']), 140016, 'belongs to no subnet'),
    'static_az': (
        lambda g, m, c: (g.update(azs=['z2']), g['networks'][0].update(
            static_ips=['10.0.1.100'])), 150007, '10.0.1.100'),
    'static_dynamic': (
        lambda g, m, c: g.update(networks=[
            {'name': 'outside', 'static_ips': ['10.0.0.1']}]), 150008,
        'outside'),
    'static_form': (
        lambda g, m, c: g['networks'][0].update(static_ips=['x']), 160010,
        "'x'"),
    'vip_without_ip': (
        lambda g, m, c: g['networks'].append({'name': 'floating'}), 130014,
        'floating'),
    'full': (
        lambda g, m, c: (g.update(instances=6, networks=[
            {'name': 'second'}])), 130011,
        "for network 'second': no more available"),
    'lifecycle': (
        lambda g, m, c: g.update(lifecycle='no'), 140011, "'no'"),
    'type': (
        lambda g, m, c: g.update(instances='2'), 40000, "'instances'"),
    'missing': (lambda g, m, c: g.pop('instances'), 40001, "'instances'"),
    'no_update': (lambda g, m, c: m.pop('update'), 40001, "'update'"),
    'max_in_flight': (
        lambda g, m, c: m['update'].update(max_in_flight='x%'), 40005, 'x%'),
    'group_twice': (
        lambda g, m, c: m['instance_groups'].append(g), 190006, "'web'"),
    'variable_twice': (
        lambda g, m, c: m.update(variables=[
            {'name': 'a'}, {'name': 'a'}]), 190022, "'a'"),
    'config_variable': (
        lambda g, m, c: c['vm_types'][0].update(
            cloud_properties={'x': ['((flavor))']}), 540001,
        "'flavor' of vm type 'small'"),
    'config_twice': (
        lambda g, m, c: c['vm_types'].append(c['vm_types'][0]), 190004,
        "'small'"),
    'config_az': (
        lambda g, m, c: c['networks'][0]['subnets'][0].update(az='no'),
        160007, "'no'"),
    'config_range': (
        lambda g, m, c: c['networks'][0]['subnets'][0].update(range='x'),
        160002, "'x'"),
    'config_gateway': (
        lambda g, m, c: c['networks'][0]['subnets'][0].update(
            gateway='10.9.9.9'), 160003, '10.9.9.9'),
    'config_reserved': (
        lambda g, m, c: c['networks'][0]['subnets'][0].update(
            reserved=['10.9.9.9']), 160005, '10.9.9.9'),
    'config_static': (
        lambda g, m, c: c['networks'][0]['subnets'][0].update(
            static=['10.9.9.9']), 160006, '10.9.9.9'),
    'config_static_reserved': (
        lambda g, m, c: c['networks'][0]['subnets'][0].update(
            static=['10.0.1.5']), 160006, 'reserved range'),
    'config_overlap': (
        lambda g, m, c: c['networks'][0]['subnets'][1].update(
            range='10.0.0.0/16', gateway='10.0.0.1', static=[]), 160001,
        'default'),
    'config_network_type': (
        lambda g, m, c: c['networks'][0].update(type='no'), 190010, "'no'"),
    'config_no_networks': (
        lambda g, m, c: c.pop('networks'), 190008, 'No networks'),
    'config_disk_size': (
        lambda g, m, c: c['disk_types'][0].update(disk_size=-5), 200001,
        '-5'),
    'compilation_vm_type': (
        lambda g, m, c: c['compilation'].update(vm_type='no'), 120003,
        "unknown vm type 'no'"),
    'compilation_network': (
        lambda g, m, c: c['compilation'].update(network='no'), 120001,
        "'no'"),
    'compilation_az': (
        lambda g, m, c: c['compilation'].update(az='no'), 120002, "no'"),
    'compilation_extension': (
        lambda g, m, c: c['compilation'].update(vm_extensions=['no']),
        120005, "'no'"),
}


@ddt.ddt
class BadInputTest(base.DirectorTestCase):

    @ddt.data(*BAD)
    def test_task_error(self, name: str) -> None:
        change, code, text = BAD[name]
        self.upload()
        group = base.group('web')
        document = base.manifest(group)
        config = copy.deepcopy(base.CLOUD_CONFIG)
        change(group, document, config)
        self.configure(config)
        error = self.error(self.deploy(document))
        self.assertEqual(code, error['code'], error['message'])
        self.assertIn(text, error['message'])
        self.assertEqual([], self.calls())

    def test_compilation_in_two_configs(self) -> None:
        self.upload()
        self.configure({'compilation': {}}, 'other')
        error = self.error(self.deploy(base.manifest()))
        self.assertEqual(570000, error['code'])

    def test_static_ip_in_use(self) -> None:
        self.upload()
        used = [{'name': 'default', 'static_ips': ['10.0.1.100']}]
        self.done(self.deploy(base.manifest(
            base.group('web', networks=used))))
        error = self.error(self.deploy(base.manifest(
            base.group('web', networks=used), name='other')))
        self.assertEqual(130008, error['code'])
        self.assertIn("from deployment 'dep'", error['message'])


class PlacementTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()

    def placed(self) -> dict[str, tuple[str, str]]:
        return {i['id']: (i['az'], i['ips'][0]) for i in self.instances()}

    def test_static_ips_of_two_azs(self) -> None:
        self.done(self.deploy(base.manifest(base.group('web', 3, networks=[
            {'name': 'default', 'static_ips': [
                '10.0.1.100-10.0.1.101', '10.0.2.100']}]))))
        self.assertEqual(
            [('z1', '10.0.1.100'), ('z1', '10.0.1.101'),
             ('z2', '10.0.2.100')], sorted(self.placed().values()))

    def test_static_ip_stays_with_its_instance(self) -> None:
        for ips in (['10.0.1.100', '10.0.1.101'],
                    ['10.0.1.101', '10.0.1.102']):
            before = self.placed() if self.in_cloud('vms') else {}
            self.done(self.deploy(base.manifest(base.group(
                'web', 2, networks=[{'name': 'default',
                                     'static_ips': ips}]))))
        after = self.placed()
        kept = [i for i in after if before.get(i) == after[i]]
        self.assertEqual([('z1', '10.0.1.101')], [after[i] for i in kept])
        self.assertEqual(set(before), set(after))

    def test_instance_with_disk_stays_in_its_az(self) -> None:
        group = base.group('db', 1, azs=['z2'], persistent_disk=1024)
        self.done(self.deploy(base.manifest(group)))
        before = self.placed()
        group['azs'] = ['z1', 'z2']
        self.done(self.deploy(base.manifest(group)))
        self.assertEqual(before, self.placed())

    def test_az_is_removed(self) -> None:
        group = base.group('web', 2)
        self.done(self.deploy(base.manifest(group)))
        group['azs'] = ['z2']
        self.done(self.deploy(base.manifest(group)))
        self.assertEqual(
            ['z2', 'z2'], [az for az, _ in self.placed().values()])
        self.assertEqual(2, len(self.in_cloud('vms')))

    def test_network_changes(self) -> None:
        group = base.group('web')
        self.done(self.deploy(base.manifest(group)))
        group['networks'] = [{'name': 'second'}]
        self.done(self.deploy(base.manifest(group)))
        self.assertEqual(
            [('z1', '10.9.0.2')], list(self.placed().values()))
        rows = self.director.store.all('SELECT address FROM addresses')
        self.assertEqual(['10.9.0.2'], [row['address'] for row in rows])
