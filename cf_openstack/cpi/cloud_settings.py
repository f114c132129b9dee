# SPDX-License-Identifier: Apache-2.0
"""From properties to who asks which cloud, and how."""

import os
from typing import Any
import urllib.parse

from cf_openstack.cloud import connection
from cf_openstack.cloud import token_cache
from cf_openstack.cpi import errors

#: The forms of the Identity API's catalog and those of its clients.
INTERFACES = {
    'publicURL': 'public',
    'internalURL': 'internal',
    'adminURL': 'admin',
    'public': 'public',
    'internal': 'internal',
    'admin': 'admin',
}
_DEFAULT_TIMEOUT = 60
_PAIRS = (
    ('username', 'api_key'),
    ('application_credential_id', 'application_credential_secret'),
)


def settings(values: dict[str, Any]) -> connection.Settings:
    """Return how to connect.

    :param values: properties whose types have been checked.
    :raises errors.InvalidOpenStackProperty: they are incomplete or
        contradict each other.
    """
    options = values.get('connection_options') or {}
    verify: bool | str = options.get('ssl_verify_peer') is not False
    if verify and options.get('ssl_ca_file'):
        verify = options['ssl_ca_file']
    return connection.Settings(
        auth_url=_auth_url(values.get('auth_url')),
        region=values.get('region') or None,
        interface=INTERFACES[values.get('endpoint_type') or 'publicURL'],
        verify=verify,
        connect_timeout=_timeout(options, 'connect_timeout'),
        read_timeout=_timeout(options, 'read_timeout'),
        write_timeout=_timeout(options, 'write_timeout'),
        token_cache=_token_cache(values.get('token_cache')),
        **_identity(values),
    )


def _timeout(options: dict[str, Any], key: str) -> float:
    value = options.get(key)
    return _DEFAULT_TIMEOUT if value is None else value


def _token_cache(value: Any) -> str | None:
    if value is None or value is True:
        return token_cache.default_folder()
    if value is False:
        return None
    if isinstance(value, str) and os.path.isabs(value):
        return value
    raise errors.InvalidOpenStackProperty(
        "'token_cache' must be true, false or the absolute path of a folder")


def _auth_url(value: str | None) -> str:
    """Return Keystone's v3 URL for what an operator gave.

    Accepted are URLs with and without a version, and those of tokens.
    """
    if not value:
        raise errors.InvalidOpenStackProperty("'auth_url' is missing")
    try:
        parts = urllib.parse.urlsplit(value.strip())
        # Reading the port checks it.
        usable = (parts.scheme in ('http', 'https')
                  and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        usable = False
    if not usable:
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


def _identity(values: dict[str, Any]) -> dict[str, Any]:
    user, credential = (
        [values.get(key) for key in pair] for pair in _PAIRS)
    if not user[0] and values.get('user_id'):
        user[0] = values['user_id']
    complete = [all(pair) for pair in (user, credential)]
    if complete.count(True) != 1 or any(
            any(pair) for pair in (user, credential) if not all(pair)):
        given = [key for pair in _PAIRS for key in pair if values.get(key)]
        raise errors.InvalidOpenStackProperty(
            'username and api_key or application_credential_id and '
            'application_credential_secret is required, got: '
            + (', '.join(given) or 'none of them'))
    if complete[1]:
        # It implies user, project and domains.
        return {
            'application_credential_id': credential[0],
            'application_credential_secret': credential[1],
        }
    return {'password': user[1], **_user(values), **_project(values)}


def _user(values: dict[str, Any]) -> dict[str, Any]:
    if values.get('user_id'):
        return {'user_id': values['user_id']}
    return {
        'username': values['username'], **_domain(values, 'user_domain')}


def _project(values: dict[str, Any]) -> dict[str, Any]:
    # Keystone refuses a scope with both name and id.
    if values.get('project_id'):
        return {'project_id': values['project_id']}
    if not values.get('project'):
        hint = (
            "; 'tenant' is of version 2.0 of the Identity API, which is gone"
            if values.get('tenant') else '')
        raise errors.InvalidOpenStackProperty(
            f"'project' or 'project_id' is required{hint}")
    return {
        'project_name': values['project'],
        **_domain(values, 'project_domain'),
    }


def _domain(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Return name or id of a domain; what is special wins."""
    for prefix in (f'{name}_', 'domain_'):
        if values.get(f'{prefix}id'):
            return {f'{name}_id': values[f'{prefix}id']}
        key = 'domain' if prefix == 'domain_' else f'{name}_name'
        if values.get(key):
            return {f'{name}_name': values[key]}
    raise errors.InvalidOpenStackProperty(
        "'domain', or both 'user_domain_name' and 'project_domain_name', "
        f"is required: nothing gives the '{name}_name'")
