# SPDX-License-Identifier: Apache-2.0
"""Faults that a test orders: a file read at every request and CPI call.

The file holds a JSON object; every key is optional::

    {"requests": [{"method": "GET", "path": "^/tasks/", "status": 502,
                   "body": "<html>", "drop": "before", "delay": 1.5,
                   "times": 2}],
     "cpi": [{"method": "create_vm", "match": "router",
              "type": "Bosh::Clouds::VMCreationFailed",
              "message": "no host", "ok_to_retry": true,
              "after": true, "delay": 2, "times": 1}],
     "errands": {"smoke-tests": {"exit_code": 1, "stdout": "1 failed"}},
     "unresponsive": ["<vm cid>"],
     "redirect": 303, "location_host": "10.0.0.9:1",
     "output_chunk": 7}

``drop`` closes the connection, ``"before"`` or ``"after"`` the request has
been served; ``match`` is a regular expression over the call's arguments
as JSON; ``after`` lets the CPI do its work first; ``times`` is how often a
fault strikes (for ever when absent).  ``output_chunk`` is how many bytes
of a task's output one ranged answer holds: it may end within a line, and
within a character.
"""

import json
import pathlib
import re
import threading
from typing import Any


class Faults:
    """The faults in force.

    :param path: the file; no fault is in force while it is absent.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._text = ''
        self._content: dict[str, Any] = {}
        self._struck: dict[tuple[str, int], int] = {}

    def request(self, method: str, path: str) -> dict[str, Any] | None:
        """The fault that strikes this HTTP request, if any."""
        return self._strike('requests', lambda fault: (
            fault.get('method', method) == method
            and re.search(fault.get('path', ''), path) is not None))

    def cpi(self, method: str, arguments: str) -> dict[str, Any] | None:
        """The fault that strikes this CPI call, if any.

        :param arguments: the call's arguments as JSON.
        """
        return self._strike('cpi', lambda fault: (
            fault.get('method') == method
            and re.search(fault.get('match', ''), arguments) is not None))

    def value(self, key: str, default: Any = None) -> Any:
        """A fault that is a plain value, such as ``redirect``."""
        with self._lock:
            self._read()
            return self._content.get(key, default)

    def _strike(self, kind: str, matches: Any) -> dict[str, Any] | None:
        with self._lock:
            self._read()
            for number, fault in enumerate(self._content.get(kind, ())):
                struck = self._struck.get((kind, number), 0)
                if struck >= fault.get('times', struck + 1):
                    continue
                if matches(fault):
                    self._struck[kind, number] = struck + 1
                    return fault
        return None

    def _read(self) -> None:
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            text = ''
        if text != self._text:
            self._content = json.loads(text) if text.strip() else {}
            self._text = text
            self._struck = {}
