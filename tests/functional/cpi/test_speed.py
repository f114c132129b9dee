# SPDX-License-Identifier: Apache-2.0
"""Few requests, few connections, one token: counted on the wire."""

import json
import os
import pathlib
import stat
from typing import Any

from tests.functional.cpi import base
from tests.functional.faults import proxy

SERVICES = ('keystone', 'nova', 'neutron', 'glance', 'cinder')


class TokenCacheTestCase(base.CpiTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.proxy = self._enter(proxy.Proxy(
            {name: self.state.url(name) for name in SERVICES}))
        self.openstack['auth_url'] = self.proxy.url('keystone', '/v3')
        self.seen = 0

    def _enter(self, context: Any) -> Any:
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    def _requests(self) -> list[str]:
        """What passed since the last look."""
        found = [
            f'{exchange.step.method} {exchange.step.service}'
            for exchange in self.proxy.recording.exchanges]
        seen, self.seen = self.seen, len(found)
        return found[seen:]

    def _file(self) -> pathlib.Path:
        cache = pathlib.Path(
            self.folder, f'openstack_cpi-{os.geteuid()}')
        self.assertEqual(0o700, stat.S_IMODE(cache.stat().st_mode))
        file, = cache.iterdir()
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        return file

    def _token(self) -> str:
        stored = json.loads(self._file().read_text())
        return json.loads(stored['auth'])['auth_token']

    def test_calls_after_the_first(self) -> None:
        connected = self.proxy.recording.connections
        self.assertFalse(self.call('has_disk', 'absent'))
        self.assertEqual(['POST keystone', 'GET cinder'], self._requests())
        # One to each of the two services.
        self.assertEqual(2, self.proxy.recording.connections - connected)
        token = self._token()
        self.assertFalse(self.call('has_disk', 'absent'))
        self.assertEqual(['GET cinder'], self._requests())
        self.assertNotIn(token, self.errors)
        self._revoked(token)
        self._damaged()
        self._switched_off()

    def _revoked(self, token: str) -> None:
        self.admin.identity.delete('/auth/tokens', headers={
            'X-Subject-Token': token})
        # Cinder remembers for a while that it was good; Nova never saw it.
        self.assertFalse(self.call('has_vm', 'absent'))
        self.assertEqual(
            ['GET nova', 'GET nova', 'POST keystone', 'GET nova'],
            self._requests())
        self.assertNotEqual(token, self._token())

    def _damaged(self) -> None:
        file = self._file()
        file.write_bytes(file.read_bytes()[:-100])
        running = [self.start('has_disk', 'absent') for _process in range(4)]
        for process in running:
            self.assertFalse(self.finish(process)['result'])
        self._requests()
        self._file()
        self.call('has_disk', 'absent')
        self.assertEqual(['GET cinder'], self._requests())

    def _switched_off(self) -> None:
        self.openstack['token_cache'] = False
        self.call('has_disk', 'absent')
        self.assertEqual(
            ['POST keystone', 'GET cinder'], self._requests())
