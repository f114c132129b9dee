# SPDX-License-Identifier: Apache-2.0

import socket
import time

from oslotest import base

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import countdown
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions
from cf_openstack.director import limits
from tests.unit.director import base as director_base


class CountdownTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.now = 100.0
        self.limits = countdown.Countdown(
            limits.Limits(read_timeout=60, total_timeout=300), 10,
            clock=lambda: self.now)

    def test_becomes_tighter(self):
        self.assertEqual((5, 10, 10), self.timeouts())
        self.now += 7
        self.assertEqual((3, 3, 3), self.timeouts())
        self.assertFalse(self.limits.is_over)

    def timeouts(self):
        return (self.limits.connect_timeout, self.limits.read_timeout,
                self.limits.total_timeout)

    def test_time_runs_from_the_first_request_on(self):
        self.now += 1000
        self.assertEqual(10, self.limits.left())

    def test_over(self):
        self.limits.left()
        self.now += 10
        error = self.assertRaises(countdown.DeadlineOver, self.timeouts)
        self.assertIn('10 s', str(error))
        self.assertTrue(self.limits.is_over)

    def test_as_good_as_over(self):
        self.limits.left()
        self.now += 9.5
        self.assertFalse(self.limits.is_over)
        self.now += 0.49
        self.assertTrue(self.limits.is_over)

    def test_no_second_attempt_and_the_sizes_that_hold_anyway(self):
        self.assertEqual(1, self.limits.attempts)
        self.assertEqual(limits.Limits().max_size, self.limits.max_size)

    def test_tighter_limits_stay(self):
        tight = countdown.Countdown(limits.Limits(
            connect_timeout=1, read_timeout=2, total_timeout=3), 10)
        self.assertEqual((1, 2, 3), (
            tight.connect_timeout, tight.read_timeout, tight.total_timeout))


class ClientTest(director_base.DirectorTestCase):

    def test_requests_share_the_time(self):
        now = [0.0]
        director = client.Director(
            self.connection, limits=countdown.Countdown(
                limits.Limits(), 10, clock=lambda: now[0]))

        def slow(request, context):
            now[0] += 6
            return '[]'

        self.stub('GET', '/locks', text=slow)
        self.assertEqual([], director.locks.list())
        self.assertEqual([], director.locks.list())
        self.assertRaises(countdown.DeadlineOver, director.locks.list)


class SilentDirectorTest(base.BaseTestCase):

    def test_a_listener_that_never_answers_costs_the_time_and_no_more(self):
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        director = client.Director(
            connection.Connection(f'https://127.0.0.1:{port}', '', 'admin',
                                  'secret'),
            endpoint_policy.EndpointPolicy(
                [port], allowed_networks=['127.0.0.0/8']),
            countdown.Countdown(limits.Limits(), 0.4))
        begin = time.monotonic()
        self.assertRaises(exceptions.DirectorError, director.info)
        self.assertRaises(exceptions.DirectorError, director.info)
        self.assertRaises(countdown.DeadlineOver, director.info)
        # Far less than the limits that hold otherwise.
        self.assertLess(time.monotonic() - begin, 5)
