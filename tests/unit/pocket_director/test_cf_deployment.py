# SPDX-License-Identifier: Apache-2.0
"""Plans the real cf-deployment, or a small one where it is not at hand."""

import os
import pathlib
from typing import Any

import fixtures
from oslotest import base as test_base

from cf_openstack.manifest import document
from cf_openstack.manifest import operations
from cf_openstack.manifest import variables
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import manifest
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store
from tests.unit.pocket_director import base

# Group -> instances, vm_type, disk in MiB: cf-deployment v58 with
# operations/openstack.yml.
CF: dict[str, tuple[int, str, int | None]] = {
    'nats': (2, 'medium', None), 'database': (1, 'small', 10000),
    'diego-api': (2, 'small', None), 'uaa': (2, 'small', None),
    'singleton-blobstore': (1, 'small', 100000),
    'api': (2, 'small-50GB-ephemeral-disk', None),
    'cc-worker': (2, 'minimal', None), 'scheduler': (2, 'minimal', None),
    'router': (2, 'minimal', None), 'tcp-router': (2, 'minimal', None),
    'log-api': (2, 'minimal', None), 'credhub': (2, 'minimal', None),
    'log-cache': (1, 'small-highmem', None), 'doppler': (3, 'minimal', None),
    'diego-cell': (3, 'small-highmem-100GB-ephemeral-disk', None)}
SMALL = {'web': (3, 'small', None), 'db': (1, 'large', 1024)}


class CfDeploymentTest(test_base.BaseTestCase):

    def read(self) -> tuple[Any, Any, dict[str, Any]]:
        """Manifest, cloud config, and what is wanted of them."""
        folder = os.environ.get('CF_DEPLOYMENT_DIR')
        if not folder:
            return base.manifest(
                base.group('web', 3),
                base.group('db', vm_type='large', persistent_disk=1024),
                base.group('smoke', lifecycle='errand'),
            ), base.CLOUD_CONFIG, SMALL
        root = pathlib.Path(folder)

        def load(name: str) -> Any:
            return document.load((root / name).read_text(), name)

        name = 'operations/openstack.yml'
        wanted = operations.apply(load('cf-deployment.yml'), [
            operations.OperationsFile(name, (root / name).read_text())])
        config = variables.interpolate(
            load('iaas-support/openstack/cloud-config.yml'),
            {f'{what}{n}': f'{what}-{n}' for n in (1, 2, 3)
             for what in ('availability_zone', 'network_id')})
        return wanted, config, CF

    def plan(self, wanted: Any, config: Any) -> planner.Plan:
        state = store.Store(pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'db')
        self.addCleanup(state.close)
        for stemcell in wanted['stemcells']:
            state.insert('stemcells', name='s', cid='s-1', cpi='',
                         operating_system=stemcell['os'], api_version=3,
                         version=str(stemcell['version']))
        for release in wanted['releases']:
            state.insert('releases', name=release['name'],
                         version=str(release['version']),
                         data={'jobs': [], 'packages': []})
        cloud = cloud_config.parse(config)
        return planner.Planner(
            state, manifest.parse(wanted, cloud, {}), cloud, {}).plan()

    def test_instances(self) -> None:
        wanted, config, groups = self.read()
        plan = self.plan(wanted, config)
        vms = [p for p in plan.instances if p.wants_vm]
        found = {
            group: (sum(1 for p in vms if p.row['job'] == group),
                    next(p.spec['vm_type'] for p in vms
                         if p.row['job'] == group),
                    next(p.group.disk.size if p.group.disk else None
                         for p in vms if p.row['job'] == group))
            for group in dict.fromkeys(p.row['job'] for p in vms)}
        self.assertEqual(groups, found)
        addresses = [network['ip'] for p in vms
                     for network in p.spec['networks'].values()]
        self.assertEqual(len(vms), len(set(addresses)))
        for group in plan.manifest.groups:
            azs = [p.row['az'] for p in plan.of(group)]
            counts = [azs.count(az) for az in group.azs or (None,)]
            self.assertLessEqual(max(counts) - min(counts), 1, group.name)
        self.assertEqual(
            len(wanted['releases']), len(plan.releases))

    def test_a_plan_of_what_exists_changes_nothing_else(self) -> None:
        wanted, config, _ = self.read()
        plan = self.plan(wanted, config)
        self.assertTrue(all(
            p.changes for p in plan.instances if not p.group.is_errand))
        for one in plan.instances:
            one.row.update(vm_cid='vm', spec=one.spec,
                           config={'digest': one.group.digest})
            one.disk_row = None if one.group.disk is None else {
                'size': one.group.disk.size,
                'cloud_properties': one.group.disk.cloud_properties}
        self.assertFalse(any(p.changes for p in plan.instances))
