# SPDX-License-Identifier: Apache-2.0
"""The tables of the last run, kept in the pocket cloud's folder."""

from collections.abc import Sequence

from devstack.pocket import state as pocket_state
from tests.functional.faults import cases
from tests.functional.faults import table

_PREFIX = 'faults-'


def save(
    state: pocket_state.State, name: str, done: Sequence[cases.Case]
) -> str:
    """Keep the table of one method; returns it."""
    text = table.render(name, done)
    state.write(f'log/{_PREFIX}{name}.txt', f'{text}\n')
    return text


def saved(state: pocket_state.State) -> list[str]:
    """The tables of all methods that were ever run."""
    return [file.read_text() for file in sorted(
        state.path('log').glob(f'{_PREFIX}*.txt'))]
