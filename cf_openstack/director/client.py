# SPDX-License-Identifier: Apache-2.0
"""The director client: one object for one director."""

from typing import Any
from typing import Self

from cf_openstack.director import certificates as director_certificates
from cf_openstack.director import configs
from cf_openstack.director import connection as director_connection
from cf_openstack.director import connector
from cf_openstack.director import deployments
from cf_openstack.director import endpoint_policy
from cf_openstack.director import info as director_info
from cf_openstack.director import limits as director_limits
from cf_openstack.director import locks
from cf_openstack.director import problems
from cf_openstack.director import releases
from cf_openstack.director import session as director_session
from cf_openstack.director import snapshots
from cf_openstack.director import state_changes
from cf_openstack.director import stemcells
from cf_openstack.director import tasks


class Director:
    """A BOSH director, as seen by one client.

    A context manager: it closes its connections at the end.  Making one
    contacts nobody.

    :param connection: endpoint, CA and credentials.
    :param policy: which addresses may be connected to; by default all ports
        and networks a director has without an operator's say.
    :param limits: bounds on time and size of its answers.
    """

    def __init__(self, connection: director_connection.Connection,
                 policy: endpoint_policy.EndpointPolicy | None = None,
                 limits: director_limits.Limits | None = None) -> None:
        self.connection = connection
        self._session = director_session.Session(
            connection, connector.Connector(
                connection.address, connection.ca_certificate,
                policy or endpoint_policy.EndpointPolicy(), limits))
        self.tasks = tasks.Tasks(self._session)
        self.stemcells = stemcells.Stemcells(self._session, self.tasks)
        self.releases = releases.Releases(self._session, self.tasks)
        self.configs = configs.Configs(self._session)
        self.deployments = deployments.Deployments(self._session, self.tasks)
        self.snapshots = snapshots.Snapshots(self._session, self.tasks)
        self.problems = problems.Problems(self._session, self.tasks)
        self.state_changes = state_changes.StateChanges(self.tasks)
        self.locks = locks.Locks(self._session)

    @classmethod
    def from_conf(cls, connection: director_connection.Connection,
                  conf: Any, limits: director_limits.Limits | None = None
                  ) -> 'Director':
        """Make a client that keeps to an operator's configuration.

        :param conf: a ConfigOpts with the options of ``cf_openstack.conf``.
        :param limits: other limits than the configured ones.
        """
        return cls(connection, endpoint_policy.EndpointPolicy.from_conf(conf),
                   limits or director_limits.Limits.from_conf(conf))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f'<Director at {self.connection.endpoint}>'

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def info(self) -> director_info.Info:
        """Ask the director who it is; needs no valid credentials.

        :raises ConnectionFailed: when it cannot be reached.
        :raises NotADirector: when something else answers.
        """
        return self._session.info()

    def authenticate(self) -> None:
        """Prove that the credentials are good.

        :raises AuthenticationError: when they are not.
        :raises Forbidden: when they are, but not for this director.
        """
        self.tasks.list(limit=1)

    def certificates(self) -> director_certificates.CertificateList:
        """List the director's own certificates."""
        response = self._session.request('GET',
                                         '/director/certificate_expiry')
        return response.list_of(director_certificates.parse)
