# SPDX-License-Identifier: Apache-2.0
"""stdin, stdout and stderr of a CPI process, taken in hand.

stdout belongs to the one reply.  Whatever else is printed, by a library
or a child process, goes to stderr, which the director streams into the
task's log.
"""

import os

try:
    # What the module signal is made of, without its enumerations: these
    # would cost half of the time that ``info`` takes.
    import _signal as signal
except ImportError:
    import signal

_STOP_SIGNALS = {
    signal.SIGTERM: 'SIGTERM',
    signal.SIGINT: 'SIGINT',
    signal.SIGHUP: 'SIGHUP',
}


def open_missing() -> None:
    """Put /dev/null where stdin, stdout or stderr came in closed.

    Otherwise the next socket or file would get the number 1 or 2, and
    stray prints would land in it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)


def claim_stdout() -> int:
    """Keep stdout for the reply and lead descriptor 1 to stderr.

    :returns: the descriptor to write the reply to.
    """
    reply = os.dup(1)
    os.dup2(2, 1)
    return reply


def read_all(descriptor: int = 0) -> bytes:
    """Read a descriptor to its end; an unreadable one gives nothing."""
    chunks = []
    try:
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
    except OSError:
        pass
    return b''.join(chunks)


def write_all(descriptor: int, data: bytes) -> bool:
    """Write all of ``data``; False if the reader has gone."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view):]
    except OSError:
        return False
    return True


def stop_by_exception() -> None:
    """Let the first stop signal raise ``errors.Terminated``.

    From then on stop signals are ignored, so that the clean-up that
    follows runs to its end; only SIGKILL interrupts that.
    """
    def stop(number: int, frame: object) -> None:
        ignore_stop_signals()
        from cf_openstack.cpi import errors

        raise errors.Terminated(_STOP_SIGNALS[number])

    for number in _STOP_SIGNALS:
        signal.signal(number, stop)


def ignore_stop_signals() -> None:
    """Ignore stop signals: the reply is about to be written."""
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
