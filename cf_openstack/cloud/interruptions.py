# SPDX-License-Identifier: Apache-2.0
"""Stop signals, kept away from what must not be cut in two."""

from collections.abc import Iterator
import contextlib
import signal

#: What tells a process to stop and lets it clean up first.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Let stop signals wait until the block is through.

    For a request that creates something: cut short, it would take effect
    after the look for what there is to undo.  And for the undoing itself.
    The kernel holds the signals back from the calling thread, so that this
    works at any depth, with any handler, and in threads, where it changes
    nothing.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        # What has come in between is delivered here.
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
