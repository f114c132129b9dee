# SPDX-License-Identifier: Apache-2.0
"""Snapshots of persistent disks."""

import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import snapshots as jobs
from devstack.pocket_director.routes import deployments
from devstack.pocket_director.routes import instances
from devstack.pocket_director import store as stores

ROUTES = flask.Blueprint('snapshots', __name__)

_BASE = '/deployments/<name>/snapshots'
_ONE = '/deployments/<name>/jobs/<job>/<instance>/snapshots'


@ROUTES.get(_BASE)
def index(name: str) -> flask.Response:
    """The snapshots of a deployment."""
    return _shown(_rows(name))


@ROUTES.get(_ONE)
def index_of_instance(name: str, job: str,
                      instance: str) -> flask.Response:
    """The snapshots of one instance."""
    uuid = instances.find(name, job, instance)['uuid']
    return _shown([r for r in _rows(name) if r['instance'] == uuid])


@ROUTES.post(_BASE)
def take(name: str) -> flask.Response:
    """Take a snapshot of every persistent disk."""
    deployments.find(name)
    return app.start(
        'snapshot_deployment', 'snapshot deployment',
        jobs.TakeSnapshots(app.current(), name), deployment=name)


@ROUTES.post(_ONE)
def take_of_instance(name: str, job: str, instance: str) -> flask.Response:
    """Take a snapshot of one instance's disk."""
    uuid = instances.find(name, job, instance)['uuid']
    return app.start(
        'create_snapshot', 'create snapshot',
        jobs.TakeSnapshots(app.current(), name, uuid), deployment=name)


@ROUTES.delete(_BASE)
def delete_all(name: str) -> flask.Response:
    """Delete all snapshots of a deployment."""
    return _delete(name, _rows(name), 'delete snapshots')


@ROUTES.delete(f'{_BASE}/<cid>')
def delete(name: str, cid: str) -> flask.Response:
    """Delete one snapshot."""
    rows = [row for row in _rows(name) if row['cid'] == cid]
    if not rows:
        raise errors.DirectorError(
            70008, f"Snapshot '{cid}' not found")
    return _delete(name, rows, 'delete snapshot')


def _delete(name: str, rows: list[stores.Row],
            description: str) -> flask.Response:
    return app.start(
        'delete_snapshot', description,
        jobs.DeleteSnapshots(app.current(), rows), deployment=name)


def _rows(name: str) -> list[stores.Row]:
    deployments.find(name)
    return app.current().store.all(
        'SELECT * FROM snapshots WHERE deployment = ? ORDER BY created_at',
        name)


def _shown(rows: list[stores.Row]) -> flask.Response:
    return app.json_reply([{
        'job': row['job'], 'index': row['idx'], 'uuid': row['instance'],
        'snapshot_cid': row['cid'], 'created_at': row['created_at'],
        'clean': bool(row['clean'])} for row in rows])
