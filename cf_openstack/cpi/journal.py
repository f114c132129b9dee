# SPDX-License-Identifier: Apache-2.0
"""The log a director streams live into a task: lines on stderr."""

import os
import sys
import time
from typing import Any

# The logging module is imported only when something beyond ``info`` is
# asked for: it would cost a third of that answer's time.


class Journal:
    """Writes log lines, each with the request id, secrets left out.

    :param request_id: the director's id of this call.
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self._redactor: Any = None

    def redact_with(self, redactor: Any) -> None:
        """Pass every line through ``redactor.text`` from now on."""
        self._redactor = redactor

    def clean(self, text: str) -> str:
        """Return ``text`` without the secrets known so far."""
        return self._redactor.text(text) if self._redactor else text

    def line(self, text: str, level: str = 'INFO') -> None:
        """Write one line now; a stderr that has gone is no failure."""
        now = time.time()
        stamp = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))
        record = (
            f'{stamp}.{int(now % 1 * 1000):03d}Z {os.getpid()} {level} '
            f'[req_id {self.request_id}] {self.clean(text)}\n')
        try:
            sys.stderr.write(record)
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            # Nobody reads the log; the reply still counts.
            pass

    def capture_logging(self) -> None:
        """Lead the records of the logging module into this journal."""
        import logging

        journal = self

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                try:
                    journal.line(self.format(record), record.levelname)
                except Exception:
                    self.handleError(record)

        logging.raiseExceptions = False
        logging.captureWarnings(True)
        root = logging.getLogger()
        root.handlers[:] = [Handler()]
        root.setLevel(logging.WARNING)
        logging.getLogger('cf_openstack').setLevel(logging.INFO)
