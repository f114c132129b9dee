# SPDX-License-Identifier: Apache-2.0
"""The table of a run: calls by faults."""

from collections.abc import Sequence

from tests.functional.faults import cases

LEGEND = """\
ok    survived: the call succeeded all the same
told  the error tells the truth, and nothing is left
-     killed, and nothing was left
sweep killed; what was left bore its marks, and the sweep removed it
LEFT  something is wrong, see below
.     not run"""


def cell(case: cases.Case) -> str:
    """What stands in the table for a case."""
    if case.problems:
        return 'LEFT'
    if case.verdict == cases.KILLED:
        return 'sweep' if case.swept else '-'
    return 'ok' if case.verdict == cases.SURVIVED else case.verdict


def render(name: str, done: Sequence[cases.Case]) -> str:
    """The table of one method, and what is wrong below it."""
    faults = list(dict.fromkeys(case.fault.name for case in done))
    rows: dict[str, dict[str, str]] = {}
    for case in done:
        rows.setdefault(str(case.step), {})[case.fault.name] = cell(case)
    width = max(map(len, rows), default=0)
    lines = [' '.join([name.ljust(width), *(
        fault.rjust(max(5, len(fault))) for fault in faults)])]
    for row, cells in rows.items():
        lines.append(' '.join([row.ljust(width), *(
            cells.get(fault, '.').rjust(max(5, len(fault)))
            for fault in faults)]))
    lines.append(summary(done))
    for case in done:
        lines += [f'  {case}: {problem}' for problem in case.problems]
    return '\n'.join(lines)


def summary(done: Sequence[cases.Case]) -> str:
    """One line with the counts."""
    counts = {
        'survived': sum(c.verdict == cases.SURVIVED for c in done),
        'told': sum(c.verdict == cases.TOLD for c in done),
        'killed': sum(c.verdict == cases.KILLED for c in done),
        'of them swept': sum(bool(c.swept) for c in done),
        'wrong': sum(bool(c.problems) for c in done),
    }
    return f'{len(done)} cases: ' + ', '.join(
        f'{count} {what}' for what, count in counts.items())
