# SPDX-License-Identifier: Apache-2.0
"""The pocket cloud that the engines are killed on."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any
from typing import Self
import urllib.parse

from heatclient import client as heat_client
from openstack import connection

from cf_openstack.director import client
from cf_openstack.director import connection as director_connection
from cf_openstack.director import endpoint_policy
from devstack.demo import artifacts
from devstack.pocket.seed import connection as seed_connection
from devstack.pocket import state as pocket_state
from devstack.pocket import stemcell_builder

GENERATIONS = ('1', '2')
RELEASES = ('named', 'unnamed', 'own')


class Site:
    """Cloud, director and files; a context that leaves no file.

    :param state: of a cloud that is up.
    :ivar director: client of the director itself, past all proxies.
    """

    def __init__(self, state: pocket_state.State) -> None:
        self.state = state
        found = subprocess.run(
            [sys.executable, '-m', 'devstack.pocket_director', 'up',
             '--state', str(state.root)], check=True, capture_output=True,
            cwd=pocket_state.REPOSITORY)
        del found
        self.access: dict[str, str] = json.loads(
            state.path('director', 'director.json').read_text())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='crash-'))
        self.authority = pathlib.Path(self.access['ca_file'])
        self.director = client.Director(
            director_connection.Connection(
                self.access['endpoint'], self.authority.read_text(),
                self.access['client'], self.access['client_secret']),
            endpoint_policy.EndpointPolicy(
                [state.ports['director']],
                allowed_networks=['127.0.0.0/8']))
        self._closing = contextlib.ExitStack()

    @property
    def upstream(self) -> tuple[str, int]:
        """Host and port of the director."""
        parts = urllib.parse.urlsplit(self.access['endpoint'])
        return parts.hostname or '', parts.port or 0

    @property
    def files(self) -> str:
        """Where the director finds the files of releases."""
        return self.access['endpoint'] + '/files'

    def connect(self) -> connection.Connection:
        """The tenant's connection, which is closed with the site."""
        cloud = seed_connection.connect(self.state, 'pocket')
        self._closing.callback(cloud.close)
        return cloud

    def heat(self, cloud: connection.Connection) -> Any:
        """Heat's client, for a connection."""
        return heat_client.Client(
            '1', session=cloud.session, service_type='orchestration',
            region_name=cloud.config.get_region_name())

    def flavor(self, cloud: connection.Connection) -> str:
        """The name of the smallest flavor."""
        return min(cloud.compute.flavors(), key=lambda f: f.ram).name

    def make_files(self, tag: str) -> str:
        """Make a stemcell and releases; the stemcell's checksum."""
        folder = self.state.path('director', 'files')
        stemcell = folder / f'stemcell-{tag}.tgz'
        self._closing.callback(stemcell.unlink, missing_ok=True)
        for name in RELEASES:
            for version in GENERATIONS:
                made = artifacts.make_release(
                    folder, f'{name}-{tag}', version, ['job'])
                self._closing.callback(made.path.unlink, missing_ok=True)
        return stemcell_builder.build(
            stemcell, name=f'stemcell-{tag}', operating_system=f'os-{tag}',
            version='1', size=2 << 20, disk_format='raw')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 exc: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._closing.close()
        self.director.close()
        shutil.rmtree(self.folder)
