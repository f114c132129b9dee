# SPDX-License-Identifier: Apache-2.0
"""The table of all crashes."""

from collections.abc import Sequence
import json
import pathlib

from tests.functional.crash import calls
from tests.functional.crash import case as crash_case

LEGEND = '''\
One row for each request to the director and each moment at which the engine
was killed: before the request reached the director, amid a download, or
after the director had served it, while the answer was on its way.  A column
says what the person did then: u stack update, c stack cancel and update,
r stack cancel with rollback and update, d stack delete.
  ok  one deployment, each task started once, and after the deletion nothing
  !!  something was wrong
  ?   the request did not come, or the engine died elsewhere; all was well
'''
_COLUMNS = (crash_case.THEN_UPDATE, crash_case.THEN_CANCEL,
            crash_case.THEN_ROLLBACK, crash_case.THEN_DELETE)


def mark(case: crash_case.Case) -> str:
    """The entry of one case."""
    if case.problems:
        return '!!'
    return 'ok' if case.reached else '?'


def render(done: Sequence[crash_case.Case]) -> str:
    """The table, with what was wrong below."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for case in done:
        plan = case.plan
        row = rows.setdefault(
            (plan.action, str(plan.call), plan.moment), {})
        row[plan.then] = mark(case)
    lines = ['  u  c  r  d  action  moment  request']
    for (action, call, moment), found in rows.items():
        cells = ' '.join(found.get(then, '').rjust(2) for then in _COLUMNS)
        lines.append(f' {cells}  {action:7} {moment:7} {call}')
    for case in done:
        for problem in case.problems:
            lines.append(f'!! {case.plan}: {problem} '
                         f'({"; ".join(case.story)})')
    counts = {kind: sum(mark(case) == kind for case in done)
              for kind in ('ok', '!!', '?')}
    lines.append(f'{len(rows)} moments of {len({r[:2] for r in rows})} '
                 f'requests, {len(done)} crashes: '
                 f'{counts["ok"]} well, {counts["!!"]} wrong, '
                 f'{counts["?"]} elsewhere')
    return '\n'.join(lines)


def save(folder: pathlib.Path, text: str) -> None:
    """Keep the table for ``--last``."""
    folder.joinpath('crash-table.txt').write_text(text + '\n')


def last(folder: pathlib.Path) -> str:
    """The table that was kept last; empty if none was."""
    try:
        return folder.joinpath('crash-table.txt').read_text()
    except FileNotFoundError:
        return ''


def remember(folder: pathlib.Path,
             learned: dict[str, list[calls.Call]]) -> None:
    """Keep which requests each action made."""
    folder.joinpath('crash-requests.json').write_text(json.dumps({
        action: [str(call) for call in requests]
        for action, requests in learned.items()}, indent=1))
