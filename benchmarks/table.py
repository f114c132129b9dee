# SPDX-License-Identifier: Apache-2.0
"""The table of a benchmark: a line for each method."""

from collections.abc import Sequence
import dataclasses

from benchmarks import runner

#: Requests that a call may make, with authentication and discovery but
#: without repeated polls: for create_vm 11, for delete_vm 6 and one for its
#: port, for attach_disk 6, each with its first poll; for all others what
#: upstream's Ruby CPI made.
ALLOWED = {
    'info': 0,
    'create_stemcell': 5,
    'calculate_vm_cloud_properties': 3,
    'create_vm': 12,
    'has_vm': 3,
    'set_vm_metadata': 5,
    'create_disk': 7,
    'has_disk': 2,
    'attach_disk': 7,
    'set_disk_metadata': 3,
    'detach_disk': 7,
    'resize_disk': 4,
    'reboot_vm': 5,
    'delete_disk': 5,
    'delete_vm': 8,
    'delete_stemcell': 3,
}


@dataclasses.dataclass(frozen=True)
class Result:
    """One CPI's two lives.

    :ivar name: of the CPI.
    :ivar first: each call with nothing left by an earlier one.
    :ivar later: each call with what the calls before it left.
    """

    name: str
    first: Sequence[runner.Measurement]
    later: Sequence[runner.Measurement]


def render(results: Sequence[Result]) -> str:
    """The table, with ratios to the first CPI for all others."""
    lines = [f'{chr(65 + n)}: {result.name}'
             for n, result in enumerate(results)]
    head = ['method', 'allowed']
    for number, _result in enumerate(results):
        letter = chr(65 + number)
        head += [f'{letter} first', f'{letter} later', f'{letter} conn.',
                 f'{letter} s first', f'{letter} s later']
        if number:
            head += [f'{letter}/A requests', f'{letter}/A s']
    rows = [head]
    methods = list(dict.fromkeys(
        found.method for result in results for found in result.first))
    for method in methods:
        rows.append(_row(method, results))
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines += ['', *('  '.join(
        cell.ljust(width) if n == 0 else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ).rstrip() for row in rows), '']
    lines.append('Requests: all, +N of them repeated polls, which the '
                 'allowed number leaves out; ! more than allowed.')
    lines += [f'{chr(65 + n)} {found.method}: {found.error}'
              for n, result in enumerate(results)
              for found in (*result.first, *result.later)
              if found.error and found.implemented]
    return '\n'.join(lines)


def over(result: Result) -> list[str]:
    """The methods that made more requests than they may."""
    return [
        found.method for found in (*result.first, *result.later)
        if found.requests - found.polls > ALLOWED.get(
            found.method, found.requests)]


def _row(method: str, results: Sequence[Result]) -> list[str]:
    row = [method, str(ALLOWED.get(method, '-'))]
    base = _find(method, results[0].first), _find(method, results[0].later)
    for number, result in enumerate(results):
        first = _find(method, result.first)
        later = _find(method, result.later)
        row += [_requests(first), _requests(later),
                str(first.connections) if _worked(first) else '-',
                _seconds(first), _seconds(later)]
        if number:
            row += [_ratio(later, base[1], 'requests'),
                    _ratio(later, base[1], 'seconds')]
    return row


def _find(
    method: str, calls: Sequence[runner.Measurement]
) -> runner.Measurement | None:
    return next((call for call in calls if call.method == method), None)


def _worked(call: runner.Measurement | None) -> bool:
    return call is not None and call.error is None


def _requests(call: runner.Measurement | None) -> str:
    if call is None:
        return 'not run'
    if not call.implemented:
        return 'no such'
    if call.error:
        return 'failed'
    many = call.requests - call.polls > ALLOWED.get(
        call.method, call.requests)
    polls = f'+{call.polls}' if call.polls else ''
    return f'{call.requests - call.polls}{polls}{"!" if many else ""}'


def _seconds(call: runner.Measurement | None) -> str:
    return f'{call.seconds:.2f}' if _worked(call) else '-'


def _ratio(
    call: runner.Measurement | None, base: runner.Measurement | None,
    what: str
) -> str:
    if not (_worked(call) and _worked(base)) or not getattr(base, what):
        return '-'
    return f'{getattr(call, what) / getattr(base, what):.1f}'
