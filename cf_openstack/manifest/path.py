# SPDX-License-Identifier: Apache-2.0
"""Paths into a document, as operations files write them.

The syntax is that of https://bosh.io/docs/cli-ops-files/ and of the library
go-patch behind it: steps that each begin with ``/``.

=====================  ====================================================
step                   leads to
=====================  ====================================================
``key``                the value of a key in a mapping
``0``, ``-1``          an item of a list by its index
``-``                  (last step only) behind the end of a list
``name=value``         the one item of a list that has this value
``key?``               as above, made if it is not there; so are all keys
``name=value?``        and items to the right
``0:next``             the item after (``:prev``: before) the one named
``0:after``            (last step of a replace) the place after the item
                       (``:before``: before it)
=====================  ====================================================

In keys and values ``~0`` stands for ``~``, ``~1`` for ``/``, ``~7`` for
``:``.  The empty path is the whole document.
"""

from collections.abc import Sequence
import dataclasses
import re
from typing import ClassVar

from cf_openstack.manifest import errors

#: No document is that deep.
MAX_STEPS = 200

MODIFIERS = ('prev', 'next', 'before', 'after')

_INDEX = re.compile(r'([-+]?)0*([0-9]+)', re.ASCII)
# A 64-bit integer has no more.
_MAX_DIGITS = 19
_ESCAPES = {'~0': '~', '~1': '/', '~7': ':'}
_ESCAPED = re.compile('~[017]')


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], text)


def _escape(text: str) -> str:
    for escape, char in _ESCAPES.items():
        text = text.replace(char, escape)
    return text


def _index(text: str) -> int | None:
    """The index that a step is, None for a key.

    Digits that no 64-bit integer holds are a key, as to the bosh CLI.
    """
    found = _INDEX.fullmatch(text)
    if found is None or len(found[2]) > _MAX_DIGITS:
        return None
    number = int(found[1] + found[2])
    return number if -2 ** 63 <= number < 2 ** 63 else None


def _suffix(modifiers: Sequence[str]) -> str:
    return ''.join(':' + modifier for modifier in modifiers)


@dataclasses.dataclass(frozen=True)
class Key:
    """Step into a mapping."""

    name: str
    optional: bool = False

    def format(self) -> str:
        """The step without a ``?``."""
        return _escape(self.name)


@dataclasses.dataclass(frozen=True)
class Index:
    """Step into a list by position; negative ones count from the end."""

    number: int
    modifiers: tuple[str, ...] = ()
    optional: ClassVar[bool] = False

    def format(self) -> str:
        """The step."""
        return '%d%s' % (self.number, _suffix(self.modifiers))


@dataclasses.dataclass(frozen=True)
class Match:
    """Step into a list by what an item holds."""

    key: str
    value: str
    optional: bool = False
    modifiers: tuple[str, ...] = ()

    def format(self) -> str:
        """The step without ``?`` and modifiers."""
        return '%s=%s' % (_escape(self.key), _escape(self.value))


@dataclasses.dataclass(frozen=True)
class End:
    """Step behind the end of a list."""

    optional: ClassVar[bool] = False

    def format(self) -> str:
        """The step."""
        return '-'


Step = Key | Index | Match | End


@dataclasses.dataclass(frozen=True)
class Path:
    """A way through a document; no steps: the whole of it."""

    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        parts = []
        optional = False
        for step in self.steps:
            part = step.format()
            # It carries over, so that one ? is enough; but it also tells
            # a name from an index, and from a ? that is part of the name.
            if step.optional and (not optional or part.endswith('?')
                                  or _index(part) is not None
                                  or part == '-'):
                part += '?'
                optional = True
            if isinstance(step, Match):
                part += _suffix(step.modifiers)
            parts.append('/' + part)
        return ''.join(parts)

    def upto(self, number: int) -> 'Path':
        """The path that ends with this step, counted from 0."""
        return Path(self.steps[:number + 1])


def parse(text: str) -> Path:
    """Read a path.

    :raises PathError: it does not begin with ``/``, has a modifier that is
        none or stands where none is possible, or is too long.
    """
    if not text:
        return Path()
    if not text.startswith('/'):
        raise errors.PathError(path=text, reason='it has to begin with "/"')
    parts = text[1:].split('/')
    if len(parts) > MAX_STEPS:
        raise errors.PathError(
            path=text, reason='it has more than %d steps' % MAX_STEPS)
    steps: list[Step] = []
    optional = False
    for number, part in enumerate(parts):
        name, *modifiers = part.split(':')
        for modifier in modifiers:
            if modifier not in MODIFIERS:
                known = _suffix(MODIFIERS).replace(':', ', :')[2:]
                raise errors.PathError(
                    path=text, reason='":%s" is none of %s'
                                      % (modifier[:200], known))
        name = _unescape(name)
        index = _index(name)
        if index is not None:
            steps.append(Index(index, tuple(modifiers)))
            continue
        at_end = name == '-' and number == len(parts) - 1
        key, equals, value = name.partition('=')
        if modifiers and (at_end or not equals):
            raise errors.PathError(
                path=text, reason='only an index or name=value can have '
                                  'modifiers, not "%s"' % name[:200])
        if at_end:
            steps.append(End())
            continue
        optional = optional or name.endswith('?')
        if equals:
            steps.append(Match(key, value.removesuffix('?'), optional,
                               tuple(modifiers)))
        else:
            steps.append(Key(name.removesuffix('?'), optional))
    return Path(tuple(steps))
