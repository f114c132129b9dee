# SPDX-License-Identifier: Apache-2.0
"""A proxy between Heat's engines and a director, which can hold a request.

It listens with TLS on an address of its own in 127.0.0.0/8 and on the port
that the operator's policy allows for directors.  The one request that a
test has chosen is held, before it reaches the director or before the
answer is given, until the engine that sent it is dead.
"""

from collections.abc import Callable
import http.client
import http.server
import pathlib
import secrets
import ssl
import threading
from types import TracebackType
from typing import Any
from typing import Self

from devstack.pocket_director import certs
from tests.functional.crash import calls

PORT = 25555
_LIMIT_S = 120
_BLOCK = 64 * 1024
# Between the two ends of one connection alone (RFC 9110, section 7.6.1).
_HOP = frozenset((
    'connection', 'content-length', 'expect', 'host', 'keep-alive',
    'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'))


class Proxy:
    """Runs from entering to leaving it as a context.

    :param folder: where its authority lies, which may exist.
    :param upstream: host and port of the director.
    :param authority: the director's CA.
    :param namer: names the requests.
    :param watch: called with each request before it is passed on.
    :ivar sent: the requests so far.
    :ivar held: set as soon as the chosen request is held.
    :ivar peer: address and port of the engine that sent it.
    """

    def __init__(self, folder: pathlib.Path, upstream: tuple[str, int],
                 authority: pathlib.Path, namer: calls.Namer,
                 watch: Callable[[calls.Call], None]) -> None:
        self.sent: list[calls.Call] = []
        self.held = threading.Event()
        self.peer: tuple[str, int] | None = None
        self._chosen: tuple[calls.Call, str] | None = None
        self._released = threading.Event()
        self._namer = namer
        self._watch = watch
        self._lock = threading.Lock()
        self._upstream = upstream
        self._trust = ssl.create_default_context(cafile=str(authority))
        self._authority = certs.Authority(folder / 'ca')
        handler = type('Relay', (_Relay,), {'proxy': self})
        self._server = _listen(handler)
        self.host = self._server.server_address[0]
        self._server.socket = self._secure(folder).wrap_socket(
            self._server.socket, server_side=True,
            do_handshake_on_connect=False)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), daemon=True)

    def _secure(self, folder: pathlib.Path) -> ssl.SSLContext:
        certificate, key = self._authority.issue('crash proxy', (self.host,))
        file = folder / f'{self.host}.pem'
        file.touch(mode=0o600)
        file.write_text(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        file.unlink()
        return context

    @property
    def endpoint(self) -> str:
        """Where the director is reached through it."""
        return f'https://{self.host}:{PORT}'

    @property
    def ca_certificate(self) -> str:
        """PEM of the authority behind its certificate."""
        return self._authority.ca_file.read_text()

    def choose(self, call: calls.Call, moment: str) -> None:
        """Hold a request at a moment, once."""
        self._namer.restart()
        self._released.clear()
        self.held.clear()
        self._chosen = call, moment

    def begin(self) -> None:
        """Note the requests anew, and name them from the beginning."""
        self._namer.restart()
        self.sent = []

    def release(self) -> None:
        """Drop the connection of the held request; hold no other one."""
        self._chosen = None
        self._released.set()

    # -- for the relays

    def take(self, method: str, path: str, body: bytes) -> calls.Call:
        """Take note of a request."""
        call = self._namer.name(method, path, body)
        self._watch(call)
        with self._lock:
            self.sent.append(call)
        return call

    def hold(self, call: calls.Call, moment: str,
             peer: tuple[str, int]) -> bool:
        """Hold a request, if it is the chosen one.

        :returns: whether it was, so that it is to be dropped.
        """
        with self._lock:
            if self._chosen != (call, moment):
                return False
            self._chosen = None
        self.peer = peer
        self.held.set()
        self._released.wait(_LIMIT_S)
        return True

    def connect(self) -> http.client.HTTPSConnection:
        """Open a connection to the director."""
        host, port = self._upstream
        return http.client.HTTPSConnection(
            host, port, context=self._trust, timeout=_LIMIT_S)

    def answered(self, call: calls.Call, location: str) -> None:
        """Take note of a task that was started."""
        self._namer.started(call, location)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 exc: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: engines die in the middle of it."""


def _listen(handler: type[http.server.BaseHTTPRequestHandler]) -> _Server:
    while True:
        host = '127.%d.%d.%d' % tuple(
            1 + secrets.randbelow(250) for _ in range(3))
        try:
            return _Server((host, PORT), handler)
        except OSError:
            # Somebody listens on all addresses, or on this very one.
            if host.endswith('.250'):
                raise


class _Relay(http.server.BaseHTTPRequestHandler):
    """Serves one connection of an engine."""

    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    proxy: Proxy

    def setup(self) -> None:
        """Have the handshake in the connection's own thread."""
        self.request.settimeout(_LIMIT_S)
        self.request.do_handshake()
        super().setup()

    def handle_one_request(self) -> None:
        """Serve the next request."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._serve()
            self.wfile.flush()
        except (OSError, http.client.HTTPException):
            self.close_connection = True

    def _serve(self) -> None:
        body = self._body()
        call = self.proxy.take(self.command, self.path, body)
        if self._hold(call, calls.BEFORE):
            return
        upstream = self.proxy.connect()
        try:
            upstream.request(self.command, self.path, body, {
                name: value for name, value in self.headers.items()
                if name.lower() not in _HOP})
            answer = upstream.getresponse()
            data = answer.read()
        finally:
            upstream.close()
        self.proxy.answered(call, answer.getheader('Location') or '')
        if self._hold(call, calls.AFTER):
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if call.downloads:
            self.wfile.write(data[:len(data) // 2])
            self.wfile.flush()
            data = data[len(data) // 2:]
            if self._hold(call, calls.AMID):
                return
        self.wfile.write(data)

    def _hold(self, call: calls.Call, moment: str) -> bool:
        if self.proxy.hold(call, moment, self.client_address):
            self.close_connection = True
            return True
        return False

    def _body(self) -> bytes:
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            parts = []
            while size := int(self.rfile.readline().split(b';')[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b''.join(parts)
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
