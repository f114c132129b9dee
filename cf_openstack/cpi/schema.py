# SPDX-License-Identifier: Apache-2.0
"""Which keys a hash may have, and of which type each value is."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import math
from typing import Any

from cf_openstack.cpi import protocol

ANYTHING = 'anything'
ARRAY = 'an Array'
BOOLEAN = 'a Boolean'
HASH = 'a Hash'
NUMBER = 'a positive number'
POSITIVE = 'a positive Integer'
STRING = 'a String'
STRINGS = 'an Array of Strings'

#: Characters of a key that are shown.
_LONGEST = 100

#: A type by its name, or the Strings that are allowed.
Kind = str | tuple[str, ...]

_CHECKS: dict[str, Callable[[Any], bool]] = {
    ANYTHING: lambda value: True,
    ARRAY: lambda value: isinstance(value, list),
    BOOLEAN: lambda value: isinstance(value, bool),
    HASH: lambda value: isinstance(value, dict),
    NUMBER: lambda value: (
        type(value) in (int, float) and 0 < value < math.inf),
    POSITIVE: lambda value: type(value) is int and value > 0,
    STRING: lambda value: isinstance(value, str),
    STRINGS: lambda value: isinstance(value, list) and all(
        isinstance(item, str) for item in value),
}


class Schema:
    """Checks hashes; null is the same as absent.

    :param kinds: the keys and the type of each one's value.
    :param dead: keys that are accepted and have no effect.
    :param prefix: what precedes a key in messages, such as ``root_disk.``.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        dead: Iterable[str] = (),
        prefix: str = '',
    ) -> None:
        self.kinds = dict(kinds)
        self.dead = frozenset(dead)
        self._prefix = prefix

    def wrong(self, values: Mapping[str, Any]) -> list[str]:
        """Describe the values of a wrong type, one sentence each.

        The values are not quoted, for they may be secret.
        """
        found = []
        for key, kind in self.kinds.items():
            value = values.get(key)
            if value is None:
                continue
            problem = _problem(kind, value)
            if problem:
                found.append(f"'{self._prefix}{key}' {problem}")
        return found

    def unknown(self, values: Mapping[str, Any]) -> list[str]:
        """Name the keys that nobody knows, and which was meant."""
        return [
            f"'{self._prefix}{str(key)[:_LONGEST]}' is not known"
            f'{self._meant(str(key))}'
            for key in values
            if key not in self.kinds and key not in self.dead
        ]

    def require(
        self, values: Mapping[str, Any], error: Callable[[str], Exception]
    ) -> None:
        """Check keys and types.

        :param error: makes the exception of the sentence that says what
            is wrong, for instance an exception class.
        """
        problems = self.unknown(values) + self.wrong(values)
        if problems:
            raise error('; '.join(problems))

    def _meant(self, key: str) -> str:
        # Only for those who have mistyped something.
        import difflib

        nearest = difflib.get_close_matches(
            key[:_LONGEST].lower(), self.kinds, n=1)
        if nearest:
            return f"; did you mean '{self._prefix}{nearest[0]}'?"
        return ''


def _problem(kind: Kind, value: Any) -> str | None:
    got = protocol.type_name(value)
    if isinstance(kind, tuple):
        # An empty String is what a template makes of nothing.
        if value == '' or value in kind:
            return None
        if isinstance(value, str):
            got = f"'{value[:40]}'"
        return f"must be one of {', '.join(kind)}, got: {got}"
    if _CHECKS[kind](value):
        return None
    if kind in (NUMBER, POSITIVE) and type(value) in (int, float):
        got = f'{got} {value!r:.40}'
    elif kind == STRINGS and isinstance(value, list):
        got = f'{got} with other values'
    return f'must be {kind}, got: {got}'
