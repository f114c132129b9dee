# SPDX-License-Identifier: Apache-2.0
"""A certificate authority and an HTTPS server for tests."""

from collections.abc import Callable
import datetime
import http.server
import ipaddress
import os
import ssl
import tempfile
import threading
from typing import Any
import urllib.parse

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography import x509
from cryptography.x509 import oid
import fixtures

_DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority that lives as long as a test."""

    def __init__(self, name: str = 'test CA') -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self._certificate = _builder(
            self._name, self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True,
        ).sign(self._key, hashes.SHA256())
        self.pem = _pem(self._certificate)

    def issue(self, *names: str,
              alternative: bool = True) -> tuple[str, str]:
        """Issue a certificate.

        :param names: host names and IP addresses it is good for; the first
            is its common name.
        :param alternative: whether it has them as alternative names.
        :returns: PEM of the certificate, and of its private key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(names[0]), self._name, key.public_key())
        if alternative:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_san(name) for name in names]),
                critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return _pem(certificate), key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption()).decode('ascii')


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, text)])


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject: x509.Name, issuer: x509.Name,
             key: Any) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return x509.CertificateBuilder(
        issuer_name=issuer, subject_name=subject, public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _DAY, not_valid_after=now + _DAY)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(
        serialization.Encoding.PEM).decode('ascii')


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def _answer(self) -> None:
        length = int(self.headers.get('Content-Length') or 0)
        self.server.requests.append(  # type: ignore[attr-defined]
            (self.command, self.path, dict(self.headers),
             self.rfile.read(length)))
        path = urllib.parse.urlsplit(self.path).path
        self.server.answers[  # type: ignore[attr-defined]
            self.command, path](self)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave broken connections, which are the test's aim, unreported."""


class HttpsServer(fixtures.Fixture):
    """An HTTPS server on loopback, in a thread.

    :param certificate: PEM of its certificate.
    :param key: PEM of its private key.
    :ivar answers: functions of the request handler by (method, path).
    :ivar requests: what has arrived: method, path, headers, body.
    """

    def __init__(self, certificate: str, key: str) -> None:
        super().__init__()
        self._pem = certificate + key
        self.answers: dict[tuple[str, str], Callable[[Any], None]] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    def _setUp(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile('w', delete=False) as stream:
            stream.write(self._pem)
        try:
            context.load_cert_chain(stream.name)
        finally:
            os.unlink(stream.name)
        server = _Server(('127.0.0.1', 0), _Handler)
        server.answers = self.answers  # type: ignore[attr-defined]
        server.requests = self.requests  # type: ignore[attr-defined]
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = server.server_address[1]
        thread = threading.Thread(
            target=server.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

    def answer(self, method: str, path: str, status: int = 200,
               body: bytes = b'', headers: dict[str, str] | None = None
               ) -> None:
        """Answer a route with fixed bytes."""
        def send(handler: Any) -> None:
            handler.send_response(status)
            for name, value in (headers or {}).items():
                handler.send_header(name, value)
            handler.send_header('Content-Length', str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        self.answers[method, path] = send

    def drop(self, method: str, path: str) -> None:
        """Break the connection in place of an answer."""
        def close(handler: Any) -> None:
            handler.connection.close()
            handler.close_connection = True
        self.answers[method, path] = close
