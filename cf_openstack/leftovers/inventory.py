# SPDX-License-Identifier: Apache-2.0
"""All that bears a CPI's marks in a project."""

from collections.abc import Iterator
import functools
from typing import Any

from openstack import connection

from cf_openstack.leftovers import things


class Inventory:
    """Reads a project; each list is fetched once.

    :param conn: a connection to the project.
    """

    def __init__(self, conn: connection.Connection) -> None:
        self._conn = conn

    @functools.cached_property
    def _servers(self) -> list[Any]:
        return list(self._conn.compute.servers())

    @functools.cached_property
    def server_ids(self) -> frozenset[str]:
        """The ids of all servers of the project, whoever made them."""
        return frozenset(server.id for server in self._servers)

    def things(self) -> Iterator[things.Thing]:
        """Everything with marks, of whatever director.

        :raises openstack.exceptions.SDKException: a service did not
            answer.
        """
        # Ports and members before servers: what gets its server while
        # this looks is then seen with it, or not seen at all.
        for kind, resources in (
                ('port', self._of_neutron()), ('member', self._members()),
                ('volume', self._volumes()), ('server', self._of_nova()),
                ('image', self._images()), ('snapshot', self._snapshots()),
                ('network', self._networks())):
            for found, more in resources:
                thing = things.Thing.of(kind, found, **more)
                if thing is not None:
                    yield thing

    @functools.cached_property
    def _ports(self) -> list[Any]:
        return list(self._conn.network.ports())

    def _of_neutron(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for port in self._ports:
            yield port, {'owner': port.device_id or ''}

    def _members(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        if not self._conn.has_service('load-balancer'):
            return
        # A server that is being made has its port before its memberships.
        owners = {
            (fixed['subnet_id'], fixed['ip_address']):
            port.device_id or port.id
            for port in self._ports for fixed in port.fixed_ips}
        balancing = self._conn.load_balancer
        for pool in balancing.pools():
            for member in balancing.members(pool):
                yield member, {'parent': pool.id, 'owner': owners.get(
                    (member.subnet_id, member.address), '')}

    def _networks(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for network in self._conn.network.networks():
            yield network, {}

    def _of_nova(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for server in self._servers:
            yield server, {}

    def _volumes(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for volume in self._conn.block_storage.volumes():
            owners = [attachment.get('server_id')
                      for attachment in volume.attachments or ()]
            yield volume, {'owner': next(filter(None, owners), '')}

    def _snapshots(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for snapshot in self._conn.block_storage.snapshots():
            yield snapshot, {}

    def _images(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for image in self._conn.image.images(owner=(
                self._conn.current_project_id)):
            yield image, {}
