# SPDX-License-Identifier: Apache-2.0
"""Locks, the audit trail, and the director's own affairs."""

import datetime
from typing import Any

from cryptography import x509
import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors

ROUTES = flask.Blueprint('maintenance', __name__)

_EVENTS = 200
_FILTERS = {'task': 'task', 'deployment': 'deployment',
            'instance': 'instance', 'user': 'user', 'action': 'action',
            'object_type': 'object_type', 'object_name': 'object_name'}


@ROUTES.get('/locks')
def locks() -> flask.Response:
    """The locks that tasks hold."""
    return app.json_reply([{
        'type': lock.kind, 'resource': list(lock.resource),
        'timeout': f'{until:.6f}', 'task_id': str(lock.task_id)}
        for lock, until in app.current().locks.held()])


@ROUTES.get('/events')
def events() -> flask.Response:
    """The audit trail, newest first."""
    given = flask.request.args
    conditions = ['1 = 1']
    values: list[Any] = []
    for name, column in _FILTERS.items():
        if name in given:
            conditions.append(f'{column} = ?')
            values.append(given[name])
    for name, comparison in (('before_id', 'id <'),
                             ('before_time', 'timestamp <'),
                             ('after_time', 'timestamp >')):
        if name in given:
            conditions.append(f'{comparison} ?')
            values.append(_number(given[name], name))
    director = app.current()
    return app.json_reply([director.audit.show(row)
                           for row in director.store.all(
        f'SELECT * FROM events WHERE {" AND ".join(conditions)} '
        'ORDER BY id DESC LIMIT ?', *values, _EVENTS)])


@ROUTES.get('/events/<int:number>')
def event(number: int) -> flask.Response:
    """One event."""
    director = app.current()
    row = director.store.one('SELECT * FROM events WHERE id = ?', number)
    if row is None:
        flask.abort(404)
    return app.json_reply(director.audit.show(row))


@ROUTES.get('/resurrection')
def resurrection() -> flask.Response:
    """Whether a health monitor may recreate VMs."""
    paused = app.current().store.meta('resurrection_paused') == 'true'
    return app.json_reply({'resurrection': not paused})


@ROUTES.put('/resurrection')
def set_resurrection() -> flask.Response:
    """Pause it, or go on."""
    paused = app.json_body().get('resurrection_paused')
    app.current().store.set_meta(
        'resurrection_paused', 'true' if paused else 'false')
    return flask.Response(status=200)


@ROUTES.get('/director/certificate_expiry')
def certificate_expiry() -> flask.Response:
    """When the director's own certificates end."""
    authority = app.current().authority
    now = datetime.datetime.now(datetime.timezone.utc)
    shown = []
    for path, file in (('director.ssl.cert', authority.certificate_file),
                       ('director.ssl.ca', authority.ca_file)):
        end = x509.load_pem_x509_certificate(
            file.read_bytes()).not_valid_after_utc
        shown.append({
            'certificate_path': path,
            'expiry': end.strftime('%Y-%m-%dT%H:%M:%SZ'),
            'days_left': (end - now).days})
    return app.json_reply(shown)


@ROUTES.get('/resources/<name>')
def resource(name: str) -> flask.Response:
    """A blob that a task left: there is none without agents."""
    return flask.Response(
        f"Endpoint '/resources/{name}' not found.\n", 404,
        content_type='text/html;charset=utf-8')


def _number(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise errors.PlainTextError(
                400, f'Invalid {name} parameter: {text}') from error
        return int(moment.timestamp())
