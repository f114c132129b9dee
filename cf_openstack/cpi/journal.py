# SPDX-License-Identifier: Apache-2.0
"""The log a director streams live into a task: lines on stderr."""

import os
import sys
import time

# What else is needed is imported only when something beyond ``info`` is
# asked for: logging alone would double that answer's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cf_openstack.cloud import redaction


#: Characters; what is longer is cut, after secrets were taken out of it.
LONGEST_LINE = 4000


class Journal:
    """Writes log lines, each with the request id, secrets left out.

    A record is one line whatever its text holds: control characters are
    shown escaped, so that no text can pass for a line of its own, or
    change what a terminal shows.

    :param request_id: the director's id of this call.
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self._redact = str

    def redact_with(self, redactor: 'redaction.Redactor') -> None:
        """Pass every line through the redactor from now on."""
        self._redact = redactor.text

    def clean(self, text: str) -> str:
        """Return ``text`` without the secrets known so far."""
        return self._redact(text)

    def line(self, text: str, level: str = 'INFO') -> None:
        """Write one line now; a stderr that has gone is no failure."""
        now = time.time()
        stamp = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))
        record = (
            f'{stamp}.{int(now % 1 * 1000):03d}Z {os.getpid()} {level} '
            f'[req_id {_visible(self.request_id)}] '
            f'{_visible(_cut(self.clean(text)))}\n')
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
            def emit(self, record: 'logging.LogRecord') -> None:
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


def _cut(text: str) -> str:
    if len(text) <= LONGEST_LINE:
        return text
    return f'{text[:LONGEST_LINE]}... (cut)'


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return ''.join(
        letter if letter.isprintable()
        else letter.encode('unicode_escape').decode('ascii')
        for letter in text)
