# SPDX-License-Identifier: Apache-2.0
"""Hosts that are no director, or a hostile one, over real TLS."""

import gzip
import json
import socket
import ssl
import threading
from unittest import mock

import ddt
import fixtures
from urllib3.util import connection as urllib3_connection

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import connector
from cf_openstack.director import deployments
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions
from cf_openstack.director import limits
from cf_openstack.director import response
from tests.unit.director import base
from tests.unit.director import test_transport

SECRET_BODY = 'internal-service-secret-body'
SECRET_HEADER = 'internal-service-secret-header'
#: Ways to call a director that are no way around the first look at it.
CALLS = {
    'info': lambda director: director.info(),
    'authenticate': lambda director: director.authenticate(),
    'deploy': lambda director: director.deployments.create('name: cf'),
    'put': lambda director: director.configs.put('cloud', 'x', 'azs: []'),
    'certificates': lambda director: director.certificates()}


class HostileTestCase(test_transport.TlsTestCase):
    """A client whose director is the test's own server."""

    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.ports = [self.server.port]

    def director(self, host='127.0.0.1', **bounds):
        made = client.Director(
            connection.Connection(
                f'https://{host}:{self.server.port}', self.authority.pem,
                'admin', base.SECRET),
            endpoint_policy.EndpointPolicy(
                self.ports, allowed_networks=['127.0.0.1/32']),
            limits.Limits(**{'retry_wait': 0, **bounds}))
        self.addCleanup(made.close)
        return made

    def be_a_director(self, authentication=None):
        self.server.answer('GET', '/info', body=json.dumps({
            **base.INFO, 'user_authentication':
            authentication or base.BASIC}).encode())

    def assert_no_secret_left(self, *servers):
        for server in servers or [self.server]:
            for _method, _path, headers, body in server.requests:
                self.assertNotIn('Authorization', headers)
                self.assertNotIn(base.SECRET.encode(), body)


@ddt.ddt
class ForeignHostTest(HostileTestCase):
    """An internal service that a tenant has called a director."""

    @ddt.data(*(
        (call, status, body) for call in CALLS for status, body in (
            (200, SECRET_BODY), (404, SECRET_BODY), (500, SECRET_BODY),
            (403, json.dumps({'code': 1, 'description': SECRET_BODY})),
            (200, json.dumps({'name': 'x', 'version': '1',
                              'token': SECRET_BODY})),
            (200, json.dumps({'name': SECRET_BODY, 'uuid': 'x',
                              'version': '1'})))))
    @ddt.unpack
    def test_its_answer_is_not_repeated(self, call, status, body):
        logger = self.useFixture(fixtures.FakeLogger())
        self.server.answer('GET', '/info', status, body.encode(), {
            'X-Secret': SECRET_HEADER, 'Location': SECRET_HEADER,
            'WWW-Authenticate': SECRET_HEADER})
        error = self.assertRaises(exceptions.NotADirector, CALLS[call],
                                  self.director())
        for told in (str(error), repr(error), logger.output):
            self.assertNotIn('internal-service', told)
        self.assertEqual(['/info'],
                         [path for _method, path, *_ in self.server.requests])
        self.assert_no_secret_left()

    @ddt.data(b'SSH-2.0-internal-service\r\n', b'HTTP/internal-service\r\n',
              b'HTTP/1.1 200 internal-service\r\n\r\n',
              b'HTTP/1.1 internal-service\r\n\r\n',
              b'HTTP/1.1 200 OK\r\nContent-Length: internal-service\r\n\r\n',
              b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
              b'internal-service\r\n')
    def test_what_is_no_http(self, banner):
        logger = self.useFixture(fixtures.FakeLogger())

        def greet(handler):
            handler.wfile.write(banner)
            handler.close_connection = True
        self.server.answers['GET', '/info'] = greet
        error = self.assertRaises(exceptions.DirectorError,
                                  self.director(attempts=1).info)
        self.assertNotIn('internal-service', str(error))
        self.assertNotIn('internal-service', logger.output)

    def test_a_certificate_is_not_described(self):
        # Its names would tell which service listens there.
        self.server = self.serve(self.authority.issue('internal-service'))
        self.ports = [self.server.port]
        error = self.assertRaises(exceptions.CertificateRefused,
                                  self.director().info)
        self.assertNotIn('internal-service', str(error))
        self.assertEqual([], self.server.requests)


