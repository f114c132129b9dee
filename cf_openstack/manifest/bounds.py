# SPDX-License-Identifier: Apache-2.0
"""How large a document may be, and become.

Tenants write the documents, and a service of the cloud reads them: a few
lines with aliases or variables can stand for more than its memory.
"""

import dataclasses
from typing import Any
from typing import Self

from cf_openstack.manifest import errors


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What a document may hold, its aliases and variables written out.

    :ivar characters: of its keys and texts together.
    :ivar nodes: scalars, lists and mappings.
    :ivar depth: lists and mappings within each other.  The manifest of
        Cloud Foundry has 15, and its nodes are less than 20 000.
    """

    characters: int = 8 * 1024 ** 2
    nodes: int = 300000
    depth: int = 100

    @classmethod
    def from_conf(cls, conf: Any) -> Self:
        """The bounds that the operator sets.

        :param conf: a ConfigOpts with the options of ``cf_openstack.conf``.
        """
        group = conf.cf_openstack
        return cls(group.manifest_max_size, group.manifest_max_values,
                   group.manifest_max_depth)


DEFAULT = Bounds()

_WRITTEN_OUT = ', with its aliases and variables written out'


@dataclasses.dataclass(frozen=True)
class Extent:
    """What a document holds; see :class:`Bounds`."""

    nodes: int = 0
    characters: int = 0
    depth: int = 0


class Meter:
    """Adds up what a document holds, and stops at the bounds.

    :param name: what errors call the document.
    """

    def __init__(self, name: str, bounds: Bounds) -> None:
        self._name = name
        self._bounds = bounds
        self.nodes = 0
        self.characters = 0

    def add(self, extent: Extent, depth: int = 0,
            line: int | None = None) -> None:
        """Add a part.

        :param depth: how deep in the document it stands.
        :raises DocumentError: that is too much.
        """
        self.nodes += extent.nodes
        self.characters += extent.characters
        bounds = self._bounds
        if depth + extent.depth > bounds.depth:
            raise self._error('it is nested too deeply, in more than %d '
                              'levels' % bounds.depth, line)
        if self.nodes > bounds.nodes:
            raise self._error('it is too large: it has more than %d values'
                              '%s' % (bounds.nodes, _WRITTEN_OUT), line)
        if self.characters > bounds.characters:
            raise self._error('it is too large: it has more than %d '
                              'characters%s' % (
                                  bounds.characters, _WRITTEN_OUT), line)

    def _error(self, reason: str, line: int | None) -> errors.DocumentError:
        return errors.DocumentError(self._name, reason, line)


def size_of(scalar: Any) -> int:
    """The characters of a scalar; anything but text counts as one."""
    return len(scalar) if isinstance(scalar, str) else 1


def measure(doc: Any, name: str, bounds: Bounds = DEFAULT) -> Extent:
    """What a document holds.

    :param name: what the error calls it.
    :raises DocumentError: more than it may.
    """
    meter = Meter(name, bounds)
    deepest = 0
    # Not recursive: it is told here whether that is possible at all.
    left = [(doc, 0)]
    while left:
        node, depth = left.pop()
        if isinstance(node, dict):
            meter.add(Extent(1 + len(node), sum(map(size_of, node)), 1),
                      depth)
            left.extend((item, depth + 1) for item in node.values())
        elif isinstance(node, list):
            meter.add(Extent(1, 0, 1), depth)
            left.extend((item, depth + 1) for item in node)
        else:
            meter.add(Extent(1, size_of(node)), depth)
            continue
        deepest = max(deepest, depth + 1)
    return Extent(meter.nodes, meter.characters, deepest)
