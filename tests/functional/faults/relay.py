# SPDX-License-Identifier: Apache-2.0
"""One connection of a CPI: its requests are passed on to the cloud."""

from collections.abc import Iterator
import dataclasses
import http.client
import http.server
import json
import re
import signal
import socket
import struct
import time
from typing import Any
from typing import Protocol

from tests.functional.faults import kinds
from tests.functional.faults import recording

_BLOCK = 256 * 1024
_LIMIT_S = 120
#: Of a body that is kept to be looked at.
_MOST_KEPT = 1024 * 1024
# Between the two ends of one connection alone (RFC 9110, section 7.6.1);
# Accept-Encoding since bodies have to be readable here.
_HOP = frozenset((
    'accept-encoding', 'connection', 'expect', 'host', 'keep-alive',
    'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'))


@dataclasses.dataclass(frozen=True)
class Upstream:
    """A service behind the proxy.

    :ivar service: its name.
    :ivar host: where it listens.
    :ivar port: where it listens.
    """

    service: str
    host: str
    port: int


class Owner(Protocol):
    """What a relay needs of the proxy."""

    recording: recording.Recording

    def fault(self, exchange: recording.Exchange) -> kinds.Fault | None:
        """The fault of a request."""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the CPI."""

    def rewrite(self, data: bytes) -> bytes:
        """Replace the services' addresses by the proxy's."""


class Relay(http.server.BaseHTTPRequestHandler):
    """Serves one connection until it ends.

    :ivar owner: the proxy.
    :ivar upstream: the service that was connected to.
    """

    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    wbufsize = -1
    owner: Owner
    upstream: Upstream

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
            # Either end has gone: a CPI that was killed, for instance.
            self.close_connection = True

    def _serve(self) -> None:
        exchange = self.owner.recording.begin(
            self.command, self.upstream.service, self.path)
        fault = self.owner.fault(exchange)
        started = time.monotonic()
        try:
            if fault is None:
                self._pass_on(exchange)
            else:
                exchange.fault = fault.name
                self._inject(exchange, fault)
        finally:
            exchange.seconds = time.monotonic() - started

    def _inject(
        self, exchange: recording.Exchange, fault: kinds.Fault
    ) -> None:
        if fault.stops:
            self.owner.signal(fault.number)
        if fault.answered:
            self._pass_on(exchange)
            return
        if fault.effective:
            upstream, response = self._ask(exchange)
            while response.read(_BLOCK):
                pass
            upstream.close()
        else:
            self._keep(exchange, b''.join(self._body()))
        if fault.kills:
            self.owner.signal(fault.number)
        if fault.status is None:
            self._drop()
            return
        exchange.status = fault.status
        self._answer(fault.status, fault.headers, json.dumps({'error': {
            'code': fault.status, 'message': 'injected'}}).encode())

    def _drop(self) -> None:
        """Reset the connection, as soon as it is closed."""
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close_connection = True

    def _ask(
        self, exchange: recording.Exchange
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send the request to the service."""
        upstream = http.client.HTTPConnection(
            self.upstream.host, self.upstream.port, timeout=_LIMIT_S)
        upstream.putrequest(self.command, self.path, skip_host=True,
                            skip_accept_encoding=True)
        upstream.putheader(
            'Host', f'{self.upstream.host}:{self.upstream.port}')
        for name, value in self.headers.items():
            if name.lower() not in _HOP:
                upstream.putheader(name, value)
        chunked = self._chunked()
        if chunked:
            upstream.putheader('Transfer-Encoding', 'chunked')
        upstream.endheaders()
        kept = b''
        for block in self._body():
            if len(kept) < _MOST_KEPT:
                kept += block
            upstream.send(b'%x\r\n%s\r\n' % (len(block), block)
                          if chunked else block)
        if chunked:
            upstream.send(b'0\r\n\r\n')
        self._keep(exchange, kept)
        return upstream, upstream.getresponse()

    def _pass_on(self, exchange: recording.Exchange) -> None:
        upstream, response = self._ask(exchange)
        exchange.status = response.status
        headers = [
            (name, self.owner.rewrite(value.encode()).decode())
            for name, value in response.getheaders()
            if name.lower() not in _HOP]
        if self.command == 'HEAD' or response.status in (204, 304):
            self._head(response.status, headers)
        elif 'json' in response.getheader('Content-Type', ''):
            self._answer(response.status, headers,
                         self.owner.rewrite(response.read()))
        else:
            self._stream(response, headers)
        upstream.close()

    def _answer(
        self, status: int, headers: Any, body: bytes
    ) -> None:
        rest = [(name, value) for name, value in headers
                if name.lower() not in ('content-length', 'content-type')]
        self._head(status, rest + [
            ('Content-Type', 'application/json'),
            ('Content-Length', str(len(body)))])
        if self.command != 'HEAD':
            self.wfile.write(body)

    def _stream(
        self, response: http.client.HTTPResponse, headers: Any
    ) -> None:
        chunked = response.getheader('Content-Length') is None
        if chunked:
            headers.append(('Transfer-Encoding', 'chunked'))
        self._head(response.status, headers)
        while block := response.read(_BLOCK):
            self.wfile.write(b'%x\r\n%s\r\n' % (len(block), block)
                             if chunked else block)
        if chunked:
            self.wfile.write(b'0\r\n\r\n')

    def _head(self, status: int, headers: Any) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _chunked(self) -> bool:
        return 'chunked' in self.headers.get('Transfer-Encoding', '')

    def _body(self) -> Iterator[bytes]:
        if self._chunked():
            while size := int(self.rfile.readline().split(b';')[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get('Content-Length') or 0)
        while left:
            block = self.rfile.read1(min(left, _BLOCK))
            if not block:
                raise ConnectionResetError('the CPI has gone')
            left -= len(block)
            yield block

    def _keep(self, exchange: recording.Exchange, data: bytes) -> None:
        if not data or not re.match(
                rb'\s*[{\[]', data) or len(data) > _MOST_KEPT:
            return
        try:
            exchange.body = json.loads(data)
        except ValueError:
            exchange.body = None
