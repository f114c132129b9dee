# SPDX-License-Identifier: Apache-2.0
"""``((variables))`` in a document, filled in as ``bosh -v`` and ``-l`` do.

A value that is nothing but ``((name))`` takes the variable's value with its
type; within a text, a variable has to be text or an integer.  A name with
points, ``((cert.ca))``, leads into the value.  ``((!name))`` is an old form
of the same.  What has no value stays as it is, for the config server of the
director, and a definition in ``variables:`` whose variable has a value is
taken out, so that the director does not generate it.  A value does not count
where the options of the variable's definition refer to a variable that has
none.  With blanks, ``(( name ))``, a reference is filled in only where it is
the whole value.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import copy
import re
from typing import Any

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import errors
from cf_openstack.manifest import lookup
from cf_openstack.manifest import path as manifest_path

# Letters of any script, ASCII digits, and - / . _
_REFERENCE = re.compile(r'\(\( ?!?((?:[-/.0-9_]|[^\W\d_])+) ?\)\)')

_DEFINITIONS = 'variables'

# What errors call it; who has a better name knows it.
_NAME = 'document'

# To fill in one reference means to read the text around it.
_READINGS = 100

# Definitions that refer to each other: a certificate, its CA, that one's CA.
_MAX_CHAIN = 100


class _Values:
    """Variables by name; ``a.b`` given as a name is a part of ``a``."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
        for name in values:
            if not isinstance(name, str):
                raise errors.VariableError(
                    name=name, reason='its name is not text: quote it')
        # The shorter first, so that a part is added to the whole.
        for name in sorted(values, key=lambda key: key.count('.')):
            *parents, leaf = name.split('.')
            node = self._values
            for parent in parents:
                below = node.get(parent, {})
                if not isinstance(below, dict):
                    raise errors.VariableError(
                        name=name, reason='"%s" has a value that has no '
                                          'parts' % parent)
                # Not in place: it may be the caller's.
                node[parent] = dict(below)
                node = node[parent]
            node[leaf] = values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> Any:
        """The value that a reference means.

        :raises VariableError: the variable has no such part.
        """
        first, *parts = name.split('.')
        value = self._values[first]
        if not parts:
            return value
        try:
            path = manifest_path.parse('/' + '/'.join(parts))
            try:
                return lookup.find(value, path)
            except errors.NotFound:
                # "0" may be a key as well.
                return lookup.find(value, manifest_path.Path(tuple(
                    manifest_path.Key(str(step.number))
                    if isinstance(step, manifest_path.Index) else step
                    for step in path.steps)))
        except errors.ManifestError as error:
            raise errors.VariableError(
                name=name, reason='its value has no such part (%s)' % error
            ) from error


def _first(name: str) -> str:
    return name.partition('.')[0]


class _Definitions:
    """The section ``variables:`` of a document, before it is filled in."""

    def __init__(self, doc: Any, values: _Values) -> None:
        self._values = values
        self._options: dict[str, Any] = {}
        self._blocked: dict[str, bool] = {}
        for definition in _definitions(doc):
            name = _defined_name(definition)
            if name is not None:
                self._options.setdefault(name, definition.get('options'))

    def has_value(self, name: str) -> bool:
        """Whether a variable is filled in.

        :raises VariableError: its definition refers to itself.
        """
        return name in self._values and not self._is_blocked(name, ())

    def _is_blocked(self, name: str, chain: tuple[str, ...]) -> bool:
        """Whether the options of a definition lack a value."""
        if name in chain or len(chain) > _MAX_CHAIN:
            raise errors.VariableError(
                name=name, reason='its definition refers to itself, or to '
                                  'a chain of more than %d others'
                                  % _MAX_CHAIN)
        if name not in self._blocked:
            others = {_first(other) for other
                      in _references(self._options.get(name))}
            self._blocked[name] = any([
                not self._is_blocked(other, (*chain, name))
                and other not in self._values for other in sorted(others)])
        return self._blocked[name]

    def take_out(self, doc: Any) -> None:
        """Take definitions out of the filled-in document.

        :raises VariableError: one of them stands there twice.
        """
        given = {name for name in self._options if self.has_value(name)}
        if not given:
            return
        left, seen = [], set()
        for definition in _definitions(doc):
            name = _defined_name(definition)
            if name not in given:
                left.append(definition)
            elif name in seen:
                raise errors.VariableError(
                    name=name, reason='it is defined twice')
            seen.add(name)
        doc[_DEFINITIONS] = left


