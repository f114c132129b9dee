# SPDX-License-Identifier: Apache-2.0
"""Reading the CPI's configuration file and merging the request into it.

The file is what upstream's job templates render::

    {"cloud": {"plugin": "openstack", "properties": {
        "openstack": {...}, "agent": {...}, "use_dhcp": true}}}
"""

import json
from typing import Any
from typing import NamedTuple

from cf_openstack.cpi import errors
from cf_openstack.cpi import protocol

#: Ways to say the same: who chooses another way in a cpi-config does not
#: want the file's besides.
_ALTERNATIVES = (
    ({'username', 'user_id', 'api_key'},
     {'application_credential_id', 'application_credential_secret'}),
    ({'username'}, {'user_id'}),
    ({'project'}, {'project_id'}),
    ({'domain'}, {'domain_id'}),
    ({'user_domain_name'}, {'user_domain_id'}),
    ({'project_domain_name'}, {'project_domain_id'}),
)


class Properties(NamedTuple):
    """What a configuration file says, before it is checked.

    :ivar openstack: the OpenStack properties, without nulls.
    :ivar agent: what is merged verbatim into the user data.
    """

    openstack: dict[str, Any]
    agent: dict[str, Any]


def load(path: str | None) -> Properties:
    """Read ``cloud.properties`` of a JSON or YAML file.

    :raises errors.InvalidCall: the file is missing or cannot be parsed.
    :raises errors.Unknown: it holds no cloud properties.
    """
    if path is None:
        raise errors.InvalidCall(
            'No configuration file was named on the command line')
    document = _decode(path, _read(path))
    cloud = document.get('cloud') if isinstance(document, dict) else None
    properties = cloud.get('properties') if isinstance(cloud, dict) else None
    if not isinstance(properties, dict):
        raise errors.Unknown(
            'Could not find cloud properties in the configuration')
    openstack = _hash(properties, 'openstack')
    # Some hand-written files have it beside openstack, where upstream
    # looks for it as well.
    if 'use_dhcp' in properties:
        openstack.setdefault('use_dhcp', properties['use_dhcp'])
    return Properties(_without_nulls(openstack), _hash(properties, 'agent'))


def merge(openstack: dict[str, Any], context: dict[str, Any]) -> dict[
        str, Any]:
    """Let the context of a request override the file's properties.

    A cpi-config entry's properties arrive flat in the context; the merge
    is shallow, so a ``connection_options`` there replaces the whole hash,
    and a null takes a property away.  A project by its name there wins
    over one by its id in the file, and so on.
    """
    given = set(_without_nulls(context))
    outdone = set().union(*(
        theirs
        for one, other in _ALTERNATIVES
        for ours, theirs in ((one, other), (other, one))
        if given & ours and not given & theirs))
    kept = {k: v for k, v in openstack.items() if k not in outdone}
    return _without_nulls(kept | context)


def _read(path: str) -> str:
    try:
        # Some editors begin a file with a byte order mark.
        with open(path, encoding='utf-8-sig') as file:
            return file.read()
    except (OSError, ValueError) as exc:
        raise errors.InvalidCall(
            f"The configuration file '{path}' cannot be read: {exc}"
        ) from exc


def _decode(path: str, text: str) -> Any:
    try:
        return protocol.decode_text(text)
    except ValueError:
        pass
    import yaml

    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError,
            AttributeError, LookupError, TypeError) as exc:
        # The parser's own message would quote lines that hold passwords.
        mark = getattr(exc, 'problem_mark', None)
        place = f', line {mark.line + 1}' if mark else ''
        raise errors.InvalidCall(
            f"The configuration file '{path}' is neither JSON nor YAML"
            f'{place}') from None
    try:
        # YAML knows dates, sets, loops, and keys that are no Strings.
        return protocol.decode_text(json.dumps(document, default=str))
    except (ValueError, TypeError, RecursionError):
        raise errors.InvalidCall(
            f"The configuration file '{path}' holds what JSON cannot "
            'express: give plain Hashes, Arrays, Strings, numbers and '
            'Booleans') from None


def _hash(properties: dict[str, Any], key: str) -> dict[str, Any]:
    value = properties.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.InvalidCall(
            f"Invalid cloud properties: '{key}' must be a Hash")
    return dict(value)


def _without_nulls(properties: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in properties.items() if v is not None}
