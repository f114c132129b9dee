# SPDX-License-Identifier: Apache-2.0
"""Configs: cloud, runtime, cpi and others, each under a name."""

import datetime
from typing import Any

import flask
import yaml

from devstack.pocket_director import app
from devstack.pocket_director import differ
from devstack.pocket_director import errors
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director import store as stores

ROUTES = flask.Blueprint('configs', __name__)

_LEGACY = {'cloud_configs': 'cloud', 'runtime_configs': 'runtime',
           'cpi_configs': 'cpi'}


@ROUTES.get('/configs')
def index() -> flask.Response:
    """Configs; unless asked otherwise the newest of each name."""
    given = flask.request.args
    limit = given.get('limit')
    if limit is None and given.get('latest') == 'false':
        limit = '-1'
    try:
        count = int(limit or 1)
    except ValueError as error:
        raise errors.DirectorError(
            440010, "'limit' must be a number") from error
    if count < 1 and limit != '-1':
        raise errors.DirectorError(440010, "'limit' must be larger than zero")
    rows = app.current().store.all(
        'SELECT * FROM configs WHERE deleted = 0 AND (type = ? OR ? IS NULL) '
        'AND (name = ? OR ? IS NULL) ORDER BY type, name, id DESC',
        given.get('type'), given.get('type'),
        given.get('name'), given.get('name'))
    shown: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row['type'], row['name']
        seen[key] = seen.get(key, 0) + 1
        if count < 0 or seen[key] <= count:
            shown.append(_view(row, current=seen[key] == 1))
    return app.json_reply(shown)


@ROUTES.get('/configs/<number>')
def show(number: str) -> flask.Response:
    """One version of a config."""
    row = _row(number)
    return app.json_reply(_view(row, _is_current(row)))


@ROUTES.post('/configs')
def put() -> flask.Response:
    """Store a new version, unless it is what the newest one is."""
    body = app.json_body()
    kind, name, content = _checked(body)
    expected = body.get('expected_latest_id')
    store = app.current().store
    race = app.current().faults.race(kind, name)
    if race is not None:
        _add(kind, name, race.get('content', f'# not yours\n{content}'))
    with store.transaction():
        latest = _latest(kind, name)
        number = str(latest['id']) if latest else '0'
        if expected is not None and str(expected) != number:
            return app.json_reply({
                'latest_id': number, 'expected_latest_id': str(expected),
                'description': f"Latest Id: '{number}' does not match "
                               f"expected latest id '{expected}'"}, 412)
        if latest is None or latest['content'] != content:
            latest = _add(kind, name, content)
    return app.json_reply(_view(latest, True), 201)


@ROUTES.post('/configs/diff')
def diff() -> flask.Response:
    """What a config would change, or between two versions."""
    body = app.json_body()
    if 'type' in body:
        kind, name, content = _checked(body)
        latest = _latest(kind, name)
        before = latest['content'] if latest else ''
        answer: dict[str, Any] = {
            'from': {'id': str(latest['id']) if latest else '0'}}
    else:
        before, content = (_side(body.get(side)) for side in ('from', 'to'))
        answer = {}
    try:
        lines = differ.diff(
            cloud_config.load(before), cloud_config.load(content), False)
    except errors.DirectorError as error:
        return app.json_reply(
            {'diff': [], 'error': f'Unable to diff config content: {error}'},
            400)
    return app.json_reply({**answer, 'diff': lines})


@ROUTES.delete('/configs')
def delete() -> flask.Response:
    """Forget all versions of a config; deployments keep what they use."""
    kind = flask.request.args.get('type')
    name = flask.request.args.get('name')
    if not kind or not name:
        raise errors.DirectorError(
            440010, f"'{'name' if kind else 'type'}' is required")
    changed = app.current().store.update(
        'configs', {'type': kind, 'name': name, 'deleted': 0}, deleted=1)
    return flask.Response(status=204 if changed else 404)


