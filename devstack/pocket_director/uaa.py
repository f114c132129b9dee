# SPDX-License-Identifier: Apache-2.0
"""The director's UAA: it gives tokens, and the director reads them.

Answers and errors are those of cloudfoundry/uaa's ``/oauth/token`` and
``/login``, as the bosh CLI uses them.
"""

import hmac
import json
import time
from typing import Any
import uuid

import flask
import jwt

from devstack.pocket_director import faults as fault_files

USER = 'admin'
#: The client of people, which has no secret; machines are USER.
CLI = 'bosh_cli'

_ALGORITHM = 'HS256'
_REFRESH_LIFETIME = 86400
# Tokens of refresh have it at the end of their jti.
_REFRESH = '-r'


class Uaa:
    """Tokens: made, and read.

    The switch ``uaa`` may hold ``lifetime`` (seconds), ``opaque`` (tokens
    say nothing to a client), ``with_refresh`` (a machine gets a refresh
    token too), ``refresh`` (``refuse`` refuses them all) and ``status``
    (what all requests are answered with).

    :param key: signs the tokens; it survives a restart of the director.
    :param password: of USER, as person and as machine.
    :param lifetime: seconds that an access token is valid.
    :param faults: where the switch is.
    """

    def __init__(self, key: str, password: str, lifetime: float,
                 faults: fault_files.Faults) -> None:
        self._key = key
        self._password = password
        self._lifetime = lifetime
        self._faults = faults
        self._opaque: dict[str, str] = {}
        #: What was asked for, by grant type, for tests to look at.
        self.grants: list[str] = []

    @property
    def switch(self) -> dict[str, Any]:
        """What the faults file says of the UAA."""
        return dict(self._faults.value('uaa') or {})

    def is_right(self, secret: str) -> bool:
        """Whether a password is that of USER."""
        return hmac.compare_digest(secret.encode(), self._password.encode())

    def issue(self, claims: dict[str, Any],
              with_refresh: bool) -> dict[str, Any]:
        """The answer that holds a new token.

        :param claims: who it is for, such as ``client_id``.
        """
        lifetime = float(self.switch.get('lifetime', self._lifetime))
        jti = uuid.uuid4().hex
        scopes = ['bosh.admin']
        answer: dict[str, Any] = {
            'access_token': self._sign(
                {**claims, 'jti': jti, 'scope': scopes}, lifetime),
            'token_type': 'bearer', 'expires_in': max(int(lifetime) - 1, 0),
            'scope': ' '.join(scopes), 'jti': jti}
        if with_refresh or self.switch.get('with_refresh'):
            answer['refresh_token'] = self._sign(
                {**claims, 'jti': uuid.uuid4().hex + _REFRESH},
                _REFRESH_LIFETIME)
        return answer

    def access(self, token: str) -> dict[str, Any] | None:
        """The claims of a valid access token, else None."""
        claims = self._read(token)
        if claims is None or str(claims['jti']).endswith(_REFRESH):
            return None
        return claims

    def refreshed(self, token: str) -> dict[str, Any] | None:
        """The claims of a valid refresh token, else None."""
        claims = self._read(token)
        if claims is None or self.switch.get('refresh') == 'refuse' or (
                not str(claims['jti']).endswith(_REFRESH)):
            return None
        return {key: value for key, value in claims.items()
                if key in ('client_id', 'user_name')}

    def _sign(self, claims: dict[str, Any], lifetime: float) -> str:
        token = jwt.encode({**claims, 'exp': time.time() + lifetime},
                           self._key, _ALGORITHM)
        if not self.switch.get('opaque'):
            return token
        opaque = uuid.uuid4().hex
        self._opaque[opaque] = token
        return opaque

    def _read(self, token: str) -> dict[str, Any] | None:
        try:
            claims: dict[str, Any] = jwt.decode(
                self._opaque.get(token, token), self._key, [_ALGORITHM],
                options={'require': ['exp', 'jti'], 'verify_exp': False})
        except jwt.InvalidTokenError:
            return None
        # To the fraction of a second, which the library rounds up.
        return claims if claims['exp'] > time.time() else None


def create(uaa: Uaa) -> flask.Flask:
    """The WSGI application of a UAA."""
    app = flask.Flask('pocket_uaa', static_folder=None)
    app.before_request(lambda: _struck(uaa))

    @app.get('/login')
    def login() -> flask.Response:
        """What a person is asked for."""
        return _json({'prompts': {
            'username': ['text', 'Email'],
            'password': ['password', 'Password']}})

    @app.post('/oauth/token')
    def token() -> flask.Response:
        """A token, by one of three grants."""
        form = flask.request.form
        grant = form.get('grant_type', '')
        uaa.grants.append(grant)
        given = flask.request.authorization
        client, secret = (
            (given.username or '', given.password or '')
            if given is not None and given.type == 'basic'
            else (form.get('client_id', ''), form.get('client_secret', '')))
        if not (client == CLI and not secret
                or client == USER and uaa.is_right(secret)):
            return _json({'error': 'unauthorized',
                          'error_description': 'Bad credentials'}, 401)
        claims = {'client_id': client}
        if grant == 'client_credentials' and client == USER:
            return _json(uaa.issue(claims, False))
        if grant == 'password':
            if form.get('username') != USER or not uaa.is_right(
                    form.get('password', '')):
                return _json({'error': 'unauthorized',
                              'error_description': 'Bad credentials'}, 401)
            return _json(uaa.issue({**claims, 'user_name': USER}, True))
        if grant == 'refresh_token':
            known = uaa.refreshed(form.get('refresh_token', ''))
            if known is None:
                return _json({
                    'error': 'invalid_token', 'error_description':
                    'The token expired, was revoked, or the token ID is '
                    'incorrect.'}, 401)
            return _json(uaa.issue(known, True))
        return _json({'error': 'unsupported_grant_type'}, 400)

    return app


def _struck(uaa: Uaa) -> flask.Response | None:
    status = uaa.switch.get('status')
    if status is None:
        return None
    return flask.Response('<html>UAA</html>', status,
                          content_type='text/html')


def _json(content: Any, status: int = 200) -> flask.Response:
    return flask.Response(json.dumps(content), status,
                          content_type='application/json;charset=UTF-8')
