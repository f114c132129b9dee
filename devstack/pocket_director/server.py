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
import time
from typing import Any

from cheroot.ssl import builtin
from cheroot import wsgi

from devstack.pocket_director import app
from devstack.pocket_director import director as directors
from devstack.pocket_director import settings as options
from devstack.pocket_director import uaa

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
        authority = self.director.authority
        self._server = _listener(
            (settings.host, settings.port), app.create(self.director),
            (authority.certificate_file, authority.key_file))
        self._server.gateway = _Gateway
        self._uaa: wsgi.Server | None = None
        if self.director.uaa is not None:
            port = int(self.director.store.meta(
                'uaa_port', str(settings.uaa_port)) or 0)
            self._uaa = _listener(
                (settings.host, settings.uaa_port or port),
                uaa.create(self.director.uaa), authority.files('uaa'))

    def prepare(self) -> int:
        """Listen; the port, which the system chose when it was 0."""
        self._server.prepare()
        port: int = self._server.bind_addr[1]
        if self._uaa is not None:
            self._uaa.prepare()
            host, uaa_port = self._uaa.bind_addr
            # It stays where it is through all restarts.
            self.director.store.set_meta('uaa_port', str(uaa_port))
            self.director.uaa_url = f'https://{host}:{uaa_port}'
        return port

    def serve(self) -> None:
        """Answer requests until ``stop`` is called."""
        if self._uaa is None:
            self._server.serve()
            return
        beside = threading.Thread(target=self._uaa.serve)
        beside.start()
        try:
            self._server.serve()
        finally:
            self._uaa.stop()
            beside.join()

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()


def _listener(address: tuple[str, int], application: Any,
              files: tuple[pathlib.Path, pathlib.Path]) -> wsgi.Server:
    """A server with TLS, from a certificate and its key."""
    server = wsgi.Server(address, application, numthreads=16,
                         request_queue_size=64)
    server.shutdown_timeout = 2
    server.ssl_adapter = builtin.BuiltinSSLAdapter(*map(str, files))
    server.error_log = _log_error  # type: ignore
    return server


def main(argv: Sequence[str] | None = None) -> int:
    """Run a director until SIGTERM or SIGINT."""
    argv = sys.argv[1:] if argv is None else list(argv)
    settings = _settings(argv)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr,
        format='%(asctime)s %(levelname)s %(name)s %(message)s')
    os.umask(0o077)
    server = Server(settings)

    def stop(number: int, frame: Any) -> None:
        LOG.info('Stopping on signal %s', number)
        threading.Thread(target=server.stop).start()

    def restart(down: float) -> None:
        # The proxy before a director that is down stays up; the new one
        # knows nothing of what ran in the old one.
        LOG.info('Restarting')
        server.director.down_until = time.monotonic() + down + 1
        time.sleep(down)
        logging.shutdown()
        os.execv(sys.executable, [
            sys.executable, '-m', 'devstack.pocket_director.server', *argv])

    server.director.tasks.on_restart = restart
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
    parser.add_argument('--uaa', action='store_true',
                        help='take tokens of a UAA of its own, instead of '
                             'HTTP Basic')
    parser.add_argument('--uaa-port', type=int, default=0,
                        help='where the UAA listens; 0: any, the same each '
                             'time')
    parser.add_argument('--token-lifetime', type=float, default=120,
                        help='seconds that a token is valid')
    parser.add_argument('--task-timeout', type=float, default=0,
                        help='seconds that a task left behind by a restart '
                             'seems to run; 180 with a real director')
    values = vars(parser.parse_args(argv))
    values['root'] = values['root'].resolve()
    values['cpi'] = values['cpi'].absolute()
    return options.Settings(**values)


def _log_error(message: str = '', level: int = logging.INFO,
               traceback: bool = False) -> None:
    LOG.log(level, message, exc_info=traceback)


if __name__ == '__main__':
    sys.exit(main())
