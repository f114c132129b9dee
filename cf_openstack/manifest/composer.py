# SPDX-License-Identifier: Apache-2.0
"""From the events of a YAML parser to the values of one document.

The events are taken one by one: a parser that builds nodes by calling
itself crashes the whole process where a document is nested deeply enough.
Tags other than those of YAML's own scalars say nothing, as in go-yaml.
"""

import base64
import dataclasses
from typing import Any

import yaml

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import errors
from cf_openstack.manifest import scalars

_BINARY = scalars.TAG + 'binary'
_PLAIN = (scalars.INT, scalars.FLOAT, scalars.BOOL, scalars.NULL,
          scalars.MERGE)

# In place of a key: what follows is merged into the mapping.
_MERGE = object()
# In place of a key: what follows is the next key.
_NO_KEY = object()


@dataclasses.dataclass
class _Frame:
    """A list or mapping that is being read.

    :ivar before: nodes and characters of the document up to it.
    :ivar height: levels below it, so far.
    """

    value: list[Any] | dict[Any, Any]
    anchor: str | None
    before: tuple[int, int]
    line: int
    key: Any = _NO_KEY
    own: set[Any] = dataclasses.field(default_factory=set)
    height: int = 1


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


class Composer:
    """Takes the events of one stream; ``value`` is the document.

    :param name: what errors call the document.
    :param bounds: what it may hold.
    """

    def __init__(self, name: str, bounds: manifest_bounds.Bounds) -> None:
        self._name = name
        self._meter = manifest_bounds.Meter(name, bounds)
        self._frames: list[_Frame] = []
        self._anchors: dict[
            str, tuple[Any, manifest_bounds.Extent] | None] = {}
        self._documents = 0
        self.value: Any = None

    def take(self, event: yaml.Event) -> None:
        """Take the next event.

        :raises DocumentError: it does not fit.
        """
        if isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end(_line(event))
        elif isinstance(event, yaml.AliasEvent):
            self._take_alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._error(_line(event), 'there is a second document')

    def _error(self, line: int, reason: str) -> errors.DocumentError:
        return errors.DocumentError(self._name, reason, line)

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        line, tag, text = _line(event), event.tag, event.value
        extent = manifest_bounds.Extent(1, len(text))
        self._meter.add(extent, len(self._frames), line)
        if tag is None or tag == '!':
            tag, value = scalars.STR, text
            if event.implicit[0]:
                tag, value = scalars.resolve(text)
        else:
            value = self._tagged(tag, text, line)
        if tag == scalars.MERGE and self._wants_key():
            value = _MERGE
        if event.anchor:
            self._anchors[event.anchor] = value, extent
        self._put(value, text, line)

    def _wants_key(self) -> bool:
        frame = self._frames[-1] if self._frames else None
        return (frame is not None and isinstance(frame.value, dict)
                and frame.key is _NO_KEY)

    def _tagged(self, tag: str, text: str, line: int) -> Any:
        if tag == scalars.STR:
            return text
        if tag == _BINARY:
            return self._binary(text, line)
        if tag not in _PLAIN:
            return text
        actual, value = scalars.resolve(text)
        if tag == scalars.FLOAT and actual == scalars.INT:
            return float(value)
        if actual != tag:
            raise self._error(line, '"%s" is not of the type %s' % (
                text[:100], tag.replace(scalars.TAG, '!!')))
        return value

    def _binary(self, text: str, line: int) -> str:
        try:
            data = base64.b64decode(''.join(text.split()), validate=True)
            return data.decode('utf-8')
        except ValueError as error:
            raise self._error(line, '!!binary that is not base64 of UTF-8 '
                                    'text') from error

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        line = _line(event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        if self._wants_key():
            raise self._error(line, 'a key is not a scalar')
        before = self._meter.nodes, self._meter.characters
        self._meter.add(manifest_bounds.Extent(1, 0, 1), len(self._frames),
                        line)
        if event.anchor:
            self._anchors[event.anchor] = None      # not complete
        self._frames.append(
            _Frame({} if mapping else [], event.anchor, before, line))

    def _end(self, line: int) -> None:
        frame = self._frames.pop()
        if frame.anchor:
            nodes, characters = frame.before
            self._anchors[frame.anchor] = frame.value, manifest_bounds.Extent(
                self._meter.nodes - nodes,
                self._meter.characters - characters, frame.height)
        if self._frames:
            above = self._frames[-1]
            above.height = max(above.height, frame.height + 1)
        self._put(frame.value, '', frame.line)

    def _take_alias(self, event: yaml.AliasEvent) -> None:
        line, anchor = _line(event), event.anchor
        if anchor not in self._anchors:
            raise self._error(line, 'undefined alias "%s"' % anchor[:100])
        found = self._anchors[anchor]
        if found is None:
            raise self._error(line,
                              'an anchor contains an alias of itself')
        value, extent = found
        self._meter.add(extent, len(self._frames), line)
        if self._frames:
            above = self._frames[-1]
            above.height = max(above.height, extent.depth + 1)
        self._put(_copy(value), str(value)[:100] if not isinstance(
            value, (dict, list)) else '', line)

    def _put(self, value: Any, text: str, line: int) -> None:
        if not self._frames:
            self.value = value
            return
        frame = self._frames[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is _MERGE:
            frame.value.update(self._merged(value, line))
            frame.key = _NO_KEY
        elif frame.key is not _NO_KEY:
            frame.value[frame.key] = value
            frame.key = _NO_KEY
        else:
            self._put_key(frame, value, text, line)

    def _put_key(self, frame: _Frame, key: Any, text: str,
                 line: int) -> None:
        if isinstance(key, (dict, list)):
            raise self._error(line, 'a key is not a scalar')
        if key is not _MERGE:
            if key in frame.own:
                raise self._error(line, 'the key "%s" stands twice in one '
                                        'mapping' % text[:100])
            frame.own.add(key)
        frame.key = key

    def _merged(self, value: Any, line: int) -> dict[Any, Any]:
        """What ``<<`` adds; of several mappings the first one wins."""
        result: dict[Any, Any] = {}
        for item in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(item, dict):
                raise self._error(line, '<< needs a mapping or a list of '
                                        'mappings')
            result.update(item)
        return result


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1
