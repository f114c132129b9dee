# SPDX-License-Identifier: Apache-2.0

import json
import os
import pydoc
import signal
from typing import Any

import ddt
import fixtures

from cf_openstack.cpi import cli
from cf_openstack.cpi import streams
from tests.unit.cpi import base

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignals(fixtures.Fixture):
    """Lets stop signals raise, as in the executable."""

    def _setUp(self) -> None:
        for number in STOP:
            self.addCleanup(
                signal.signal, number, signal.getsignal(number))
        streams.stop_by_exception()


@ddt.ddt
class TestStop(base.MethodTestCase):
    """A signal at any moment leaves nothing that the reply does not name."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(StopSignals())

    def _stop_at(self, name: str, times: int = 1) -> None:
        """Send so many signals whenever something is called."""
        module, _dot, attribute = name.rpartition('.')
        original = getattr(pydoc.locate(module), attribute)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGTERM)
            return result

        self.useFixture(fixtures.MonkeyPatch(name, call))

    def _create_disk(self) -> dict[str, Any]:
        request = {
            'method': 'create_disk', 'arguments': [1024, {}],
            'context': {'director_uuid': 'dir-1'}, 'api_version': 2}
        return json.loads(cli.respond(
            [self.config], json.dumps(request).encode(),
            streams.ignore_stop_signals))

    @ddt.data(
        'cf_openstack.cpi.config.load',
        'cf_openstack.cloud.connection.connect',
        'cf_openstack.cloud.naming.volume_name',
        'cf_openstack.cloud.transport.Transport._send_once',
        'cf_openstack.cpi.volumes.wait',
    )
    def test_before_the_end(self, moment):
        self._stop_at(moment)
        self.assertIn('SIGTERM', self._create_disk()['error']['message'])
        self.assert_nothing_left()

    @ddt.data(
        'cf_openstack.cpi.calls.Call.__exit__',
        'cf_openstack.cpi.protocol.success',
    )
    def test_after_the_end(self, moment):
        self._stop_at(moment)
        reply = self._create_disk()
        self.assertIsNone(reply['error'])
        self.assertEqual([reply['result']], list(self.cloud.volumes))

    def test_twice(self):
        self._stop_at('cf_openstack.cpi.volumes.wait', times=2)
        self._stop_at('cf_openstack.cpi.volumes.delete_named', times=2)
        self.assertIn('SIGTERM', self._create_disk()['error']['message'])
        self.assert_nothing_left()

    def test_while_undoing(self):
        self.cloud.volume_status = 'error'
        self._stop_at('cf_openstack.cpi.volumes.find_named')
        self.assertIn('SIGTERM', self._create_disk()['error']['message'])
        self.assert_nothing_left()
