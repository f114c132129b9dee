# SPDX-License-Identifier: Apache-2.0
"""One project in one process: WSGI applications, and workers as threads."""

from collections.abc import Callable
import dataclasses
import logging
import os
import signal
import sys
import threading
from typing import Any

from devstack.pocket import ports
from devstack.pocket import process
from devstack.pocket import state as pocket_state

LOG = logging.getLogger(__name__)
THREADS = 12
STOP_LIMIT_S = 5
# Stemcells are uploaded through this: larger than any of them.
MAX_BODY = 64 * 1024 ** 3


@dataclasses.dataclass
class Program:
    """What runs in the process.

    :param applications: key of the state's ports -> WSGI application.
    :param stops: stop the workers, in order of their start.
    """
    applications: dict[str, Any]
    stops: list[Callable[[], Any]] = dataclasses.field(default_factory=list)


def run(program: Program, state: pocket_state.State, name: str) -> None:
    """Serve until SIGTERM or SIGINT; does not return.

    :param name: of the service, which is then ready.
    """
    reader, writer = os.pipe()

    def wake(number: int, _frame: Any) -> None:
        # All that is safe in a handler: the main thread may hold any lock.
        os.write(writer, b'%d\n' % number)

    signal.signal(signal.SIGTERM, wake)
    signal.signal(signal.SIGINT, wake)
    for port, application in program.applications.items():
        # Binding here, not in the thread: a taken port ends the process.
        server = _server(application, state.ports[port])
        threading.Thread(target=_serve, args=(server, port),
                         daemon=True).start()
    process.mark_ready(state, name)
    os.read(reader, 10)
    _stop(program)


def _server(application: Any, port: int) -> Any:
    import waitress
    return waitress.create_server(
        application, host=ports.HOST, port=port, threads=THREADS,
        max_request_body_size=MAX_BODY, connection_limit=500,
        channel_timeout=300, ident=None, clear_untrusted_proxy_headers=False)


def _serve(server: Any, name: str) -> None:
    try:
        server.run()
    finally:
        # Nothing would answer on this port any more: better to end, and be
        # seen to have ended.
        LOG.error('The server of %s ended', name)
        sys.stderr.flush()
        os._exit(1)


def _stop(program: Program) -> None:
    # A worker may be waiting for something that is no longer there.
    watchdog = threading.Timer(STOP_LIMIT_S, os._exit, [0])
    watchdog.daemon = True
    watchdog.start()
    for stop in program.stops:
        try:
            stop()
        except Exception:
            LOG.exception('A worker did not stop properly')
    # The interpreter's own end would wait for every worker thread.
    os._exit(0)
