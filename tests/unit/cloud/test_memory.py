# SPDX-License-Identifier: Apache-2.0

import json
import os
from typing import Any

import ddt
import fixtures
from keystoneauth1 import exceptions as ksa_exceptions
import requests

from cf_openstack.cloud import connection
from cf_openstack.cloud import errors
from tests.unit.cloud import test_connection
from tests.unit.cpi import fake_catalog

VOLUME = {'volume': {'id': 'v', 'status': 'available'}}
OPENSTACK = {'x-openstack-request-id': 'req-1'}
CINDER = 'http://cinder.test:8776/v3/volumes/v'
# Of a Cinder that has to be asked for its versions.
UNVERSIONED = 'http://cinder.test:8776'
MOVED = 'http://moved.test:8776'


class MemoryCase(test_connection.ConnectionCase):

    def setUp(self) -> None:
        super().setUp()
        self.folder = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'cache')
        self.logger = self.useFixture(fixtures.FakeLogger('cf_openstack'))
        self.secrets: set[str] = set()
        self.seen = 0
        self.serve_token()
        self.http.get(f'{UNVERSIONED}/', json=test_connection.VERSIONS)

    def connect(self, **overrides: Any) -> Any:
        """As a process of its own would."""
        return connection.connect(
            connection.Settings(**test_connection.SETTINGS | {
                'token_cache': self.folder} | overrides),
            keep_secret=self.secrets.update)

    def serve_token(
        self, token: str = 'tok-1', expires: str | None = None,
        volume_url: str = UNVERSIONED, volume_type: str = 'block-storage'
    ) -> None:
        self._serve_token(volume_type, token, expires, volume_url)

    def requests(self) -> list[str]:
        """What was asked since the last look."""
        found = [f'{r.method} {r.url}' for r in self.http.request_history]
        seen, self.seen = self.seen, len(found)
        return found[seen:]

    def first_call(self, **overrides: Any) -> None:
        self.connect(**overrides).block_storage.get_volume('v')
        self.requests()

    def stored(self) -> Any:
        name, = os.listdir(self.folder)
        with open(os.path.join(self.folder, name), encoding='utf-8') as file:
            return json.load(file)


