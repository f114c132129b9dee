# SPDX-License-Identifier: Apache-2.0
"""What an errand has written."""

from collections.abc import Sequence
import dataclasses
import json
from typing import Any

from cf_openstack.director import client

#: Characters of an output that are shown; the end matters most.
LENGTH = 16 * 1024
#: Instances whose output is shown.
RUNS = 20

_CUT = '… (the first %d characters are left out)\n'


@dataclasses.dataclass(frozen=True)
class ErrandRun:
    """A run of an errand on one instance.

    :ivar exit_code: 0 is success; None when the director told none.
    """

    group: str | None
    instance: str | None
    exit_code: int | None
    stdout: str = ''
    stderr: str = ''

    @property
    def succeeded(self) -> bool:
        """Whether it was a success."""
        return self.exit_code == 0

    def __str__(self) -> str:
        return f'exit code {self.exit_code} on {self.group}/{self.instance}'


def _end(text: Any) -> str:
    text = str(text or '')
    if len(text) <= LENGTH:
        return text
    return _CUT % (len(text) - LENGTH) + text[-LENGTH:]


def parse(text: str) -> list[ErrandRun]:
    """Read the result output of a task that ran an errand.

    :param text: one JSON object a line.
    """
    runs = []
    for line in text.split('\n'):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(document, dict):
            continue
        where = document.get('instance')
        where = where if isinstance(where, dict) else {}
        code = document.get('exit_code')
        runs.append(ErrandRun(
            group=where.get('group'), instance=where.get('id'),
            exit_code=code if isinstance(code, int) else None,
            stdout=_end(document.get('stdout')),
            stderr=_end(document.get('stderr'))))
    # What failed comes first, in case not all are shown.
    return sorted(runs, key=lambda run: run.succeeded)


def read(director: client.Director, task_id: int) -> list[ErrandRun]:
    """Ask a director for what an errand has written.

    :raises DirectorError: when it does not tell.
    """
    return parse(director.tasks.output(task_id, 'result'))


def failure(runs: Sequence[ErrandRun]) -> str | None:
    """Say where an errand failed.

    :returns: None when it failed nowhere.
    """
    failed = [str(run) for run in runs if not run.succeeded]
    return 'the errand failed: ' + '; '.join(failed) if failed else None
