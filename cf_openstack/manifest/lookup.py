# SPDX-License-Identifier: Apache-2.0
"""Following a path through a document."""

from typing import Any

from cf_openstack.manifest import errors
from cf_openstack.manifest import path as manifest_path


# Characters of the keys that an error tells of.
_MAX_KEYS = 1000


class Missing(errors.NotFound):
    """A key or an index is not there."""


def need_list(node: Any, at: manifest_path.Path) -> list[Any]:
    """The node itself.

    :raises WrongType: it is no list.
    """
    if not isinstance(node, list):
        raise errors.WrongType(str(at), 'expected a list, found %s'
                               % _describe(node))
    return node


def need_mapping(node: Any, at: manifest_path.Path) -> dict[Any, Any]:
    """The node itself.

    :raises WrongType: it is no mapping.
    """
    if not isinstance(node, dict):
        raise errors.WrongType(str(at), 'expected a mapping, found %s'
                               % _describe(node))
    return node


def _describe(node: Any) -> str:
    """The kind of a node; never its content, which may be a secret."""
    if node is None:
        return 'null'
    kinds = {dict: 'a mapping', list: 'a list', str: 'text',
             bool: 'a truth value'}
    return kinds.get(type(node), 'a number')


def position(number: int, modifiers: tuple[str, ...], items: list[Any],
             at: manifest_path.Path) -> int:
    """The index, counted from the start, of an item that is there.

    :raises Missing: there is no such item.
    :raises PathError: there are modifiers beyond ``:prev`` and ``:next``.
    """
    for modifier in modifiers:
        if modifier not in ('prev', 'next'):
            raise errors.PathError(
                path=at, reason='":%s" is for the last step of a replace'
                                % modifier)
        number += 1 if modifier == 'next' else -1
    if not -len(items) <= number < len(items):
        raise Missing(str(at), 'no item %d in a list of %d'
                      % (number, len(items)))
    return number % len(items)


def place(number: int, modifiers: tuple[str, ...], items: list[Any],
          at: manifest_path.Path) -> tuple[int, bool]:
    """Where a replace puts its value in a list.

    :returns: an index, and whether to insert there instead of replacing.
    :raises Missing: there is no such item.
    :raises PathError: something follows ``:before`` or ``:after``.
    """
    last = modifiers[-1] if modifiers else None
    if last not in ('before', 'after'):
        return position(number, modifiers, items, at), False
    index = position(number, modifiers[:-1], items, at)
    return index + (last == 'after'), True


def matching(step: manifest_path.Match, items: list[Any],
             at: manifest_path.Path) -> int | None:
    """The index of the one item that matches.

    :returns: None if there is none and the step is optional.
    :raises Ambiguous: there is none, or there are several.
    """
    found = [index for index, item in enumerate(items)
             if isinstance(item, dict) and item.get(step.key) == step.value]
    if not found and step.optional:
        return None
    if len(found) != 1:
        raise errors.Ambiguous(
            str(at), 'expected exactly one item with %s, found %d'
            % (step.format()[:200], len(found)))
    return found[0]


def missing_key(key: str, node: dict[Any, Any],
                at: manifest_path.Path) -> Missing:
    """The error for a key that is not there."""
    others = ', '.join(sorted(str(other) for other in node)) or 'none'
    if len(others) > _MAX_KEYS:
        others = '%d, such as %s' % (
            len(node), others[:_MAX_KEYS].rpartition(', ')[0]
            or others[:_MAX_KEYS])
    return Missing(str(at), 'no key "%s" (keys there: %s)'
                   % (key[:200], others))


def find(doc: Any, path: manifest_path.Path) -> Any:
    """What a path leads to; None where optional steps lead nowhere.

    :raises NotFound: it leads to nothing.
    :raises PathError: it is no path to something that is there.
    """
    node = doc
    for number, step in enumerate(path.steps):
        at = path.upto(number)
        if isinstance(step, manifest_path.Key):
            mapping = need_mapping(node, at)
            if step.name not in mapping and not step.optional:
                raise missing_key(step.name, mapping, at)
            node = mapping.get(step.name)
            if step.name not in mapping and at != path:
                node = blank(path, number + 1)
            continue
        if isinstance(step, manifest_path.End):
            raise errors.PathError(
                path=path, reason='behind the end of a list is nothing')
        items = need_list(node, at)
        if isinstance(step, manifest_path.Index):
            index = step.number
        else:
            match = matching(step, items, at)
            if match is None:
                node = {step.key: step.value}
                continue
            index = match
        node = items[position(index, step.modifiers, items, at)]
    return node


def blank(path: manifest_path.Path, number: int,
          may_end: bool = False) -> Any:
    """What to assume before a step, where optional steps lead nowhere.

    :param may_end: whether that step may be ``-``.
    :raises PathError: before an index nothing can be assumed.
    """
    step = path.steps[number]
    if isinstance(step, manifest_path.Key):
        return {}
    if isinstance(step, manifest_path.Match) or (
            may_end and isinstance(step, manifest_path.End)):
        return []
    raise errors.PathError(
        path=path.upto(number),
        reason='after an optional step that leads nowhere there can only '
               'be a key, name=value%s' % (' or "-"' if may_end else ''))