@ddt.ddt
class UaaAddressTest(HostileTestCase):
    """A director that names as its UAA what it likes."""

    def name_uaa(self, *urls):
        self.be_a_director({'type': 'uaa', 'options': {
            'url': urls[0], 'urls': list(urls)}})

    @ddt.data('https://127.0.0.2:{port}', 'https://169.254.169.254:{port}',
              'https://[::1]:{port}', 'https://[::ffff:7f00:2]:{port}',
              'https://[64:ff9b::7f00:2]:{port}',
              'https://[2002:a9fe:a9fe::1]:{port}', 'https://0:{port}',
              'https://2130706434:{port}', 'https://0x7f000002:{port}',
              'https://127.2:{port}', 'https://127.0.0.2.:{port}',
              'https://127.0.0.1:22', 'https://127.0.0.1',
              'http://127.0.0.1:{port}', 'https://a@127.0.0.1:{port}',
              'https://127.0.0.1:{port}?x=', 'gopher://127.0.0.1:{port}',
              'https://127.0.0.1:{port}#@169.254.169.254')
    def test_refused(self, url):
        self.name_uaa(url.format(port=self.server.port))
        with mock.patch.object(
                urllib3_connection, 'create_connection', autospec=True,
                side_effect=urllib3_connection.create_connection) as connect:
            error = self.assertRaises(exceptions.DirectorError,
                                      self.director().authenticate)
        self.assertEqual({('127.0.0.1', self.server.port)},
                         {call.args[0] for call in connect.mock_calls})
        self.assertIsInstance(error, (exceptions.EndpointRefused,
                                      exceptions.InvalidEndpoint))
        self.assert_no_secret_left()

    def test_of_another_authority(self):
        other = test_transport.tls.Authority()
        uaa = self.serve(other.issue('127.0.0.1'))
        self.ports.append(uaa.port)
        self.name_uaa(f'https://127.0.0.1:{uaa.port}')
        self.assertRaises(exceptions.CertificateRefused,
                          self.director().authenticate)
        self.assertEqual([], uaa.requests)
        self.assert_no_secret_left()

    @ddt.data((200, SECRET_BODY), (302, SECRET_BODY), (401, SECRET_BODY),
              (404, SECRET_BODY), (500, SECRET_BODY), (503, SECRET_BODY),
              (200, json.dumps({'token': SECRET_BODY})),
              (401, json.dumps({'error_description': SECRET_BODY})))
    @ddt.unpack
    def test_its_answer_is_not_repeated(self, status, body):
        uaa, elsewhere = self.serve(), self.serve()
        self.ports += [uaa.port, elsewhere.port]
        uaa.answer('POST', '/oauth/token', status, body.encode(), {
            'Location': f'https://127.0.0.1:{elsewhere.port}/{SECRET_BODY}'})
        self.name_uaa(f'https://127.0.0.1:{uaa.port}')
        error = self.assertRaises(exceptions.DirectorError,
                                  self.director().authenticate)
        self.assertNotIn(SECRET_BODY, str(error))
        self.assertEqual([], elsewhere.requests)
        self.assert_no_secret_left(self.server)

    def test_next_one_when_the_first_is_down(self):
        uaa = self.serve()
        uaa.answer('POST', '/oauth/token', body=b'{"access_token": "t"}')
        self.server.answer('GET', '/tasks', body=b'[]')
        with socket.socket() as reserved:
            reserved.bind(('127.0.0.1', 0))
            port = reserved.getsockname()[1]
            self.ports += [uaa.port, port]
            self.name_uaa(f'https://127.0.0.1:{port}',
                          f'https://127.0.0.1:{uaa.port}')
            self.director().authenticate()

    def test_odd_urls(self):
        for options in ({'urls': 7}, {'urls': [7, {}, None]}, {'url': {}},
                        {'url': 'x' * 2000}, []):
            self.be_a_director({'type': 'uaa', 'options': options})
            self.assertRaises(exceptions.NotADirector,
                              self.director().authenticate)


