# SPDX-License-Identifier: Apache-2.0
"""The director's HTTP side: what all routes share."""

from collections.abc import Callable
from email import utils
import json
import logging
import socket
import time
from typing import Any

import flask
from werkzeug import exceptions as http
import yaml

from devstack.pocket_director import access
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director import routes
from devstack.pocket_director import tasks

LOG = logging.getLogger(__name__)

_OPEN_PATHS = ('/info', '/files/')
_CONTEXT_ID_LENGTH = 64
# What the nginx before a director says while that is down.
_BAD_GATEWAY = ('<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n'
                '<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n'
                '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n')
# The WSGI environment's key of the client's socket.
SOCKET = 'pocket_director.socket'


def create(director: directors.Director) -> flask.Flask:
    """The WSGI application of a director."""
    app = flask.Flask('pocket_director', static_folder=None)
    app.extensions['director'] = director
    app.url_map.strict_slashes = False
    for blueprint in routes.blueprints():
        app.register_blueprint(blueprint)
    app.before_request(_strike)
    app.before_request(_authenticate)
    app.after_request(_finish)
    app.register_error_handler(errors.DirectorError, _director_error)
    app.register_error_handler(errors.PlainTextError, _plain_error)
    app.register_error_handler(http.HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
    return app


def current() -> directors.Director:
    """The director that answers this request."""
    found: directors.Director = flask.current_app.extensions['director']
    return found


def reply(content: Any, status: int = 200) -> flask.Response:
    """A JSON body, under the content type that most routes give it."""
    return _labelled(content, status, 'text/html;charset=utf-8')


def json_reply(content: Any, status: int = 200) -> flask.Response:
    """A JSON body of the few routes that say what it is."""
    return _labelled(content, status, 'application/json')


def _labelled(content: Any, status: int, kind: str) -> flask.Response:
    return flask.Response(
        json.dumps(content), status,
        content_type=current().faults.value('content_type', kind))


def start(kind: str, description: str,
          work: Callable[[tasks.TaskRun], str | None], *,
          deployment: str | None = None, urgent: bool = False,
          with_context: bool = False) -> flask.Response:
    """Queue a task and send the client to it.

    :param with_context: whether the request's X-Bosh-Context-Id is kept.
    :raises: DirectorError 70010 when that is too long.
    """
    context_id = ''
    if with_context:
        context_id = flask.request.headers.get('X-Bosh-Context-Id', '')
        if len(context_id) > _CONTEXT_ID_LENGTH:
            raise errors.DirectorError(
                70010, 'X-Bosh-Context-Id cannot be more than 64 characters '
                       'in length')
    director = current()
    identity = identified()
    task_id = director.tasks.start(tasks.Request(
        kind, description, work, deployment=deployment,
        user=identity.user if identity else directors.USER,
        context_id=context_id, urgent=urgent))
    status = director.faults.value('redirect', director.settings.redirect)
    host = (director.faults.value('location_host')
            or director.settings.location_host or flask.request.host)
    return flask.Response(
        '', status, {'Location': f'https://{host}/tasks/{task_id}'})


def consumes(*types: str) -> None:
    """Refuse a request of another content type, as no such endpoint."""
    found = (flask.request.content_type or '').split(';')[0].strip()
    if found not in types and not is_lenient():
        flask.abort(404)


def json_body() -> dict[str, Any]:
    """The request's JSON object.

    :raises: DirectorError 710001.
    """
    consumes('application/json')
    try:
        body = json.loads(flask.request.get_data())
    except ValueError as error:
        raise errors.DirectorError(
            710001, f'Incorrect JSON structure of the uploaded body: '
                    f'{error}') from error
    if not isinstance(body, dict):
        raise errors.DirectorError(710001, 'The body is no JSON object')
    return body


def yaml_body() -> tuple[str, Any]:
    """The request's YAML: its text and content.

    :raises: DirectorError 710000.
    """
    consumes('text/yaml')
    text = flask.request.get_data().decode('utf-8', 'replace')
    try:
        return text, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise errors.DirectorError(
            710000, 'Incorrect YAML structure of the uploaded manifest: '
                    f'{error}') from error


def flag(name: str) -> bool:
    """Whether a query parameter is ``true``."""
    return flask.request.args.get(name) == 'true'


def is_lenient() -> bool:
    """Whether the director's oddities of routing are switched off."""
    return bool(current().faults.value('lenient', False))


def identified() -> access.Identity | None:
    """Whose the request's credentials are; None when they are wrong."""
    return current().access.identify(flask.request.authorization)


def _authenticate() -> flask.Response | None:
    path = flask.request.path
    if path.startswith(_OPEN_PATHS):
        return None
    identity = identified()
    if identity is None:
        return flask.Response(
            f"Not authorized: '{path}'\n", 401,
            {'WWW-Authenticate': 'Basic realm="BOSH Director"'},
            content_type='text/html;charset=utf-8')
    missing = current().access.missing(identity, flask.request.method, path)
    if missing:
        raise errors.DirectorError(
            600000, f"Require one of the scopes: {', '.join(missing)}")
    return None


def _strike() -> flask.Response | None:
    """Let a fault that a test ordered happen."""
    if time.monotonic() < current().down_until:
        return flask.Response(_BAD_GATEWAY, 502, content_type='text/html')
    fault = current().faults.request(
        flask.request.method, flask.request.full_path)
    if fault is None:
        return None
    time.sleep(fault.get('delay', 0))
    if fault.get('drop') == 'after':
        flask.g.drop = True
        return None
    if fault.get('drop'):
        _hang_up()
    if 'status' in fault or fault.get('drop'):
        return flask.Response(
            fault.get('body', ''), fault.get('status', 500),
            content_type=fault.get('content_type', 'text/html'))
    return None


def _finish(response: flask.Response) -> flask.Response:
    response.headers['Date'] = utils.formatdate(usegmt=True)
    if flask.g.get('drop'):
        _hang_up()
    return response


def _hang_up() -> None:
    connection = flask.request.environ.get(SOCKET)
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


def _director_error(error: errors.DirectorError) -> flask.Response:
    return json_reply(
        {'code': error.code, 'description': error.message},
        error.http_status)


def _plain_error(error: errors.PlainTextError) -> flask.Response:
    return flask.Response(error.message, error.status,
                          content_type='text/html;charset=utf-8')


def _http_error(error: http.HTTPException) -> flask.Response:
    # An unknown path, method or content type is all the same to Sinatra.
    if error.code in (404, 405, 415):
        return flask.Response(
            f"Endpoint '{flask.request.path}' not found.\n", 404,
            content_type='text/html;charset=utf-8')
    return flask.Response(
        '', error.code or 500, content_type='text/html;charset=utf-8')


def _crash(error: Exception) -> flask.Response:
    LOG.exception('%s %s failed', flask.request.method, flask.request.path)
    return flask.Response('', 500, content_type='text/html;charset=utf-8')
