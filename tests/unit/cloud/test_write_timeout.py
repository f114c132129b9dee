# SPDX-License-Identifier: Apache-2.0

import socket
import threading
import time

from oslotest import base
import requests

from cf_openstack.cloud import transport

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
LARGE = bytes(32 * 1024 * 1024)


class TestWriteTimeout(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.listener.close)
        self.url = 'http://127.0.0.1:%d/' % self.listener.getsockname()[1]

    def session(self, *timeouts: float) -> transport.Transport:
        session = transport.Transport(*timeouts)
        session.trust_env = False
        self.addCleanup(session.close)
        return session

    def test_nobody_takes_the_body(self):
        # A POST, which is not sent again; the kernel accepts and waits.
        started = time.monotonic()
        self.assertRaises(
            requests.ConnectionError, self.session(5, 5, 0.1).post,
            self.url, data=LARGE)
        self.assertLess(time.monotonic() - started, 4)

    def test_reading_has_its_own(self):
        def serve() -> None:
            connection, _address = self.listener.accept()
            with connection:
                connection.recv(65536)
                time.sleep(0.3)
                connection.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        answer = self.session(5, 5, 0.1).post(self.url, data=b'x')
        self.assertEqual('ok', answer.text)

    def test_connecting_has_its_own(self):
        def serve() -> None:
            connection, _address = self.listener.accept()
            with connection:
                time.sleep(0.3)
                left = len(LARGE)
                while left > 0:
                    left -= len(connection.recv(1024 * 1024))
                connection.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        # Sending takes longer than connecting may.
        answer = self.session(0.1, 5, 5).post(self.url, data=LARGE)
        self.assertEqual(200, answer.status_code)
