# SPDX-License-Identifier: Apache-2.0
"""Values out of manifests and cloud configs, by their type.

What is absent is None in YAML, and stands for the empty value here.
"""

from collections.abc import Mapping
from typing import Any

from cf_openstack.manifest import errors


class FieldError(errors.ManifestError):
    """A value has another type than is needed.

    The value itself is not told: it may be a secret.
    """

    msg_fmt = '%(what)s is %(found)s, but has to be %(expected)s'

    def __init__(self, what: str, value: Any, expected: str) -> None:
        super().__init__(what=what, expected=expected,
                         found=type(value).__name__)


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """A mapping.

    :param what: names it in the error, as for all of these.
    :raises FieldError: it is something else, as for all of these.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FieldError(what, value, 'a mapping')
    return value


def items(value: Any, what: str) -> list[Any]:
    """A list."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise FieldError(what, value, 'a list')
    return list(value)


def mappings(value: Any, what: str) -> list[Mapping[str, Any]]:
    """A list of mappings."""
    found = items(value, what)
    for item in found:
        if not isinstance(item, Mapping):
            raise FieldError('an item of ' + what, item, 'a mapping')
    return found


def text(value: Any, what: str) -> str:
    """Text, or a number that stands for it."""
    if value is None:
        return ''
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FieldError(what, value, 'text')
    return str(value)


def texts(value: Any, what: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(text(item, 'an item of ' + what)
                 for item in items(value, what))


def number(value: Any, what: str) -> int | float:
    """A number of 0 or more."""
    if value is None:
        return 0
    if (isinstance(value, bool) or not isinstance(value, (int, float))
            or not 0 <= value < float('inf')):
        raise FieldError(what, value, 'a number of 0 or more')
    return value
