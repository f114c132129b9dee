# SPDX-License-Identifier: Apache-2.0
"""Stemcells."""

from typing import Any

import flask

from devstack.pocket_director import app
from devstack.pocket_director import archives
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import stemcells as jobs

ROUTES = flask.Blueprint('stemcells', __name__)


@ROUTES.get('/stemcells')
def index() -> flask.Response:
    """The stemcells, a row per CPI."""
    director = app.current()
    return app.reply([{
        'name': row['name'], 'operating_system': row['operating_system'],
        'version': row['version'], 'cid': row['cid'], 'cpi': row['cpi'],
        'api_version': row['api_version'], 'id': row['id'],
        'deployments': [{'name': name} for name in jobs.deployments_using(
            director, 'stemcells', row['name'], row['version'])]}
        for row in director.store.all(
            'SELECT * FROM stemcells ORDER BY name, id')])


@ROUTES.post('/stemcells')
def upload() -> flask.Response:
    """Take a stemcell from a URL or the request's body."""
    source, checksum = uploaded()
    return app.start(
        'update_stemcell', 'create stemcell',
        jobs.UpdateStemcell(
            app.current(), source, checksum, app.flag('fix')))


@ROUTES.post('/stemcell_uploads')
def needed() -> flask.Response:
    """Whether some CPI has not got a stemcell yet."""
    stemcell = app.json_body().get('stemcell')
    if not isinstance(stemcell, dict) or not {
            'name', 'version'} <= stemcell.keys():
        raise errors.PlainTextError(
            400, 'Unprocessable request: stemcell.name and stemcell.version '
                 'are needed')
    director = app.current()
    known = {row['cpi'] for row in director.store.all(
        'SELECT cpi FROM stemcells WHERE name = ? AND version = ?',
        str(stemcell['name']), str(stemcell['version']))}
    return app.json_reply(
        {'needed': not set(director.cpi_entries() or ['']) <= known})


@ROUTES.delete('/stemcells/<name>/<version>')
def delete(name: str, version: str) -> flask.Response:
    """Delete a stemcell that no deployment uses."""
    director = app.current()
    if director.store.one(
            'SELECT id FROM stemcells WHERE name = ? AND version = ?',
            name, version) is None:
        raise errors.DirectorError(
            50003, f"Stemcell '{name}/{version}' doesn't exist")
    return app.start(
        'delete_stemcell', f'delete stemcell: {name}/{version}',
        jobs.DeleteStemcell(director, name, version, app.flag('force')))


def uploaded() -> tuple[Any, str | None]:
    """The archive of an upload, a file or a URL, and its checksum."""
    query = flask.request.args.get('sha1')
    kind = (flask.request.content_type or '').split(';')[0]
    if kind == 'application/json':
        body = app.json_body()
        if query and body.get('sha1'):
            raise errors.PlainTextError(
                400, "sha1 is in both the query and the body: give it once")
        if not isinstance(body.get('location'), str):
            raise errors.DirectorError(
                40001, "Required property 'location' was not specified")
        return body['location'], query or body.get('sha1')
    app.consumes('application/x-compressed')
    path = archives.save(
        flask.request.stream, app.current().settings.path('tmp'))
    return path, query
