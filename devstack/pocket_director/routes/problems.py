# SPDX-License-Identifier: Apache-2.0
"""Cloud check."""

import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import cloud_check
from devstack.pocket_director.routes import deployments

ROUTES = flask.Blueprint('problems', __name__)


@ROUTES.post('/deployments/<name>/scans')
def scan(name: str) -> flask.Response:
    """Look for problems."""
    deployments.find(name)
    return app.start('cck_scan', 'scan cloud',
                     cloud_check.Scan(app.current(), name), deployment=name)


@ROUTES.get('/deployments/<name>/problems')
def index(name: str) -> flask.Response:
    """What the last scan found, and what may be done."""
    deployments.find(name)
    return app.json_reply([{
        'id': row['id'], 'type': row['type'], 'data': row['data'],
        'description': row['description'], 'instance_group': row['job'],
        'resolutions': cloud_check.RESOLUTIONS[row['type']]}
        for row in app.current().store.all(
            "SELECT * FROM problems WHERE deployment = ? AND state = 'open' "
            'ORDER BY id', name)])


@ROUTES.put('/deployments/<name>/problems')
def resolve(name: str) -> flask.Response:
    """Mend."""
    deployments.find(name)
    resolutions = app.json_body().get('resolutions')
    if not isinstance(resolutions, dict):
        raise errors.DirectorError(
            410003, 'Invalid resolution format, Hash expected')
    return app.start(
        'cck_apply', 'apply resolutions',
        cloud_check.Resolve(app.current(), name, resolutions),
        deployment=name)


@ROUTES.put('/deployments/<name>/scan_and_fix')
def scan_and_fix(name: str) -> flask.Response:
    """Mend these instances, unless resurrection is paused."""
    deployments.find(name)
    director = app.current()
    jobs = app.json_body().get('jobs')
    if not isinstance(jobs, dict):
        raise errors.DirectorError(
            40001, "Required property 'jobs' was not specified")
    if director.store.meta('resurrection_paused') == 'true':
        raise errors.DirectorError(410004, 'Resurrection is paused')
    return app.start(
        'cck_scan_and_fix', 'scan and fix',
        cloud_check.ScanAndFix(director, name, jobs), deployment=name)
