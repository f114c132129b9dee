# SPDX-License-Identifier: Apache-2.0
"""The pocket director plans with a cloud config made here."""

import ipaddress
import os
import pathlib

import fixtures
from oslotest import base as test_base

from cf_openstack.capacity import amounts
from cf_openstack.capacity import need
from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import making
from cf_openstack.manifest.cloud_config import networks
from cf_openstack.manifest import document
from cf_openstack.manifest import operations
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import manifest
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store
from tests.unit.manifest.cloud_config import base

FOLDER = pathlib.Path(os.environ.get('CF_DEPLOYMENT_DIR')
                      or pathlib.Path(__file__).parents[1] / 'data')


class AgainstDirectorTest(test_base.BaseTestCase):

    def setUp(self):
        super().setUp()
        names = ('openstack.yml', 'use-haproxy.yml')
        self.doc = operations.apply(
            document.load((FOLDER / 'cf-deployment.yml').read_text(), 'cf'),
            [operations.OperationsFile(
                name, (FOLDER / 'operations' / name).read_text())
             for name in names])
        for group in self.doc['instance_groups']:
            for network in group['networks']:
                if network.get('static_ips'):
                    network['static_ips'] = ['10.0.16.60']
        self.subnets = tuple(base.subnet(16 + number)
                             for number in range(3))
        self.config = making.make(self.doc, base.facts(
            networks={'default': self.subnets}, zones=('nova',), sizes={
                'small-50GB': base.flavors.Size(2, 7680, 50)}))

    def plan(self):
        state = store.Store(pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'db')
        self.addCleanup(state.close)
        for stemcell in self.doc['stemcells']:
            state.insert('stemcells', name='s', cid='s-1', cpi='',
                         operating_system=stemcell['os'], api_version=3,
                         version=str(stemcell['version']))
        for release in self.doc['releases']:
            state.insert('releases', name=release['name'],
                         version=str(release['version']),
                         data={'jobs': [], 'packages': []})
        # As text, which is what a director gets
        cloud = cloud_config.parse(
            cloud_config.load(document.dump(self.config)))
        return planner.Planner(
            state, manifest.parse(self.doc, cloud, {}), cloud, {}).plan()

    def test_plan(self):
        needed = need.calculate(self.doc, self.config, base.FLAVORS)
        self.assertEqual((), needed.problems)
        plan = self.plan()
        vms = [one for one in plan.instances if one.wants_vm]
        self.assertEqual(
            needed.running[amounts.Resource('instances')], len(vms))
        given = addresses.parse([
            network['ip'] for one in vms
            for network in one.spec['networks'].values()])
        self.assertEqual(len(vms), given.count)
        self.assertFalse(
            given - networks.usable(self.subnets[0])
            - networks.usable(self.subnets[1]))
        for label, pool in needed.address_pools.items():
            number = needed.running[amounts.Resource('addresses', label)]
            self.assertEqual(number, (given & pool.dynamic).count, label)
        self.assertEqual(
            list(needed.static_ips), (given - addresses.AddressSet(
                interval for pool in needed.address_pools.values()
                for interval in pool.dynamic.intervals)).texts())
        self.assertIn(ipaddress.ip_address('10.0.16.60'), given)
