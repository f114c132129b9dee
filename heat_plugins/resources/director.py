# SPDX-License-Identifier: Apache-2.0
"""A BOSH director that runs already."""

from typing import Any

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import exceptions as director_exceptions

from heat.common import exception
from heat.common.i18n import _
from heat.engine import attributes
from heat.engine import constraints
from heat.engine import properties
from heat.engine import rsrc_defn

from heat_plugins.resources import base


class Director(base.BoshResource):
    """A BOSH director that runs already, adopted for use in stacks.

    The director is contacted and the credentials are tried.  What other
    resources need to reach it is the attribute ``connection``: a text that
    holds address and credentials, sealed with the cloud's key, which opens
    in this project only.  It changes when they change, and not otherwise.
    Deleting the resource leaves the director alone.
    """

    PROPERTIES = (
        ENDPOINT, CA_CERTIFICATE, CLIENT, CLIENT_SECRET, CLIENT_SECRET_REF,
    ) = (
        'endpoint', 'ca_certificate', 'client', 'client_secret',
        'client_secret_ref',
    )

    ATTRIBUTES = (
        UUID_ATTR, NAME_ATTR, VERSION_ATTR, CPI_ATTR, CONNECTION_ATTR,
        DEPLOYMENTS_ATTR, STEMCELLS_ATTR, RELEASES_ATTR, CERTIFICATES_ATTR,
    ) = (
        'uuid', 'name', 'version', 'cpi', 'connection',
        'deployments', 'stemcells', 'releases', 'certificates',
    )

    masked_properties = frozenset([CLIENT_SECRET])

    properties_schema = {
        ENDPOINT: properties.Schema(
            properties.Schema.STRING,
            _('The URL of the director, such as https://203.0.113.10:25555. '
              'The port is 25555 unless given.'),
            required=True,
            update_allowed=True,
        ),
        CA_CERTIFICATE: properties.Schema(
            properties.Schema.STRING,
            _('The certificate of the authority that signed the certificate '
              'of the director, in PEM format. Without it, those trusted by '
              'the operating system of the engine apply.'),
            default='',
            update_allowed=True,
        ),
        CLIENT: properties.Schema(
            properties.Schema.STRING,
            _('The name of a client of the UAA of the director, or of a user '
              'of the director itself.'),
            required=True,
            constraints=[constraints.Length(min=1)],
            update_allowed=True,
        ),
        CLIENT_SECRET: properties.Schema(
            properties.Schema.STRING,
            _('The secret or password of the client. It is neither stored '
              'with the properties of the resource nor shown. Pass it as a '
              'hidden parameter.'),
            update_allowed=True,
        ),
        CLIENT_SECRET_REF: properties.Schema(
            properties.Schema.STRING,
            _('The reference of the secret of the client in the key manager, '
              'in place of client_secret.'),
            constraints=[constraints.CustomConstraint('barbican.secret')],
            update_allowed=True,
        ),
    }

    attributes_schema = {
        UUID_ATTR: attributes.Schema(
            _('The unique id of the director.'),
            type=attributes.Schema.STRING,
        ),
        NAME_ATTR: attributes.Schema(
            _('The name of the director.'),
            type=attributes.Schema.STRING,
        ),
        VERSION_ATTR: attributes.Schema(
            _('The version that the director runs now.'),
            type=attributes.Schema.STRING,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
        CPI_ATTR: attributes.Schema(
            _('The name of the CPI that the director uses.'),
            type=attributes.Schema.STRING,
        ),
        CONNECTION_ATTR: attributes.Schema(
            _('The sealed connection, for the property "director" of other '
              'resources of this project.'),
            type=attributes.Schema.STRING,
        ),
        DEPLOYMENTS_ATTR: attributes.Schema(
            _('The names of the deployments of the director, as they are '
              'now.'),
            type=attributes.Schema.LIST,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
        STEMCELLS_ATTR: attributes.Schema(
            _('The stemcells of the director, as they are now, each a map '
              'with name, version and operating_system.'),
            type=attributes.Schema.LIST,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
        RELEASES_ATTR: attributes.Schema(
            _('The releases of the director, as they are now, each a map '
              'with name and version.'),
            type=attributes.Schema.LIST,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
        CERTIFICATES_ATTR: attributes.Schema(
            _('The certificates of the director itself with the days they '
              'are still valid.'),
            type=attributes.Schema.LIST,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
    }

    def validate(self) -> None:
        """Check what can be checked without the director.

        :raises StackValidationFailed: when a property is not valid.
        """
        super().validate()
        self.require_one_of(self.CLIENT_SECRET, self.CLIENT_SECRET_REF)
        if not self.is_resolvable(self.PROPERTIES):
            return
        try:
            connection.Connection(
                endpoint=self.properties[self.ENDPOINT],
                ca_certificate=self.properties[self.CA_CERTIFICATE] or '',
                client=self.properties[self.CLIENT],
                # What it is does not matter yet.
                client_secret='-')
        except director_exceptions.DirectorError as error:
            raise exception.StackValidationFailed(message=str(error))

    def _connection(self, props: Any) -> connection.Connection:
        """Make a connection of the values of the template.

        :raises DirectorError: when they make none.
        """
        secret = props.reveal(self.CLIENT_SECRET)
        reference = props[self.CLIENT_SECRET_REF]
        if not secret and reference:
            payload = self.client_plugin('barbican').get_secret_payload_by_ref(
                reference)
            secret = (payload.decode('utf-8')
                      if isinstance(payload, bytes) else payload)
        return connection.Connection(
            endpoint=props[self.ENDPOINT],
            ca_certificate=props[self.CA_CERTIFICATE] or '',
            client=props[self.CLIENT], client_secret=secret or '')

    def _adopt(self, conn: connection.Connection,
               uuid: str | None = None) -> None:
        """Try a connection and keep it, sealed.

        :param uuid: which director it is to be; that known so far by
            default.
        :raises DirectorError: when the director does not answer, or does
            not take the credentials.
        :raises AnotherDirector: when it is not the one known so far.  What
            lives on that one would be lost: all that gets the connection
            would be made on the other one, and then deleted here.
        """
        director = self.client().open(conn)
        info = director.info()
        known = self.resource_id or uuid
        if known not in (None, info.uuid):
            raise base.AnotherDirector(
                endpoint=conn.endpoint, found=info.uuid, known=known,
                name=self.name)
        director.authenticate()
        self.resource_id_set(info.uuid)
        sealed = self._sealed()
        if sealed is None or self._unseal(sealed) != conn:
            sealed = self.client_plugin().seal(conn, self.stack.tenant_id)
        self.journal.put(
            connection=sealed, uuid=info.uuid, name=info.name, cpi=info.cpi)

    def _sealed(self) -> str | None:
        return self.journal.get('connection')

    def _unseal(self, sealed: str) -> connection.Connection | None:
        try:
            return self.client_plugin().unseal(sealed, self.stack.tenant_id)
        except connection.SealError:
            return None      # the operator's key has changed

    def handle_create(self) -> None:
        """Begin to adopt the director."""

    def check_create_complete(self, token: Any) -> bool:
        """Adopt the director; bounded by the client's timeouts."""
        self._adopt(self._connection(self.properties))
        return True

    def handle_update(self, json_snippet: rsrc_defn.ResourceDefinition,
                      tmpl_diff: Any, prop_diff: dict[str, Any]) -> Any:
        """Begin to adopt the director with what is new."""
        return self.new_properties(json_snippet)

    def check_update_complete(self, props: Any) -> bool:
        """Adopt the director; bounded by the client's timeouts."""
        self._adopt(self._connection(props))
        return True

    def handle_check(self) -> None:
        """Check that the same director answers and takes the credentials.

        :raises Error: when it is another one.
        :raises DirectorError: when it does not answer.
        """
        director = self._open()
        info = director.info()
        director.authenticate()
        self._verify_check_conditions([
            {'attr': 'uuid', 'expected': self.resource_id,
             'current': info.uuid}])

    def handle_adopt(self, resource_data: Any = None) -> str | None:
        """Begin to adopt the director, maybe of an abandoned stack."""
        return (resource_data or {}).get('resource_id')

    def check_adopt_complete(self, uuid: str | None) -> bool:
        """Adopt the director as at creation; the data may tell which one.

        :raises AnotherDirector: when they tell of another one.
        """
        self._adopt(self._connection(self.properties), uuid)
        return True

    def handle_delete(self) -> None:
        """Leave the director alone."""

    def _open(self) -> client.Director:
        sealed = self._sealed()
        if sealed is None:
            raise exception.ResourceNotAvailable(resource_name=self.name)
        return self.open_director(sealed)

    def _resolve_attribute(self, name: str) -> Any:
        if self.resource_id is None:
            return None
        if name == self.UUID_ATTR:
            return self.resource_id
        if name in (self.NAME_ATTR, self.CPI_ATTR, self.CONNECTION_ATTR):
            return self.journal.get(name)
        director = self._open()
        if name == self.VERSION_ATTR:
            return director.info().version
        if name == self.DEPLOYMENTS_ATTR:
            return sorted(item.name for item in director.deployments.list())
        if name == self.STEMCELLS_ATTR:
            return [{'name': item.name, 'version': item.version,
                     'operating_system': item.operating_system}
                    for item in director.stemcells.list()]
        if name == self.RELEASES_ATTR:
            return [{'name': item.name, 'version': item.version}
                    for item in director.releases.list()]
        if name == self.CERTIFICATES_ATTR:
            return [{'name': item.name, 'expiry': item.expiry,
                     'days_left': item.days_left}
                    for item in director.certificates()]
        return None


def resource_mapping() -> dict[str, type]:
    """The resource types of this module."""
    return {'CloudFoundry::BOSH::Director': Director}
