# SPDX-License-Identifier: Apache-2.0
"""The cloud of a benchmark: what is made for it, and unmade."""

import json
import os
import pathlib
from typing import Any
from typing import Self
import urllib.parse
import uuid

from openstack import connection as sdk_connection

from benchmarks import life
from cf_openstack.cloud import connection
from cf_openstack.cpi import config
from cf_openstack.cpi import config_file
from devstack.pocket import stemcell_builder

CIDR = '10.79.0.0/24'
SPEC = {'ip': '10.79.0.10', 'prefix': '32', 'netmask': '255.255.255.0',
        'gateway': '10.79.0.1'}
_KINDS = {
    'vm': ('compute', 'server'), 'disk': ('block_storage', 'volume'),
    'snapshot': ('block_storage', 'snapshot'),
    'stemcell': ('image', 'image'),
}


class Site:
    """A network and a small stemcell; gone when the context ends.

    :param path: a CPI's configuration for the cloud.
    :param folder: for files.
    :param flavor: the name of a flavor.
    """

    def __init__(self, path: str, folder: str, flavor: str) -> None:
        self._path = path
        self._folder = folder
        self._flavor = flavor
        settings = config.load(path, {'token_cache': False}).settings
        self.cloud: sdk_connection.Connection = connection.connect(settings)
        self._interface = settings.interface
        self._region = settings.region
        self._auth_url = settings.auth_url

    def upstreams(self) -> dict[str, str]:
        """The services' addresses; several services may share one.

        :raises ValueError: one is not http: the proxy speaks no TLS.
        """
        access = self.cloud.session.auth.get_access(self.cloud.session)
        found = {'identity': self._auth_url}
        catalog = access.service_catalog.get_endpoints_data(
            interface=self._interface, region_name=self._region)
        for kind, endpoints in catalog.items():
            for endpoint in endpoints:
                found.setdefault(kind, endpoint.url)
        unique: dict[str, str] = {}
        for kind, url in found.items():
            parts = urllib.parse.urlsplit(url)
            if parts.scheme != 'http':
                raise ValueError(f'The endpoint of {kind} is not http: the '
                                 'proxy that counts requests speaks no TLS')
            base = f'{parts.scheme}://{parts.hostname}:{parts.port or 80}'
            if base not in unique.values():
                unique[kind] = base
        return unique

    def config_behind(self, identity: str) -> str:
        """Write a configuration whose Keystone is the proxy's."""
        found = config_file.load(self._path)
        path = os.path.join(self._folder, 'cpi.json')
        pathlib.Path(path).write_text(json.dumps({'cloud': {
            'plugin': 'openstack', 'properties': {
                'openstack': found.openstack | {
                    'auth_url': identity + urllib.parse.urlsplit(
                        self._auth_url).path},
                'agent': found.agent}}}))
        os.chmod(path, 0o600)
        return path

    def place(self) -> life.Place:
        """Where a VM can live."""
        return life.Place(
            image=stemcell_builder.build_image(self._folder),
            stemcell={
                'name': 'benchmark', 'version': '1', 'os_type': 'linux',
                'hypervisor': 'kvm', 'disk_format': 'qcow2',
                'container_format': 'bare', 'architecture': 'x86_64'},
            network=self._network.id, spec=dict(SPEC), flavor=self._flavor)

    def remove(self, cids: dict[str, str]) -> None:
        """Remove what a CPI was asked to remove and did not."""
        for kind, cid in cids.items():
            service, resource = _KINDS[kind]
            proxy: Any = getattr(self.cloud, service)
            getattr(proxy, f'delete_{resource}')(
                cid.removesuffix(' light'), ignore_missing=True)

    def __enter__(self) -> Self:
        name = f'benchmark-{uuid.uuid4().hex[:8]}'
        self._network = self.cloud.network.create_network(name=name)
        self.cloud.network.create_subnet(
            network_id=self._network.id, ip_version=4, cidr=CIDR,
            enable_dhcp=False, name=name)
        return self

    def __exit__(self, *_exc: object) -> None:
        for port in self.cloud.network.ports(network_id=self._network.id):
            self.cloud.network.delete_port(port)
        self.cloud.network.delete_network(self._network)
        self.cloud.close()
