# SPDX-License-Identifier: Apache-2.0
"""The daemon: ``python -m devstack.pocket_director.server``."""

import argparse
from collections.abc import Sequence
import logging
import os
import pathlib
import signal
import sys
import threading
from typing import Any

from cheroot.ssl import builtin
from cheroot import wsgi

from devstack.pocket_director import app
from devstack.pocket_director import director as directors
from devstack.pocket_director import settings as options

LOG = logging.getLogger(__name__)

_STOP_LIMIT = 10.0  # seconds


class _Gateway(wsgi.Gateway_10):
    """Gives the application the client's socket, so that it can hang up."""

    def get_environ(self) -> Any:
        environ: dict[str, Any] = super().get_environ()  # type: ignore
        environ[app.SOCKET] = self.req.conn.socket
        return environ


class Server:
    """A director that listens, with TLS.

    :param settings: its options.
    """

    def __init__(self, settings: options.Settings) -> None:
        self.director = directors.Director(settings)
        self._server = wsgi.Server(
            (settings.host, settings.port), app.create(self.director),
            numthreads=16, request_queue_size=64)
        self._server.gateway = _Gateway
        self._server.shutdown_timeout = 2
        authority = self.director.authority
        self._server.ssl_adapter = builtin.BuiltinSSLAdapter(
            str(authority.certificate_file), str(authority.key_file))
        self._server.error_log = _log_error  # type: ignore

    def prepare(self) -> int:
        """Listen; the port, which the system chose when it was 0."""
        self._server.prepare()
        port: int = self._server.bind_addr[1]
        return port

    def serve(self) -> None:
        """Answer requests until ``stop`` is called."""
        self._server.serve()

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a director until SIGTERM or SIGINT."""
    settings = _settings(argv)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr,
        format='%(asctime)s %(levelname)s %(name)s %(message)s')
    os.umask(0o077)
    server = Server(settings)

    def stop(number: int, frame: Any) -> None:
        LOG.info('Stopping on signal %s', number)
        threading.Thread(target=server.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.prepare()
    LOG.info('Listening on %s', settings.endpoint)
    server.serve()
    # What runs of the CPI undoes its work, and its task fails.  A task
    # that takes longer is found as timed out by the next director.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.director.closing.set()
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)
    server.director.close(_STOP_LIMIT)
    LOG.info('Stopped')
    logging.shutdown()
    os._exit(0)


def _settings(argv: Sequence[str] | None) -> options.Settings:
    parser = argparse.ArgumentParser(
        prog='python -m devstack.pocket_director.server')
    parser.add_argument('--root', required=True, type=pathlib.Path,
                        help='folder that holds all of its state')
    parser.add_argument('--port', required=True, type=int)
    parser.add_argument('--cpi', required=True, type=pathlib.Path,
                        help='the CPI executable')
    parser.add_argument('--name', default='pocket')
    parser.add_argument('--workers', type=int, default=3,
                        help='tasks at once')
    parser.add_argument('--threads', type=int, default=4,
                        help='CPI calls at once within a task')
    parser.add_argument('--lock-timeout', type=float, default=10)
    parser.add_argument('--orphan-disk-retention', type=int, default=0,
                        help='seconds; 0 deletes orphaned disks together '
                             'with their deployment')
    parser.add_argument('--cpi-resize-disk', action='store_true',
                        help='grow disks through the CPI')
    parser.add_argument('--redirect', type=int, default=302,
                        choices=(301, 302, 303, 307))
    parser.add_argument('--location-host', metavar='HOST:PORT',
                        help='host of redirects, as a wrong one behind NAT')
    values = vars(parser.parse_args(argv))
    values['root'] = values['root'].resolve()
    values['cpi'] = values['cpi'].absolute()
    return options.Settings(**values)


def _log_error(message: str = '', level: int = logging.INFO,
               traceback: bool = False) -> None:
    LOG.log(level, message, exc_info=traceback)


if __name__ == '__main__':
    sys.exit(main())
