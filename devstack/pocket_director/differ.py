# SPDX-License-Identifier: Apache-2.0
"""What differs between two manifests or configs, line by line."""

from collections.abc import Mapping
from collections.abc import Sequence
import copy
from typing import Any

import yaml

Line = list[str | None]

_ORDER = (
    'azs', 'vm_types', 'vm_extensions', 'resource_pools', 'compilation',
    'networks', 'disk_types', 'name', 'stemcells', 'releases', 'update',
    'jobs', 'release', 'addons', 'variables')
_REDACTED = '<redacted>'
_KEYS = ('name', 'range')  # what a list's entries are told apart by


def diff(before: Mapping[str, Any], after: Mapping[str, Any],
         redact: bool = True) -> list[Line]:
    """Lines with what was added and removed; None marks the context.

    :param redact: whether properties are hidden.
    """
    sections: dict[str, list[Line]] = {}
    for key in {**before, **after}:
        lines = _entry(key, before, after, _Shown(redact), 0)
        if lines:
            sections[key] = lines
    ordered = [key for key in _ORDER if key in sections]
    ordered += [key for key in sections if key not in _ORDER]
    result: list[Line] = []
    for key in ordered:
        if result:
            result.append(['', None])
        result += sections[key]
    return result


class _Shown:
    """How values are written: hidden within properties, or plainly."""

    def __init__(self, redact: bool, hidden: bool = False) -> None:
        self._redact = redact
        self._hidden = hidden

    def under(self, key: str) -> '_Shown':
        """How values under a key are written."""
        return _Shown(self._redact, self._hidden or (
            self._redact and key in ('properties', 'bosh')))

    def lines(self, value: Any, indent: int, status: str | None,
              ) -> list[Line]:
        """A value as YAML."""
        text = yaml.safe_dump(
            self._hide(copy.deepcopy(value), self._hidden),
            default_flow_style=False, sort_keys=False, width=10000)
        return [['  ' * indent + line, status]
                for line in text.splitlines() if line != '...']

    def _hide(self, value: Any, hidden: bool) -> Any:
        if isinstance(value, dict):
            return {key: self._hide(member, hidden or (
                self._redact and key in ('properties', 'bosh')))
                for key, member in value.items()}
        if isinstance(value, list):
            return [self._hide(member, hidden) for member in value]
        return _REDACTED if hidden else value


def _mapping(before: Mapping[str, Any], after: Mapping[str, Any],
             shown: _Shown, indent: int) -> list[Line]:
    lines: list[Line] = []
    for key in {**before, **after}:
        lines += _entry(key, before, after, shown, indent)
    return lines


def _entry(key: str, before: Mapping[str, Any], after: Mapping[str, Any],
           shown: _Shown, indent: int) -> list[Line]:
    old, new = before.get(key), after.get(key)
    if old == new:
        return []
    inner = shown.under(key)
    if old is None:
        return shown.lines({key: new}, indent, 'added')
    if new is None:
        return shown.lines({key: old}, indent, 'removed')
    if isinstance(old, list) and isinstance(new, list):
        lines = _sequence(old, new, inner, indent)
    elif isinstance(old, dict) and isinstance(new, dict):
        lines = _mapping(old, new, inner, indent + 1)
    else:
        return (shown.lines({key: old}, indent, 'removed')
                + shown.lines({key: new}, indent, 'added'))
    return [['  ' * indent + f'{key}:', None], *lines] if lines else []


def _sequence(old: Sequence[Any], new: Sequence[Any], shown: _Shown,
              indent: int) -> list[Line]:
    added = [entry for entry in new if entry not in old]
    removed = [entry for entry in old if entry not in new]
    key = next((k for k in _KEYS if all(
        isinstance(entry, dict) and entry.get(k) is not None
        for entry in added + removed)), None)
    lines: list[Line] = []
    for entry in added:
        twin = None if key is None else next(
            (other for other in removed if other[key] == entry[key]), None)
        if twin is None:
            lines += shown.lines([entry], indent, 'added')
            continue
        removed.remove(twin)
        inner = _mapping(twin, entry, shown, indent + 1)
        if inner:
            lines += shown.lines([{key: entry[key]}], indent, None) + inner
    if removed:
        lines += shown.lines(removed, indent, 'removed')
    return lines
