# SPDX-License-Identifier: Apache-2.0
"""YAML documents, read and written as the bosh CLI does.

Types are those of :mod:`cf_openstack.manifest.scalars`; the order of keys is
kept.  Stricter than the CLI, which silently takes the last or the first of
them: a key that stands twice in a mapping and a second document are errors.
Another difference: a key beside ``<<`` wins over the merged one wherever it
stands, as YAML wants it.
"""

import base64
from typing import Any

import yaml

from cf_openstack.manifest import errors
from cf_openstack.manifest import scalars

#: Nodes that a document may have once its aliases are written out.  The
#: manifest of Cloud Foundry has less than 20 000.
MAX_NODES = 300000

_SEQ = scalars.TAG + 'seq'
_MAP = scalars.TAG + 'map'
_BINARY = scalars.TAG + 'binary'

_LINE_ENDS = '\r\x85\u2028\u2029'

# Up to here a float holds each integer.
_EXACT = 2.0 ** 53

# libyaml is several times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
_DUMPER = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)


class _Loader(_LOADER):
    """Safe loader with go-yaml's types; each alias is a copy of its own."""

    yaml_constructors: dict[str | None, Any] = {}

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return scalars.resolve(value)[0] if implicit[0] else scalars.STR
        return _SEQ if kind is yaml.SequenceNode else _MAP


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


class _Builder:
    """Make Python values of the nodes of one document."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._open: set[int] = set()

    def _error(self, node: yaml.Node, reason: str) -> errors.DocumentError:
        return errors.DocumentError(self._name, reason, _line(node))

    def build(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > MAX_NODES:
            raise self._error(node, 'it is too large once its aliases are '
                                    'written out')
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise self._error(node, 'an anchor contains an alias of itself')
        self._open.add(id(node))
        if node.tag == _SEQ and isinstance(node, yaml.SequenceNode):
            value: Any = [self.build(item) for item in node.value]
        elif node.tag == _MAP and isinstance(node, yaml.MappingNode):
            value = self._mapping(node)
        else:
            raise self._tag(node)
        self._open.discard(id(node))
        return value

    def _tag(self, node: yaml.Node) -> errors.DocumentError:
        return self._error(node, 'the tag %s is not used in manifests'
                           % node.tag.replace(scalars.TAG, '!!'))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag == scalars.STR:
            return node.value
        if node.tag == _BINARY:
            return self._binary(node)
        if node.tag not in (scalars.INT, scalars.FLOAT, scalars.BOOL,
                            scalars.NULL, scalars.MERGE):
            raise self._tag(node)
        tag, value = scalars.resolve(node.value)
        if node.tag == scalars.FLOAT and tag == scalars.INT:
            return float(value)
        if tag != node.tag:
            raise self._error(node, '"%s" is not of the type %s' % (
                node.value, node.tag.replace(scalars.TAG, '!!')))
        return value

    def _binary(self, node: yaml.ScalarNode) -> str:
        try:
            data = base64.b64decode(''.join(node.value.split()),
                                    validate=True)
            return data.decode('utf-8')
        except ValueError as error:
            raise self._error(
                node, '!!binary that is not base64 of UTF-8 text') from error

    def _mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == scalars.MERGE:
                merged.update(self._merge(value_node))
                continue
            key = self.build(key_node)
            if isinstance(key, (dict, list)):
                raise self._error(key_node, 'a key is not a scalar')
            if key in own:
                raise self._error(
                    key_node, 'the key "%s" stands twice in one mapping'
                    % key_node.value)
            own[key] = self.build(value_node)
        return {**merged, **own}

    def _merge(self, node: yaml.Node) -> dict[Any, Any]:
        """What ``<<`` adds; of several mappings the first one wins."""
        nodes = [node]
        if isinstance(node, yaml.SequenceNode):
            nodes = node.value
        result: dict[Any, Any] = {}
        for item in reversed(nodes):
            value = self.build(item)
            if not isinstance(value, dict):
                raise self._error(item, '<< needs a mapping or a list of '
                                        'mappings')
            result.update(value)
        return result


def load(text: str, name: str) -> Any:
    """Read a document of dicts, lists, texts, numbers, truth values, None.

    :param name: what errors call it, such as the name of its file.
    :raises DocumentError: it is no YAML, or not YAML as described above;
        with the line.
    """
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else _Builder(name).build(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or 'it is not YAML'
        if 'single document' in (error.context or ''):
            reason = 'there is a second document'
        raise errors.DocumentError(
            name, reason, mark and mark.line + 1) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise errors.DocumentError(
            name, 'it holds characters that YAML does not allow') from error
    except RecursionError as error:
        raise errors.DocumentError(
            name, 'it is nested too deeply') from error
    finally:
        if loader is not None:
            loader.dispose()


class _Dumper(_DUMPER):
    """Quotes what either go-yaml or a YAML 1.1 parser takes for no text.

    The director reads it with Ruby's parser, the latter kind.
    """

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            tag = scalars.resolve(value)[0]
            if tag != scalars.STR:
                return tag
        return super().resolve(kind, value, implicit)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # A certificate shall stay readable.
    style = '|' if '\n' in value else None
    if any(char in value for char in _LINE_ENDS):
        # Older YAML takes these for the end of a line, unless escaped.
        style = '"'
    return dumper.represent_scalar(scalars.STR, value, style=style)


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    if value.is_integer() and abs(value) < _EXACT:
        return dumper.represent_int(int(value))
    # The base class sees to it that there is a point in it, without which
    # YAML 1.1 takes it for text.
    return dumper.represent_float(value)


_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(float, _represent_float)


def dump(doc: Any) -> str:
    """Write a document, so that :func:`load` gives it back.

    A float without a fraction is written as an integer: 1.0 becomes 1, as
    the director gets it from the bosh CLI.
    """
    return yaml.dump(doc, Dumper=_Dumper, sort_keys=False, width=2 ** 31 - 1,
                     default_flow_style=False, allow_unicode=True)
