# SPDX-License-Identifier: Apache-2.0
"""Deployments: listed, deployed, compared, deleted."""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime
import json
from typing import Any

import flask

from devstack.pocket_director import app
from devstack.pocket_director import differ
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import delete_deployment
from devstack.pocket_director.jobs import update_deployment
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store as stores

ROUTES = flask.Blueprint('deployments', __name__)


@ROUTES.get('/deployments')
def index() -> flask.Response:
    """The deployments."""
    director = app.current()
    latest = [row['id'] for row in director.latest_configs('cloud')]
    shown = []
    for row in director.store.all('SELECT * FROM deployments ORDER BY name'):
        view: dict[str, Any] = {'name': row['name'], 'teams': []}
        if not app.flag('exclude_configs'):
            used = (row['configs'] or {}).get('cloud')
            view['cloud_config'] = 'none' if not used else (
                'latest' if used == latest else 'outdated')
        for key in ('stemcells', 'releases'):
            if not app.flag(f'exclude_{key}'):
                view[key] = row[key] or []
        if not app.flag('exclude_lock'):
            view['locked'] = director.locks.is_locked(
                'deployment', row['name'])
        shown.append(view)
    return app.json_reply(shown)


@ROUTES.get('/deployments/<name>')
def show(name: str) -> flask.Response:
    """A deployment's manifest; null until the first deploy succeeded."""
    return app.json_reply({'manifest': find(name)['manifest']})


@ROUTES.post('/deployments')
def deploy() -> flask.Response:
    """Deploy a manifest; the deployment is there from this moment."""
    text, document = app.yaml_body()
    return start_deploy(text, document, ())


@ROUTES.post('/deployments/<name>/diff')
def diff(name: str) -> flask.Response:
    """What a manifest would change; a failure comes with status 200."""
    text, _ = app.yaml_body()
    director = app.current()
    broken = director.faults.value('diff_error')
    if broken:
        return app.json_reply(
            {'diff': [], 'error': f'Unable to diff manifest: {broken}'})
    configs = {kind: director.latest_configs(kind)
               for kind in ('cloud', 'runtime')}
    row = director.store.one(
        'SELECT * FROM deployments WHERE name = ?', name)
    try:
        before: dict[str, Any] = {}
        if row is not None and row['manifest'] is not None:
            used = [director.store.one(
                'SELECT * FROM configs WHERE id = ?', number)
                for number in (row['configs'] or {}).get('cloud', ())]
            before = _whole(row['manifest'], [u for u in used if u])
        lines = differ.diff(
            before, _whole(text, configs['cloud']),
            flask.request.args.get('redact') != 'false')
    except errors.DirectorError as error:
        return app.json_reply(
            {'diff': [], 'error': f'Unable to diff manifest: {error}'})
    return app.json_reply({'context': {
        f'{kind}_config_ids': [row['id'] for row in rows]
        for kind, rows in configs.items()}, 'diff': lines})


@ROUTES.delete('/deployments/<name>')
def delete(name: str) -> flask.Response:
    """Delete a deployment."""
    find(name)
    return app.start(
        'delete_deployment', f'delete deployment {name}',
        delete_deployment.DeleteDeployment(
            app.current(), name, app.flag('force')),
        deployment=name, with_context=True)


@ROUTES.get('/deployment_configs')
def configs() -> flask.Response:
    """The configs that deployments use."""
    wanted = flask.request.args.getlist('deployment[]')
    store = app.current().store
    shown: list[dict[str, Any]] = []
    for row in store.all(
            'SELECT rowid, * FROM deployments ORDER BY name'):
        if wanted and row['name'] not in wanted:
            continue
        for numbers in (row['configs'] or {}).values():
            for number in numbers:
                config = store.one(
                    'SELECT * FROM configs WHERE id = ?', number)
                if config is not None:
                    shown.append({
                        'id': row['rowid'], 'deployment': row['name'],
                        'config': {'id': config['id'],
                                   'type': config['type'],
                                   'name': config['name']}})
    return app.json_reply(shown)


