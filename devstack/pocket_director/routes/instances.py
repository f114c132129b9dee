# SPDX-License-Identifier: Apache-2.0
"""Instances and VMs: listed, and changed in their state."""

from typing import Any

import flask
import yaml

from devstack.pocket_director import app
from devstack.pocket_director.deploy import vms
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import instance_action
from devstack.pocket_director.jobs import vm_stats
from devstack.pocket_director.plan import planner
from devstack.pocket_director.routes import deployments
from devstack.pocket_director import store as stores

ROUTES = flask.Blueprint('instances', __name__)

_BASE = '/deployments/<name>'


@ROUTES.get(f'{_BASE}/instances')
def instances(name: str) -> flask.Response:
    """All instances; with ``format=full`` a task tells of them."""
    rows = _rows(name)
    if flask.request.args.get('format') == 'full':
        return _full(name, True)
    return app.json_reply([{
        **_view(row),
        'expects_vm': row['state'] != 'detached'
        and row['lifecycle'] != 'errand'} for row in rows])


@ROUTES.get(f'{_BASE}/vms')
def all_vms(name: str) -> flask.Response:
    """The instances that have a VM."""
    rows = _rows(name)
    if flask.request.args.get('format') == 'full':
        return _full(name, False)
    return app.json_reply([{
        **_view(row), 'active': True, 'permanent_nats_credentials': False}
        for row in rows if row['vm_cid']])


@ROUTES.get(f'{_BASE}/jobs/<job>/<instance>')
def instance_state(name: str, job: str, instance: str) -> flask.Response:
    """The state of one instance."""
    row = find(name, job, instance)
    disks = app.current().store.all(
        'SELECT cid FROM disks WHERE instance = ? AND active = 1',
        row['uuid'])
    return app.json_reply({
        'deployment': name, 'job': row['job'], 'index': row['idx'],
        'id': row['uuid'], 'state': row['state'],
        'disks': [disk['cid'] for disk in disks]})


@ROUTES.put(f'{_BASE}/jobs/<job>')
@ROUTES.put(f'{_BASE}/jobs/<job>/<instance>')
def change_state(name: str, job: str,
                 instance: str | None = None) -> flask.Response:
    """Change the state of all, a group's or one instance."""
    deployment = deployments.find(name)
    app.consumes('text/yaml')
    if instance is not None:
        find(name, job, instance)
    wish = planner.Wish(flask.request.args.get('state', ''), job, instance)
    text, document = app.yaml_body()
    if text.strip():
        if isinstance(document, dict):
            document['name'] = name
            text = yaml.safe_dump(document, sort_keys=False)
        return deployments.start_deploy(text, document, [wish])
    text = deployment['manifest']
    if text is None:
        raise errors.DirectorError(
            440001, f"Deployment '{name}' has no manifest: no deploy of it "
                    'has succeeded yet')
    # Nothing but the state changes: the configs stay those deployed.
    return deployments.start_deploy(
        text, yaml.safe_load(text), [wish], deployment['configs'])


@ROUTES.post(
    f'{_BASE}/instance_groups/<job>/<instance>/actions/<action>')
def act(name: str, job: str, instance: str, action: str) -> flask.Response:
    """Act on one instance, without a deploy."""
    if action not in instance_action.ACTIONS:
        flask.abort(404)
    row = find(name, job, instance)
    return app.start(
        'update_instance', f'{action} instance',
        instance_action.InstanceAction(
            app.current(), name, row['uuid'], action, app.flag('hard')),
        deployment=name, with_context=True)


@ROUTES.put(f'{_BASE}/instance_groups/<job>/<instance>/ignore')
def ignore(name: str, job: str, instance: str) -> flask.Response:
    """Keep an instance out of all changes, or no longer."""
    row = find(name, job, instance)
    wanted = app.json_body().get('ignore')
    if not isinstance(wanted, bool):
        raise errors.DirectorError(
            40000, "Property 'ignore' must be true or false")
    app.current().store.update(
        'instances', {'uuid': row['uuid']}, ignored=int(wanted))
    return flask.Response(status=200)


@ROUTES.put(f'{_BASE}/jobs/<job>/<instance>/resurrection')
def resurrection(name: str, job: str, instance: str) -> flask.Response:
    """Gone from the director."""
    return flask.Response(
        'This endpoint has been removed. Please use '
        'https://bosh.io/docs/resurrector/#enable-with-resurrection-config',
        410)


def find(name: str, job: str, instance: str) -> stores.Row:
    """One instance, by index or uuid.

    :raises: DirectorError 70001.
    """
    for row in _rows(name):
        if row['job'] == job and instance in (row['uuid'], str(row['idx'])):
            return row
    raise errors.DirectorError(
        70001, f"Instance '{name}/{job}/{instance}' doesn't exist")


def _rows(name: str) -> list[stores.Row]:
    deployments.find(name)
    return app.current().store.all(
        'SELECT * FROM instances WHERE deployment = ? ORDER BY job, idx',
        name)


def _full(name: str, instances_too: bool) -> flask.Response:
    return app.start(
        'vms', 'retrieve vm-stats',
        vm_stats.VmStats(app.current(), name, instances_too),
        deployment=name, urgent=True)


def _view(row: stores.Row) -> dict[str, Any]:
    return {
        'agent_id': row['agent_id'], 'cid': row['vm_cid'],
        'job': row['job'], 'index': row['idx'], 'id': row['uuid'],
        'az': row['az'],
        'ips': vms.ips(row['spec']) if row['vm_cid'] else [],
        'vm_created_at': row['vm_created_at']}
