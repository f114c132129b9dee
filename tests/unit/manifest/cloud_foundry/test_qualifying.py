# SPDX-License-Identifier: Apache-2.0

import copy
import os
import pathlib

import ddt
from oslotest import base as test_base
import yaml

from cf_openstack.manifest.cloud_config import names
from cf_openstack.manifest.cloud_foundry import qualifying
from cf_openstack.manifest import document
from cf_openstack.manifest import fields

FOLDER = pathlib.Path(
    os.environ.get('CF_DEPLOYMENT_DIR')
    or pathlib.Path(__file__).parents[1] / 'data')

MANIFEST = """
name: cf
instance_groups:
- name: api
  instances: 1
  azs: [z1, z9]
  vm_type: small
  vm_extensions: [lb]
  persistent_disk_type: 10GB
  persistent_disks: [{type: 10GB, name: d}]
  networks: [{name: default}, {name: public, static_ips: [1.1.1.1]}]
  migrated_from: [{name: old, az: z1}]
  jobs:
  - name: api
    consumes:
      db: {from: db, network: default, deployment: other}
      cache: {from: default}
      none: nil
    properties: {network: default}
addons:
- name: dns
  include: {azs: [z1], networks: [default], stemcell: [{os: a}]}
  exclude: {jobs: [{name: api, release: r}]}
  jobs:
  - name: bosh-dns-aliases
    properties:
      aliases:
      - domain: x
        targets:
        - {query: '*', network: default, deployment: cf, domain: bosh}
        - {query: '*', network: other, deployment: else, domain: bosh}
  - name: other
    properties: {aliases: [{targets: [{network: default}]}]}
"""
CONFIG = """
azs: [{name: z1, cloud_properties: {availability_zone: z1}}]
networks:
- name: default
  type: manual
  subnets: [{az: z1, range: 10.0.0.0/24}, {azs: [z1, z3]}]
- {name: public, type: vip}
vm_types: [{name: small, cloud_properties: {instance_type: small}}]
vm_extensions: [{name: lb}]
disk_types: [{name: 10GB, disk_size: 1}]
compilation: {az: z1, network: default, vm_type: small, workers: 1}
"""


def doc():
    return yaml.safe_load(MANIFEST)


def config():
    return yaml.safe_load(CONFIG)


@ddt.ddt
class QualifierTest(test_base.BaseTestCase):

    def test_config(self):
        made = qualifying.Qualifier.of('p-', config()).config(config())
        self.assertEqual(yaml.safe_load("""
            azs: [{name: p-z1, cloud_properties: {availability_zone: z1}}]
            networks:
            - name: p-default
              type: manual
              subnets:
              - {az: p-z1, range: 10.0.0.0/24}
              - {azs: [p-z1, z3]}
            - {name: p-public, type: vip}
            vm_types:
            - {name: p-small, cloud_properties: {instance_type: small}}
            vm_extensions: [{name: p-lb}]
            disk_types: [{name: p-10GB, disk_size: 1}]
            compilation: {az: p-z1, network: p-default, vm_type: p-small,
                          workers: 1}
            """), made)

    def test_manifest(self):
        made = qualifying.Qualifier.of('p-', config()).manifest(doc())
        group = made['instance_groups'][0]
        self.assertEqual(['p-z1', 'z9'], group['azs'])
        self.assertEqual(('p-small', ['p-lb'], 'p-10GB'), (
            group['vm_type'], group['vm_extensions'],
            group['persistent_disk_type']))
        self.assertEqual('p-10GB', group['persistent_disks'][0]['type'])
        self.assertEqual(['p-default', 'p-public'], [
            network['name'] for network in group['networks']])
        self.assertEqual([{'name': 'old', 'az': 'p-z1'}],
                         group['migrated_from'])
        [job] = group['jobs']
        self.assertEqual({'db': {'from': 'db', 'network': 'p-default',
                                 'deployment': 'other'},
                          'cache': {'from': 'default'}, 'none': 'nil'},
                         job['consumes'])
        self.assertEqual({'network': 'default'}, job['properties'])
        [addon] = made['addons']
        self.assertEqual({'azs': ['p-z1'], 'networks': ['p-default'],
                          'stemcell': [{'os': 'a'}]}, addon['include'])
        dns, other = addon['jobs']
        self.assertEqual(['p-default', 'other'], [
            target['network'] for target
            in dns['properties']['aliases'][0]['targets']])
        self.assertEqual(doc()['addons'][0]['jobs'][1], other)

    def test_manifest_and_config_still_fit(self):
        real = document.load((FOLDER / 'cf-deployment.yml').read_text(), 'm')
        used = names.used(real)
        made = {section: [{'name': name} for name in getattr(used, section)]
                for section in ('azs', 'networks', 'vm_types',
                                'vm_extensions', 'disk_types')}
        by_config = qualifying.Qualifier.of('cf2-', made)
        by_manifest = qualifying.Qualifier.of_manifest('cf2-', real)
        self.assertEqual(by_config, by_manifest)
        renamed = by_manifest.manifest(real)
        names.check(renamed, by_config.config(made))
        self.assertNotIn('network: default', document.dump(renamed))
        for section in ('azs', 'networks', 'vm_types'):
            for name in getattr(names.used(renamed), section):
                self.assertTrue(name.startswith('cf2-'))

    def test_nothing_is_changed_in_place(self):
        before, after = doc(), doc()
        qualifying.Qualifier.of('p-', config()).manifest(after)
        qualifying.rename_deployment(after, 'x')
        self.assertEqual(before, after)

    def test_no_prefix(self):
        plain = qualifying.Qualifier.of('', config())
        self.assertEqual(config(), plain.config(config()))
        self.assertEqual(doc(), plain.manifest(doc()))

    @ddt.data({'addons': 1}, {'addons': ['x']},
              {'addons': [{'jobs': ['x']}]})
    def test_no_manifest(self, values):
        qualifier = qualifying.Qualifier.of('p-', config())
        self.assertRaises(fields.FieldError, qualifier.manifest,
                          {**doc(), **values})

    def test_taken(self):
        other = {'azs': [{'name': 'z1'}, {'name': 'z7'}],
                 'networks': [{'name': 'public'}, {'name': 'x'}],
                 'vm_types': None}
        self.assertEqual(['z1 of azs', 'public of networks'],
                         qualifying.taken(config(), other))
        self.assertEqual([], qualifying.taken(
            qualifying.Qualifier.of('p-', config()).config(config()),
            config()))

    def test_rename_deployment(self):
        made = qualifying.rename_deployment(doc(), 'two')
        self.assertEqual('two', made['name'])
        expected = copy.deepcopy(doc()['addons'])
        expected[0]['jobs'][0]['properties']['aliases'][0]['targets'][0][
            'deployment'] = 'two'
        self.assertEqual(expected, made['addons'])
        [job] = made['instance_groups'][0]['jobs']
        self.assertEqual('other', job['consumes']['db']['deployment'])
