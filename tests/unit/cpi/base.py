# SPDX-License-Identifier: Apache-2.0
"""What the tests of CPI methods share."""

from collections.abc import Callable
import io
import json
import logging
import os
from typing import Any
import warnings

import fixtures
from oslotest import base
from requests_mock.contrib import fixture as requests_mock_fixture
from testtools import content
from testtools import content_type

from cf_openstack.cpi import calls
from cf_openstack.cpi import cli
from tests.unit.cpi import fake_catalog
from tests.unit.cpi import fake_cloud

OPENSTACK = {
    'auth_url': fake_catalog.AUTH_URL,
    'username': 'demo',
    'api_key': 'pw-secret',
    'project': 'demo',
    'domain': 'Default',
    'region': 'r1',
    'default_key_name': 'bosh-key',
    'default_security_groups': ['bosh'],
    # Each test counts its own requests.
    'token_cache': False,
}
AGENT = {'mbus': 'nats://nats:mbus-secret@10.0.0.6:4222', 'ntp': ['time']}


#: Imported here, so that the first test does not pay for it.
CALL = calls.Call


class FakeClock(fixtures.Fixture):
    """Time that passes only by sleeping.

    :ivar sleeps: the pauses that were made.
    """

    def _setUp(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self._later: list[tuple[float, Callable[[], object]]] = []
        self.useFixture(fixtures.MonkeyPatch(
            'time.monotonic', lambda: self.now))
        self.useFixture(fixtures.MonkeyPatch('time.sleep', self._sleep))

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something once so many seconds from now have passed."""
        self._later.append((self.now + seconds, action))

    def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        for moment, action in self._later[:]:
            if moment <= self.now:
                self._later.remove((moment, action))
                action()


class RestoredLogging(fixtures.Fixture):
    """Gives the logging module back what a CPI call takes over."""

    def _setUp(self) -> None:
        root = logging.getLogger()
        ours = logging.getLogger('cf_openstack')
        state = root.handlers[:], root.level, ours.level
        raising = logging.raiseExceptions
        show = warnings.showwarning

        def restore() -> None:
            logging.captureWarnings(False)
            warnings.showwarning = show
            root.handlers[:], root.level, ours.level = state
            logging.raiseExceptions = raising

        self.addCleanup(restore)


class CpiTestCase(base.BaseTestCase):
    """Runs requests in this process."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(RestoredLogging())
        self._stderr = io.StringIO()
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', self._stderr))
        self.addDetail('log', content.Content(
            content_type.UTF8_TEXT, lambda: [self.log()[-5000:].encode()]))
        self.temp_dir = self.useFixture(fixtures.TempDir()).path

    def log(self) -> str:
        """The log so far."""
        return self._stderr.getvalue()

    def write_config(
        self, openstack: dict[str, Any] | None = None, **overrides: Any
    ) -> str:
        """Write a configuration file and return its path."""
        properties = {
            'openstack': (openstack or OPENSTACK) | overrides,
            'agent': AGENT,
        }
        path = os.path.join(self.temp_dir, 'cpi.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump({'cloud': {
                'plugin': 'openstack', 'properties': properties}}, file)
        return path

    def respond(self, raw: bytes, *arguments: str) -> dict[str, Any]:
        """The reply to bytes on stdin, decoded."""
        reply = json.loads(cli.respond(list(arguments), raw))
        self.assertEqual({'error', 'log', 'result'}, set(reply))
        self.assertIsInstance(reply['log'], str)
        if reply['error'] is not None:
            self.assertEqual(
                {'message', 'ok_to_retry', 'type'}, set(reply['error']))
        return reply


class MethodTestCase(CpiTestCase):
    """Calls methods against a fake cloud.

    :ivar cloud: the fake cloud.
    :ivar clock: its time.
    """

    #: What the fake cloud is made of.
    CLOUD = fake_cloud.FakeCloud

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(FakeClock())
        self.cloud = self.CLOUD()
        mocker = self.useFixture(requests_mock_fixture.Fixture())
        self.cloud.serve(mocker)
        self.config = self.write_config()

    def request(
        self, method: str, *arguments: Any, **context: Any
    ) -> dict[str, Any]:
        """Call a method and return the reply."""
        document = {
            'method': method, 'arguments': list(arguments),
            'context': {
                'director_uuid': 'dir-1', 'request_id': 'cpi-123456',
            } | context,
            'api_version': 3,
        }
        return self.respond(json.dumps(document).encode(), self.config)

    def call(self, method: str, *arguments: Any, **context: Any) -> Any:
        """Call a method that must succeed and return its result."""
        reply = self.request(method, *arguments, **context)
        self.assertIsNone(reply['error'])
        return reply['result']

    def refused(
        self, method: str, *arguments: Any, **context: Any
    ) -> dict[str, Any]:
        """Call a method that must fail and return the error."""
        reply = self.request(method, *arguments, **context)
        self.assertIsNotNone(reply['error'])
        return reply['error']

    def assert_nothing_left(self) -> None:
        """Nothing that was created is still there."""
        self.assertEqual(
            {'servers': [], 'ports': [], 'volumes': [], 'images': []},
            self.cloud.leftovers())


def manual(ip: str = '10.0.0.10', **properties: Any) -> dict[str, Any]:
    """The spec of a manual network."""
    return {
        'type': 'manual', 'ip': ip, 'prefix': '32',
        'netmask': '255.255.255.0', 'gateway': '10.0.0.1',
        'dns': ['8.8.8.8'], 'default': ['dns', 'gateway'],
        'cloud_properties': {'net_id': fake_cloud.NET_ID} | properties,
    }
