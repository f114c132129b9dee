# SPDX-License-Identifier: Apache-2.0
"""Tasks and their outputs."""

import pathlib
import re
from typing import Any

import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks

ROUTES = flask.Blueprint('tasks', __name__)

_RANGE = re.compile(r'bytes=(\d+)-(\d*)')


@ROUTES.get('/tasks')
def index() -> flask.Response:
    """The tasks, newest first."""
    given = flask.request.args
    limit = given.get('limit')
    states = [s.strip() for s in given.get('state', '').split(',') if s]
    rows = app.current().tasks.find(
        states, given.get('deployment'), given.get('context_id'),
        given.get('verbose', '1') != '1',
        None if limit is None else max(1, int(limit)))
    return app.json_reply([_view(row) for row in rows])


@ROUTES.get('/tasks/<int:task_id>')
def show(task_id: int) -> flask.Response:
    """One task."""
    return app.json_reply(_view(app.current().tasks.get(task_id)))


@ROUTES.get('/tasks/<int:task_id>/output')
def output(task_id: int) -> flask.Response:
    """One of a task's outputs, or the end of it."""
    director = app.current()
    director.tasks.get(task_id)
    kind = flask.request.args.get('type', 'debug')
    if kind not in ('debug', 'event', 'result', 'cpi', 'none'):
        raise errors.DirectorError(600000, f'Unknown type {kind}')
    path = director.tasks.folder(task_id) / kind
    if kind == 'none' or not path.exists():
        return flask.Response(status=204)
    return _ranged(path)


@ROUTES.delete('/<any(task, tasks):form>/<int:task_id>')
def cancel(form: str, task_id: int) -> flask.Response:
    """Cancel one task; the route is singular."""
    if form != 'task' and not app.is_lenient():
        flask.abort(404)
    app.current().tasks.cancel(task_id)
    return flask.Response(status=204)


@ROUTES.post('/tasks/cancel')
def cancel_many() -> flask.Response:
    """Cancel tasks by state, type and deployment."""
    body = app.json_body()
    states = body.get('states') or ['queued']
    for state in states:
        if state not in ('queued', 'processing'):
            raise errors.PlainTextError(
                400, f'{state} is not one of the cancellable states: '
                     'queued, processing')
    queue = app.current().tasks
    for row in queue.find(states, body.get('deployment'), None, True, None):
        if row['type'] in (body.get('types') or (row['type'],)):
            try:
                queue.cancel(row['id'])
            except errors.PlainTextError:
                # It has ended since it was listed.
                continue
    return flask.Response(status=204)


def _view(row: stores.Row) -> dict[str, Any]:
    view = {key: row[key] for key in (
        'id', 'state', 'description', 'timestamp', 'started_at', 'result',
        'user', 'deployment', 'context_id')}
    if row['state'] in tasks.UNFINISHED:
        view['timestamp'] = None
    return view


def _ranged(path: pathlib.Path) -> flask.Response:
    content = path.read_bytes()
    size = len(content)
    wanted = _RANGE.fullmatch(flask.request.headers.get('Range', ''))
    kind = 'text/plain;charset=utf-8'
    faults = app.current().faults
    # Newer versions of Rack give the whole of what is empty, older none.
    empty = not size and faults.value('empty_range', 200) == 200
    if wanted is None or empty:
        return flask.Response(content, content_type=kind)
    first = int(wanted[1])
    chunk = faults.value('output_chunk', size)
    last = min(int(wanted[2] or size - 1), size - 1, first + chunk - 1)
    if first >= size or last < first:
        return flask.Response(
            'Byte range unsatisfiable', 416, content_type=kind,
            headers={'Content-Range': f'bytes */{size}'})
    return flask.Response(
        content[first:last + 1], 206, content_type=kind,
        headers={'Content-Range': f'bytes {first}-{last}/{size}'})
