# SPDX-License-Identifier: Apache-2.0
"""Who answers, and what his error statuses become."""

import ddt
import requests

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from tests.unit.director import base


@ddt.ddt
class InfoTest(base.DirectorTestCase):

    def test_fields(self):
        info = self.director.info()
        self.assertEqual(
            ('pocket', '2f0e9a3c', '283.1.6 (00000000)', 'openstack_cpi',
             None, 'basic', ()),
            (info.name, info.uuid, info.version, info.cpi, info.user,
             info.user_authentication, info.uaa_urls))
        self.assertEqual({'local_dns': True, 'snapshots': False},
                         info.features)

    @ddt.data(
        {'status_code': 200, 'text': 'internal secret page'},
        {'status_code': 200, 'json': {'internal': 'secret'}},
        {'status_code': 200, 'json': ['internal secret']},
        {'status_code': 200, 'json': {**base.INFO, 'uuid': None}},
        {'status_code': 404, 'json': {'code': 1, 'description': 'secret'}},
        {'status_code': 401, 'text': 'secret'},
        {'status_code': 500, 'text': 'secret'},
        {'status_code': 302, 'text': 'secret',
         'headers': {'Location': 'https://internal/secret'}})
    def test_stranger_is_not_quoted(self, answer):
        self.http.get(f'{base.URL}/info', **answer)
        error = self.assertRaises(exceptions.NotADirector,
                                  self.director.info)
        self.assertIn(base.URL, str(error))
        self.assertNotIn('secret', str(error))

    def test_stranger_gets_no_credentials(self):
        self.http.get(f'{base.URL}/info', json={})
        listed = self.stub('GET', '/tasks', [])
        self.assertRaises(exceptions.NotADirector,
                          self.director.authenticate)
        self.assertFalse(listed.called)

    def test_unknown_authentication(self):
        self.http.get(f'{base.URL}/info', json={
            **base.INFO, 'user_authentication': {'type': 'kerberos'}})
        self.assertRaises(exceptions.NotADirector, self.director.info)

    @ddt.data(502, 503, 504)
    def test_restarting_director_is_asked_again(self, status):
        info = self.http.get(f'{base.URL}/info', [
            {'status_code': status, 'text': '<html>nginx</html>'},
            {'exc': requests.ConnectionError},
            {'json': base.INFO}])
        self.assertEqual('pocket', self.director.info().name)
        self.assertEqual(3, info.call_count)

    def test_restart_takes_too_long(self):
        info = self.http.get(f'{base.URL}/info', status_code=502,
                             text='<html>nginx</html>')
        error = self.assertRaises(exceptions.Unavailable, self.director.info)
        self.assertIsInstance(error, exceptions.ConnectionFailed)
        self.assertIn('HTTP status 502', str(error))
        self.assertNotIn('nginx', str(error))
        self.assertEqual(3, info.call_count)


@ddt.ddt
class ErrorTest(base.DirectorTestCase):

    @ddt.data(
        (400, exceptions.BadRequest), (422, exceptions.BadRequest),
        (404, exceptions.NotFound), (403, exceptions.Forbidden),
        (401, exceptions.AuthenticationError), (409, exceptions.HttpError),
        (500, exceptions.HttpError))
    @ddt.unpack
    def test_classes(self, status, kind):
        self.stub('GET', '/locks', {'code': 440010, 'description': 'Bad.'},
                  status_code=status)
        error = self.assertRaises(kind, self.director.locks.list)
        self.assertIs(kind, type(error))
        self.assertEqual((status, 440010, 'Bad.'),
                         (error.status, error.code, error.description))

    def test_message(self):
        self.stub('GET', '/deployments/cf/errands', status_code=404,
                  document={'code': 70000,
                            'description': "Deployment 'cf' doesn't exist"})
        error = self.assertRaises(exceptions.NotFound,
                                  self.director.deployments.errands, 'cf')
        self.assertEqual(
            f'The director at {base.URL} refused GET '
            "/deployments/cf/errands with HTTP status 404: Deployment 'cf' "
            "doesn't exist (code 70000)", str(error))

    @ddt.data(("Endpoint '/x' not found.", True), ('', False),
              ('<html>page</html>', False), ('x' * 501, False),
              ('a\x00b', False), ('[1]', True))
    @ddt.unpack
    def test_text(self, text, quoted):
        self.stub('GET', '/locks', status_code=404, text=text)
        error = self.assertRaises(exceptions.NotFound,
                                  self.director.locks.list)
        self.assertEqual(text if quoted else '', error.description)
        self.assertEqual(quoted, bool(text) and text in str(error))

    @ddt.data('text', '{"a": 1}', '[1]', '')
    def test_not_the_json_of_the_route(self, text):
        self.stub('GET', '/locks', text=text)
        error = self.assertRaises(exceptions.BadResponse,
                                  self.director.locks.list)
        self.assertIn('GET /locks', str(error))


@ddt.ddt
class QuotedPathTest(base.DirectorTestCase):

    @ddt.data((('deployments', 'cf'), '/deployments/cf'),
              (('deployments', 'a/b?c#d%e'),
               '/deployments/a%2Fb%3Fc%23d%25e'),
              (('stemcells', 'b\u00fcro', '1.0+dev.1'),
               '/stemcells/b%C3%BCro/1.0%2Bdev.1'),
              (('jobs', '*'), '/jobs/*'),
              (('x', '...'), '/x/...'))
    @ddt.unpack
    def test_names_stay_in_their_place(self, segments, path):
        self.assertEqual(path, connector.quoted_path(*segments))

    @ddt.data('', '.', '..')
    def test_names_that_would_change_the_route(self, name):
        self.assertRaises(exceptions.InvalidRequest,
                          self.director.deployments.delete, name)
        self.assertEqual(0, self.http.call_count)
