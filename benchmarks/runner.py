# SPDX-License-Identifier: Apache-2.0
"""Calls a CPI's executable as a director does, and counts its requests."""

import dataclasses
import json
import os
import shlex
import subprocess
import time
from typing import Any

from tests.functional.faults import proxy
from tests.functional.faults import recording

#: A call that takes longer hangs.
LIMIT_S = 900
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One call.

    :ivar method: of the CPI.
    :ivar seconds: from its start to its end.
    :ivar requests: those to OpenStack, all of them.
    :ivar polls: of these, the repetitions of the one before.
    :ivar connections: over how many TCP connections they went.
    :ivar error: type and message, None for a success.
    """

    method: str
    seconds: float
    requests: int = 0
    polls: int = 0
    connections: int = 0
    error: str | None = None

    @property
    def implemented(self) -> bool:
        """Whether the CPI has this method."""
        return 'NotImplemented' not in (self.error or '')


class Executable:
    """A CPI.

    :param command: its command line; ``{config}`` stands for the path of
        the configuration, which comes last if it is not in there.
    :param config: path of its configuration.
    :param between: the proxy that its requests go through.
    """

    def __init__(
        self, command: str, config: str, between: proxy.Proxy
    ) -> None:
        if '{config}' not in command:
            command += ' {config}'
        self.command = [
            word.replace('{config}', config)
            for word in shlex.split(command)]
        self._proxy = between

    def call(
        self, folder: str, method: str, *arguments: Any
    ) -> tuple[Any, Measurement]:
        """Call a method; returns its result and what it cost.

        :param folder: $TMPDIR and $HOME of the call.
        """
        self._proxy.recording = counted = recording.Recording()
        request = json.dumps({
            'method': method, 'arguments': arguments, 'api_version': 2,
            'context': {
                'director_uuid': 'benchmark',
                'request_id': f'cpi-{os.getpid() % 1000000:06d}',
                'vm': {'stemcell': {'api_version': 3}}}})
        started = time.monotonic()
        done = subprocess.run(
            self.command, input=request.encode(), timeout=LIMIT_S,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder,
            env={'PATH': PATH, 'TMPDIR': folder, 'HOME': folder})
        seconds = time.monotonic() - started
        result, error = _read(done.stdout)
        return result, Measurement(
            method, seconds, len(counted.exchanges),
            sum(not found.first for found in counted.exchanges),
            counted.connections, error)


def _read(output: bytes) -> tuple[Any, str | None]:
    """The result in a reply, and its error."""
    try:
        reply = json.loads(output)
        error = reply['error']
        result = reply['result']
    except (KeyError, TypeError, ValueError):
        return None, f'No valid reply: {output[:200]!r}'
    if error:
        return None, f"{error.get('type')}: {error.get('message')}"
    return result, None
