# SPDX-License-Identifier: Apache-2.0
"""The ``update`` block: how many instances change at once."""

from collections.abc import Mapping
import dataclasses
import math
from typing import Any

from devstack.pocket_director import errors


@dataclasses.dataclass(frozen=True)
class UpdateBlock:
    """Numbers may be a share: ``"20%"``."""

    canaries: int | str = 1
    max_in_flight: int | str = 1
    serial: bool = True

    def canary_count(self, instances: int) -> int:
        """How many of so many instances go first."""
        return min(_count(self.canaries, instances, 0), instances)

    def batch(self, instances: int) -> int:
        """How many of so many instances change at once."""
        return _count(self.max_in_flight, instances, 1)


def parse(spec: Mapping[str, Any], base: UpdateBlock,
          overrides: Mapping[str, Any]) -> UpdateBlock:
    """A block over the deployment's, under what a person asked for."""
    values: dict[str, Any] = {
        'canaries': base.canaries, 'max_in_flight': base.max_in_flight,
        'serial': base.serial}
    for source in (spec, overrides):
        values.update({
            key: source[key] for key in values
            if source.get(key) is not None})
    for key in ('canaries', 'max_in_flight'):
        _count(values[key], 1, 0)
    return UpdateBlock(**values)


def _count(value: int | str, total: int, least: int) -> int:
    try:
        if isinstance(value, str) and value.endswith('%'):
            share = int(value[:-1]) * total / 100
            return max(least, math.floor(share))
        return max(least, int(value))
    except ValueError as error:
        raise errors.DirectorError(
            40005, f"'{value}' is neither a number nor a percentage: give "
                   'for instance 2 or 20%') from error
