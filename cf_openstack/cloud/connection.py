# SPDX-License-Identifier: Apache-2.0
"""One authenticated connection to a cloud: one token, one session."""

from collections.abc import Callable
import dataclasses

from openstack import connection

from cf_openstack.cloud import block_storage
from cf_openstack.cloud import memory
from cf_openstack.cloud import session
from cf_openstack.cloud import token_cache
from cf_openstack.cloud import transport


@dataclasses.dataclass(frozen=True)
class Settings:
    """Where the cloud is and who asks; repr() shows no secret.

    Either a user (``username`` or ``user_id``) and ``password`` with a
    scope, or an application credential, which implies both.

    :ivar auth_url: Keystone's URL, ending in ``/v3``.
    :ivar interface: ``public``, ``internal`` or ``admin``.
    :ivar verify: whether to check certificates, or a file of CAs.
    :ivar connect_timeout: seconds.
    :ivar read_timeout: seconds.
    :ivar write_timeout: seconds.
    :ivar token_cache: folder in which tokens are kept for the processes
        that follow, or None.
    """

    auth_url: str
    username: str | None = None
    user_id: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    user_domain_name: str | None = None
    user_domain_id: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    project_domain_name: str | None = None
    project_domain_id: str | None = None
    application_credential_id: str | None = None
    application_credential_secret: str | None = dataclasses.field(
        default=None, repr=False)
    region: str | None = None
    interface: str = 'public'
    verify: bool | str = True
    connect_timeout: float = 60
    read_timeout: float = 60
    write_timeout: float = 60
    token_cache: str | None = None

    def verified_by(self, ca_file: str) -> 'Settings':
        """The same, with certificates checked by the CAs of a file."""
        return dataclasses.replace(self, verify=ca_file)

    def secrets(self) -> set[str]:
        """What must never be shown."""
        return {
            secret for secret in (
                self.password, self.application_credential_secret)
            if secret
        }


class Connection(connection.Connection):
    """The SDK's, with a Cinder that costs one request less."""

    block_storage = block_storage.Service(service_type='block-storage')


def connect(
    settings: Settings,
    request_id: str | None = None,
    token_life: float = memory.LEAST_LIFE,
    keep_secret: Callable[[set[str]], object] | None = None,
) -> connection.Connection:
    """Return a connection; nothing is contacted before its first use.

    :param request_id: ``req-<uuid>``; goes with each request, so that the
        logs of all services can be searched for it.
    :param token_life: seconds that a token from the cache must be good for.
    :param keep_secret: is told each token, so that no log shows it.
    """
    http = transport.Transport(
        settings.connect_timeout, settings.read_timeout,
        settings.write_timeout)
    file = None
    if settings.token_cache:
        file = token_cache.TokenFile(
            settings.token_cache, token_cache.name_of(settings))
    return Connection(
        session=session.Session(
            _auth_plugin(settings),
            memory.Memory(file, token_life, keep_secret),
            http, settings.verify),
        region_name=settings.region,
        interface=settings.interface,
        global_request_id=request_id,
    )


def _auth_plugin(
    settings: Settings
) -> session.Password | session.ApplicationCredential:
    # Version 3 is given: generic plugins would first ask which there are.
    if settings.application_credential_id:
        return session.ApplicationCredential(
            settings.auth_url,
            application_credential_id=settings.application_credential_id,
            application_credential_secret=(
                settings.application_credential_secret),
        )
    return session.Password(
        settings.auth_url,
        username=settings.username,
        user_id=settings.user_id,
        password=settings.password,
        user_domain_name=settings.user_domain_name,
        user_domain_id=settings.user_domain_id,
        project_id=settings.project_id,
        project_name=settings.project_name,
        project_domain_name=settings.project_domain_name,
        project_domain_id=settings.project_domain_id,
    )