@ddt.ddt
class BombTest(HostileTestCase):
    """Answers that would fill the memory, or hold the caller for ever."""

    @ddt.data('gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'x')
    def test_compressed(self, encoding):
        packed = gzip.compress(b' ' * 5_000_000 + b'{}')
        self.server.answer('GET', '/info', body=packed, headers={
            'Content-Encoding': encoding})
        error = self.assertRaises(exceptions.BadResponse,
                                  self.director(max_size=65536).info)
        self.assertIn('compressed', str(error))
        self.assertEqual('identity',
                         self.server.requests[0][2]['Accept-Encoding'])

    def test_identity_is_no_compression(self):
        self.server.answer('GET', '/info', body=json.dumps(base.INFO).encode(),
                           headers={'Content-Encoding': 'Identity'})
        self.director().info()

    def flood(self, start, line):
        """Answer with a line that is repeated until nobody listens."""
        def pour(handler):
            handler.wfile.write(start)
            try:
                while True:
                    handler.wfile.write(line * 1000)
            finally:
                handler.close_connection = True
        self.server.answers['GET', '/info'] = pour

    @ddt.data((b'', b'HTTP/1.1 100 Continue\r\n\r\n'),
              (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
               b'1;x=' + b'y' * 1000 + b'\r\nz\r\n'),
              (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
               b'Trailer: x\r\n'))
    @ddt.unpack
    def test_endless(self, start, line):
        self.flood(start, line)
        one = self.connector(self.server.port, host='127.0.0.1',
                             max_size=65536, attempts=1)
        error = self.assertRaises(exceptions.BadResponse, one.send, 'GET',
                                  '/info')
        self.assertIn('director_max_response_size', str(error))

    @ddt.data((b'HTTP/1.1 200 OK\r\n', b'X: y\r\n'),
              (b'HTTP/1.1 200 OK\r\nX: ', b'y'), (b'', b'H'),
              (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
               b'f'))
    @ddt.unpack
    def test_headers_without_end(self, start, line):
        self.flood(start, line)
        one = self.connector(self.server.port, host='127.0.0.1', attempts=1)
        self.assertRaises(exceptions.DirectorError, one.send, 'GET', '/info')

    @ddt.data(b'[' * 500_000, b'{"a":' * 100_000, b'[[],' * 600_000 + b'1',
              b'1' * 100_000, b'"' + b'\\u0000' * 10)
    def test_json(self, body):
        self.be_a_director()
        self.server.answer('GET', '/deployments', body=body)
        self.assertRaises(exceptions.BadResponse,
                          self.director().deployments.list)

    def test_json_of_too_many_values(self):
        self.be_a_director()
        self.server.answer('GET', '/deployments',
                           body=b'[' + b'{},' * response.MAX_VALUES + b'{}]')
        error = self.assertRaises(exceptions.BadResponse,
                                  self.director().deployments.list)
        self.assertIn('1000000 values', str(error))

    def test_nested_line_of_a_result(self):
        found = deployments.Deployments.parse_vitals(
            '[' * 500_000 + '\n{"job_name": "x", "index": 1e999}\n'
            '{"ips": 5}\n{"vitals": {"cpu": {"sys": 1' + '0' * 400 + '}}}\n')
        self.assertEqual(['x', 'None'], [one.group for one in found][::-1])

    def test_cookies_are_not_kept(self):
        self.be_a_director()
        self.server.answer('GET', '/info', body=json.dumps(base.INFO).encode(),
                           headers={'Set-Cookie': 'a=' + 'b' * 4000})
        director = self.director()
        director.info()
        director.info()
        self.assertNotIn('Cookie', self.server.requests[1][2])

    def test_request_that_is_not_taken(self):
        # The handshake is done, then nothing is read any more.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = self.useFixture(fixtures.TempDir()).join('pem')
        with open(pem, 'w') as stream:
            stream.write(''.join(self.certificate))
        context.load_cert_chain(pem)
        over = threading.Event()
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def accept():
            there, _address = listener.accept()
            there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with context.wrap_socket(there, server_side=True) as session:
                while not over.wait(0.01):
                    session.recv(1)
        thread = threading.Thread(target=accept)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)
        one = self.connector(listener.getsockname()[1], host='127.0.0.1',
                             total_timeout=0.2)
        with mock.patch.object(connector, '_SLOWEST_UPLOAD', 1 << 40):
            error = self.assertRaises(
                exceptions.OutcomeUnknown, one.send, 'POST', '/deployments',
                body=b'x' * 50_000_000)
        self.assertTrue(error.kwargs['timed_out'])
