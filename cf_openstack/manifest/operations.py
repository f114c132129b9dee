# SPDX-License-Identifier: Apache-2.0
"""Operations files: changes to a document, as ``bosh -o`` makes them.

The operations are those of the bosh CLI: ``replace``, ``remove`` and
``test``.  There is no ``move`` or ``copy``: they were proposed for go-patch
(issue 5 there) and never taken in.
"""

from collections.abc import Sequence
import copy
import dataclasses
import itertools
from typing import Any

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import document
from cf_openstack.manifest import errors
from cf_openstack.manifest import lookup
from cf_openstack.manifest import path as manifest_path


# Values that all operations together may look at, one by one.  Those of
# cf-deployment, all in a row, look at 70 000 000 at the most.
_MAX_EFFORT = 200000000


@dataclasses.dataclass(frozen=True)
class OperationsFile:
    """A list of operations, not read yet.

    :ivar name: what errors call it.
    :ivar text: YAML.
    """

    name: str
    text: str


@dataclasses.dataclass(frozen=True)
class Operation:
    """One change.

    :ivar kind: replace, remove or test.
    :ivar value: what replace puts there, or test expects; None: no value,
        since the CLI takes null for a value that is missing.
    :ivar absent: whether test expects nothing to be there.
    :ivar hint: what the author of the file says to one whose document does
        not fit.
    """

    kind: str
    path: manifest_path.Path
    value: Any = None
    absent: bool = False
    hint: str | None = None

    def apply(self, doc: Any) -> Any:
        """Change a document in place.

        :returns: the document; another one if the path is that of all.
        :raises ManifestError: the document does not fit the path.
        """
        return _KINDS[self.kind](doc, self)


def _replace(doc: Any, operation: Operation) -> Any:
    # A later operation may change what an earlier one put there.
    value = copy.deepcopy(operation.value)
    path = operation.path
    if not path.steps:
        return value
    node = doc
    for number, step in enumerate(path.steps):
        at = path.upto(number)
        last = number == len(path.steps) - 1
        if isinstance(step, manifest_path.Key):
            mapping = lookup.need_mapping(node, at)
            if step.name not in mapping:
                if not step.optional:
                    raise lookup.missing_key(step.name, mapping, at)
                if not last:
                    mapping[step.name] = lookup.blank(path, number + 1, True)
            if last:
                mapping[step.name] = value
            else:
                node = mapping[step.name]
        elif isinstance(step, manifest_path.End):
            lookup.need_list(node, at).append(value)
        else:
            node = _replace_item(lookup.need_list(node, at), step, at,
                                 value, last)
    return doc


def _replace_item(items: list[Any],
                  step: manifest_path.Index | manifest_path.Match,
                  at: manifest_path.Path, value: Any, last: bool) -> Any:
    """One step of a replace in a list; gives the node for the next."""
    if isinstance(step, manifest_path.Index):
        found: int | None = step.number
    else:
        found = lookup.matching(step, items, at)
    if found is None:
        made = value if last else {step.key: step.value}
        items.append(made)
        return made
    if not last:
        return items[lookup.position(found, step.modifiers, items, at)]
    index, insert = lookup.place(found, step.modifiers, items, at)
    items[index:index if insert else index + 1] = [value]
    return value


def _remove(doc: Any, operation: Operation) -> Any:
    path = operation.path
    if not path.steps:
        raise errors.PathError(
            path=path, reason='the whole document cannot be removed')
    node = doc
    for number, step in enumerate(path.steps):
        at = path.upto(number)
        last = number == len(path.steps) - 1
        key: Any
        if isinstance(step, manifest_path.Key):
            key = step.name
            node = lookup.need_mapping(node, at)
            if key not in node:
                if step.optional:
                    return doc
                raise lookup.missing_key(key, node, at)
        elif isinstance(step, manifest_path.End):
            raise errors.PathError(
                path=path, reason='behind the end of a list is nothing')
        else:
            node = lookup.need_list(node, at)
            if isinstance(step, manifest_path.Index):
                found: int | None = step.number
            else:
                found = lookup.matching(step, node, at)
            if found is None:
                return doc
            key = lookup.position(found, step.modifiers, node, at)
        if last:
            del node[key]
        else:
            node = node[key]
    return doc


def _test(doc: Any, operation: Operation) -> Any:
    path = operation.path
    try:
        found = lookup.find(doc, path)
    except lookup.Missing as error:
        if operation.absent and error.path == str(path):
            return doc
        raise
    if operation.absent:
        raise errors.NotFound(str(path), 'expected nothing, found something')
    if not _same(found, operation.value):
        raise errors.NotFound(
            str(path), 'the value is not the expected one')
    return doc


