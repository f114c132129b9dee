# SPDX-License-Identifier: Apache-2.0
"""How requests prove who sends them: HTTP Basic or a token of the UAA."""

import abc
import base64
from collections.abc import Sequence
import time
import urllib.parse

from cf_openstack.director import connection as director_connection
from cf_openstack.director import connector as director_connector
from cf_openstack.director import endpoint as director_endpoint
from cf_openstack.director import exceptions
from cf_openstack.director import response as director_response

#: A token that lives shorter than this is renewed before it is used, or at
#: the half of its life.  Tokens of bosh-deployment's UAA live 120 seconds.
RENEW_BEFORE = 30.0

_FORM = urllib.parse.urlencode(
    {'grant_type': 'client_credentials'}).encode('ascii')
_HEADERS = {'Accept': 'application/json',
            'Content-Type': 'application/x-www-form-urlencoded'}


class Authentication(abc.ABC):
    """One way to authenticate."""

    @abc.abstractmethod
    def header(self) -> str:
        """Make the value of the Authorization header.

        :raises DirectorError: when there is none to be had.
        """

    @abc.abstractmethod
    def renew(self) -> bool:
        """Forget what the director refused.

        :returns: whether another attempt may succeed.
        """

    def close(self) -> None:
        """Close its connections."""


class Basic(Authentication):
    """HTTP Basic, checked by the director itself.

    :param client: user name.
    :param client_secret: password.
    """

    def __init__(self, client: str, client_secret: str) -> None:
        self._header = 'Basic ' + base64.b64encode(
            f'{client}:{client_secret}'.encode()).decode('ascii')

    def header(self) -> str:
        """Make the value of the Authorization header."""
        return self._header

    def renew(self) -> bool:
        """Tell that the same password will not fare better."""
        return False


class ClientCredentials(Authentication):
    """A token of the UAA, by the OAuth 2 grant ``client_credentials``.

    The grant has no refresh token: a new token is fetched each time, from
    the first UAA that answers.

    :param connectors: connectors to the UAAs, the preferred one first.
    :param client: UAA client.
    :param client_secret: its secret.
    """

    def __init__(self, connectors: Sequence[director_connector.Connector],
                 client: str, client_secret: str) -> None:
        self._connectors = list(connectors)
        self._client = client
        self._client_secret = client_secret
        self._token = ''
        self._renewal = 0.0

    def header(self) -> str:
        """Make the value of the Authorization header.

        :raises AuthenticationError: when the UAA refuses the client.
        :raises ConnectionFailed: when the UAA cannot be reached.
        """
        if not self._token or time.monotonic() > self._renewal:
            self._fetch()
        return f'bearer {self._token}'

    def renew(self) -> bool:
        """Forget the token, so that the next header has a new one."""
        self._token = ''
        return True

    def close(self) -> None:
        """Close the connections to the UAAs."""
        for connector in self._connectors:
            connector.close()

    def _fetch(self) -> None:
        for connector in list(self._connectors):
            asked = time.monotonic()
            try:
                response = self._ask(connector)
                break
            except exceptions.ConnectionFailed as exc:
                failure = exc
        else:
            raise failure
        # Whoever answered is asked first the next time.
        self._connectors.sort(key=lambda other: other is not connector)
        where = {'endpoint': f'The UAA at {connector.endpoint}',
                 'method': 'POST', 'path': '/oauth/token'}
        if response.status in (400, 401, 403):
            raise exceptions.AuthenticationError(
                status=response.status, client=self._client, **where)
        if response.status != 200:
            raise exceptions.HttpError(status=response.status, **where)
        document = response.json_object()
        token = document.get('access_token')
        if not isinstance(token, str) or not token.isascii() or (
                not token.isprintable() or not token):
            raise response.unexpected('there is no access_token in it')
        seconds = document.get('expires_in')
        if not isinstance(seconds, int | float):
            seconds = 0
        self._token = token
        self._renewal = asked + max(seconds - RENEW_BEFORE, seconds / 2)

    def _ask(self, connector: director_connector.Connector,
             attempts: int = 2) -> director_response.Response:
        """Ask one UAA for a token."""
        try:
            return connector.send(
                'POST', '/oauth/token', body=_FORM, headers=_HEADERS,
                auth=(self._client, self._client_secret))
        except exceptions.OutcomeUnknown as exc:
            # A token that nobody received does no harm.
            if attempts > 1 and not exc.kwargs.get('timed_out'):
                return self._ask(connector, attempts - 1)
            raise exceptions.ConnectionFailed(
                endpoint=f'the UAA at {connector.endpoint}',
                cause=exc.kwargs['cause'])


def for_director(connection: director_connection.Connection,
                 kind: str, uaa_urls: tuple[str, ...],
                 connector: director_connector.Connector) -> Authentication:
    """Choose the authentication that a director asks for.

    The UAA's address comes from the director's own answer.  It has to pass
    the same policy as the director, and needs a certificate of the same CA.

    :param connection: the credentials.
    :param kind: ``user_authentication.type`` of the director's info.
    :param uaa_urls: addresses of the UAA, the preferred one first.
    :param connector: the connector to the director.
    :raises InvalidEndpoint: when the UAA's address is none.
    :raises NotADirector: when the director names an unknown kind.
    """
    if kind == 'basic':
        return Basic(connection.client, connection.client_secret)
    if kind == 'uaa' and uaa_urls:
        return ClientCredentials(
            [connector.to(director_endpoint.parse(
                url, default_port=443, allow_path=True))
             for url in uaa_urls],
            connection.client, connection.client_secret)
    raise exceptions.NotADirector(
        endpoint=connection.endpoint,
        reason='it asks for an authentication that is neither "basic" nor '
               '"uaa" with an address')
