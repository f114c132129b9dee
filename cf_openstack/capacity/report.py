# SPDX-License-Identifier: Apache-2.0
"""The result of a check: need against limits, row by row."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any

from cf_openstack.capacity import demand
from cf_openstack.capacity import errors

#: Enough; not enough; does not exist or is taken; nobody knows; no limit
#: applies, only what is taken is told.
OK, SHORT, ABSENT, UNKNOWN, INFO = 'ok', 'short', 'absent', 'unknown', 'info'

_UNITS = {'ram': 'MiB', 'gigabytes': 'GiB', 'volume_size': 'GiB',
          'root_disk': 'GiB', 'ephemeral_disk': 'GiB'}
# Of what is needed then, nobody asks why.
_PLAIN_PHASES = (demand.CREATION, demand.RUNNING)
_HEADER = ('what', 'need', 'limit', 'used', 'free', 'missing', 'state')


@dataclasses.dataclass(frozen=True)
class Row:
    """One resource.

    :ivar kind: see :class:`cf_openstack.capacity.amounts.Resource`; or what
        does not exist: flavor, zone, volume_zone, volume_type, network,
        pool, static_ip, floating_ip, and what a cloud config defines.
    :ivar need: beyond what the deployment takes already.
    :ivar total: what the deployment takes at most.
    :ivar limit: None for no limit, or if it is not known.
    :ivar used: by the whole project.
    :ivar phase: when the need is the highest.
    :ivar text: what is wrong and what to do; empty when nothing is.
    """

    kind: str
    name: str = ''
    need: int = 0
    total: int = 0
    limit: int | None = None
    used: int | None = None
    state: str = OK
    phase: str = ''
    text: str = ''

    @property
    def free(self) -> int | None:
        """What is left of the limit."""
        if self.limit is None or self.used is None:
            return None
        return max(self.limit - self.used, 0)

    @property
    def missing(self) -> int:
        """By how much there is too little."""
        if self.state == ABSENT:
            return max(self.need, 1)
        if self.state != SHORT or self.free is None:
            return 0
        return self.need - self.free

    @property
    def unit(self) -> str:
        """MiB, GiB, or empty for what is counted."""
        return _UNITS.get(self.kind, '')

    @property
    def what(self) -> str:
        """Kind and name, for people."""
        kind = self.kind.replace('_', ' ')
        if self.unit and self.kind != 'gigabytes':
            kind += ' ' + self.unit
        return '%s (%s)' % (kind, self.name) if self.name else kind

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**dataclasses.asdict(self), 'free': self.free,
                'missing': self.missing, 'unit': self.unit}

    def describe(self) -> str:
        """A shortage in one sentence."""
        if self.text:
            return self.text
        when = ''
        if self.phase and self.phase not in _PLAIN_PHASES:
            when = ' (during %s)' % self.phase
        return '%s: need %d%s, limit %s, used %s, missing %d' % (
            self.what, self.need, when, self.limit, self.used, self.missing)


@dataclasses.dataclass(frozen=True)
class Report:
    """All rows of a check.

    :ivar phases: what is taken at each time, for those who want to know
        more: pairs of a name and amounts by resource.
    :ivar unknown: parts of the cloud that could not be read, and why.
    """

    rows: tuple[Row, ...]
    phases: tuple[tuple[str, Mapping[str, int]], ...] = ()
    unknown: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def shortages(self) -> tuple[Row, ...]:
        """Every row that keeps the deployment from being made."""
        return tuple(row for row in self.rows
                     if row.state in (SHORT, ABSENT))

    @property
    def fits(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.shortages

    def require(self) -> None:
        """See that the deployment can be made.

        :raises CapacityExceeded: it cannot; with every shortage.
        """
        if not self.fits:
            raise errors.CapacityExceeded(
                row.describe() for row in self.shortages)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            'fits': self.fits,
            'rows': [row.to_dict() for row in self.rows],
            'shortages': [row.describe() for row in self.shortages],
            'phases': [{'name': name, 'takes': dict(takes)}
                       for name, takes in self.phases],
            'unknown': dict(self.unknown)}

    def table(self) -> str:
        """For a terminal."""
        cells = [_HEADER] + [
            (row.what, str(row.need), _number(row.limit, row),
             _number(row.used, row), _number(row.free, row),
             str(row.missing or ''), row.state) for row in self.rows]
        widths = [max(len(line[column]) for line in cells)
                  for column in range(len(_HEADER))]
        lines = [_line(line, widths) for line in cells]
        lines.insert(1, '-+-'.join('-' * width for width in widths))
        lines += [''] * bool(self.shortages) + [
            row.describe() for row in self.shortages]
        lines += ['not known: %s: %s' % part
                  for part in sorted(self.unknown.items())]
        return '\n'.join(lines)


def _number(value: int | None, row: Row) -> str:
    if value is not None:
        return str(value)
    return '?' if row.state == UNKNOWN else '-'


def _line(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(line, widths)
    cells = [first[0].ljust(first[1])]
    cells += [text.rjust(width) for text, width in rest[:-1]]
    return ' | '.join([*cells, rest[-1][0]])
