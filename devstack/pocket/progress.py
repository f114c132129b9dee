# SPDX-License-Identifier: Apache-2.0
"""What "up" tells the person who waits: steps, and how long they took."""

from collections.abc import Iterator
import contextlib
import sys
import threading
import time
from typing import TextIO


class Progress:
    """Prints one line a step, with the seconds since the start.

    :param stream: where to; standard output if None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._start = time.monotonic()
        self._lock = threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """Print a line."""
        with self._lock:
            print('%6.1fs  %s' % (self.elapsed, text), file=self._stream,
                  flush=True)

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Print a line when a step begins, and one when it is done."""
        self.say(text)
        start = time.monotonic()
        yield
        self.say('  done in %.1f s' % (time.monotonic() - start))
