# SPDX-License-Identifier: Apache-2.0
"""Releases."""

from typing import Any

import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import releases as jobs
from devstack.pocket_director.jobs import stemcells as stemcell_jobs
from devstack.pocket_director.routes import stemcells
from devstack.pocket_director import store as stores

ROUTES = flask.Blueprint('releases', __name__)


@ROUTES.get('/releases')
def index() -> flask.Response:
    """The releases, each with its versions."""
    director = app.current()
    found: dict[str, list[dict[str, Any]]] = {}
    for row in director.store.all(
            'SELECT * FROM releases ORDER BY name, id'):
        found.setdefault(row['name'], []).append({
            'version': row['version'], 'commit_hash': row['commit_hash'],
            'uncommitted_changes': bool(row['uncommitted_changes']),
            'currently_deployed': bool(stemcell_jobs.deployments_using(
                director, 'releases', row['name'], row['version'])),
            'job_names': [job['name'] for job in row['data']['jobs']]})
    return app.reply([
        {'name': name, 'release_versions': versions}
        for name, versions in found.items()])


@ROUTES.get('/releases/<name>')
def show(name: str) -> flask.Response:
    """A release, or one version of it."""
    version = flask.request.args.get('version')
    rows = _rows(name, version)
    jobs_of = [{**job, 'consumes': [], 'provides': []}
               for row in rows for job in map(_artifact, row['data']['jobs'])]
    packages = [{**package, 'compiled_packages': []}
                for row in rows
                for package in map(_artifact, row['data']['packages'])]
    if version is not None:
        return app.reply({'jobs': jobs_of, 'packages': packages})
    return app.reply({'jobs': jobs_of, 'packages': packages,
                      'versions': [row['version'] for row in rows]})


@ROUTES.post('/releases')
def upload() -> flask.Response:
    """Take a release from a URL or the request's body."""
    source, checksum = stemcells.uploaded()
    return app.start(
        'update_release', 'create release',
        jobs.UpdateRelease(app.current(), source, checksum))


@ROUTES.delete('/releases/<name>')
def delete(name: str) -> flask.Response:
    """Delete a release, or one version of it."""
    version = flask.request.args.get('version')
    _rows(name, version)
    what = name if version is None else f'{name}/{version}'
    return app.start(
        'delete_release', f'delete release: {what}',
        jobs.DeleteRelease(app.current(), name, version))


@ROUTES.post('/packages/matches')
@ROUTES.post('/packages/matches_compiled')
def matches() -> flask.Response:
    """Which packages are there already: none is kept."""
    app.yaml_body()
    return app.json_reply([])


def _rows(name: str, version: str | None) -> list[stores.Row]:
    rows = app.current().store.all(
        'SELECT * FROM releases WHERE name = ? ORDER BY id', name)
    if not rows:
        raise errors.DirectorError(30005, f"Release '{name}' doesn't exist")
    if version is not None:
        rows = [row for row in rows if row['version'] == version]
        if not rows:
            raise errors.DirectorError(
                30006, f"Release version '{name}/{version}' doesn't exist")
    return rows


def _artifact(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        'name': entry['name'], 'blobstore_id': entry.get('blobstore_id', ''),
        'sha1': entry.get('sha1', ''),
        'version': entry.get('version', entry.get('fingerprint', '')),
        'fingerprint': entry.get('fingerprint', entry.get('version', '')),
        'packages': entry.get('packages', []),
        'dependencies': entry.get('dependencies', [])}
