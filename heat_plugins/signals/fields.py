# SPDX-License-Identifier: Apache-2.0
"""The fields of a signal: what they take, and what is wrong with a value."""

from collections.abc import Mapping
import dataclasses
import re
from typing import Any

from heat_plugins.signals import errors

#: Characters of a value that an error quotes.
_QUOTED = 60
_TEXT_LENGTH = 255
_SHARE = re.compile('[1-9][0-9]?%|100%', re.ASCII)
_NUMBER = re.compile('[1-9][0-9]{0,5}', re.ASCII)


def quote(value: Any) -> str:
    """A value for an error message, not too long."""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= _QUOTED else text[:_QUOTED] + '…'


def listed(names: Any) -> str:
    """Names for an error message."""
    return ', '.join(sorted(map(str, names))) or 'nothing'


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a signal.

    :ivar required: whether the signal makes no sense without it.
    """

    required: bool = False
    takes = 'anything'

    def parse(self, name: str, value: Any) -> Any:
        """Check a value.

        :raises BadSignal: when it is not one.
        """
        parsed = self._parsed(value)
        if parsed is None:
            raise errors.BadSignal(
                reason=f'"{name}" has to be {self.takes}, not '
                       f'{quote(value)}')
        return parsed

    def _parsed(self, value: Any) -> Any:
        """The value as it is used, None when it is not valid."""
        return value


class Text(Field):
    """A name."""

    takes = f'a text of 1 to {_TEXT_LENGTH} characters'

    def _parsed(self, value: Any) -> str | None:
        fits = isinstance(value, str) and 0 < len(value) <= _TEXT_LENGTH
        return value if fits else None


class Key(Field):
    """An id, or an index: a number or a text."""

    takes = 'a text or a number from 0 on'

    def _parsed(self, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        if isinstance(value, int) and value < 0:
            return None
        return str(value) if 0 < len(str(value)) <= _TEXT_LENGTH else None


class Flag(Field):
    """Yes or no."""

    takes = 'true or false'

    def _parsed(self, value: Any) -> bool | None:
        return value if isinstance(value, bool) else None


class Share(Field):
    """How many instances: a number or a percentage of all."""

    takes = 'a number from 1 on, or a percentage such as "10%"'

    def _parsed(self, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        text = str(value)
        fits = _NUMBER.fullmatch(text) or _SHARE.fullmatch(text)
        return text if fits else None


class Names(Field):
    """A list of names."""

    takes = 'a list of texts'

    def _parsed(self, value: Any) -> list[str] | None:
        if not isinstance(value, list) or not all(
                isinstance(item, str) and item for item in value):
            return None
        return value


class Map(Field):
    """A map from texts to texts."""

    takes = 'a map with at least one entry'

    def _parsed(self, value: Any) -> dict[str, Any] | None:
        if not isinstance(value, Mapping) or not value:
            return None
        return {str(key): item for key, item in value.items()}
