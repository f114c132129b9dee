# SPDX-License-Identifier: Apache-2.0

import json

import ddt
from oslotest import base

from cf_openstack.director import instances

CELL = {
    'vm_cid': '0b1c', 'active': True, 'agent_id': 'a', 'index': 1,
    'vm_created_at': '2026-08-22T10:00:00Z', 'job_name': 'diego-cell',
    'cloud_properties': {'instance_type': 'small'}, 'disk_cid': '7f',
    'disk_cids': ['7f', '80'], 'ips': ['10.0.16.51'], 'az': 'z1',
    'job_state': 'running', 'state': 'started', 'vm_type': 'small-highmem',
    'vitals': {
        'cpu': {'sys': '1.2', 'user': '3.4', 'wait': '0.1'},
        'disk': {'system': {'percent': '35', 'inode_percent': '30'},
                 'ephemeral': {'percent': '20', 'inode_percent': '5'},
                 'persistent': {'percent': '4', 'inode_percent': '1'}},
        'load': ['0.20', '0.15', '0.10'],
        'mem': {'kb': '1234567', 'percent': '15'},
        'swap': {'kb': '0', 'percent': '0'}, 'uptime': {'secs': 86400}},
    'processes': [{'name': 'rep', 'state': 'running',
                   'uptime': {'secs': 86000}, 'cpu': {'total': 0.7},
                   'mem': {'kb': 90000, 'percent': 1.1}}],
    'id': 'c0ffee', 'bootstrap': True, 'ignore': False,
    'stemcell': {'name': 'noble', 'version': '1.425', 'api_version': 3}}
ERRAND = {'job_name': 'smoke', 'index': 0, 'id': '77', 'vm_cid': None,
          'disk_cid': None, 'ips': [], 'job_state': None, 'vitals': None,
          'processes': [], 'state': 'started'}


def _parse(*documents):
    return instances.parse_vitals(
        '\n'.join(map(json.dumps, documents)) + '\n')


@ddt.ddt
class ParseVitalsTest(base.BaseTestCase):

    def test_all_fields(self):
        cell, = _parse(CELL)
        self.assertEqual(instances.InstanceVitals(
            group='diego-cell', index=1, id='c0ffee', cid='0b1c',
            agent_id='a', az='z1', ips=('10.0.16.51',),
            vm_type='small-highmem', vm_created_at='2026-08-22T10:00:00Z',
            disk_cids=('7f', '80'), state='started', job_state='running',
            active=True, bootstrap=True, stemcell='noble',
            stemcell_version='1.425', cpu_user=3.4, cpu_sys=1.2,
            cpu_wait=0.1, load=(0.2, 0.15, 0.1), memory_kb=1234567,
            memory_percent=15, swap_kb=0, swap_percent=0,
            system_disk_percent=35, ephemeral_disk_percent=20,
            persistent_disk_percent=4, uptime=86400,
            processes=(instances.Process('rep', 'running', 90000, 1.1, 0.7,
                                         86000),)), cell)
        self.assertEqual(('diego-cell/c0ffee', True),
                         (cell.name, cell.is_running))

    def test_without_vm(self):
        errand, = _parse(ERRAND)
        self.assertEqual((None, (), None, (), ()),
                         (errand.cid, errand.disk_cids,
                          errand.memory_percent, errand.load,
                          errand.processes))
        self.assertFalse(errand.is_running)

    def test_order(self):
        first = {**CELL, 'index': 0, 'id': 'b'}
        self.assertEqual(
            ['diego-cell/b', 'diego-cell/c0ffee', 'smoke/77'],
            [instance.name for instance in _parse(ERRAND, CELL, first)])

    def test_one_disk_of_an_older_director(self):
        document = {name: value for name, value in CELL.items()
                    if name != 'disk_cids'}
        self.assertEqual(('7f',), _parse(document)[0].disk_cids)

    @ddt.data({'vitals': {'mem': None, 'load': 'high'}},
              {'vitals': {'mem': {'percent': 'n/a'}, 'load': [None]}},
              {'vitals': 'text'}, {'vitals': {'cpu': []}})
    def test_odd_vitals(self, changes):
        cell, = _parse({**CELL, **changes})
        self.assertEqual((None, ()), (cell.memory_percent, cell.load))

    @ddt.data('', '\n\n', 'not json\n', '[]\n')
    def test_nothing(self, text):
        self.assertEqual([], instances.parse_vitals(text))