def _same(one: Any, other: Any) -> bool:
    """Whether two documents are equal with all their types: 1 is not 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


_KINDS = {'replace': _replace, 'remove': _remove, 'test': _test}


def _read(definition: Any) -> Operation:
    """Make an operation of its definition.

    :raises ManifestError: it is not complete or holds too much.
    """
    if not isinstance(definition, dict):
        raise errors.ManifestError(reason='it is not a mapping')
    kind = definition.get('type')
    if kind not in _KINDS:
        raise errors.ManifestError(reason='its type is none of %s'
                                   % ', '.join(_KINDS))
    path = definition.get('path')
    if not isinstance(path, str):
        raise errors.ManifestError(reason='it has no path')
    value, absent = definition.get('value'), definition.get('absent')
    if absent is not None and not isinstance(absent, bool):
        raise errors.ManifestError(reason='absent is not true or false')
    if kind == 'replace' and value is None:
        raise errors.ManifestError(reason='it has no value')
    if kind == 'remove' and value is not None:
        raise errors.ManifestError(reason='a remove has no value')
    if kind == 'test' and value is None and absent is None:
        raise errors.ManifestError(reason='it has neither value nor absent')
    hint = definition.get('error')
    return Operation(kind, manifest_path.parse(path), value,
                     bool(absent), None if hint is None else str(hint))


def _fail(file: OperationsFile, number: int, definition: Any,
          error: errors.ManifestError,
          hint: str | None = None) -> errors.OperationError:
    parts = definition if isinstance(definition, dict) else {}
    reason = str(error)
    return errors.OperationError(
        number=number, file=file.name,
        operation='%s %s' % (parts.get('type'), parts.get('path')),
        reason='%s. %s' % (reason.rstrip('.'), hint) if hint else reason)


def parse(file: OperationsFile,
          bounds: manifest_bounds.Bounds = manifest_bounds.DEFAULT
          ) -> list[Operation]:
    """Read an operations file.

    :raises DocumentError: it is no list in YAML, or too large.
    :raises OperationError: one of its operations is not valid.
    """
    content = document.load(file.text, file.name, bounds)
    if content is None:
        return []
    if not isinstance(content, list):
        raise errors.DocumentError(
            file.name, 'an operations file is a list of operations')
    result = []
    for number, definition in enumerate(content):
        try:
            result.append(_read(definition))
        except errors.ManifestError as error:
            raise _fail(file, number, definition, error) from error
    return result


def _check_effort(doc: Any, files: Sequence[list[Operation]],
                  bounds: manifest_bounds.Bounds) -> None:
    """Check that the operations can be carried out in a few seconds.

    :raises DocumentError: they are too many, or the document is too large.
    """
    nodes = manifest_bounds.measure(doc, 'document', bounds).nodes
    count = 0
    for operation in itertools.chain(*files):
        nodes += manifest_bounds.measure(
            operation.value, 'operation', bounds).nodes
        # A path may lead past every item.
        count += 1 + len(operation.path.steps)
    if nodes > bounds.nodes:
        raise errors.DocumentError(
            'document and operations',
            'together they have %d values, more than %d'
            % (nodes, bounds.nodes))
    if nodes * count > _MAX_EFFORT:
        raise errors.DocumentError(
            'operations', '%d steps are too many for documents of %d values'
            % (count, nodes))


def apply(doc: Any, files: Sequence[OperationsFile],
          bounds: manifest_bounds.Bounds = manifest_bounds.DEFAULT) -> Any:
    """Change a document by operations files, one after the other.

    All files are read before the first change is made.

    :param doc: it stays as it is.
    :param bounds: how large it, each file, and the result may be.
    :returns: the new document.
    :raises DocumentError: a file is no list in YAML, or too large.
    :raises OperationError: an operation is not valid or does not fit the
        document; with file, number, type and path.
    """
    parsed = [(file, parse(file, bounds)) for file in files]
    _check_effort(doc, [found for _file, found in parsed], bounds)
    result = copy.deepcopy(doc)
    for file, operations in parsed:
        for number, operation in enumerate(operations):
            try:
                result = operation.apply(result)
            except errors.ManifestError as error:
                raise _fail(
                    file, number,
                    {'type': operation.kind, 'path': operation.path}, error,
                    operation.hint) from error
    manifest_bounds.measure(result, 'document', bounds)
    return result
