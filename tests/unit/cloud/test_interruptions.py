# SPDX-License-Identifier: Apache-2.0

import os
import signal
from typing import Any

import fixtures
from oslotest import base
import requests

from cf_openstack.cloud import interruptions
from cf_openstack.cloud import transport
from cf_openstack.cloud import undo


class Stopped(BaseException):
    """What a stop signal raises in these tests."""


class StopByException(fixtures.Fixture):
    """Lets the first SIGTERM raise and ignores the others, as the CPI."""

    def _setUp(self) -> None:
        def stop(number: int, frame: Any) -> None:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            raise Stopped()

        before = signal.signal(signal.SIGTERM, stop)
        self.addCleanup(signal.signal, signal.SIGTERM, before)


def stop_now() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class TestPostponed(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(StopByException())
        self.done: list[str] = []

    def _block(self) -> None:
        with interruptions.postponed():
            with interruptions.postponed():
                stop_now()
            stop_now()
            self.done.append('through')

    def test_a_signal_comes_after_the_block(self):
        self.assertRaises(Stopped, self._block)
        self.assertEqual(['through'], self.done)

    def test_without_a_signal_nothing_is_changed(self):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with interruptions.postponed():
            pass
        self.assertEqual(before, signal.pthread_sigmask(
            signal.SIG_BLOCK, ()))


class Adapter(requests.adapters.BaseAdapter):
    """Answers each request while a signal comes in.

    :ivar answered: the methods that were answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[str] = []

    def send(self, request: Any, **_kwargs: Any) -> requests.Response:
        stop_now()
        self.answered.append(request.method)
        response = requests.Response()
        response.status_code = 200
        response._content = b'{}'
        response.request = request
        response.url = request.url
        return response

    def close(self) -> None:
        """There is nothing to close."""


class TestRequests(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(StopByException())
        self.adapter = Adapter()
        self.http = transport.Transport()
        self.http.mount('http://', self.adapter)

    def test_what_creates_is_not_cut_short(self):
        self.assertRaises(
            Stopped, self.http.post, 'http://nova/servers', data=b'{}')
        self.assertEqual(['POST'], self.adapter.answered)

    def test_all_else_is(self):
        for method in ('get', 'put', 'delete'):
            self.useFixture(StopByException())
            self.assertRaises(
                Stopped, getattr(self.http, method), 'http://nova/servers')
        self.assertEqual([], self.adapter.answered)


class TestUndo(base.BaseTestCase):
    """Signals that come while something is undone."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(StopByException())
        self.done: list[str] = []

    def _step(self, name: str) -> Any:
        def action() -> None:
            stop_now()
            self.done.append(name)

        return action

    def _run(self, failure: BaseException) -> None:
        with undo.UndoStack() as stack:
            stack.push('first', self._step('first'))
            stack.push('last', self._step('last'))
            raise failure

    def test_the_first_signal_waits_for_all_steps(self):
        self.assertRaises(Stopped, self._run, KeyError('failed'))
        self.assertEqual(['last', 'first'], self.done)

    def test_a_second_signal_changes_nothing(self):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.assertRaises(KeyError, self._run, KeyError('stopped'))
        self.assertEqual(['last', 'first'], self.done)
