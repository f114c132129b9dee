# SPDX-License-Identifier: Apache-2.0

import os
import socket
from unittest import mock

from devstack.pocket import errors
from devstack.pocket import ports
from tests.unit.pocket import fixtures


class PortsTestCase(fixtures.StateTestCase):

    def test_a_listener_takes_its_port(self) -> None:
        port = self.listen()
        self.assertFalse(ports.is_free(port))

    def test_a_listener_on_all_addresses_takes_it_too(self) -> None:
        server = socket.socket()
        self.addCleanup(server.close)
        server.bind(('0.0.0.0', 0))
        server.listen(1)
        self.assertFalse(ports.is_free(server.getsockname()[1]))

    def test_a_port_is_free_when_its_connections_linger(self) -> None:
        server = socket.socket()
        # as every server has it, or the kernel would not share the port
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ports.HOST, 0))
        server.listen(1)
        port = server.getsockname()[1]
        client = socket.create_connection((ports.HOST, port))
        accepted, _address = server.accept()
        # who closes first is left with the state TIME_WAIT
        accepted.close()
        client.close()
        server.close()
        self.assertTrue(ports.is_free(port))

    def test_the_preferred_port_if_it_is_free(self) -> None:
        with mock.patch.object(ports, 'is_free', autospec=True,
                               return_value=True):
            self.assertEqual(5000, ports.choose('keystone', []))

    def test_another_port_if_it_is_taken(self) -> None:
        with mock.patch.object(ports, 'is_free', autospec=True,
                               side_effect=lambda port: port != 5000):
            self.assertEqual(20001, ports.choose('keystone', [20000]))

    def test_another_port_if_it_is_spoken_for(self) -> None:
        with mock.patch.object(ports, 'is_free', autospec=True,
                               return_value=True):
            self.assertEqual(20000, ports.choose('keystone', [5000]))

    def test_no_port_at_all(self) -> None:
        with mock.patch.object(ports, 'is_free', autospec=True,
                               return_value=False):
            self.assertRaises(errors.NoFreePort, ports.choose, 'nova', [])

    def test_the_holder_is_named(self) -> None:
        told = ports.holder(self.listen())
        self.assertIn('(pid %d)' % os.getpid(), told)
        self.assertIn('python', told)

    def test_a_holder_that_cannot_be_seen(self) -> None:
        port = self.listen()
        with mock.patch.object(os, 'readlink', autospec=True,
                               side_effect=PermissionError):
            self.assertIn('may not see', ports.holder(port))

    def test_well_known_ports_differ(self) -> None:
        numbers = list(ports.PREFERRED.values())
        self.assertEqual(len(numbers), len(set(numbers)))
