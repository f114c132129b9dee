# SPDX-License-Identifier: Apache-2.0

import contextlib
import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography import x509
import ddt
import fixtures
from oslotest import base

from cf_openstack.director import endpoint_policy
from cf_openstack.stemcell import errors
from cf_openstack.stemcell import source

CONTENT = bytes(range(256)) * 400
SECRET = 'hunter2'


def certificate(folder):
    """A self-signed certificate for 127.0.0.1: (PEM text, file of both)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'test')])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address('127.0.0.1'))
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([address]), False)
            .sign(key, hashes.SHA256()))
    pem = cert.public_bytes(serialization.Encoding.PEM)
    with open(folder + '/both.pem', 'wb') as out:
        out.write(pem + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    return pem.decode(), folder + '/both.pem'


class Handler(http.server.BaseHTTPRequestHandler):

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        path = self.path.partition('?')[0]
        if path.startswith('/slow'):
            self.drip(path)
        elif path == '/heads':
            self.wfile.write(b'HTTP/1.1 200 OK\r\n')
            for number in range(90):
                self.wfile.write(b'X-%d: %s\r\n' % (number, b'x' * 60000))
            self.wfile.write(b'\r\n')
        elif path == '/endless':
            self.send_response(302)
            self.send_header('Location', '/file')
            self.end_headers()
            self.drip_for(30, 65536)
        elif path in self.server.redirects:
            self.send_response(302)
            self.send_header('Location', self.server.redirects[path])
            self.end_headers()
        elif path in ('/file', '/short', '/unsized'):
            self.send_response(200)
            if path != '/unsized':
                self.send_header('Content-Length', str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:1000] if path == '/short' else CONTENT)
        else:
            self.send_error(404 if path == '/none' else 500, SECRET)

    def drip(self, path):
        """One byte at a time, each well within the read time-out."""
        self.wfile.write(b'HTTP/1.1 200 OK\r\nX-Slow: ')
        if path == '/slow-file':
            self.wfile.write(b'no\r\n\r\n')
        self.drip_for(30, 1)

    def drip_for(self, seconds, size):
        end = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                self.wfile.write(b'x' * size)
                self.wfile.flush()
                self.server.stopped.wait(0.01)


class Server(fixtures.Fixture):
    """A web server with TLS on a free port of 127.0.0.1."""

    def _setUp(self):
        folder = self.useFixture(fixtures.TempDir()).path
        self.ca, both = certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), Handler)
        # A client that refuses the certificate makes no noise here.
        self.server.handle_error = lambda *args: None
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True)
        self.server.seen = self.seen = []
        self.server.stopped = threading.Event()
        self.addCleanup(self.server.stopped.set)
        self.server.redirects = self.redirects = {}
        self.port = self.server.server_port
        self.url = 'https://127.0.0.1:%d' % self.port
        thread = threading.Thread(
            target=self.server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)


@ddt.ddt
class TestOpenStream(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(Server())

    def open(self, path='/file', **kwargs):
        kwargs.setdefault('ca_certificate', self.server.ca)
        url = path if '://' in path else self.server.url + path
        stream = source.open_stream(url, **kwargs)
        self.addCleanup(stream.close)
        return stream

    def fails(self, kind, path, **kwargs):
        return str(self.assertRaises(kind, self.open, path, **kwargs))

    def test_content(self):
        with self.open() as stream:
            self.assertEqual(len(CONTENT), stream.length)
            self.assertEqual(CONTENT[:10], stream.read(10))
            self.assertEqual(CONTENT[10:], stream.read())
            self.assertEqual(b'', stream.read(10))

    def test_length_unknown(self):
        stream = self.open('/unsized')
        self.assertIsNone(stream.length)
        self.assertEqual(CONTENT, stream.read())

    def test_query_is_sent_and_not_shown(self):
        self.open('/file?Signature=' + SECRET)
        self.assertEqual('/file?Signature=' + SECRET, self.server.seen[0][0])
        text = self.fails(errors.DownloadFailed, '/none?S=' + SECRET)
        self.assertIn('/none failed', text)
        self.assertNotIn(SECRET, text)

    def test_user_is_sent_and_not_shown(self):
        base_url = 'https://me:%s@127.0.0.1:%d' % (SECRET, self.server.port)
        self.open(base_url + '/file')
        self.assertIn('Basic ',
                      self.server.seen[0][1]['Authorization'])
        text = self.fails(errors.DownloadFailed, base_url + '/none')
        self.assertNotIn(SECRET, text)

    @ddt.data(('/none', 'status 404 (there is nothing)'),
              ('/broken', 'status 500'))
    @ddt.unpack
    def test_status(self, path, reason):
        text = self.fails(errors.DownloadFailed, path)
        self.assertIn(self.server.url + path, text)
        self.assertIn(reason, text)
        # What a foreign host says is not handed on.
        self.assertNotIn(SECRET, text)

    def test_ends_early(self):
        stream = self.open('/short')
        error = self.assertRaises(errors.DownloadFailed, stream.read)
        self.assertIn('after 1000', str(error))

    def test_total_time(self):
        self.assertIn('no answer in time', self.fails(
            errors.DownloadFailed, '/slow-head', total_timeout=0.3))
        stream = self.open('/slow-file', total_timeout=0.3)
        error = self.assertRaises(errors.DownloadFailed, stream.read)
        self.assertRegex(str(error), 'took too long|no answer in time')

    def test_time_is_for_all_redirects(self):
        self.server.redirects.update({'/a': '/b', '/b': '/slow-head'})
        self.assertIn('no answer in time', self.fails(
            errors.DownloadFailed, '/a', total_timeout=0.5))

    def test_what_a_redirect_brings_is_not_read(self):
        # Reading it would take 30 seconds and much memory.
        self.assertEqual(CONTENT, self.open(
            '/endless', total_timeout=10).read())

    def test_headers_without_end(self):
        self.assertIn('/heads failed', self.fails(
            errors.DownloadFailed, '/heads'))

    def test_certificate_not_trusted(self):
        folder = self.useFixture(fixtures.TempDir()).path
        other, _ = certificate(folder)
        for ca in (other, None):
            text = self.fails(errors.DownloadFailed, '/file',
                              ca_certificate=ca)
            self.assertIn('certificate is not trusted', text)
        self.assertEqual([], self.server.seen)

    def test_environment_is_ignored(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'REQUESTS_CA_BUNDLE', '/nowhere'))
        self.useFixture(fixtures.EnvironmentVariable(
            'https_proxy', 'http://127.0.0.1:1'))
        self.assertEqual(CONTENT, self.open().read())

    def test_ca_is_none(self):
        self.assertIn('not a PEM certificate', self.fails(
            errors.DownloadFailed, '/file', ca_certificate='hello'))

    def test_refused_port(self):
        with contextlib.closing(socket.socket()) as free:
            free.bind(('127.0.0.1', 0))
            text = self.fails(errors.DownloadFailed, 'https://127.0.0.1:%d/x'
                              % free.getsockname()[1])
        self.assertIn('Connection refused', text)

    def test_name_unknown(self):
        policy = endpoint_policy.EndpointPolicy(
            [443], resolver=lambda *args, **kwargs: [])
        text = self.fails(errors.DownloadFailed, 'https://nowhere.test/x',
                          policy=policy)
        self.assertIn('Fetching https://nowhere.test/x failed', text)
        self.assertIn('cannot be resolved', text)

    @ddt.data(
        ('http://127.0.0.1/x', 'only https'),
        ('file:///etc/passwd', 'only https'),
        ('https://', 'host or port'),
        ('https://h:99999/x', 'host or port'),
    )
    @ddt.unpack
    def test_location_refused(self, url, reason):
        self.assertIn(reason, self.fails(errors.LocationRefused, url))

    def test_policy(self):
        policy = endpoint_policy.EndpointPolicy([self.server.port])
        text = self.fails(errors.LocationRefused, '/file', policy=policy)
        self.assertIn('denied network', text)
        policy = endpoint_policy.EndpointPolicy(
            [self.server.port], allowed_networks=['127.0.0.0/8'])
        self.assertEqual(CONTENT, self.open(policy=policy).read())
        self.assertEqual(1, len(self.server.seen))

    def test_redirects(self):
        self.server.redirects.update({
            '/a': '/b?x=1', '/b': self.server.url + '/file'})
        self.assertEqual(CONTENT, self.open('/a').read())

    def test_redirect_without_end(self):
        self.server.redirects['/a'] = '/a'
        self.assertIn('more than 9 redirects',
                      self.fails(errors.DownloadFailed, '/a'))
        self.assertEqual(10, len(self.server.seen))

    def test_redirect_to_http(self):
        self.server.redirects['/a'] = self.server.url.replace('s:', ':')
        self.assertIn('only https',
                      self.fails(errors.LocationRefused, '/a'))

    def test_each_hop_is_checked(self):
        other = self.useFixture(Server())
        self.server.redirects['/a'] = other.url + '/file'
        policy = endpoint_policy.EndpointPolicy(
            [self.server.port], allowed_networks=['127.0.0.0/8'])
        text = self.fails(errors.LocationRefused, '/a', policy=policy)
        self.assertIn('port %d' % other.port, text)
        self.assertEqual([], other.seen)

    def test_password_does_not_follow_a_redirect(self):
        other = self.useFixture(Server())
        self.server.redirects['/a'] = other.url + '/file'
        self.open('https://me:%s@127.0.0.1:%d/a' % (
            SECRET, self.server.port),
            ca_certificate=self.server.ca + other.ca)
        self.assertIn('Authorization', self.server.seen[0][1])
        self.assertNotIn('Authorization', other.seen[0][1])
