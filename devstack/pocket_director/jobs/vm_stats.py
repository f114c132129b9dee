# SPDX-License-Identifier: Apache-2.0
"""Tells of every instance what an agent would: ``format=full``."""

import datetime
import json
import random
import time
from typing import Any

from devstack.pocket_director.deploy import vms
from devstack.pocket_director import director as directors
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


class VmStats:
    """One look at a deployment, as the work of a task.

    :param director: whose deployment it is.
    :param name: the deployment's name.
    :param instances: whether instances without a VM are told of too.
    """

    def __init__(self, director: directors.Director, name: str,
                 instances: bool) -> None:
        self._director = director
        self._name = name
        self._instances = instances

    def __call__(self, task: tasks.TaskRun) -> str | None:
        """Write a JSON line per instance, in no order.

        :raises: DirectorError.
        """
        rows = self._director.store.all(
            'SELECT * FROM instances WHERE deployment = ?', self._name)
        if not self._instances:
            rows = [row for row in rows if row['vm_cid']]
        cids = [row['vm_cid'] for row in rows if row['vm_cid']]
        responsive = self._director.responsive(task, cids)
        random.shuffle(rows)
        for row in rows:
            task.result(json.dumps(self._line(
                row, row['vm_cid'] in responsive)) + '\n')
        return None

    def _line(self, row: stores.Row, responsive: bool) -> dict[str, Any]:
        disks = [disk['cid'] for disk in self._director.store.all(
            'SELECT cid FROM disks WHERE instance = ? AND active = 1',
            row['uuid'])]
        spec = row['spec'] or {}
        alive = bool(row['vm_cid']) and responsive
        stemcell = spec.get('stemcell') if row['vm_cid'] else None
        line = {
            'vm_cid': row['vm_cid'], 'active': bool(row['vm_cid']) or None,
            'vm_created_at': row['vm_created_at'],
            'cloud_properties': spec.get('cloud_properties'),
            'disk_cid': disks[0] if disks else None, 'disk_cids': disks,
            'ips': vms.ips(spec) if row['vm_cid'] else [],
            'dns': [], 'agent_id': row['agent_id'], 'job_name': row['job'],
            'index': row['idx'], 'job_state': _job_state(row, responsive),
            'state': row['state'], 'vm_type': spec.get('vm_type'),
            'vitals': _vitals(row, bool(disks)) if alive else None,
            'processes': [], 'resurrection_paused': False, 'az': row['az'],
            'id': row['uuid'], 'bootstrap': bool(row['bootstrap']),
            'ignore': bool(row['ignored'])}
        if stemcell:
            line['stemcell'] = {key: stemcell[key] for key in (
                'name', 'version', 'api_version')}
        if alive:
            state = line['job_state']
            line['processes'] = [
                {'name': name, 'state': state,
                 'uptime': {'secs': _age(row)},
                 'mem': {'kb': 24576, 'percent': 0.6},
                 'cpu': {'total': 0.1}}
                for name in (row['config'] or {}).get('jobs', ())]
        return line


def _job_state(row: stores.Row, responsive: bool) -> str | None:
    if not row['vm_cid']:
        return None
    if not responsive:
        return 'unresponsive agent'
    return 'running' if row['state'] == 'started' else 'stopped'


def _age(row: stores.Row) -> int:
    made = datetime.datetime.strptime(
        row['vm_created_at'], '%Y-%m-%dT%H:%M:%SZ').replace(
            tzinfo=datetime.timezone.utc)
    return max(0, int(time.time() - made.timestamp()))


def _vitals(row: stores.Row, disk: bool) -> dict[str, Any]:
    usage = {'system': {'percent': '35', 'inode_percent': '30'},
             'ephemeral': {'percent': '2', 'inode_percent': '1'}}
    if disk:
        usage['persistent'] = {'percent': '1', 'inode_percent': '0'}
    return {
        'cpu': {'sys': '0.3', 'user': '0.7', 'wait': '0.0'}, 'disk': usage,
        'load': ['0.02', '0.03', '0.00'],
        'mem': {'kb': '409600', 'percent': '10'},
        'swap': {'kb': '0', 'percent': '0'}, 'uptime': {'secs': _age(row)}}
