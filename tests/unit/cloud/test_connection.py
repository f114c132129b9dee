# SPDX-License-Identifier: Apache-2.0

import json
from typing import Any

import ddt
from oslotest import base
import requests
from requests_mock.contrib import fixture as requests_mock_fixture

from cf_openstack.cloud import connection
from cf_openstack.cloud import errors
from tests.unit.cpi import base as cpi_base
from tests.unit.cpi import fake_catalog

SETTINGS: dict[str, Any] = {
    'auth_url': fake_catalog.AUTH_URL, 'username': 'u', 'password': 'pw-1',
    'user_domain_name': 'ud', 'project_name': 'p',
    'project_domain_name': 'pd', 'region': 'r1'}
VERSIONS = {'versions': [{
    'id': 'v3.0', 'status': 'CURRENT', 'version': '3.71',
    'min_version': '3.0', 'links': [
        {'rel': 'self', 'href': 'http://cinder.test:8776/v3/'}]}]}


class ConnectionCase(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(cpi_base.FakeClock())
        self.http = self.useFixture(requests_mock_fixture.Fixture())
        self._serve_token()
        self.http.get('http://cinder.test:8776/v3/', json=VERSIONS)
        self.volume = self.http.get(
            'http://cinder.test:8776/v3/volumes/v',
            json={'volume': {'id': 'v', 'status': 'available'}})

    def _serve_token(
        self, volume_type: str = 'block-storage', token: str = 'tok-1',
        expires: str | None = None, volume_url: str | None = None
    ) -> None:
        body = fake_catalog.token(volume_type)
        if expires:
            body['token']['expires_at'] = expires
        if volume_url:
            for service in body['token']['catalog']:
                if service['type'] == volume_type:
                    for endpoint in service['endpoints']:
                        endpoint['url'] = volume_url
        self.token = self.http.post(
            'http://keystone.test:5000/v3/auth/tokens', status_code=201,
            headers={'X-Subject-Token': token}, json=body)

    def connect(self, **overrides: Any) -> Any:
        return connection.connect(
            connection.Settings(**SETTINGS | overrides))


@ddt.ddt
class TestConnect(ConnectionCase):

    def test_nothing_is_contacted(self):
        self.connect()
        self.assertEqual(0, self.http.call_count)

    @ddt.data('block-storage', 'volumev3', 'volume')
    def test_catalog_aliases(self, volume_type):
        self._serve_token(volume_type)
        found = self.connect().block_storage.get_volume('v')
        self.assertEqual('available', found.status)

    def test_password(self):
        self.connect().block_storage.get_volume('v')
        auth = self.token.last_request.json()['auth']
        self.assertEqual({
            'name': 'u', 'password': 'pw-1', 'domain': {'name': 'ud'},
        }, auth['identity']['password']['user'])
        self.assertEqual(
            {'project': {'name': 'p', 'domain': {'name': 'pd'}}},
            auth['scope'])

    def test_application_credential(self):
        conn = connection.connect(connection.Settings(
            auth_url=fake_catalog.AUTH_URL, application_credential_id='i',
            application_credential_secret='s'))
        conn.block_storage.get_volume('v')
        auth = self.token.last_request.json()['auth']
        self.assertEqual({
            'methods': ['application_credential'],
            'application_credential': {'id': 'i', 'secret': 's'},
        }, auth['identity'])
        self.assertNotIn('scope', auth)

    @ddt.data('block-storage', 'volumev3', 'volume')
    def test_fewest_requests(self, volume_type):
        self._serve_token(volume_type)
        conn = self.connect()
        for _round in range(2):
            conn.block_storage.get_volume('v')
        self.assertEqual(1, self.token.call_count)
        self.assertEqual(2, self.volume.call_count)
        self.assertEqual(3, self.http.call_count)
        self.assertEqual('volume 3.0', self.volume.last_request.headers[
            'OpenStack-API-Version'])

    @ddt.data(
        ('http://cinder.test:8776/v3/p1', 'v3/p1', 0),
        ('http://cinder.test:8776/volume/v3', 'volume/v3', 0),
        # Only Cinder knows where its version 3 is.
        ('http://cinder.test:8776', 'v3', 1))
    @ddt.unpack
    def test_endpoint_of_cinder(self, url, path, versions):
        self._serve_token(volume_url=url)
        asked = self.http.get('http://cinder.test:8776/', json=VERSIONS)
        volume = self.http.get(
            f'http://cinder.test:8776/{path}/volumes/v',
            json={'volume': {'id': 'v', 'status': 'available'}})
        self.connect().block_storage.get_volume('v')
        self.assertEqual(1, volume.call_count)
        self.assertEqual(versions, asked.call_count)
        self.assertEqual(2 + versions, self.http.call_count)

    def test_interface_and_region(self):
        error = self.assertRaises(
            errors.API_ERRORS,
            lambda: self.connect(region='r2').block_storage.get_volume('v'))
        self.assertIn('Unable to connect to the OpenStack service',
                      errors.describe(error))

    def test_timeouts(self):
        self.connect(connect_timeout=3, read_timeout=7
                     ).block_storage.get_volume('v')
        self.assertEqual((3, 7), self.volume.last_request.timeout)

    def test_verify(self):
        self.connect(verify='/ca.pem').block_storage.get_volume('v')
        self.assertEqual('/ca.pem', self.volume.last_request.verify)

    def test_environment_is_ignored(self):
        self.useFixture(cpi_base.fixtures.EnvironmentVariable(
            'OS_CLOUD', 'no-such-cloud'))
        self.connect().block_storage.get_volume('v')

    def test_repr(self):
        settings = connection.Settings(
            **SETTINGS, application_credential_secret='ac-1')
        self.assertNotIn('pw-1', repr(settings))
        self.assertNotIn('ac-1', repr(settings))


class TestTransport(ConnectionCase):

    def _volume(self, *answers: dict[str, Any]) -> Any:
        self.http.get('http://cinder.test:8776/v3/volumes/v', list(answers))
        return self.connect().block_storage.get_volume('v')

    def test_survives_and_pauses(self):
        ok = {'json': {'volume': {'id': 'v', 'status': 'available'}}}
        found = self._volume(
            {'status_code': 503},
            {'exc': requests.ConnectionError},
            {'status_code': 429, 'headers': {'Retry-After': '11'}}, ok)
        self.assertEqual('available', found.status)
        self.assertEqual([0.5, 1.0, 11.0], self.clock.sleeps)

    def test_gives_up(self):
        error = self.assertRaises(
            errors.API_ERRORS, self._volume,
            {'status_code': 503, 'json': {'x': {'message': 'down'}},
             'headers': {'content-type': 'application/json'}})
        self.assertEqual(503, errors.status_of(error))
        self.assertTrue(errors.is_transient(error))
        self.assertIn('Service Unavailable (down)', errors.describe(error))

    def test_token_that_expired(self):
        ok = {'json': {'volume': {'id': 'v', 'status': 'available'}}}
        self._volume({'status_code': 401}, ok)
        self.assertEqual(2, self.token.call_count)

    def test_log_line(self):
        logger = self.useFixture(cpi_base.fixtures.FakeLogger(
            'cf_openstack.cloud.transport'))
        self._volume({
            'json': {'volume': {'id': 'v', 'status': 'available'}},
            'headers': {'x-openstack-request-id': 'req-7'}})
        line = logger.output.splitlines()[-1]
        self.assertRegex(
            line, r'^GET http://cinder\.test:8776/v3/volumes/v -> 200 '
            r'\(\d+ ms\) req-7$')
        self.assertNotIn('tok-1', logger.output)
        self.assertNotIn('pw-1', logger.output)

    def test_bodies_in_the_log(self):
        logger = self.useFixture(cpi_base.fixtures.FakeLogger(
            'cf_openstack.cloud.transport'))
        self.http.post('http://nova.test:8774/v2.1/servers',
                       status_code=403, text='<html>No <b>quota</b></html>',
                       headers={'content-type': 'text/html'})
        self.http.get('http://nova.test:8774/v2.1', json={'version': {
            'id': 'v2.1', 'status': 'CURRENT', 'version': '2.100',
            'min_version': '2.1', 'links': [
                {'rel': 'self', 'href': 'http://nova.test:8774/v2.1'}]}})
        self.connect().compute.post(
            '/servers', json={'server': {'name': 'n', 'user_data': 'ud-1'}})
        self.assertIn('sent ' + json.dumps(
            {'server': {'name': 'n', 'user_data': '<redacted>'}}),
            logger.output)
        self.assertIn('No <b>quota</b>', logger.output)
        self.assertNotIn('ud-1', logger.output)
