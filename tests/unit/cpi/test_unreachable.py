# SPDX-License-Identifier: Apache-2.0

import json
import socket
from typing import Any

from cf_openstack.cloud import retry
from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

CLOUD_ERROR = 'Bosh::Clouds::CloudError'
TOKENS = 'POST identity/auth/tokens'


class TestNobodyListens(base.CpiTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(base.FakeClock())

    def _refused(self, **properties: Any) -> dict[str, Any]:
        config = self.write_config(token_cache=False, **properties)
        reply = self.respond(json.dumps({
            'method': 'has_vm', 'arguments': ['x'],
            'context': {'director_uuid': 'dir-1'}}).encode(), config)
        self.assertEqual(CLOUD_ERROR, reply['error']['type'])
        self.assertFalse(reply['error']['ok_to_retry'])
        return reply['error']['message']

    def test_keystone_is_down(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            port = taken.getsockname()[1]
            message = self._refused(auth_url=f'http://127.0.0.1:{port}/v3')
        self.assertIn('OpenStack could not be reached', message)
        self.assertIn(f'127.0.0.1:{port}', message)
        self.assertIn('auth_url', message)
        self.assertEqual([0.5, 1, 2, 4], self.clock.sleeps)
        self.assertIn(f'Giving up after {retry.MAX_REFUSALS} tries',
                      self.log())


class TestCredentials(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(token_cache=False)

    def _tokens(self) -> int:
        return self.cloud.calls.count(TOKENS)

    def test_wrong_password_fails_at_once(self):
        self.cloud.fail_route('identity/auth/tokens', fake_cloud.Fault(401))
        message = self.refused('has_vm', 'x')['message']
        self.assertIn('Check user, project, domain and password', message)
        self.assertEqual([], self.clock.sleeps)
        self.assertLessEqual(self._tokens(), 2)

    def test_token_that_is_revoked_in_the_middle_of_a_call(self):
        self.call('create_disk', 1024, {})
        calls = list(self.cloud.calls)
        for index, name in enumerate(calls):
            if name == TOKENS:
                continue
            self.cloud.calls.clear()
            self.cloud.volumes.clear()
            self.cloud.fail_call(index, fake_cloud.Fault(401))
            cid = self.call('create_disk', 1024, {})
            self.assertEqual([cid], list(self.cloud.volumes))
            self.assertEqual(2, self._tokens(), name)

    def test_no_token_helps(self):
        self.cloud.fail_route('volume/volumes', fake_cloud.Fault(401))
        self.assertIn('Unauthorized', self.refused(
            'create_disk', 1024, {})['message'])
        self.assertEqual([], self.clock.sleeps)
        self.assert_nothing_left()
