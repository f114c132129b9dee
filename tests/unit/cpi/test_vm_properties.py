# SPDX-License-Identifier: Apache-2.0
"""cloud_properties of VMs, and whole cloud configs.

``CF_DEPLOYMENT_DIR`` and ``BOSH_DEPLOYMENT_DIR`` name checkouts of
cf-deployment and bosh-deployment, whose OpenStack cloud configs are read;
without them there is only one of the same shape.
"""

import os
import pathlib
import re
from typing import Any

import ddt
from oslotest import base as oslotest_base
import yaml

from cf_openstack.cloud import connection
from cf_openstack.cpi import config
from cf_openstack.cpi import errors
from cf_openstack.cpi import networks
from cf_openstack.cpi import vm_properties

CONFIG = config.Config(
    settings=connection.Settings(auth_url='http://k/v3'),
    ca_cert=None, ca_from_job=True, default_key_name='bosh-key')
IGNORES_ZONES = config.Config(
    settings=connection.Settings(auth_url='http://k/v3'),
    ca_cert=None, ca_from_job=True, boot_from_volume=True,
    ignore_server_availability_zone=True)


def parse(
    properties: Any = None, settings: config.Config = CONFIG, **more: Any
) -> vm_properties.VmProperties:
    return vm_properties.parse_argument(
        {'instance_type': 'm1.small'} | (properties or {}) | more, settings)


@ddt.ddt
class TestVmProperties(oslotest_base.BaseTestCase):

    def test_least(self):
        self.assertEqual(vm_properties.VmProperties(
            instance_type='m1.small', key_name='bosh-key',
            security_groups=(), zones=(), boot_from_volume=False,
            root_disk_size=None, root_disk_type=None, scheduler_hints={},
            allowed_address_pairs=(), vrrp_port_check=None,
            load_balancer_pools=()), parse())

    def test_all(self):
        found = parse(
            key_name='k', security_groups=['a', 'b'],
            availability_zone='z', boot_from_volume=True,
            root_disk={'size': 2.5, 'type': 'fast'},
            scheduler_hints={'group': 'g', 'same_host': ['h'], 'x': 7},
            allowed_address_pairs=['10.0.0.1', '10.0.1.0/24'])
        self.assertEqual('k', found.key_name)
        self.assertEqual(('a', 'b'), found.security_groups)
        self.assertEqual(('z',), found.zones)
        self.assertTrue(found.boot_from_volume)
        self.assertEqual((3, 'fast'), (
            found.root_disk_size, found.root_disk_type))
        self.assertEqual(
            {'group': 'g', 'same_host': ['h'], 'x': 7},
            found.scheduler_hints)
        self.assertEqual(
            ('10.0.0.1', '10.0.1.0/24'), found.allowed_address_pairs)

    def test_null_and_empty_are_absent(self):
        empty: dict[str, Any] = dict.fromkeys(
            set(vm_properties.PROPERTIES.kinds) - {'instance_type'})
        self.assertEqual(parse(), parse(empty))
        empty = {
            'key_name': '', 'security_groups': [], 'availability_zone': '',
            'availability_zones': [], 'root_disk': {},
            'scheduler_hints': {}, 'allowed_address_pairs': '',
            'loadbalancer_pools': []}
        self.assertEqual(parse(), parse(empty))

    def test_volume_boot(self):
        self.assertTrue(parse(None, IGNORES_ZONES).boot_from_volume)
        self.assertFalse(parse(
            None, IGNORES_ZONES, boot_from_volume=False).boot_from_volume)

    def test_several_zones(self):
        found = parse(None, IGNORES_ZONES, availability_zones=['a', 'b'])
        self.assertEqual(('a', 'b'), found.zones)
        error = self.assertRaises(
            errors.CloudError, parse, availability_zones=['a'])
        self.assertEqual(
            'Cannot use multiple azs without '
            'openstack.ignore_server_availability_zone', error.message)
        error = self.assertRaises(
            errors.CloudError, parse, None, IGNORES_ZONES,
            availability_zone='a', availability_zones=['a'])
        self.assertEqual(
            'Invalid cloud_properties: only one property of '
            '"availability_zone" and "availability_zones" allowed.',
            error.message)

    @ddt.data(
        *((key, wrong) for key in sorted(vm_properties.PROPERTIES.kinds)
          for wrong in (7, 1.5, True, {'a': 1}, [{}], 'x')
          if not (isinstance(wrong, bool) and key in (
              'boot_from_volume', 'vrrp_port_check'))
          and not (isinstance(wrong, dict) and key == 'scheduler_hints')
          and not (isinstance(wrong, str) and key in (
              'instance_type', 'key_name', 'availability_zone',
              'allowed_address_pairs'))
          # Its items are checked elsewhere.
          and not (isinstance(wrong, list)
                   and key == 'loadbalancer_pools')))
    @ddt.unpack
    def test_wrong_type(self, key, value):
        error = self.assertRaises(errors.InvalidCall, parse, {key: value})
        self.assertTrue(error.message.startswith(
            'Invalid VM cloud properties: '), error.message)
        self.assertIn(key, error.message)
        if key != 'root_disk' or not isinstance(value, dict):
            self.assertIn('must be', error.message)
            self.assertIn('got: ', error.message)

    @ddt.data(
        ({'instance_typ': 'x'}, 'instance_typ', 'instance_type'),
        ({'security_group': []}, 'security_group', 'security_groups'),
        ({'load_balancer_pools': []}, 'load_balancer_pools',
         'loadbalancer_pools'),
        ({'root_disk': {'sise': 7}}, 'root_disk.sise', 'root_disk.size'),
    )
    @ddt.unpack
    def test_unknown_key(self, properties, key, nearest):
        error = self.assertRaises(errors.InvalidCall, parse, properties)
        self.assertEqual(
            f"Invalid VM cloud properties: '{key}' is not known; "
            f"did you mean '{nearest}'?", error.message)

    @ddt.data('20', True, [20], {}, float('inf'))
    def test_root_size_that_is_no_number(self, size):
        error = self.assertRaises(
            errors.InvalidCall, parse, root_disk={'size': size})
        self.assertIn(
            "Invalid VM cloud properties: 'root_disk.size' must be a "
            'number of GiB, got: ', error.message)

    @ddt.data(0, 0.5, -3)
    def test_root_size_that_is_too_small(self, size):
        error = self.assertRaises(
            errors.InvalidCall, parse, root_disk={'size': size})
        self.assertEqual('Minimum root_disk size is 1 GiB', error.message)

    def test_no_flavor(self):
        for value in (None, ''):
            error = self.assertRaises(
                errors.InvalidCall, parse, instance_type=value)
            self.assertIn("'instance_type'", error.message)

    def test_no_hash(self):
        error = self.assertRaises(
            errors.InvalidCall, vm_properties.parse_argument, [], CONFIG)
        self.assertIn("'cloud_properties' must be a Hash", error.message)


