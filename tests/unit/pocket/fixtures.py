# SPDX-License-Identifier: Apache-2.0
"""A state folder for unit tests."""

import os
import pathlib
import socket
import sys

import fixtures
from oslotest import base

from devstack.pocket import ports
from devstack.pocket import process
from devstack.pocket import state as pocket_state

# What services' wheels put into a venv, and configuration copies.
INSTALLED = ('venv/etc/nova/api-paste.ini',
             'venv/etc/barbican/barbican-api-paste.ini')


def unused_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((ports.HOST, 0))
        return probe.getsockname()[1]


class StateTestCase(base.BaseTestCase):
    """Has ``state``, a new folder whose processes end with the test."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable('POCKET_STATE'))
        # A list of clouds, with the ports that they keep, of the test's own.
        self.useFixture(fixtures.NestedTempfile())
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.state = pocket_state.State(folder / 'state')
        self.state.make()
        # Other tests run at the same time: ports that the kernel hands out,
        # each only once, instead of the well-known ones.
        for name in self.state.ports:
            self.state.ports[name] = unused_port()
        self.state.save()
        self.addCleanup(process.stop, self.state, None, 2)

    def make_venv_files(self) -> None:
        """What the configuration writers read from the venv."""
        for name in INSTALLED:
            file = self.state.path(name)
            file.parent.mkdir(parents=True)
            file.write_text('[pipeline:main]\n')
        self.state.path('venv/lib/python3.99/site-packages').mkdir(
            parents=True)

    def spawn(self, name: str, code: str, fingerprint: str = '') -> int:
        """Start a Python process; its pid."""
        return process.spawn(
            self.state, name, [sys.executable, '-S', '-c', code],
            dict(os.environ), fingerprint)

    def listen(self, port: int = 0) -> int:
        """Take a port of loopback until the test ends."""
        server = socket.socket()
        self.addCleanup(server.close)
        server.bind((ports.HOST, port))
        server.listen(1)
        return server.getsockname()[1]
