# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between us and a BOSH director.

No text here ever holds a credential, and none repeats what a host answered
before that host has proven to be a director: a tenant chooses the address,
so an error that quotes the answer would read internal services to them.
"""

from typing import Any

from cf_openstack import exceptions

#: The director's code for "authenticated, but not permitted"; it comes with
#: status 401 (bosh-director errors.rb, UnauthorizedToAccessDeployment).
UNAUTHORIZED_CODE = 600000

_MAX_DESCRIPTION = 2000


class DirectorError(exceptions.CfOpenStackError):
    """Root of all errors of the director client."""


class InvalidRequest(DirectorError):
    """An argument that no director would take; nothing was sent."""

    msg_fmt = 'Cannot ask the director: %(reason)s.'


class InvalidEndpoint(DirectorError):
    """An address that cannot be that of a director."""

    msg_fmt = ('The director endpoint %(endpoint)s is not valid: %(reason)s. '
               'It looks like https://203.0.113.10:25555.')


class InvalidCertificate(DirectorError):
    """A CA certificate that is none."""

    msg_fmt = 'ca_certificate is not a PEM certificate: %(reason)s.'


class InvalidConnection(DirectorError):
    """Credentials that cannot be used."""

    msg_fmt = 'The connection to the director is not complete: %(reason)s.'


class SealError(DirectorError):
    """A sealed connection that this project cannot open."""

    msg_fmt = ('This connection to a director cannot be opened: %(reason)s. '
               'Take it from the attribute "connection" of a '
               'CloudFoundry::BOSH::Director resource of this project.')


class EndpointRefused(DirectorError):
    """The operator's endpoint policy forbids this address."""

    msg_fmt = ('The endpoint %(endpoint)s is refused: %(reason)s. An operator '
               'can allow it with [cf_openstack]%(option)s.')


class ConnectionFailed(DirectorError):
    """The director could not be reached, or the connection broke."""

    msg_fmt = 'Cannot reach %(endpoint)s: %(cause)s.'


class CertificateRefused(ConnectionFailed):
    """The other side has no certificate that the given CA vouches for."""

    msg_fmt = 'Refused to talk to %(endpoint)s: %(cause)s.'


class Unavailable(ConnectionFailed):
    """The proxy in front of the director answered in its place."""

    msg_fmt = ('The director at %(endpoint)s is not available: HTTP status '
               '%(status)s on %(method)s %(path)s. It may be restarting.')


class OutcomeUnknown(ConnectionFailed):
    """A request may or may not have been carried out.

    It was sent, and the answer was lost.  Look for its task by the context
    id before sending it again.
    """

    msg_fmt = ('The answer of %(endpoint)s to %(method)s %(path)s was lost '
               '(%(cause)s): whether it started a task is unknown.')


class BadResponse(DirectorError):
    """An answer that a director does not give."""

    msg_fmt = ('The director at %(endpoint)s gave an unexpected answer to '
               '%(method)s %(path)s: %(reason)s.')


class NotADirector(DirectorError):
    """Something listens there, and it is no BOSH director."""

    msg_fmt = ('%(endpoint)s does not answer as a BOSH director: %(reason)s. '
               'Check host and port.')


class TaskFailed(DirectorError):
    """A task of the director ended in another state than ``done``."""

    msg_fmt = ('Task %(task_id)s (%(description)s) of the director ended in '
               'state %(state)s: %(reason)s')


class DiffFailed(DirectorError):
    """The director could not compare a manifest with what it runs."""

    msg_fmt = 'The director cannot compare deployment %(name)s: %(reason)s'


class HttpError(DirectorError):
    """The director answered with an error status.

    :ivar status: the HTTP status.
    :ivar code: the director's own error code, or None.
    :ivar description: the director's text, may be empty.
    """

    msg_fmt = ('The director at %(endpoint)s refused %(method)s %(path)s '
               'with HTTP status %(status)s%(detail)s')

    def __init__(self, message: str | None = None, *, status: int,
                 code: int | None = None, description: str = '',
                 **kwargs: Any) -> None:
        self.status = status
        self.code = code
        self.description = description
        super().__init__(message, status=status, code=code,
                         description=description,
                         detail=_detail(code, description), **kwargs)


class BadRequest(HttpError):
    """The director found fault with the request."""


class AuthenticationError(HttpError):
    """The director or its UAA does not accept the credentials."""

    msg_fmt = ('%(endpoint)s does not accept the credentials of client '
               '"%(client)s". Check client and client_secret.')


class Forbidden(HttpError):
    """The credentials are good, their scopes are not enough."""

    msg_fmt = ('Client "%(client)s" may not %(method)s %(path)s on the '
               'director at %(endpoint)s%(detail)s')


class NotFound(HttpError):
    """The director does not know the object."""


class ConfigConflict(HttpError):
    """Somebody changed the config in between.

    :ivar latest_id: the id the config has now.
    :ivar expected_latest_id: the id the caller knew.
    """

    msg_fmt = ('The %(type)s config "%(name)s" of the director at '
               '%(endpoint)s was changed by somebody else: its latest id is '
               '%(latest_id)s, expected was %(expected_latest_id)s.')

    def __init__(self, *, latest_id: str, expected_latest_id: str,
                 **kwargs: Any) -> None:
        self.latest_id = latest_id
        self.expected_latest_id = expected_latest_id
        super().__init__(latest_id=latest_id,
                         expected_latest_id=expected_latest_id, **kwargs)


def _detail(code: int | None, description: str) -> str:
    if code is not None and description:
        return f': {description} (code {code})'
    if description:
        return f': {description}'
    return f' (code {code})' if code is not None else '.'


def _is_text(body: str) -> bool:
    """Tell whether a body is the director's plain text, not a web page."""
    return (bool(body) and '<' not in body and len(body) < 500
            and body.replace('\n', ' ').isprintable())


def from_response(response: Any, *, endpoint: str,
                  client: str = '') -> DirectorError:
    """Make the error that an answer of a director stands for.

    Call it only for a host that has proven to be a director: the error
    quotes the answer.

    :param response: a :class:`cf_openstack.director.response.Response`.
    :param endpoint: address of the director.
    :param client: name the request was authenticated with.
    :returns: the error, to be raised by the caller.
    """
    where = {'endpoint': endpoint, 'method': response.method,
             'path': response.path, 'status': response.status}
    if response.status in (502, 503, 504):
        return Unavailable(**where)
    code, description = None, ''
    document = response.json_or_none()
    if isinstance(document, dict):
        if isinstance(document.get('code'), int):
            code = document['code']
        description = str(document.get('description') or '')
    elif _is_text(response.text.strip()):
        description = response.text.strip()
    where.update(code=code, description=description[:_MAX_DESCRIPTION],
                 client=client)
    if response.status == 401 and code != UNAUTHORIZED_CODE:
        return AuthenticationError(**where)
    if response.status in (401, 403):
        return Forbidden(**where)
    if response.status == 404:
        return NotFound(**where)
    if response.status in (400, 422):
        return BadRequest(**where)
    return HttpError(**where)
