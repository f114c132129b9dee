# SPDX-License-Identifier: Apache-2.0
"""A real project's limits, and deployments that fit and do not fit."""

import pathlib
import time
from typing import Any

from cf_openstack.capacity import amounts
from cf_openstack.capacity import check
from cf_openstack.capacity import limits
from cf_openstack.capacity import need
from cf_openstack.capacity import project
from cf_openstack.capacity import report
from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_config import making
from cf_openstack.manifest import document
from cf_openstack.manifest import variables
from devstack.pocket.seed import tenant
from tests.functional import base

EXAMPLE = (pathlib.Path(__file__).parents[3] / 'examples' / 'manifests'
           / 'cloud-foundry.yml')
#: The subnet has 10.100.0.0/22; Neutron shall keep to the lower half of it.
KEPT = (('10.100.0.2', '10.100.1.255'),)
GATEWAY = '10.100.0.1'
DATABASE = '10.100.3.60'
FLOATING = '192.0.2.7'
ADDRESSES = 'addresses (default %s)' % tenant.CIDR
LIMIT_S = 15


class LimitsTest(base.FunctionalTestCase):
    """Nothing is made: other tests use the same project meanwhile."""

    def setUp(self) -> None:
        super().setUp()
        self.network = self.cloud.network.find_network(
            tenant.NETWORK, ignore_missing=False)

    def read(self) -> project.Project:
        started = time.monotonic()
        found = limits.read(self.cloud, [self.network.id])
        self.assertLess(time.monotonic() - started, LIMIT_S)
        return found

    def manifest(self, cells: int, **changes: Any) -> dict[str, Any]:
        """The example's, with changes for its diego cells."""
        doc = variables.interpolate(
            document.load(EXAMPLE.read_text(), EXAMPLE.name),
            {'diego_cells': cells, 'database_ip': DATABASE,
             'router_ip': FLOATING})
        for group in doc['instance_groups']:
            if group['name'] == 'diego-cell':
                group.update(changes)
        return doc

    def subnet(self, **values: Any) -> inputs.Subnet:
        (found,) = self.cloud.network.subnets(network_id=self.network.id)
        return inputs.Subnet(**{
            'cidr': found.cidr, 'network_id': self.network.id,
            'gateway': found.gateway_ip,
            'dns': tuple(found.dns_nameservers),
            'allocation_pools': tuple(
                (pool['start'], pool['end'])
                for pool in found.allocation_pools), **values})

    def config(self, doc: dict[str, Any], found: project.Project,
               **values: Any) -> dict[str, Any]:
        return making.make(doc, inputs.Inputs(**{
            'networks': {'default': (self.subnet(allocation_pools=KEPT),)},
            'vip_networks': ('public',), 'flavors': found.flavors or (),
            'zones': tuple(sorted(found.zones or ())), **values}))

    def test_limits(self) -> None:
        found = self.read()
        self.assertEqual({}, dict(found.unknown))
        for kind in (amounts.INSTANCES, amounts.CORES, amounts.RAM,
                     amounts.SERVER_GROUPS, amounts.PORTS,
                     amounts.FLOATING_IPS, amounts.VOLUMES,
                     amounts.GIGABYTES, amounts.LOAD_BALANCERS,
                     amounts.MEMBERS):
            quota = found.quotas[amounts.Resource(kind)]
            self.assertGreaterEqual(quota.limit, -1, kind)
            self.assertGreaterEqual(quota.used, 0, kind)
        self.assertIn('nova', found.zones)
        self.assertIn('nova', found.volume_zones)
        self.assertIn(found.default_volume_type, found.volume_types)
        quota = found.quotas[amounts.Resource(
            amounts.VOLUMES, found.default_volume_type)]
        self.assertGreaterEqual(quota.limit, -1)
        network = found.networks[self.network.id]
        self.assertEqual((tenant.CIDR,), network.cidrs)
        self.assertIn(GATEWAY, network.used.texts()[0])

    def test_a_deployment_that_fits(self) -> None:
        found = self.read()
        doc = self.manifest(2)
        for group in doc['instance_groups']:
            # A floating IP would have to be there already
            group['networks'] = [network for network in group['networks']
                                 if network['name'] != 'public']
        config = self.config(doc, found)
        result = check.check(
            need.calculate(doc, config, found.flavors), found)
        self.assertTrue(result.fits, result.table())
        rows = {row.what: row for row in result.rows}
        # 10 instances, and 5 that compile
        self.assertEqual(15, rows['instances'].need)
        self.assertEqual(report.OK, rows[ADDRESSES].state)
        self.assertEqual(report.OK, rows['static ip (%s)' % DATABASE].state)
        self.assertNotIn(report.UNKNOWN, {
            row.state for row in result.rows})

    def test_a_deployment_that_does_not_fit(self) -> None:
        found = self.read()
        doc = self.manifest(
            600, azs=['z1', 'z2', 'z3'], persistent_disk_type='100GB',
            vm_extensions=['cf-router-network-properties'])
        config = self.config(
            doc, found, volume_type='no-such-type',
            zones={'z1': 'nova', 'z2': 'nova', 'z3': 'nowhere'},
            extensions={'cf-router-network-properties': inputs.Extension(
                pools=(inputs.Pool(443, id='no-such-pool'),))})
        config['vm_types'].append({'name': 'new', 'cloud_properties': {
            'instance_type': 'no-such-flavor'}})
        doc['instance_groups'][0]['vm_type'] = 'new'
        started = time.monotonic()
        result = check.check(
            need.calculate(doc, config, found.flavors), found)
        self.assertLess(time.monotonic() - started, LIMIT_S)
        shortages = {row.what: row for row in result.shortages}
        self.assertEqual(
            {'instances', 'cores', 'ram MiB', 'volumes', 'gigabytes',
             ADDRESSES, 'floating ip (%s)' % FLOATING,
             'zone (nowhere)', 'volume zone (nowhere)',
             'volume type (no-such-type)', 'pool (no-such-pool)',
             'flavor (no-such-flavor)'}, set(shortages), result.table())
        short = shortages['instances']
        self.assertEqual(short.need - (short.limit - short.used),
                         short.missing)
        self.assertIn('no-such-flavor', result.table())

    def test_a_subnet_that_is_all_neutrons(self) -> None:
        error = self.assertRaises(
            errors.InputError, self.config, self.manifest(1), self.read(),
            networks={'default': (self.subnet(),)})
        self.assertIn('smaller allocation pool, such as 10.100.0.2-',
                      str(error))
