# SPDX-License-Identifier: Apache-2.0
"""The CPI's configuration: upstream's job properties, checked.

Names, defaults and rules are those of the properties ``openstack.*`` of
upstream's job; keys nobody knows are accepted, as upstream does.
"""

import dataclasses
import math
from typing import Any
import urllib.parse

from cf_openstack.cloud import connection
from cf_openstack.cpi import config_file
from cf_openstack.cpi import errors
from cf_openstack.cpi import protocol

_INTERFACES = {
    'adminURL': 'admin',
    'internalURL': 'internal',
    'publicURL': 'public',
}
_DEFAULT_TIMEOUT = 60


@dataclasses.dataclass(frozen=True)
class Config:
    """One call's configuration, the request's context merged in.

    :ivar state_timeout: seconds that each wait may take.
    :ivar poll_interval: longest pause between two polls, in seconds.
    :ivar ca_cert: CA certificates (PEM) of connection_options, or None.
    :ivar ca_from_job: whether ca_cert is the job's, which the job's
        template has also written to a file.
    :ivar agent: settings merged verbatim into the user data.
    """

    settings: connection.Settings
    ca_cert: str | None
    ca_from_job: bool
    state_timeout: float = 300
    poll_interval: int = 5
    default_key_name: str | None = None
    default_security_groups: tuple[str, ...] = ()
    default_volume_type: str | None = None
    boot_from_volume: bool = False
    config_drive: str | None = None
    use_dhcp: bool = True
    ignore_server_availability_zone: bool = False
    human_readable_vm_names: bool = False
    stemcell_public_visibility: bool = False
    agent: dict[str, Any] = dataclasses.field(
        default_factory=dict, repr=False)


class _Reader:
    """Takes typed values out of a hash, naming the key that is wrong."""

    def __init__(self, values: dict[str, Any], prefix: str = '') -> None:
        self._values = values
        self._prefix = prefix

    def get(self, key: str, kind: str, default: Any = None) -> Any:
        value = self._values.get(key)
        if value is None:
            return default
        if not _CHECKS[kind](value):
            raise errors.InvalidOpenStackProperty(
                f"'{self._prefix}{key}' must be {kind}, got: "
                f'{protocol.type_name(value)}')
        return value

    def one_of(self, key: str, allowed: list[str]) -> str | None:
        value = self.get(key, 'a String')
        if value is not None and value not in allowed:
            raise errors.InvalidOpenStackProperty(
                f"'{self._prefix}{key}' must be one of "
                f"{', '.join(allowed)}, got: '{value}'")
        return value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


_CHECKS = {
    'a Boolean': lambda value: isinstance(value, bool),
    'a Hash': lambda value: isinstance(value, dict),
    'a String': lambda value: isinstance(value, str),
    'a positive Integer': lambda value: type(value) is int and value > 0,
    'a positive number': _is_number,
    'an Array of Strings': lambda value: isinstance(value, list) and all(
        isinstance(item, str) for item in value),
}


def load(path: str | None, context: dict[str, Any]) -> Config:
    """Read, merge and check the configuration for one request.

    :param path: the configuration file.
    :param context: the context of the request; any OpenStack property in
        it wins over the file's.
    :raises errors.InvalidCall: a property is missing or wrong.
    """
    properties = config_file.load(path)
    values = config_file.merge(properties.openstack, context)
    read = _Reader(values)
    options = _Reader(
        read.get('connection_options', 'a Hash', {}), 'connection_options.')
    read.get('vm', 'a Hash')
    return Config(
        settings=_settings(read, options),
        ca_cert=options.get('ca_cert', 'a String') or None,
        ca_from_job=context.get('connection_options') is None,
        state_timeout=read.get('state_timeout', 'a positive number', 300),
        poll_interval=read.get(
            'wait_resource_poll_interval', 'a positive Integer', 5),
        default_key_name=read.get('default_key_name', 'a String'),
        default_security_groups=tuple(read.get(
            'default_security_groups', 'an Array of Strings', ())),
        default_volume_type=read.get('default_volume_type', 'a String'),
        boot_from_volume=read.get('boot_from_volume', 'a Boolean', False),
        config_drive=read.one_of('config_drive', ['cdrom', 'disk']),
        use_dhcp=read.get('use_dhcp', 'a Boolean', True),
        # Upstream has never checked the type of this one.
        ignore_server_availability_zone=values.get(
            'ignore_server_availability_zone') not in (
                None, False, 'false'),
        human_readable_vm_names=read.get(
            'human_readable_vm_names', 'a Boolean', False),
        stemcell_public_visibility=read.get(
            'stemcell_public_visibility', 'a Boolean', False),
        agent=properties.agent,
    )


