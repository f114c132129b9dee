# SPDX-License-Identifier: Apache-2.0
"""What the real cf-deployment needs, from cloud config to report.

``CF_DEPLOYMENT_DIR`` names a checkout of cf-deployment; without it, a small
set of the same shape is taken.
"""

import functools
import os
import pathlib

import ddt
from oslotest import base as test_base

from cf_openstack.capacity import amounts
from cf_openstack.capacity import check
from cf_openstack.capacity import flavors
from cf_openstack.capacity import need
from cf_openstack.capacity import project
from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_config import making
from cf_openstack.manifest.cloud_config import names
from cf_openstack.manifest.cloud_config import vm_types
from cf_openstack.manifest import document
from cf_openstack.manifest import operations
from cf_openstack.manifest import variables

R = amounts.Resource

REAL = os.environ.get('CF_DEPLOYMENT_DIR')
FOLDER = pathlib.Path(
    REAL or pathlib.Path(__file__).parents[1] / 'manifest' / 'data')

#: As the documentation of cf-deployment for OpenStack asks for them.
DOCUMENTED = tuple(
    flavors.Flavor(name, size.vcpus, size.ram_mib, 3, size.ephemeral_gib)
    for name, size in vm_types.SIZES.items())
#: With enough ephemeral disk for the rules of every CPI and of the agent.
USABLE = tuple(
    flavors.Flavor(flavor.name, flavor.vcpus, flavor.ram_mib, 3, ephemeral)
    for flavor, ephemeral in zip(DOCUMENTED, (14, 22, 58, 60, 131, 66)))

OPENSTACK = ('openstack.yml',)
ONE_AZ = ('openstack.yml', 'scale-to-one-az.yml')

# VMs, vCPUs, MiB of RAM, GiB of ephemeral and root disk, ... addresses in
# z1 and z2: cf-deployment v58 and the small set.
TOTALS = {
    OPENSTACK: (29, 63, 276736, 744, 87, 2, 108, 29, [17, 12]),
    ONE_AZ: (15, 33, 144128, 336, 45, 2, 108, 15, [15]),
} if REAL else {
    OPENSTACK: (7, 16, 93184, 334, 21, 1, 10, 7, [4, 3]),
    ONE_AZ: (4, 9, 50432, 174, 12, 1, 10, 4, [4]),
}
ERRANDS = 2 if REAL else 1
# The small set has a VM type of its own.
SIZES = {'small-50GB': flavors.Size(2, 7680, 50)}


@functools.cache
def text(name):
    return (FOLDER / name).read_text()


def manifest(*files, **values):
    doc = operations.apply(
        document.load(text('cf-deployment.yml'), 'cf-deployment.yml'),
        [operations.OperationsFile(name, text('operations/' + name))
         for name in files])
    return variables.interpolate(doc, values)


def config(doc, some=DOCUMENTED, **values):
    subnets = tuple(
        inputs.Subnet('10.0.%d.0/20' % third, 'net-1', '10.0.%d.1' % third,
                      (('10.0.%d.2' % third, '10.0.%d.50' % third),))
        for third in (16, 32, 48))
    return making.make(doc, inputs.Inputs(**{
        'networks': {'default': subnets}, 'flavors': some,
        'zones': ('nova',), 'sizes': SIZES, **values}))


def official():
    """The cloud config of cf-deployment for OpenStack."""
    return variables.interpolate(
        document.load(text('iaas-support/openstack/cloud-config.yml'), 'c'),
        {'%s%d' % (what, number): 'nova'
         for what in ('availability_zone', 'network_id')
         for number in (1, 2, 3)})


def by_kind(found):
    result = {}
    for resource, number in found.items():
        result[resource.kind] = result.get(resource.kind, 0) + number
    return result


