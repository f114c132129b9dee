# SPDX-License-Identifier: Apache-2.0
"""What a client must bear in an event stream, beside what it looks for."""

import json
import threading
from typing import Any

from devstack.pocket_director import faults as fault_files

Entry = dict[str, Any]

# A name whose characters take two, three and four bytes.
_TASK = 'größe/☃ 𝛼 (0)'


class Noise:
    """Disturbs one stream as the switch ``events`` says.

    ``interleave`` lets steps of another stage run beside each step;
    ``total`` takes the place of every stage's total; ``warnings`` are
    texts that are told before the first step; ``errors`` are texts of error
    lines before the one that ends a failed task; ``junk`` adds blank lines
    and keys that nobody knows; ``broken`` adds lines that are no JSON
    objects, which no director does and not even the bosh CLI bears.

    :param faults: where the switch is.
    """

    def __init__(self, faults: fault_files.Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._warned = False
        self._beside: list[Entry] = []

    def lines(self, entry: Entry) -> list[str]:
        """The lines that an event becomes."""
        switch = self._faults.value('events') or {}
        if not switch:
            return [_line(entry)]
        with self._lock:
            before, after = self._around(switch, entry)
        if 'total' in switch and 'total' in entry:
            entry = {**entry, 'total': switch['total']}
        lines = [_line(one) for one in (*before, entry, *after)]
        if switch.get('junk'):
            lines[:0] = ['', _line({**entry, 'unknown': {'key': [1]}}), '']
        if switch.get('broken'):
            lines[:0] = ['no JSON: ☃', '[]', _line({'data': 7})]
        return lines

    def _around(self, switch: dict[str, Any],
                entry: Entry) -> tuple[list[Entry], list[Entry]]:
        time = {'time': entry.get('time')}
        before: list[Entry] = []
        after: list[Entry] = []
        if not self._warned:
            self._warned = True
            before += [{**time, 'type': kind, 'message': text}
                       for text in switch.get('warnings', ())
                       for kind in ('warning', 'deprecation')]
        if 'error' in entry:
            before += [{**time, 'error': {'code': 450001, 'message': text}}
                       for text in switch.get('errors', ())]
        if switch.get('interleave') and 'stage' in entry:
            other = {**time, 'stage': 'Watching others', 'tags': ['ä', 'b'],
                     'total': None, 'task': _TASK,
                     'index': len(self._beside) + 1}
            if entry.get('state') == 'started':
                self._beside.append(other)
                after.append({**other, 'state': 'started', 'progress': 0})
            elif entry.get('state') in ('finished', 'failed') and (
                    self._beside):
                # What began first ends last.
                other = {**self._beside.pop(), **time}
                before.append({**other, 'state': 'in_progress',
                               'progress': 50, 'data': {'status': '½'}})
                after.append({**other, 'state': 'finished',
                              'progress': 100})
        return before, after


def _line(entry: Entry) -> str:
    return json.dumps(entry, separators=(',', ':'), ensure_ascii=False)
