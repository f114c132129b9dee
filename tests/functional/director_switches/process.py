# SPDX-License-Identifier: Apache-2.0
"""A pocket director of a test's own: a process, on a cloud of files."""

from collections.abc import Sequence
import itertools
import json
import pathlib
import random
import subprocess
import sys
import time
from typing import Any

import fixtures

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions
from cf_openstack.director import limits
from devstack.pocket import ports
from tests.unit.pocket_director import base

ROOT = pathlib.Path(__file__).resolve().parents[3]
START_S = 120
TASK_S = 180


class DirectorProcess(fixtures.Fixture):
    """Runs a director until the end of the test.

    No OpenStack is needed: its CPI keeps VMs as files.

    :param options: of its server, beside those that are always given.
    :ivar policy: lets a client connect to it, and to its UAA.
    :ivar cloud: folder with the files of VMs, disks and stemcells.
    """

    def __init__(self, *options: str) -> None:
        self._options = options

    def _setUp(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.root = folder / 'director'
        self.root.mkdir()
        self.cloud = folder / 'cloud'
        for name in ('vms', 'disks', 'stemcells', 'snapshots'):
            (self.cloud / name).mkdir(parents=True)
        cpi = folder / 'cpi'
        cpi.write_text(base.WRAPPER.format(
            cloud=self.cloud, python=sys.executable, fake=base.FAKE))
        cpi.chmod(0o700)
        self.ports = _free_ports(2)
        self.policy = endpoint_policy.EndpointPolicy(
            self.ports, allowed_networks=['127.0.0.1/32'])
        log = (folder / 'log').open('ab')
        self.addCleanup(log.close)
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'devstack.pocket_director.server',
             '--root', self.root, '--cpi', cpi, '--port',
             str(self.ports[0]), '--uaa-port', str(self.ports[1]),
             *self._options],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self._stop)
        self._wait(folder / 'log')

    def order(self, **content: Any) -> None:
        """Turn switches; those not named are off."""
        partial = self.root / 'faults.json.new'
        partial.write_text(json.dumps(content))
        partial.replace(self.root / 'faults.json')

    def connection(self) -> connection.Connection:
        """How to reach it."""
        known = json.loads((self.root / 'director.json').read_text())
        return connection.Connection(
            known['endpoint'], pathlib.Path(known['ca_file']).read_text(),
            known['client'], known['client_secret'])

    def connect(self) -> client.Director:
        """A client of it."""
        made = client.Director(self.connection(), self.policy,
                               limits.Limits(retry_wait=0.05))
        self.addCleanup(made.close)
        return made

    def serve_file(self, name: str, content: bytes) -> str:
        """Let the director serve a file; its URL."""
        (self.root / 'files' / name).write_bytes(content)
        return f'https://127.0.0.1:{self.ports[0]}/files/{name}'

    def calls(self, method: str) -> list[dict[str, Any]]:
        """The calls of a method of the CPI."""
        lines = (self.cloud / 'calls').read_text().splitlines()
        return [call for call in map(json.loads, lines)
                if call['method'] == method]

    def vms(self) -> Sequence[str]:
        """The cids of the VMs that there are."""
        return sorted(path.name for path in (self.cloud / 'vms').iterdir())

    def _wait(self, log: pathlib.Path) -> None:
        end = time.monotonic() + START_S
        while True:
            try:
                with client.Director(self.connection(), self.policy) as one:
                    one.info()
                return
            except (OSError, exceptions.DirectorError):
                if (time.monotonic() > end
                        or self._process.poll() is not None):
                    raise AssertionError(log.read_text()) from None
                time.sleep(0.1)

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(START_S)
        finally:
            self._process.kill()
            self._process.wait()


def follow(director: client.Director, task_id: int) -> list[str]:
    """Follow a task, whatever becomes of the connection; its stages.

    :raises TaskFailed: when it fails.
    """
    end = time.monotonic() + TASK_S
    monitor = director.tasks.monitor(task_id)
    stages: list[str] = []
    while time.monotonic() < end:
        try:
            done = monitor.check()
        except exceptions.ConnectionFailed as error:
            stages.append(type(error).__name__)
            time.sleep(0.1)
            continue
        stages += [event.stage for event in monitor.events if event.stage]
        if done:
            return list(dict.fromkeys(stages))
        time.sleep(0.1)
    raise AssertionError(f'task {task_id} has not ended')


def _free_ports(count: int) -> list[int]:
    # Not of those that outgoing connections take, for a director that
    # restarts comes back to its port.
    shuffled = random.sample(ports.FALLBACK, len(ports.FALLBACK))
    return list(itertools.islice(filter(ports.is_free, shuffled), count))