class _Filler:
    """Makes a document with its variables filled in, within bounds.

    :param extent: of the document, without them.
    """

    def __init__(self, values: _Values, definitions: _Definitions,
                 extent: manifest_bounds.Extent,
                 bounds: manifest_bounds.Bounds) -> None:
        self._values = values
        self._definitions = definitions
        self._bounds = bounds
        self._meter = manifest_bounds.Meter(_NAME, bounds)
        self._meter.add(extent)
        self._read = 0

    def fill(self, node: Any, depth: int = 0) -> Any:
        """The same with variables filled in.

        :raises VariableError: a value does not fit.
        :raises DocumentError: it becomes too large.
        """
        if isinstance(node, str):
            if '((' not in node:
                return node
            value = self._fill_text(node)
            if value is not node:
                self._meter.add(manifest_bounds.measure(
                    value, _NAME, self._bounds), depth)
            return value
        if isinstance(node, list):
            return [self.fill(item, depth + 1) for item in node]
        if isinstance(node, dict):
            return dict(self._items(node, depth + 1))
        return node

    def _items(self, node: dict[Any, Any],
               depth: int) -> Iterator[tuple[Any, Any]]:
        for key, value in node.items():
            new_key = self.fill(key, depth)
            if isinstance(new_key, (dict, list)):
                raise errors.VariableError(
                    name=key, reason='a mapping or list cannot be a key')
            yield new_key, self.fill(value, depth)

    def _fill_text(self, text: str) -> Any:
        # One reference after the other, as the CLI does it: what is left
        # when the ones before have been filled in may be a whole value.
        for name in [found[1] for found in _REFERENCE.finditer(text)]:
            if not self._definitions.has_value(_first(name)):
                continue
            value = self._values.get(name)
            if _REFERENCE.fullmatch(text):
                # What is done to the document must not be done to it.
                return copy.deepcopy(value)
            if type(value) not in (str, int):
                raise errors.VariableError(
                    name=name, reason='only text and integers can be put '
                                      'into a text, not %s'
                                      % type(value).__name__)
            for reference in ('((%s))', '((!%s))'):
                text = self._replace(text, reference % name, str(value))
        return text

    def _replace(self, text: str, reference: str, value: str) -> str:
        self._read += len(text)
        size = len(text) + text.count(reference) * len(value)
        if (size > self._bounds.characters
                or self._read > _READINGS * self._bounds.characters):
            raise errors.DocumentError(
                _NAME, 'it is too large: a text becomes too long when '
                'its variables are filled in')
        return text.replace(reference, value)


def _definitions(doc: Any) -> list[Any]:
    if isinstance(doc, dict):
        found = doc.get(_DEFINITIONS)
        if isinstance(found, list):
            return found
    return []


def _defined_name(definition: Any) -> str | None:
    name = definition.get('name') if isinstance(definition, dict) else None
    return name if isinstance(name, str) else None


def interpolate(
        doc: Any, values: Mapping[str, Any],
        bounds: manifest_bounds.Bounds = manifest_bounds.DEFAULT) -> Any:
    """Fill in variables.

    :param doc: it stays as it is.
    :param values: values by name.
    :param bounds: how large it may become.
    :returns: the new document; see :func:`missing`.
    :raises VariableError: a value does not fit.
    :raises DocumentError: it becomes too large.
    """
    manifest_bounds.measure(values, 'variables', bounds)
    extent = manifest_bounds.measure(doc, _NAME, bounds)
    known = _Values(values)
    definitions = _Definitions(doc, known)
    result = _Filler(known, definitions, extent, bounds).fill(doc)
    definitions.take_out(result)
    return result


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield from (found[1] for found in _REFERENCE.finditer(node))
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _references(key)
            yield from _references(value)


def missing(doc: Any) -> set[str]:
    """The variables that a document still refers to, without their parts.

    The director generates those that are :func:`defined`, and asks its
    config server for the others.
    """
    return {_first(name) for name in _references(doc)}


def defined(doc: Any) -> set[str]:
    """The variables that a document tells the director to generate."""
    return {name for definition in _definitions(doc)
            if (name := _defined_name(definition)) is not None}
