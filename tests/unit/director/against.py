# SPDX-License-Identifier: Apache-2.0
"""A pocket director that listens with TLS, and a client of it."""

import contextlib
import threading
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import endpoint_policy
from cf_openstack.director import events
from cf_openstack.director import limits
from devstack.pocket_director import server
from devstack.pocket_director import settings
from tests.unit.pocket_director import base

LIMIT_S = 30


class AgainstDirectorTestCase(base.DirectorTestCase):
    """Both are in this process; in between are TLS and HTTP.

    The CPI is the fake one, whose cloud is a folder.
    """

    def start_director(self) -> None:
        """Let a director listen, on a port that the system chooses."""
        served = server.Server(settings.Settings(
            root=self.root / 'director', port=0, cpi=self.cpi,
            **self.options))
        self.director = served.director
        self.director.health = base.FolderHealth(self.cloud)
        self.addCleanup(self.director.close)
        port = served.prepare()
        thread = threading.Thread(target=served.serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(served.stop)
        self.ports = [port]
        if self.director.uaa_url:
            self.ports.append(int(self.director.uaa_url.rpartition(':')[2]))
        self.endpoint = f'https://127.0.0.1:{port}'
        self.client = self.connect(self.director.password)

    def connect(self, secret: str, **bounds: Any) -> client.Director:
        """A client with this secret."""
        made = client.Director(
            connection.Connection(
                self.endpoint,
                self.director.authority.ca_file.read_text(), 'admin',
                secret),
            endpoint_policy.EndpointPolicy(
                self.ports, allowed_networks=['127.0.0.1/32']),
            limits.Limits(**{'retry_wait': 0.01, **bounds}))
        self.addCleanup(made.close)
        return made

    def prepare(self, *groups: dict[str, Any]) -> str:
        """Give the director what a manifest needs; the manifest.

        Nothing of it is asked for through HTTP.
        """
        store = self.director.store
        store.insert(
            'stemcells', name='stemcell', version='1.1', cpi='',
            operating_system='ubuntu-noble', cid='cid', api_version=3)
        store.insert('releases', name='rel', version='1', commit_hash='a',
                     data={'jobs': [{'name': 'job'}], 'packages': []})
        store.insert('configs', type='cloud', name='default',
                     content=base.yaml.safe_dump(base.CLOUD_CONFIG))
        return str(base.yaml.safe_dump(base.manifest(*groups)))

    def deploy(self, manifest: str, context_id: str | None = None,
               ) -> list[events.Event]:
        """Deploy and wait; the events."""
        return self.wait(
            self.client.deployments.create(manifest, context_id))

    def wait(self, task_id: int | None) -> list[events.Event]:
        """Wait for a task; its events.

        :raises TaskFailed: when it fails.
        """
        assert task_id is not None
        seen: list[events.Event] = []
        self.client.tasks.monitor(task_id).wait(
            timeout=LIMIT_S, interval=0.01, on_event=seen.append)
        return seen

    @contextlib.contextmanager
    def held(self, description: str = '') -> Any:
        """Let no task with this description begin until the end."""
        begun, go_on = threading.Event(), threading.Event()
        strike = self.director.faults.task

        def hold(text: str) -> Any:
            if description in text:
                begun.set()
                go_on.wait(LIMIT_S)
            return strike(text)

        self.director.faults.task = hold  # type: ignore[method-assign]
        try:
            yield begun
        finally:
            go_on.set()