@ddt.ddt
class TestMemory(MemoryCase):

    def test_no_keystone_and_no_discovery_after_the_first(self):
        self.connect().block_storage.get_volume('v')
        self.assertEqual([
            'POST http://keystone.test:5000/v3/auth/tokens',
            f'GET {UNVERSIONED}/', f'GET {CINDER}',
        ], self.requests())
        self.connect().block_storage.get_volume('v')
        self.assertEqual([f'GET {CINDER}'], self.requests())

    @ddt.data('volumev3', 'volume')
    def test_aliases(self, volume_type):
        self.serve_token(volume_type=volume_type)
        self.connect().block_storage.get_volume('v')
        self.assertEqual(3, len(self.requests()))
        self.connect().block_storage.get_volume('v')
        self.assertEqual([f'GET {CINDER}'], self.requests())

    def test_each_service_is_discovered_once(self):
        self.first_call()
        self.http.get('http://nova.test:8774/v2.1', json=fake_catalog.answer(
            'GET compute')[1])
        self.http.get('http://nova.test:8774/v2.1/servers/s',
                      json={'server': {'id': 's'}})
        for expected in (2, 1):
            self.connect().compute.get_server('s')
            self.assertEqual(expected, len(self.requests()))
        self.assertEqual(2, len(self.stored()['documents']))

    def test_secrets(self):
        self.first_call()
        text = json.dumps(self.stored())
        self.assertIn('tok-1', text)
        self.assertNotIn('pw-1', text)
        self.assertEqual({'tok-1'}, self.secrets)
        self.secrets.clear()
        self.first_call()
        self.assertEqual({'tok-1'}, self.secrets)
        self.assertNotIn('tok-1', self.logger.output)

    def test_switched_off(self):
        self.first_call(token_cache=None)
        self.assertFalse(os.path.exists(self.folder))

    def test_other_credentials(self):
        self.first_call()
        self.connect(password='pw-2').block_storage.get_volume('v')
        self.assertEqual(3, len(self.requests()))
        self.assertEqual(2, len(os.listdir(self.folder)))

    @ddt.data('2001-01-01T00:00:00Z', 'rubbish')
    def test_expired(self, expires):
        self.serve_token()
        self.first_call()
        name, = os.listdir(self.folder)
        stored = self.stored()
        state = json.loads(stored['auth'])
        state['body']['token']['expires_at'] = expires
        stored['auth'] = json.dumps(state)
        with open(os.path.join(self.folder, name), 'w') as file:
            json.dump(stored, file)
        self.connect().block_storage.get_volume('v')
        self.assertEqual(2, self.token.call_count)

    @ddt.data(
        {'auth': None}, {'auth': 7}, {'auth': ''}, {'auth': '{}'},
        {'auth': '[]'}, {'auth': '{"auth_token": "t", "body": {}}'},
        {'auth': '{"auth_token": "t", "body": {"token": {}}}'},
        {'auth': '{"auth_token": null, "body": 3}'})
    def test_damaged_token(self, damage):
        self.first_call()
        name, = os.listdir(self.folder)
        stored = self.stored() | damage
        with open(os.path.join(self.folder, name), 'w') as file:
            json.dump(stored, file)
        self.connect().block_storage.get_volume('v')
        self.assertEqual(3, len(self.requests()))
        self.connect().block_storage.get_volume('v')
        self.assertEqual(1, len(self.requests()))

    @ddt.data(None, 3, [], {UNVERSIONED: 3},
              {UNVERSIONED: []},
              {UNVERSIONED: ['x']},
              {UNVERSIONED: [
                  {'id': 'v3', 'links': 3, 'status': 'CURRENT'}]},
              {UNVERSIONED: [{'status': 7}]})
    def test_damaged_documents(self, documents):
        self.first_call()
        name, = os.listdir(self.folder)
        stored = self.stored() | {'documents': documents}
        with open(os.path.join(self.folder, name), 'w') as file:
            json.dump(stored, file)
        self.connect().block_storage.get_volume('v')
        self.assertEqual(2, len(self.requests()))
        self.connect().block_storage.get_volume('v')
        self.assertEqual(1, len(self.requests()))


