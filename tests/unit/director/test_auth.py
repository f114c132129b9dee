# SPDX-License-Identifier: Apache-2.0

import base64
import io
from unittest import mock
import urllib.parse

import ddt

from cf_openstack.director import auth
from cf_openstack.director import exceptions
from tests.unit.director import base

UAA = 'https://director.example:8443'
FORBIDDEN = {'code': 600000,
             'description': 'Require one of the scopes: bosh.admin'}


@ddt.ddt
class BasicTest(base.DirectorTestCase):

    def test_director_is_asked_before_it_gets_the_secret(self):
        listed = self.stub('GET', '/tasks', [])
        self.director.authenticate()
        self.assertNotIn('Authorization', self.info.last_request.headers)
        scheme, value = listed.last_request.headers['Authorization'].split()
        self.assertEqual(('Basic', f'admin:{base.SECRET}'),
                         (scheme, base64.b64decode(value).decode()))
        self.assertEqual(1, self.info.call_count)

    def test_wrong_secret(self):
        listed = self.stub('GET', '/tasks', status_code=401,
                           text="Not authorized: '/tasks'\n")
        error = self.assertRaises(exceptions.AuthenticationError,
                                  self.director.authenticate)
        self.assertIn('client "admin"', str(error))
        self.assertIn(base.URL, str(error))
        self.assertNotIn(base.SECRET, str(error))
        self.assertEqual(1, listed.call_count)

    @ddt.data(401, 403)
    def test_too_few_scopes(self, status):
        listed = self.stub('GET', '/tasks', FORBIDDEN, status_code=status)
        error = self.assertRaises(exceptions.Forbidden,
                                  self.director.authenticate)
        self.assertIn('Require one of the scopes: bosh.admin', str(error))
        self.assertEqual(600000, error.code)
        self.assertEqual(1, listed.call_count)


@ddt.ddt
class UaaTest(base.DirectorTestCase):

    def setUp(self):
        super().setUp()
        self._info(f'{UAA}/')
        self.lifetime = 119
        self.issued = []
        self.token = self.http.post(f'{UAA}/oauth/token', json=self._issue)

    def _info(self, *urls):
        self.http.get(f'{base.URL}/info', json={
            **base.INFO, 'user_authentication': {
                'type': 'uaa', 'options': {'url': urls[0] if urls else None,
                                           'urls': urls}}})

    def _issue(self, request, context):
        self.issued.append(f'token-{len(self.issued) + 1}')
        return {'access_token': self.issued[-1], 'token_type': 'bearer',
                'expires_in': self.lifetime, 'scope': 'bosh.admin'}

    def _stub_tasks(self, *refused, **answer):
        """Refuse the requests with these tokens."""
        seen = []

        def respond(request, context):
            token = request.headers['Authorization'].removeprefix('bearer ')
            seen.append(token)
            if token in refused:
                context.status_code = 401
                return "Not authorized: '/tasks'\n"
            return '[]'
        self.stub('GET', '/tasks', text=respond)
        return seen

    def test_token(self):
        seen = self._stub_tasks()
        self.director.authenticate()
        self.director.authenticate()
        self.assertEqual(['token-1', 'token-1'], seen)
        asked = self.token.last_request
        self.assertEqual({'grant_type': ['client_credentials']},
                         urllib.parse.parse_qs(asked.text))
        self.assertEqual(
            f'admin:{base.SECRET}', base64.b64decode(
                asked.headers['Authorization'].split()[1]).decode())

    def test_token_is_renewed_before_it_expires(self):
        seen = self._stub_tasks()
        with mock.patch.object(auth, 'time', autospec=True) as clock:
            for now in (1000, 1000 + 119 - 31, 1000 + 119 - 29):
                clock.monotonic.return_value = now
                self.director.authenticate()
        self.assertEqual(['token-1', 'token-1', 'token-2'], seen)

    def test_refused_token_is_renewed_once(self):
        seen = self._stub_tasks('token-1')
        self.director.authenticate()
        self.assertEqual(['token-1', 'token-2'], seen)

    def test_token_refused_twice(self):
        seen = self._stub_tasks('token-1', 'token-2')
        self.assertRaises(exceptions.AuthenticationError,
                          self.director.authenticate)
        self.assertEqual(['token-1', 'token-2'], seen)

    def test_too_few_scopes_renew_nothing(self):
        listed = self.stub('GET', '/tasks', FORBIDDEN, status_code=401)
        self.assertRaises(exceptions.Forbidden, self.director.authenticate)
        self.assertEqual((1, 1), (listed.call_count, self.token.call_count))

    def test_deploy_is_sent_again_with_a_new_token(self):
        posted = self.http.post(f'{base.URL}/deployments', [
            {'status_code': 401, 'text': "Not authorized: '/deployments'\n"},
            {'status_code': 302, 'headers': {'Location': '/tasks/7'}}])
        self.assertEqual(7, self.director.deployments.create('name: cf\n'))
        self.assertEqual('name: cf\n', posted.last_request.text)

    def test_upload_is_not_sent_again(self):
        posted = self.stub('POST', '/stemcells', status_code=401,
                           text="Not authorized: '/stemcells'\n")
        self.assertRaises(exceptions.AuthenticationError,
                          self.director.stemcells.upload, io.BytesIO(b'tgz'),
                          3)
        self.assertEqual(1, posted.call_count)

    @ddt.data((401, {'error': 'unauthorized',
                     'error_description': 'Bad credentials'}),
              (400, {'error': 'invalid_client'}))
    @ddt.unpack
    def test_uaa_refuses(self, status, document):
        self.http.post(f'{UAA}/oauth/token', status_code=status,
                       json=document)
        error = self.assertRaises(exceptions.AuthenticationError,
                                  self.director.authenticate)
        self.assertIn(f'The UAA at {UAA}', str(error))
        self.assertIn('client "admin"', str(error))
        self.assertNotIn(base.SECRET, str(error))

    @ddt.data({}, {'access_token': ''}, {'access_token': 'a\r\nb'},
              {'access_token': 7}, [])
    def test_uaa_gives_no_token(self, document):
        self.http.post(f'{UAA}/oauth/token', json=document)
        self.assertRaises(exceptions.BadResponse, self.director.authenticate)

    def test_uaa_is_broken(self):
        self.http.post(f'{UAA}/oauth/token', status_code=503)
        error = self.assertRaises(exceptions.ConnectionFailed,
                                  self.director.authenticate)
        self.assertIn('UAA', str(error))
        self.assertNotIsInstance(error, exceptions.OutcomeUnknown)

    @ddt.data('http://director.example:8443', 'https://x@169.254.169.254')
    def test_uaa_at_an_impossible_address(self, url):
        self._info(url)
        self.assertRaises(exceptions.InvalidEndpoint,
                          self.director.authenticate)

    def test_uaa_passes_the_policy(self):
        self._info('https://director.example:5000')
        error = self.assertRaises(exceptions.EndpointRefused,
                                  self.director.authenticate)
        self.assertIn('director_allowed_ports', str(error))

    def test_uaa_without_address(self):
        self._info()
        self.assertRaises(exceptions.NotADirector,
                          self.director.authenticate)
