# SPDX-License-Identifier: Apache-2.0
"""Checks of the arguments of methods."""

import re
from typing import Any

from cf_openstack.cpi import errors
from cf_openstack.cpi import protocol

#: What an id of OpenStack is made of.  It becomes part of a URL: an empty
#: one would address the whole collection, dots and slashes another object.
_ID = re.compile(r'[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*')

#: What upstream appends to the image id in the cid of a light stemcell;
#: directors have such cids in their databases.
LIGHT_SUFFIX = ' light'


def cid(name: str, value: Any) -> str:
    """Return a cid that is safe to put into a URL.

    :raises errors.InvalidCall: it is none.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _wrong(f"'{name}' must be the id of an object in OpenStack, "
                     f'got: {_shown(value)}')
    return value


def image_id(name: str, value: Any) -> str:
    """Return the image id of a stemcell's cid, heavy or light."""
    if isinstance(value, str):
        value = value.removesuffix(LIGHT_SUFFIX)
    return cid(name, value)


def string(name: str, value: Any) -> str:
    """Return a String.

    :raises errors.InvalidCall: it is none.
    """
    if not isinstance(value, str):
        raise _wrong(f"'{name}' must be a String, got: {_shown(value)}")
    return value


def hash_(name: str, value: Any) -> dict[str, Any]:
    """Return a Hash; null is an empty one.

    :raises errors.InvalidCall: it is none.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(f"'{name}' must be a Hash, got: {_shown(value)}")
    return value


def cids(name: str, value: Any) -> list[str]:
    """Return an Array of cids; null is an empty one.

    :raises errors.InvalidCall: it is none.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(f"'{name}' must be an Array, got: {_shown(value)}")
    return [cid(name, item) for item in value]


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'{value[:100]!r}'
    return protocol.type_name(value)


def _wrong(text: str) -> errors.InvalidCall:
    return errors.InvalidCall(f"Arguments are not correct, details: {text}")
