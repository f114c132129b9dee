# SPDX-License-Identifier: Apache-2.0
"""Switches that a test turns: a file read whenever one may matter.

The file ``faults.json`` holds a JSON object; every key is optional, and
``doc/source/contributor/pocket-director.rst`` describes each::

    {"requests": [{"method": "GET", "path": "^/tasks/", "status": 502,
                   "body": "<html>", "drop": "before", "delay": 1.5,
                   "times": 2}],
     "cpi": [{"method": "create_vm", "match": "router",
              "type": "Bosh::Clouds::VMCreationFailed",
              "message": "no host", "ok_to_retry": true,
              "after": true, "delay": 2, "times": 1}],
     "tasks": [{"match": "^create deployment", "code": 100,
                "message": "boom", "stuck": true, "gone": true,
                "delay": 2, "times": 1}],
     "restart": [{"match": "^create deployment", "stage": "Updating",
                  "down": 1}],
     "races": [{"type": "cloud", "name": "^heat-", "times": 1}],
     "errands": {"smoke-tests": {"exit_code": 1, "stdout": "1 failed"}},
     "unresponsive": ["<vm cid>"], "locked": ["cf"], "ignored": ["web"],
     "in_use": {"name/version": ["another deployment"]},
     "redirect": 303, "location_host": "10.0.0.9:1",
     "content_type": "text/html;charset=utf-8", "lenient": true,
     "info": {"user": null}, "scopes": ["bosh.read"],
     "uaa": {"lifetime": 2, "refresh": "refuse", "status": 503},
     "output_chunk": 7, "empty_range": 416,
     "events": {"interleave": true, "total": null, "warnings": ["…"],
                "errors": ["…"], "junk": true, "broken": true},
     "diff_error": "cannot compare", "cancel_delay": 2, "task_timeout": 1}

``times`` is how often a fault strikes (for ever when absent).  ``match``
and ``path`` are regular expressions.
"""

from collections.abc import Callable
import json
import os
import pathlib
import re
import threading
from typing import Any

Fault = dict[str, Any]


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

    def request(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this HTTP request, if any."""
        return self._strike('requests', lambda fault: (
            fault.get('method', method) == method
            and _matches(fault, 'path', path)))

    def cpi(self, method: str, arguments: str) -> Fault | None:
        """The fault that strikes this CPI call, if any.

        :param arguments: the call's arguments as JSON.
        """
        return self._strike('cpi', lambda fault: (
            fault.get('method') == method
            and _matches(fault, 'match', arguments)))

    def task(self, description: str) -> Fault | None:
        """The fault that strikes this task, if any."""
        return self._strike('tasks', lambda fault: _matches(
            fault, 'match', description))

    def race(self, kind: str, name: str) -> Fault | None:
        """Whether somebody else changes this config just now."""
        return self._strike('races', lambda fault: (
            fault.get('type', kind) == kind
            and _matches(fault, 'name', name)))

    def restart(self, description: str, stage: str) -> Fault | None:
        """Whether the director restarts in this stage of this task.

        The entry is taken out of the file, since the director that comes
        up afterwards knows nothing of how often a fault has struck.
        """
        with self._lock:
            self._read()
            for fault in self._content.get('restart', ()):
                if _matches(fault, 'match', description) and _matches(
                        fault, 'stage', stage):
                    rest = [f for f in self._content['restart']
                            if f is not fault]
                    self._write({**self._content, 'restart': rest})
                    return dict(fault)
        return None

    def value(self, key: str, default: Any = None) -> Any:
        """A switch that is a plain value, such as ``redirect``."""
        with self._lock:
            self._read()
            return self._content.get(key, default)

    def _strike(self, kind: str,
                matches: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            self._read()
            for number, fault in enumerate(self._content.get(kind, ())):
                struck = self._struck.get((kind, number), 0)
                if struck >= fault.get('times', struck + 1):
                    continue
                if matches(fault):
                    self._struck[kind, number] = struck + 1
                    return dict(fault)
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

    def _write(self, content: dict[str, Any]) -> None:
        partial = self._path.with_name(self._path.name + '.partial')
        partial.write_text(json.dumps(content))
        os.replace(partial, self._path)


def _matches(fault: Fault, key: str, text: str) -> bool:
    return re.search(fault.get(key, ''), text) is not None