@ddt.ddt
class TestCfDeployment(test_base.BaseTestCase):

    @ddt.data(OPENSTACK, ONE_AZ)
    def test_totals(self, files):
        doc = manifest(*files)
        for made in (config(doc), *((official(),) if REAL else ())):
            self.check_totals(files, need.calculate(doc, made, DOCUMENTED))

    def check_totals(self, files, found):
        kinds = by_kind(found.running)
        self.assertEqual(TOTALS[files], tuple(kinds[kind] for kind in (
            'instances', 'cores', 'ram', 'ephemeral_disk', 'root_disk',
            'volumes', 'gigabytes', 'ports')) + (
                [found.running[R('addresses', label)]
                 for label in sorted(found.address_pools)
                 if found.running[R('addresses', label)]],))
        self.assertEqual((5, 5, 19200), tuple(
            found.compilation[R(kind)]
            for kind in ('instances', 'cores', 'ram')))
        self.assertEqual((ERRANDS, ERRANDS, 3840 * ERRANDS), tuple(
            found.errands[R(kind)]
            for kind in ('instances', 'cores', 'ram')))
        self.assertEqual((), found.problems)

    @ddt.data((OPENSTACK, 1043 if REAL else 428),
              (ONE_AZ, 501 if REAL else 225))
    @ddt.unpack
    def test_ephemeral_disk_that_is_enough_for_all(self, files, expected):
        doc = manifest(*files)
        made = config(doc, USABLE,
                      ephemeral_rule=flavors.EphemeralRule.DOUBLE_RAM)
        found = need.calculate(doc, made, USABLE)
        self.assertEqual(expected,
                         by_kind(found.running)['ephemeral_disk'])

    def test_documented_flavors_are_too_small_for_other_cpis(self):
        doc = manifest('openstack.yml')
        if not REAL:
            doc['instance_groups'][0]['vm_type'] = 'small-highmem'
        made = config(doc, DOCUMENTED,
                      ephemeral_rule=flavors.EphemeralRule.DOUBLE_RAM)
        types = {entry['name']: entry['cloud_properties']['instance_type']
                 for entry in made['vm_types']}
        self.assertEqual('small-highmem-100GB-ephemeral-disk',
                         types['small-highmem'])
        self.assertEqual('minimal', types['minimal'])

    def test_without_the_operations_file(self):
        doc = manifest()
        found = need.calculate(doc, config(doc), DOCUMENTED)
        self.assertEqual(TOTALS[OPENSTACK][:5], tuple(
            by_kind(found.running)[kind] for kind in (
                'instances', 'cores', 'ram', 'ephemeral_disk',
                'root_disk')))

    def test_static_ips_of_an_operations_file(self):
        doc = manifest('openstack.yml', 'use-haproxy.yml',
                       haproxy_private_ip='10.0.16.60')
        made = config(doc)
        self.assertEqual({}, names.missing(doc, made))
        found = need.calculate(doc, made, DOCUMENTED)
        self.assertEqual(['10.0.16.60'], list(found.static_ips))

    def test_all_that_is_missing_in_a_new_project(self):
        doc = manifest('openstack.yml')
        made = config(doc)
        vms, cores, ram = TOTALS[OPENSTACK][:3]
        found = check.check(
            need.calculate(doc, made, DOCUMENTED), project.Project(
                quotas={
                    R('instances'): project.Quota(10, 1),
                    R('cores'): project.Quota(20, 8),
                    R('ram'): project.Quota(51200, 16384),
                    R('ports'): project.Quota(500, 3),
                    R('volumes'): project.Quota(10, 1),
                    R('gigabytes'): project.Quota(70, 64)},
                flavors=DOCUMENTED, zones=frozenset({'nova'}),
                volume_zones=frozenset({'nova'}),
                networks={'net-1': project.Network(
                    ('10.0.16.0/20',), addresses.AddressSet(),
                    addresses.AddressSet())}))
        self.assertEqual({
            'instances': vms + 5 - 9, 'cores': cores + 5 - 12,
            'ram MiB': ram + 19200 - 34816,
            'gigabytes': TOTALS[OPENSTACK][6] - 6},
            {row.what: row.missing for row in found.shortages})