def _cloud_configs() -> dict[str, dict[str, Any]]:
    paths = {'ours': pathlib.Path(__file__).parent
             / 'data' / 'cloud-config.yml'}
    for variable, place in (
            ('CF_DEPLOYMENT_DIR', 'iaas-support/openstack'),
            ('BOSH_DEPLOYMENT_DIR', 'openstack')):
        if os.environ.get(variable):
            paths[variable] = pathlib.Path(
                os.environ[variable], place, 'cloud-config.yml')
    return {name: yaml.safe_load(
        re.sub(r'\(\(([^)]*)\)\)', r'of-\1', path.read_text()))
        for name, path in paths.items()}


class TestCloudConfigs(oslotest_base.BaseTestCase):
    """What operators have written for upstream's CPIs is taken."""

    def test_vms(self):
        for name, cloud_config in _cloud_configs().items():
            extensions = cloud_config.get('vm_extensions', [])
            for az in cloud_config['azs']:
                for vm_type in cloud_config['vm_types']:
                    for extension in ({}, *extensions):
                        merged = az.get('cloud_properties', {}) | vm_type[
                            'cloud_properties'] | extension.get(
                                'cloud_properties', {})
                        problems = vm_properties.PROPERTIES.unknown(merged)
                        problems += vm_properties.PROPERTIES.wrong(merged)
                        self.assertEqual([], problems, name)

    def test_networks(self):
        for cloud_config in _cloud_configs().values():
            for network in cloud_config['networks']:
                for subnet in network.get('subnets', []):
                    found = networks.parse({'n': {
                        'type': network['type'], 'ip': '10.0.0.2',
                        'cloud_properties': subnet['cloud_properties']}})
                    self.assertEqual(
                        subnet['cloud_properties']['net_id'],
                        found.all[0].net_id)