class TestContradicted(MemoryCase):
    """What the cloud says wins over what is remembered."""

    def setUp(self) -> None:
        super().setUp()
        self.first_call()

    def test_revoked_token(self):
        self.serve_token('tok-2')
        self.volume = self.http.get(CINDER, [
            {'status_code': 401}, {'json': VOLUME}])
        found = self.connect().block_storage.get_volume('v')
        self.assertEqual('available', found.status)
        self.assertEqual(
            'tok-2', self.volume.last_request.headers['X-Auth-Token'])
        self.requests()
        self.connect().block_storage.get_volume('v')
        self.assertEqual([f'GET {CINDER}'], self.requests())

    def test_post_with_a_revoked_token(self):
        self.serve_token('tok-2')
        post = self.http.post('http://cinder.test:8776/v3/volumes', [
            {'status_code': 401}, {'json': VOLUME, 'status_code': 202}])
        self.connect().block_storage.create_volume(size=1)
        self.assertEqual(2, post.call_count)

    def test_revoked_credentials(self):
        self.http.get(CINDER, status_code=401)
        self.http.post(
            'http://keystone.test:5000/v3/auth/tokens', status_code=401)
        error = self.assertRaises(
            errors.API_ERRORS, self.connect().block_storage.get_volume, 'v')
        self.assertEqual(401, errors.status_of(error))
        self.assertEqual([], os.listdir(self.folder))

    def test_newer_token_of_another_process_stays(self):
        conn = self.connect()
        self.serve_token('tok-2')
        os.unlink(os.path.join(self.folder, *os.listdir(self.folder)))
        self.first_call()
        self.http.get(CINDER, status_code=401)
        self.http.post(
            'http://keystone.test:5000/v3/auth/tokens', status_code=401)
        self.assertRaises(
            errors.API_ERRORS, conn.block_storage.get_volume, 'v')
        self.assertIn('tok-2', self.stored()['auth'])

    def test_absent_object(self):
        self.http.get(CINDER, status_code=404, headers=OPENSTACK)
        error = self.assertRaises(
            errors.API_ERRORS, self.connect().block_storage.get_volume, 'v')
        self.assertTrue(errors.is_not_found(error))
        self.assertEqual([f'GET {CINDER}'], self.requests())

    def _move(self) -> None:
        self.serve_token('tok-2', volume_url=MOVED)
        self.http.get(f'{MOVED}/', json={'versions': [{
            'id': 'v3.0', 'status': 'CURRENT', 'version': '3.70',
            'min_version': '3.0',
            'links': [{'rel': 'self', 'href': f'{MOVED}/v3/'}]}]})
        self.http.get(f'{MOVED}/v3/volumes/v', json=VOLUME)

    def test_404_of_another_server(self):
        self._move()
        self.http.get(CINDER, status_code=404, text='nobody is here')
        found = self.connect().block_storage.get_volume('v')
        self.assertEqual('available', found.status)
        self.requests()
        self.connect().block_storage.get_volume('v')
        self.assertEqual([f'GET {MOVED}/v3/volumes/v'], self.requests())

    def test_404_of_a_proxy_in_between(self):
        self.http.get(CINDER, status_code=404, text='nobody is here')
        self.assertRaises(
            errors.API_ERRORS, self.connect().block_storage.get_volume, 'v')
        # The catalog is looked at once, and is found right.
        self.assertEqual([
            f'GET {CINDER}', 'POST http://keystone.test:5000/v3/auth/tokens',
        ], self.requests())

    def test_connection_refused(self):
        self._move()
        self.http.get(CINDER, exc=requests.ConnectionError)
        found = self.connect().block_storage.get_volume('v')
        self.assertEqual('available', found.status)

    def test_connection_refused_to_a_post(self):
        self._move()
        post = self.http.post('http://cinder.test:8776/v3/volumes',
                              exc=requests.ConnectionError)
        conn = self.connect()
        self.assertRaises(ksa_exceptions.ConnectFailure,
                          conn.block_storage.create_volume, size=1)
        self.assertEqual(1, post.call_count)
        # What looks for the volume now asks the right service.
        conn.block_storage.get_volume('v')

    def test_connection_refused_by_keystone_too(self):
        self.http.get(CINDER, exc=requests.ConnectionError)
        self.http.post('http://keystone.test:5000/v3/auth/tokens',
                       exc=requests.ConnectionError)
        error = self.assertRaises(
            errors.API_ERRORS, self.connect().block_storage.get_volume, 'v')
        self.assertIn('could not be reached', errors.describe(error))

    def test_older_microversion(self):
        self.http.get(CINDER, status_code=406, headers=OPENSTACK)
        self.assertRaises(
            errors.API_ERRORS, self.connect().block_storage.get_volume, 'v')
        self.assertEqual([], os.listdir(self.folder))

    def test_service_without_versions_moves(self):
        url = 'http://neutron.test:9696/v2.0/ports/p'
        moved = 'http://moved.test:9696'
        self.http.get(url, json={'port': {'id': 'p'}}, headers=OPENSTACK)
        conn = self.connect()
        conn.network.get_port('p')
        body = fake_catalog.token()
        for service in body['token']['catalog']:
            for endpoint in service['endpoints']:
                endpoint['url'] = endpoint['url'].replace(
                    'http://neutron.test:9696', moved)
        self.http.post(
            'http://keystone.test:5000/v3/auth/tokens', status_code=201,
            headers={'X-Subject-Token': 'tok-2'}, json=body)
        self.http.get(url, exc=requests.ConnectionError)
        self.http.get(f'{moved}/v2.0/ports/p', json={'port': {'id': 'q'}})
        self.assertEqual('q', conn.network.get_port('p').id)
