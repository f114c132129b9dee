# SPDX-License-Identifier: Apache-2.0
"""A pocket director of a test's own, which Heat may reach."""

from collections.abc import Iterator
import contextlib
import fcntl
import json
import pathlib
import shutil
import ssl
import time
import urllib.error
import urllib.request

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import endpoint_policy
from devstack.pocket.config import heat
from devstack.pocket import environment
from devstack.pocket import ports
from devstack.pocket import process
from devstack.pocket import state as pocket_state
from devstack.pocket_director import cpi_job

LIMIT_S = 60
PAUSE_S = 0.1


class OwnDirector:
    """A director that ends, and whose state goes, with the test.

    :ivar known: ``endpoint``, ``ca_file``, ``client``, ``client_secret``.
    :ivar client: connected to it.
    :ivar files: the folder that it serves as ``/files``.
    """

    def __init__(self, state: pocket_state.State, name: str,
                 *options: str) -> None:
        """Start one and wait until it answers.

        :param name: that of its process, log and folder.
        :param options: of the director's server.
        """
        self._state = state
        self._name = name
        self._root = state.path(name)
        self._root.mkdir(mode=0o700)
        self.files = self._root / 'files'
        with _turn(state):
            # One file for all of them, always the same.
            job = cpi_job.CpiJob(state)
            job.write()
            port = next(port for port in heat.MORE_DIRECTORS
                        if ports.is_free(port))
            process.spawn(
                state, name,
                [str(state.path('venv', 'bin', 'python')), '-m',
                 'devstack.pocket_director.server', '--root',
                 str(self._root), '--port', str(port), '--cpi',
                 str(job.executable), *options], environment.build(state))
            self.known = self._wait()
        self.client = client.Director(
            connection.Connection(
                self.known['endpoint'], self.authority,
                self.known['client'], self.known['client_secret']),
            endpoint_policy.EndpointPolicy(
                [port], allowed_networks=['127.0.0.0/8']))

    @property
    def authority(self) -> str:
        """The certificate of its authority."""
        return pathlib.Path(self.known['ca_file']).read_text()

    def close(self) -> None:
        """Stop it and remove what it kept."""
        self.client.close()
        process.stop(self._state, [self._name])
        shutil.rmtree(self._root)

    def _wait(self) -> dict[str, str]:
        end = time.monotonic() + LIMIT_S
        while True:
            known = self._known()
            if known is not None:
                return known
            if (not process.alive(self._state, self._name)
                    or time.monotonic() > end):
                raise AssertionError('The director did not start:\n%s'
                                     % process.log_tail(self._state,
                                                        self._name))
            time.sleep(PAUSE_S)

    def _known(self) -> dict[str, str] | None:
        """How to reach it, once it answers."""
        try:
            known: dict[str, str] = json.loads(
                (self._root / 'director.json').read_text())
            context = ssl.create_default_context(cafile=known['ca_file'])
            with urllib.request.build_opener(
                    urllib.request.ProxyHandler({}),
                    urllib.request.HTTPSHandler(context=context)).open(
                        known['endpoint'] + '/info', timeout=5):
                return known
        except (OSError, ValueError, urllib.error.URLError):
            return None


@contextlib.contextmanager
def _turn(state: pocket_state.State) -> Iterator[None]:
    """Other tests choose a port when this one's director listens."""
    with open(state.path('data', 'lock', 'directors'), 'w') as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
