# SPDX-License-Identifier: Apache-2.0
"""Reads typed fields of a manifest or a cloud config."""

from collections.abc import Mapping
import re
from typing import Any

from devstack.pocket_director import errors

_NAMES = {str: 'String', int: 'Integer', list: 'Array', dict: 'Hash',
          bool: 'Boolean'}
_MISSING = object()
_VARIABLE = re.compile(r'\(\(!?([-/.\w]+)\)\)')


def take(owner: Any, key: str, kind: type, default: Any = _MISSING) -> Any:
    """The value of a key.

    :param owner: the mapping that should have it.
    :param kind: the type that the value must have.
    :param default: what an absent key gives.
    :raises: DirectorError 40000 for another type, 40001 when absent.
    """
    if not isinstance(owner, Mapping):
        raise errors.DirectorError(
            40000, f"Object of '{key}' is not a Hash, but {owner!r}")
    value = owner.get(key)
    if value is None:
        if default is _MISSING:
            raise errors.DirectorError(
                40001, f"Required property '{key}' was not specified in "
                       f"object ({_describe(owner)})")
        return default
    if not isinstance(value, kind) or (
            kind is int and isinstance(value, bool)):
        raise errors.DirectorError(
            40000, f"Property '{key}' value ({value!r}) did not match the "
                   f"required type '{_NAMES[kind]}'")
    return value


def text(owner: Any, key: str, default: Any = _MISSING) -> Any:
    """A value that names something: numbers become text."""
    if isinstance(owner, Mapping) and isinstance(
            owner.get(key), (int, float)):
        return str(owner[key])
    return take(owner, key, str, default)


def named(owner: Any, key: str, code: int, what: str) -> dict[str, Any]:
    """A list of objects with a name each, by name.

    :param code: of the error when two have the same name.
    :param what: what such an object is, for the error.
    """
    found: dict[str, Any] = {}
    for entry in take(owner, key, list, []):
        name = text(entry, 'name')
        if name in found:
            raise errors.DirectorError(
                code, f"Duplicate {what} name '{name}'")
        found[name] = entry
    return found


def need_values(value: Any, what: str) -> None:
    """Refuse a value in which a ``((variable))`` is left.

    :raises: DirectorError 540001: no config server holds it.
    """
    if isinstance(value, Mapping):
        for member in value.values():
            need_values(member, what)
    elif isinstance(value, list):
        for member in value:
            need_values(member, what)
    elif isinstance(value, str) and (match := _VARIABLE.search(value)):
        raise errors.DirectorError(
            540001, f"Failed to find variable '{match[1]}' of {what}: give "
                    "its value with the cloud config")


def _describe(owner: Mapping[str, Any]) -> str:
    name = owner.get('name')
    keys = ', '.join(map(str, owner))
    return f"'{name}' with {keys}" if name else keys