@ROUTES.get('/deployments/<name>/variables')
def variables(name: str) -> flask.Response:
    """The variables that the manifest names."""
    prefix = f'/{app.current().settings.name}/{name}/'
    return app.json_reply([
        {'id': str(number), 'name': variable if variable.startswith('/')
         else prefix + variable}
        for number, variable in enumerate(find(name)['variables'] or (), 1)])


@ROUTES.get('/deployments/<name>/certificate_expiry')
def certificate_expiry(name: str) -> flask.Response:
    """The certificates among the variables: there is no config server."""
    find(name)
    return app.json_reply([])


def find(name: str) -> stores.Row:
    """A deployment.

    :raises: DirectorError 70000.
    """
    row = app.current().store.one(
        'SELECT * FROM deployments WHERE name = ?', name)
    if row is None:
        raise errors.DirectorError(
            70000, f"Deployment '{name}' doesn't exist")
    return row


def start_deploy(text: str, document: Any, wishes: Sequence[planner.Wish],
                 pinned: Mapping[str, list[int]] | None = None,
                 ) -> flask.Response:
    """Queue the deploy of a manifest, with what the query says of it.

    :param wishes: states that instances should take.
    :param pinned: ids of the cloud and runtime configs to deploy with, in
        place of the newest and of those that the query names.
    :raises: DirectorError 440001 for a manifest without a name.
    """
    if not isinstance(document, dict):
        raise errors.DirectorError(
            440001, 'Manifest should be a hash')
    if not isinstance(document.get('name'), str):
        raise errors.DirectorError(
            40001, "Required property 'name' was not specified in object "
                   '(the manifest)')
    name = document['name']
    given = flask.request.args
    context = json.loads(given.get('context') or '{}')
    for key in ('cloud_config_ids', 'runtime_config_ids'):
        for number in context.get(key) or ():
            if app.current().store.one(
                    'SELECT id FROM configs WHERE id = ?', number) is None:
                raise errors.DirectorError(
                    190025, 'Context includes invalid config ID')
    if pinned is not None:
        context = {f'{kind}_config_ids': pinned.get(kind, [])
                   for kind in ('cloud', 'runtime')}
    dry_run = app.flag('dry_run')
    options = update_deployment.Options(
        wishes=wishes, recreate=app.flag('recreate'), fix=app.flag('fix'),
        recreate_disks=app.flag('recreate_persistent_disks'),
        created_before=_created_before(wishes), dry_run=dry_run,
        cloud_config_ids=context.get('cloud_config_ids'),
        runtime_config_ids=context.get('runtime_config_ids'),
        update={key: given[key] for key in ('canaries', 'max_in_flight')
                if key in given})
    store = app.current().store
    with store.transaction():
        if store.one('SELECT name FROM deployments WHERE name = ?',
                     name) is None:
            store.insert('deployments', name=name, stemcells=[], releases=[],
                         configs={}, variables=[])
    return app.start(
        'update_deployment',
        'create deployment' + (' (dry run)' if dry_run else ''),
        update_deployment.UpdateDeployment(
            app.current(), name, text, options),
        deployment=name, with_context=True)


def _created_before(wishes: Sequence[planner.Wish]) -> str | None:
    """Only VMs made before this moment are recreated, if there is one."""
    text = flask.request.args.get('recreate_vms_created_before')
    if text is None:
        return None
    if not app.flag('recreate') and not any(
            wish.state == 'recreate' for wish in wishes):
        raise errors.DirectorError(
            40005, 'Must pass state=recreate or recreate=true when '
                   'specifying recreate_vms_created_before')
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise errors.DirectorError(
            40005, 'Invalid RFC 3339 timestamp for '
                   f'recreate_vms_created_before: {text}') from error
    return moment.astimezone(datetime.timezone.utc).strftime(
        '%Y-%m-%dT%H:%M:%SZ')


def _whole(text: str, configs: list[stores.Row]) -> dict[str, Any]:
    return {**cloud_config.merge(row['content'] for row in configs),
            **cloud_config.load(text)}
