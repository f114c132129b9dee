# SPDX-License-Identifier: Apache-2.0

import contextlib
import socket
import struct
import threading

import ddt
from oslotest import base

from devstack.pocket import ports
from devstack.pocket import probes
from tests.unit.pocket import fixtures

LIMIT_S = 5


@ddt.ddt
class ProbesTestCase(base.BaseTestCase):

    def answer(self, *parts: bytes) -> int:
        """Listen, and answer whoever comes with these; the port."""
        server = socket.socket()
        self.addCleanup(server.close)
        server.bind((ports.HOST, 0))
        server.listen(1)

        def serve() -> None:
            client, _address = server.accept()
            with client:
                client.settimeout(LIMIT_S)
                for part in parts:
                    client.sendall(part)
                # who has heard enough goes
                with contextlib.suppress(ConnectionResetError):
                    client.recv(100)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, LIMIT_S)
        return server.getsockname()[1]

    @ddt.unpack
    @ddt.data(
        ('amqp', b'\1\0\0\0\0', True),
        # another version of the protocol is what it speaks
        ('amqp', b'AMQP\0\0\x09\1', False),
        ('mysql', b'\x50\0\0\0\n10.11', True),
        # an error: too many connections
        ('mysql', b'\x17\0\0\0\xff\x10\x04', False),
        ('http', b'HTTP/1.0 300 Multiple Choices\r\n\r\n', True),
        ('http', b'HTTP/1.0 503 Service Unavailable\r\n\r\n', False))
    def test_answers(self, protocol: str, answer: bytes, up: bool) -> None:
        port = self.answer(answer)
        found = (probes.http(port, '/', LIMIT_S) if protocol == 'http'
                 else probes.PROTOCOLS[protocol](port, LIMIT_S))
        self.assertIs(up, found)

    def test_an_answer_in_parts(self) -> None:
        port = self.answer(b'\x50\0', b'\0\0', b'\n10')
        self.assertTrue(probes.mysql(port, LIMIT_S))

    def test_epmd_names_its_own_port(self) -> None:
        port = self.answer(struct.pack('>I', 4369))
        self.assertFalse(probes.epmd(port, LIMIT_S))

    @ddt.data('amqp', 'mysql', 'epmd')
    def test_nobody_is_there(self, protocol: str) -> None:
        port = fixtures.unused_port()
        self.assertFalse(probes.PROTOCOLS[protocol](port, LIMIT_S))

    @ddt.data('amqp', 'mysql', 'epmd')
    def test_one_that_says_nothing(self, protocol: str) -> None:
        server = socket.socket()
        self.addCleanup(server.close)
        server.bind((ports.HOST, 0))
        server.listen(1)
        self.assertFalse(probes.PROTOCOLS[protocol](
            server.getsockname()[1], 0.05))
