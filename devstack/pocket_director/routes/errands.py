# SPDX-License-Identifier: Apache-2.0
"""Errands: listed and run."""

import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import context
from devstack.pocket_director.jobs import errands as jobs
from devstack.pocket_director.routes import deployments

ROUTES = flask.Blueprint('errands', __name__)


@ROUTES.get('/deployments/<name>/errands')
def index(name: str) -> flask.Response:
    """The names of a deployment's errands."""
    if deployments.find(name)['manifest'] is None:
        return app.json_reply([])
    _, manifest = context.read(app.current(), name)
    return app.json_reply(
        [{'name': errand} for errand in jobs.names(manifest)])


@ROUTES.post('/deployments/<name>/errands/<errand>/runs')
def run(name: str, errand: str) -> flask.Response:
    """Run an errand."""
    deployments.find(name)
    body = app.json_body()
    chosen = body.get('instances') or []
    if not isinstance(chosen, list) or not all(
            isinstance(one, dict) for one in chosen):
        raise errors.DirectorError(
            40000, "Property 'instances' did not match the required type "
                   "'Array'")
    return app.start(
        'run_errand', f'run errand {errand} from deployment {name}',
        jobs.RunErrand(app.current(), name, errand,
                       bool(body.get('keep-alive')), chosen),
        deployment=name, with_context=True)