def _settings(read: _Reader, options: _Reader) -> connection.Settings:
    identity = _credentials(read)
    endpoint_type = read.one_of('endpoint_type', sorted(_INTERFACES))
    verify: bool | str = options.get('ssl_verify_peer', 'a Boolean', True)
    ca_file = options.get('ssl_ca_file', 'a String')
    if verify and ca_file:
        verify = ca_file
    return connection.Settings(
        auth_url=_auth_url(read.get('auth_url', 'a String')),
        region=read.get('region', 'a String'),
        interface=_INTERFACES[endpoint_type or 'publicURL'],
        verify=verify,
        connect_timeout=options.get(
            'connect_timeout', 'a positive number', _DEFAULT_TIMEOUT),
        # Writes to a socket that stalls count as reads do.
        read_timeout=max(
            options.get(key, 'a positive number', _DEFAULT_TIMEOUT)
            for key in ('read_timeout', 'write_timeout')),
        **identity,
    )


def _auth_url(value: str | None) -> str:
    """Return Keystone's v3 URL for what an operator gave.

    Accepted are URLs with and without a version, and those of tokens.
    """
    if not value:
        raise errors.InvalidOpenStackProperty(
            "'auth_url' is missing")
    parts = urllib.parse.urlsplit(value)
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise errors.InvalidOpenStackProperty(
            "'auth_url' must be an http or https URL")
    path = parts.path.rstrip('/').removesuffix('/tokens')
    path = path.removesuffix('/auth')
    if path.endswith('/v2.0'):
        raise errors.InvalidOpenStackProperty(
            "'auth_url' names version 2.0 of the Identity API, which is "
            'gone; give the URL of version 3')
    path = path.removesuffix('/v3')
    return urllib.parse.urlunsplit(
        (parts.scheme, parts.netloc, f'{path}/v3', '', ''))


def _credentials(read: _Reader) -> dict[str, Any]:
    keys = (
        'username', 'api_key', 'application_credential_id',
        'application_credential_secret',
    )
    values = [read.get(key, 'a String') for key in keys]
    if bool(values[0]) != bool(values[1]) or bool(values[2]) != bool(
            values[3]) or bool(values[0]) == bool(values[2]):
        raise errors.InvalidOpenStackProperty(
            'username and api_key or application_credential_id and '
            'application_credential_secret is required')
    if values[2]:
        # It implies user, project and domains.
        return {
            'application_credential_id': values[2],
            'application_credential_secret': values[3],
        }
    return {
        'username': values[0],
        'password': values[1],
        **_scope(read),
    }


def _scope(read: _Reader) -> dict[str, Any]:
    domain = read.get('domain', 'a String')
    user_domain = read.get('user_domain_name', 'a String') or domain
    project_domain = read.get('project_domain_name', 'a String') or domain
    project = read.get('project', 'a String')
    project_id = read.get('project_id', 'a String')
    if not project and not project_id:
        raise errors.InvalidOpenStackProperty(
            "'project' or 'project_id' is required")
    if not user_domain or not (project_domain or project_id):
        raise errors.InvalidOpenStackProperty(
            "'domain', or both 'user_domain_name' and "
            "'project_domain_name', is required")
    return {
        'project_id': project_id,
        # Keystone refuses a scope with both.
        'project_name': None if project_id else project,
        'user_domain_name': user_domain,
        'project_domain_name': None if project_id else project_domain,
    }
