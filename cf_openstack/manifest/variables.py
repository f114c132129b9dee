# SPDX-License-Identifier: Apache-2.0
"""``((variables))`` in a document, filled in as ``bosh -v`` and ``-l`` do.

A value that is nothing but ``((name))`` takes the variable's value with its
type; within a text, a variable has to be text or an integer.  A name with
points, ``((cert.ca))``, leads into the value.  ``((!name))`` is an old form
of the same.  What has no value stays as it is, for the config server of the
director, and a definition in ``variables:`` whose variable has a value is
taken out, so that the director does not generate it.  With blanks,
``(( name ))``, a reference is filled in only where it is the whole value.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import re
from typing import Any

from cf_openstack.manifest import errors
from cf_openstack.manifest import lookup
from cf_openstack.manifest import path as manifest_path

# Letters of any script, ASCII digits, and - / . _
_REFERENCE = re.compile(r'\(\( ?!?((?:[-/.0-9_]|[^\W\d_])+) ?\)\)')

_DEFINITIONS = 'variables'


class _Values:
    """Variables by name; ``a.b`` given as a name is a part of ``a``."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values: dict[str, Any] = {}
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


def _fill_text(text: str, values: _Values) -> Any:
    # One reference after the other, as the CLI does it: what is left when
    # the ones before have been filled in may be a whole value.
    for name in [found[1] for found in _REFERENCE.finditer(text)]:
        if _first(name) not in values:
            continue
        value = values.get(name)
        if _REFERENCE.fullmatch(text):
            return value
        if type(value) not in (str, int):
            raise errors.VariableError(
                name=name, reason='only text and integers can be put into a '
                                  'text, not %s' % type(value).__name__)
        for reference in ('((%s))', '((!%s))'):
            text = text.replace(reference % name, str(value))
    return text


def _fill(node: Any, values: _Values) -> Any:
    if isinstance(node, str):
        return _fill_text(node, values)
    if isinstance(node, list):
        return [_fill(item, values) for item in node]
    if isinstance(node, dict):
        return dict(_filled_items(node, values))
    return node


def _filled_items(node: dict[Any, Any],
                  values: _Values) -> Iterator[tuple[Any, Any]]:
    for key, value in node.items():
        new_key = _fill(key, values)
        if isinstance(new_key, (dict, list)):
            raise errors.VariableError(
                name=key, reason='a mapping or list cannot be a key')
        yield new_key, _fill(value, values)


def _definitions(doc: Any) -> list[Any]:
    if isinstance(doc, dict):
        found = doc.get(_DEFINITIONS)
        if isinstance(found, list):
            return found
    return []


def _defined_name(definition: Any) -> str | None:
    name = definition.get('name') if isinstance(definition, dict) else None
    return name if isinstance(name, str) else None


def interpolate(doc: Any, values: Mapping[str, Any]) -> Any:
    """Fill in variables.

    :param doc: it stays as it is.
    :param values: values by name.
    :returns: the new document; see :func:`missing`.
    :raises VariableError: a value does not fit.
    """
    known = _Values(values)
    result = _fill(doc, known)
    if _definitions(result):
        result[_DEFINITIONS] = [
            definition for definition in result[_DEFINITIONS]
            if _defined_name(definition) not in known]
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
