# SPDX-License-Identifier: Apache-2.0
"""Heat's access to BOSH directors."""

from oslo_config import cfg

from cf_openstack import conf
from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import exceptions
from cf_openstack.director import limits as director_limits

from heat.engine.clients import client_plugin

CLIENT_NAME = 'bosh_director'

conf.register_opts(cfg.CONF)


class DirectorFactory:
    """Open directors within the bounds that the operator sets.

    Heat makes one for each request to it, or action of a resource.
    """

    def __init__(self) -> None:
        #: When a director was last found out of reach, and why, by endpoint.
        self.outages: dict[str, tuple[float, Exception]] = {}

    @staticmethod
    def open(conn: connection.Connection,
             limits: director_limits.Limits | None = None
             ) -> client.Director:
        """Make a client for one director; nothing is sent yet.

        :param limits: other limits than the configured ones.
        """
        return client.Director.from_conf(conn, cfg.CONF, limits)


class BoshDirectorClientPlugin(client_plugin.ClientPlugin):
    """Client plugin for BOSH directors.

    A director is not in the service catalogue: its address and credentials
    come with each resource.  So ``client()`` is a factory.
    """

    exceptions_module = exceptions

    service_types: list[str] = []

    def _create(self, version: str | None = None) -> DirectorFactory:
        return DirectorFactory()

    def seal(self, conn: connection.Connection, project_id: str) -> str:
        """Close a connection for one project.

        :raises SealError: when that is not possible.
        """
        return connection.seal(conn, project_id,
                               cfg.CONF.auth_encryption_key)

    def unseal(self, token: str, project_id: str) -> connection.Connection:
        """Open a sealed connection of a project.

        :raises SealError: when it is not one of this project.
        """
        return connection.unseal(token, project_id,
                                 cfg.CONF.auth_encryption_key)

    def is_not_found(self, ex: Exception) -> bool:
        """Whether the director does not know the object."""
        return isinstance(ex, exceptions.NotFound)

    def is_conflict(self, ex: Exception) -> bool:
        """Whether somebody else changed the object in between."""
        return isinstance(ex, exceptions.ConfigConflict)
