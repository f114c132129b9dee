# SPDX-License-Identifier: Apache-2.0
"""The UAA, and what the director makes of its tokens."""

import json
import pathlib
import time
from typing import Any
from unittest import mock

import ddt
import fixtures
import flask
from oslotest import base

from devstack.pocket_director import access
from devstack.pocket_director import faults
from devstack.pocket_director import uaa


class _Given:
    type = 'bearer'
    username = password = None

    def __init__(self, token: str) -> None:
        self.token = token


@ddt.ddt
class UaaTest(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.file = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'faults.json'
        self.faults = faults.Faults(self.file)
        self.uaa = uaa.Uaa('key' * 11, 'secret', 60, self.faults)
        self.http: flask.testing.FlaskClient = uaa.create(
            self.uaa).test_client()
        self.access = access.Access(
            'admin', 'secret', 'u-1', self.uaa, self.faults)

    def order(self, **content: Any) -> None:
        self.file.write_text(json.dumps(content))

    def ask(self, grant: str, auth: Any = ('admin', 'secret'),
            status: int = 200, **form: str) -> dict[str, Any]:
        answer = self.http.post('/oauth/token', auth=auth, data={
            'grant_type': grant, **form})
        self.assertEqual(status, answer.status_code, answer.text)
        content: dict[str, Any] = json.loads(answer.data)
        return content

    def user(self, token: str) -> str | None:
        found = self.access.identify(_Given(token))
        return found and found.user

    def test_machine(self) -> None:
        answer = self.ask('client_credentials')
        self.assertEqual(
            ({'access_token', 'token_type', 'expires_in', 'scope', 'jti'},
             'bearer', 59),
            (set(answer), answer['token_type'], answer['expires_in']))
        self.assertEqual('admin', self.user(answer['access_token']))
        self.assertIsNone(self.user(answer['access_token'] + 'x'))
        self.assertIsNone(self.user(''))

    def test_credentials_in_the_form(self) -> None:
        self.ask('client_credentials', auth=None, client_id='admin',
                 client_secret='secret')

    def test_person(self) -> None:
        answer = self.ask('password', ('bosh_cli', ''), username='admin',
                          password='secret')
        self.assertEqual('admin', self.user(answer['access_token']))
        # A token of refresh is none of access, and the other way round.
        self.assertIsNone(self.user(answer['refresh_token']))
        self.ask('refresh_token', ('bosh_cli', ''), 401,
                 refresh_token=answer['access_token'])
        again = self.ask('refresh_token', ('bosh_cli', ''),
                         refresh_token=answer['refresh_token'])
        self.assertEqual('admin', self.user(again['access_token']))
        self.order(uaa={'refresh': 'refuse'})
        refused = self.ask('refresh_token', ('bosh_cli', ''), 401,
                           refresh_token=answer['refresh_token'])
        self.assertEqual('invalid_token', refused['error'])
        prompts = json.loads(self.http.get('/login').data)['prompts']
        self.assertEqual(['password', 'Password'], prompts['password'])

    @ddt.data(('client_credentials', ('admin', 'wrong'), {}, 401),
              ('client_credentials', ('bosh_cli', ''), {}, 400),
              ('password', ('bosh_cli', ''),
               {'username': 'admin', 'password': 'wrong'}, 401),
              ('password', ('bosh_cli', 'x'), {}, 401),
              ('magic', ('admin', 'secret'), {}, 400))
    @ddt.unpack
    def test_refused(self, grant: str, auth: tuple[str, str],
                     form: dict[str, str], status: int) -> None:
        self.assertIn('error', self.ask(grant, auth, status, **form))

    @ddt.data(True, False)
    def test_lifetime(self, opaque: bool) -> None:
        self.order(uaa={'lifetime': 2, 'opaque': opaque})
        answer = self.ask('client_credentials')
        self.assertEqual(1, answer['expires_in'])
        self.assertEqual(0 if opaque else 2,
                         answer['access_token'].count('.'))
        self.assertEqual('admin', self.user(answer['access_token']))
        later = time.time() + 2
        with mock.patch.object(uaa, 'time', autospec=True) as clock:
            clock.time.return_value = later
            self.assertIsNone(self.user(answer['access_token']))

    def test_machine_with_refresh(self) -> None:
        self.order(uaa={'with_refresh': True})
        self.assertIn('refresh_token', self.ask('client_credentials'))

    def test_out_of_order(self) -> None:
        self.order(uaa={'status': 503})
        self.assertEqual(503, self.http.get('/login').status_code)

    def test_another_directors_token(self) -> None:
        other = uaa.Uaa('yek' * 11, 'secret', 60, self.faults)
        token = other.issue({'client_id': 'admin'}, False)['access_token']
        self.assertIsNone(self.user(token))

    @ddt.data((['bosh.admin'], 'DELETE', '/deployments/x', True),
              (['bosh.u-1.admin'], 'POST', '/stemcells', True),
              (['bosh.u-2.admin'], 'GET', '/tasks', False),
              (['bosh.read'], 'GET', '/tasks', True),
              (['bosh.read'], 'POST', '/deployments', False),
              (['bosh.read'], 'GET', '/disks', False),
              (['bosh.stemcells.upload'], 'POST', '/stemcells', True),
              (['bosh.stemcells.upload'], 'POST', '/releases', False),
              (['bosh.releases.upload'], 'POST', '/releases', True),
              ([], 'GET', '/tasks', False))
    @ddt.unpack
    def test_scopes(self, scopes: list[str], method: str, path: str,
                    may: bool) -> None:
        missing = self.access.missing(
            access.Identity('x', tuple(scopes)), method, path)
        self.assertEqual(may, not missing)
        if missing:
            self.assertIn('bosh.admin', missing)