@ROUTES.delete('/configs/<number>')
def delete_one(number: str) -> flask.Response:
    """Forget one version of a config."""
    changed = app.current().store.update(
        'configs', {'id': number, 'deleted': 0}, deleted=1)
    return flask.Response(status=204 if changed else 404)


@ROUTES.get('/<any(cloud_configs, runtime_configs, cpi_configs):legacy>')
def legacy_index(legacy: str) -> flask.Response:
    """The older form of reading configs."""
    limit = flask.request.args.get('limit')
    if not limit:
        raise errors.PlainTextError(400, 'limit is required')
    rows = app.current().store.all(
        'SELECT * FROM configs WHERE deleted = 0 AND type = ? AND name = ? '
        'ORDER BY id DESC LIMIT ?', _LEGACY[legacy],
        flask.request.args.get('name') or 'default', int(limit))
    return app.json_reply([
        {'properties': row['content'], 'created_at': row['created_at']}
        for row in rows])


@ROUTES.post('/<any(cloud_configs, runtime_configs, cpi_configs):legacy>')
def legacy_put(legacy: str) -> flask.Response:
    """The older form of storing a config."""
    text, _ = app.yaml_body()
    name = flask.request.args.get('name') or 'default'
    latest = _latest(_LEGACY[legacy], name)
    if latest is None or latest['content'] != text:
        _add(_LEGACY[legacy], name, text)
    return flask.Response(status=201)


@ROUTES.post(
    '/<any(cloud_configs, runtime_configs, cpi_configs):legacy>/diff')
def legacy_diff(legacy: str) -> flask.Response:
    """The older form of asking what a config would change."""
    text, _ = app.yaml_body()
    latest = _latest(
        _LEGACY[legacy], flask.request.args.get('name') or 'default')
    return app.json_reply({'diff': differ.diff(
        cloud_config.load(latest['content'] if latest else ''),
        cloud_config.load(text), False)})


def _checked(body: dict[str, Any]) -> tuple[str, str, str]:
    for key in ('type', 'name', 'content'):
        if not isinstance(body.get(key), str) or not body[key]:
            raise errors.DirectorError(440010, f"'{key}' is required")
    try:
        content = yaml.safe_load(body['content'])
    except yaml.YAMLError as error:
        raise errors.DirectorError(
            440010, f'Config update failed: {error}') from error
    if not isinstance(content, dict):
        raise errors.DirectorError(
            440010, 'YAML hash expected: the content holds '
                    f'{type(content).__name__}')
    return body['type'], body['name'], body['content']


def _side(given: Any) -> str:
    if isinstance(given, dict) and isinstance(given.get('content'), str):
        return str(given['content'])
    if isinstance(given, dict) and given.get('id'):
        return str(_row(str(given['id']))['content'])
    raise errors.DirectorError(
        440010, "Only two Config ids or two Config contents are allowed as "
                'inputs')


def _row(number: str) -> stores.Row:
    row = app.current().store.one(
        'SELECT * FROM configs WHERE id = ? AND deleted = 0', number)
    if row is None:
        raise errors.DirectorError(440012, f'Config {number} not found')
    return row


def _latest(kind: str, name: str) -> stores.Row | None:
    return app.current().store.one(
        'SELECT * FROM configs WHERE deleted = 0 AND type = ? AND name = ? '
        'ORDER BY id DESC', kind, name)


def _is_current(row: stores.Row) -> bool:
    latest = _latest(row['type'], row['name'])
    return latest is not None and latest['id'] == row['id']


def _add(kind: str, name: str, content: str) -> stores.Row:
    director = app.current()
    number = director.store.insert(
        'configs', type=kind, name=name, content=content,
        created_at=datetime.datetime.now(
            datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC'))
    director.audit.record('create', f'config/{kind}', name)
    return _row(str(number))


def _view(row: stores.Row, current: bool) -> dict[str, Any]:
    return {'content': row['content'], 'id': str(row['id']),
            'type': row['type'], 'name': row['name'], 'team': None,
            'created_at': row['created_at'], 'current': current}
