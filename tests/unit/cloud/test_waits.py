# SPDX-License-Identifier: Apache-2.0

from typing import Any

import ddt
from keystoneauth1 import exceptions as ksa_exceptions
from openstack.compute.v2 import server
from openstack import exceptions as sdk_exceptions
from oslotest import base
import requests

from cf_openstack.cloud import errors
from cf_openstack.cloud import waits
from tests.unit.cpi import base as cpi_base


def http_error(status: int) -> Exception:
    response = requests.Response()
    response.status_code = status
    return sdk_exceptions.HttpException(response=response)


@ddt.ddt
class TestWaiter(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(cpi_base.FakeClock())
        self.waiter = waits.Waiter(timeout=60, longest_pause=5)

    def _fetch(self, *outcomes: Any) -> Any:
        left = list(outcomes)

        def fetch() -> Any:
            outcome = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(outcome, Exception):
                raise outcome
            return server.Server(id='s', status=outcome)

        return fetch

    def _wait(self, *outcomes: Any, **kwargs: Any) -> Any:
        return self.waiter.for_status(
            'Server', 's', self._fetch(*outcomes), 'active', **kwargs)

    def test_at_once(self):
        self.assertEqual('ACTIVE', self._wait('ACTIVE').status)
        self.assertEqual([], self.clock.sleeps)

    def test_log(self):
        logger = self.useFixture(cpi_base.fixtures.FakeLogger(
            'cf_openstack.cloud.waits'))
        self._wait('BUILD', 'ACTIVE')
        self.assertEqual("Server `s' is active after 0.5 seconds\n",
                         logger.output)

    def test_polls_grow_rarer(self):
        self.assertRaises(errors.WaitTimedOut, self._wait, 'BUILD')
        sleeps = self.clock.sleeps
        self.assertEqual(0.5, sleeps[0])
        self.assertEqual(5, max(sleeps))
        self.assertEqual(sorted(sleeps[:-1]), sleeps[:-1])
        self.assertEqual(60, sum(sleeps))

    def test_shorter_interval_than_the_shortest_pause(self):
        self.waiter = waits.Waiter(timeout=1, longest_pause=0.25)
        self.assertRaises(errors.WaitTimedOut, self._wait, 'BUILD')
        self.assertEqual([0.25] * 4, self.clock.sleeps)

    def test_timeout(self):
        error = self.assertRaises(
            errors.WaitTimedOut, self._wait, 'BUILD')
        self.assertEqual(
            "Timed out waiting for Server `s' to be active: after 60 "
            'seconds its state is build', error.message)

    @ddt.data(http_error(500), http_error(503), http_error(429),
              ksa_exceptions.ConnectFailure(),
              ksa_exceptions.ConnectTimeout())
    def test_a_failed_poll_is_no_failed_wait(self, error):
        self.assertEqual(
            'ACTIVE', self._wait('BUILD', error, error, 'ACTIVE').status)

    @ddt.data(http_error(401), http_error(403), http_error(404),
              ksa_exceptions.SSLError())
    def test_what_does_not_pass(self, error):
        self.assertRaises(type(error), self._wait, 'BUILD', error)

    @ddt.data('ERROR', 'error_deleting', 'FAILED', 'killed')
    def test_error_states(self, status):
        error = self.assertRaises(
            errors.ResourceFailed, self._wait, 'BUILD', status)
        self.assertEqual(
            f"Server `s' state is {status.lower()}, expected active",
            error.message)

    def test_fault(self):
        found = server.Server(id='s', status='ERROR', fault={
            'message': 'No valid host', 'details': 'filters'})
        error = self.assertRaises(
            errors.ResourceFailed, self.waiter.for_status, 'Server', 's',
            lambda: found, 'active')
        self.assertTrue(error.message.endswith(
            'expected active: No valid host filters'))

    def test_gone(self):
        for end in (http_error(404), 'DELETED'):
            self.waiter.until_gone(
                'Server', 's', self._fetch('ACTIVE', 'ERROR', end))

    def test_not_gone(self):
        self.assertRaises(
            errors.WaitTimedOut, self.waiter.until_gone, 'Server', 's',
            self._fetch('ACTIVE'))
