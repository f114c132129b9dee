# SPDX-License-Identifier: Apache-2.0
"""From choices and a cloud to cloud config and report."""

import ddt
from oslotest import base as test_base
from requests_mock.contrib import fixture

from cf_openstack.capacity import errors
from cf_openstack.capacity import flavors
from cf_openstack.capacity import planning
from cf_openstack.capacity import servers
from cf_openstack.manifest.cloud_config import errors as config_errors
from cf_openstack.manifest.cloud_config import inputs
from tests.unit.capacity import fake_cloud


def group(name='api', instances=2, **values):
    return {'name': name, 'instances': instances, 'azs': ['z1', 'z2'],
            'vm_type': 'minimal', 'stemcell': 'default',
            'networks': [{'name': 'default'}], **values}


def manifest(*groups):
    return {'name': 'cf', 'instance_groups': list(groups or [group()]),
            'releases': [{'name': 'r', 'version': '1',
                          'stemcell': {'os': 'o', 'version': '1'}}]}


@ddt.ddt
class PlanTest(test_base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.cloud = fake_cloud.FakeCloud(self.useFixture(fixture.Fixture()))

    def plan(self, doc=None, before=None, subnets=('subnet-1', 'subnet-2'),
             options=servers.Options(), **values):
        with self.cloud.connect() as conn:
            return planning.plan(
                conn, doc or manifest(), planning.Choices(
                    {'default': list(subnets)}, values, options), before)

    def test_there_is_room(self):
        found = self.plan(zones=('nova-a', 'nova-b'))
        found.report.require()
        self.assertEqual(
            ['nova-a', 'nova-b'],
            [az['cloud_properties']['availability_zone']
             for az in found.config['azs']])
        self.assertEqual({}, found.report.unknown)
        # Each thing is asked once; ports for the subnets and the limits
        asked = self.cloud.asked()
        self.assertEqual(2, asked.count(fake_cloud.NETWORK + '/ports'))
        self.assertEqual(
            1, asked.count(fake_cloud.COMPUTE + '/flavors/detail'))

    def test_every_shortage_at_once(self):
        self.cloud.limits.update(maxTotalInstances=4, maxTotalRAMSize=8192)
        self.cloud.flavors = [self.cloud.flavor('minimal', 1, 3840, 10)]
        doc = manifest(group(), group('db', 1, vm_type='small'))
        found = self.plan(doc, zones=('nova-a', 'elsewhere'))
        text = str(self.assertRaises(errors.CapacityExceeded,
                                     found.report.require))
        for part in ('No flavor of this project is large enough for "small"',
                     'instances: need 3, limit 4, used 3, missing 2',
                     'ram MiB: need 15360, limit 8192, used 4096',
                     'the availability zone "elsewhere" of Nova'):
            self.assertIn(part, text)
        [row, *_rest] = found.report.rows
        self.assertEqual(('flavor', 'small', 1, 'absent'),
                         (row.kind, row.name, row.missing, row.state))

    @ddt.data(flavors.EphemeralRule.SIZE, flavors.EphemeralRule.SWAP,
              flavors.EphemeralRule.DOUBLE_RAM)
    def test_no_flavor_and_a_boot_volume(self, rule):
        self.cloud.flavors = []
        found = self.plan(ephemeral_rule=rule,
                          boot_volume=inputs.BootVolume('type-1'))
        self.assertEqual(['flavor'], [
            row.kind for row in found.report.shortages])

    def test_flavors_by_id(self):
        found = self.plan(vm_type_flavors={'minimal': 'id-of-huge'})
        self.assertEqual('huge', found.config['vm_types'][0][
            'cloud_properties']['instance_type'])

    @ddt.data('type-1', 'fast')
    def test_volume_types_by_name_or_id(self, given):
        doc = manifest(group(persistent_disk_type='10GB'))
        found = self.plan(doc, volume_type=given,
                          boot_volume=inputs.BootVolume(given))
        found.report.require()
        self.assertEqual('fast', found.config['disk_types'][0][
            'cloud_properties']['type'])
        self.assertEqual('fast', found.config['vm_types'][0][
            'cloud_properties']['root_disk']['type'])

    def test_unknown_volume_type(self):
        doc = manifest(group(persistent_disk_type='10GB'))
        error = self.assertRaises(
            errors.CapacityExceeded,
            self.plan(doc, volume_type='slow').report.require)
        self.assertIn('the volume type "slow" does not exist', str(error))

    def test_only_what_is_added(self):
        self.cloud.limits.update(maxTotalInstances=5, totalInstancesUsed=4)
        before = planning.Before(manifest(), self.plan().config,
                                 {'api': 2})
        doc = manifest(group(instances=3))
        self.plan(doc, before).report.require()
        more = self.plan(manifest(group(instances=4)), before).report
        self.assertEqual([('instances', 2, 1)], [
            (row.kind, row.need, row.missing) for row in more.shortages])
        self.assertFalse(self.plan(doc).report.fits)

    def test_after_a_first_deploy_that_failed(self):
        self.cloud.limits.update(maxTotalInstances=5, totalInstancesUsed=4)
        before = planning.Before(vms={'api': 1}, disks={'api': 1})
        self.plan(manifest(group(instances=2)), before).report.require()
        self.assertFalse(
            self.plan(manifest(group(instances=3)), before).report.fits)

    def test_without_flavors(self):
        self.cloud.fail(fake_cloud.COMPUTE + '/flavors/detail', 403)
        error = self.assertRaises(errors.LimitsUnknown, self.plan)
        self.assertIn('403', str(error))

    def test_some_other_part_is_not_known(self):
        self.cloud.fail(fake_cloud.BALANCER + '/lbaas/quotas/project-1', 404)
        found = self.plan().report
        self.assertTrue(found.fits)
        self.assertEqual(['load balancer quotas'], list(found.unknown))

    def test_choices_that_do_not_fit(self):
        self.assertRaises(config_errors.InputError, self.plan,
                          subnets=('subnet-1', 'subnet-9'))

    def test_examine(self):
        config = self.plan().config
        self.cloud.limits.update(maxTotalInstances=3)
        for vms, fits in (({'api': 2}, True), ({}, False)):
            with self.cloud.connect() as conn:
                found = planning.examine(
                    conn, config, planning.Before(manifest(), config, vms),
                    servers.Options())
            self.assertEqual(fits, found.fits)
