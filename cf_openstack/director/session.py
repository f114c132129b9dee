# SPDX-License-Identifier: Apache-2.0
"""Authenticated requests to a director, and the errors it answers."""

from collections.abc import Mapping
import json as jsonlib
from typing import Any

from cf_openstack.director import auth as director_auth
from cf_openstack.director import connection as director_connection
from cf_openstack.director import connector as director_connector
from cf_openstack.director import exceptions
from cf_openstack.director import info as director_info
from cf_openstack.director import response as director_response

#: The director answers a longer X-Bosh-Context-Id with code 70010.
MAX_CONTEXT_ID = 64

JSON = 'application/json'
YAML = 'text/yaml'
TARBALL = 'application/x-compressed'


class Session:
    """Speak to one director with one set of credentials.

    Before the first credential is sent, ``GET /info`` has to show that a
    director listens there and how it authenticates.

    :param connection: endpoint and credentials.
    :param connector: connector to that endpoint.
    """

    def __init__(self, connection: director_connection.Connection,
                 connector: director_connector.Connector) -> None:
        self.connection = connection
        self._connector = connector
        self._auth: director_auth.Authentication | None = None

    @property
    def endpoint(self) -> str:
        """Address of the director."""
        return self.connection.endpoint

    def close(self) -> None:
        """Close all connections."""
        if self._auth is not None:
            self._auth.close()
        self._connector.close()

    def info(self) -> director_info.Info:
        """Ask the director, without credentials, who it is.

        :raises NotADirector: when something else answers.
        """
        info = director_info.parse(self._connector.send('GET', '/info'))
        if self._auth is None:
            self._auth = director_auth.for_director(
                self.connection, info.user_authentication, info.uaa_urls,
                self._connector)
        return info

    def request(self, method: str, path: str, *,
                params: Mapping[str, Any] | None = None,
                json: Any = None,
                body: str | bytes | director_connector.Upload | None = None,
                content_type: str | None = None,
                headers: Mapping[str, str] | None = None,
                context_id: str | None = None,
                accept: tuple[int, ...] = (200,)
                ) -> director_response.Response:
        """Send a request with credentials.

        A refused token is renewed once.  The director refuses before it
        acts, so that even a POST may then be sent again.

        :param json: a document to send as JSON, in place of a body.
        :param content_type: type of the body.
        :param context_id: marks the task it starts, at most 64 characters.
        :param accept: the statuses of success.
        :raises HttpError: (a subclass) for any other status.
        :raises DirectorError: see :meth:`connector.Connector.send`.
        """
        if self._auth is None:
            self.info()
        auth = self._auth
        assert auth is not None
        sent = dict(headers or {})
        if json is not None:
            body, content_type = jsonlib.dumps(json), JSON
        if isinstance(body, str):
            body = body.encode('utf-8')
        if content_type is not None:
            sent['Content-Type'] = content_type
        if context_id is not None:
            sent['X-Bosh-Context-Id'] = _checked(context_id)
        for last in (False, True):
            sent['Authorization'] = auth.header()
            response = self._connector.send(
                method, path, params=params, headers=sent, body=body)
            if response.status in accept:
                return response
            if response.status < 400:
                raise response.unexpected('another kind of success was due')
            error = exceptions.from_response(
                response, endpoint=self.endpoint,
                client=self.connection.client)
            if last or not isinstance(
                    error, exceptions.AuthenticationError):
                break
            renewed = auth.renew()
            if not renewed or isinstance(body, director_connector.Upload):
                break
        raise error


def _checked(context_id: str) -> str:
    if not 0 < len(context_id) <= MAX_CONTEXT_ID or not (
            context_id.isascii() and context_id.isprintable()):
        raise exceptions.InvalidRequest(
            reason=f'the context id has to have 1 to {MAX_CONTEXT_ID} '
                   'printable ASCII characters')
    return context_id
