# SPDX-License-Identifier: Apache-2.0
"""The connector against a real TLS server."""

import io
import os
import socket
import threading
from unittest import mock

import ddt
import fixtures
from oslotest import base
import requests

from cf_openstack.director import connector
from cf_openstack.director import endpoint
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions
from cf_openstack.director import limits
from cf_openstack.director import transport
from tests.unit.director import tls

NAME = 'bosh.example'


class TlsTestCase(base.BaseTestCase):
    """An HTTPS server that bosh.example resolves to."""

    authority = tls.Authority()
    certificate = authority.issue(NAME, '127.0.0.1')

    def setUp(self):
        super().setUp()
        self.addresses = ['127.0.0.1']
        self.resolved = []

    def serve(self, certificate=None):
        return self.useFixture(
            tls.HttpsServer(*(certificate or self.certificate)))

    def _resolve(self, host, port, type):
        self.resolved.append(host)
        return [(socket.AF_INET, type, 6, '', (address, port))
                for address in self.addresses]

    def connector(self, port, host=NAME, ca_certificate=None,
                  allowed=('127.0.0.0/8',), **bounds):
        policy = endpoint_policy.EndpointPolicy(
            [port], allowed_networks=allowed, resolver=self._resolve)
        made = connector.Connector(
            endpoint.Endpoint(host, port),
            self.authority.pem if ca_certificate is None else ca_certificate,
            policy, limits.Limits(**{'retry_wait': 0, **bounds}))
        self.addCleanup(made.close)
        return made


@ddt.ddt
class PinningTest(TlsTestCase):

    def test_name_is_verified_and_sent_while_the_address_is_used(self):
        server = self.serve()
        server.answer('GET', '/info', body=b'{}')
        response = self.connector(server.port).send('GET', '/info')
        self.assertEqual((200, b'{}'), (response.status, response.body))
        headers = server.requests[0][2]
        self.assertEqual(f'{NAME}:{server.port}', headers['Host'])

    def test_certificate_for_an_address(self):
        server = self.serve()
        server.answer('GET', '/info')
        one = self.connector(server.port, host='127.0.0.1')
        self.assertEqual(200, one.send('GET', '/info').status)

    def test_other_authority(self):
        server = self.serve()
        one = self.connector(server.port,
                             ca_certificate=tls.Authority().pem)
        error = self.assertRaises(exceptions.CertificateRefused, one.send,
                                  'GET', '/info')
        self.assertIn('not issued by the CA in ca_certificate', str(error))
        self.assertIn(f'https://{NAME}:{server.port}', str(error))
        self.assertEqual([], server.requests)

    def test_authorities_of_the_system_do_not_count(self):
        server = self.serve()
        path = self.useFixture(fixtures.TempDir()).join('ca.pem')
        with open(path, 'w') as stream:
            stream.write(self.authority.pem)
        for variable in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE',
                         'SSL_CERT_FILE'):
            self.useFixture(fixtures.EnvironmentVariable(variable, path))
        one = self.connector(server.port,
                             ca_certificate=tls.Authority().pem)
        self.assertRaises(exceptions.CertificateRefused, one.send, 'GET',
                          '/info')

    def test_only_the_given_authority_is_loaded(self):
        server = self.serve()
        server.answer('GET', '/info')
        context = transport.ssl_context(self.authority.pem)
        with mock.patch.object(transport, 'ssl_context', autospec=True,
                               return_value=context):
            self.connector(server.port).send('GET', '/info')
        self.assertEqual(1, len(context.get_ca_certs()))

    def test_without_authority_those_of_the_system_count(self):
        server = self.serve()
        one = self.connector(server.port, ca_certificate='')
        self.assertRaises(exceptions.CertificateRefused, one.send, 'GET',
                          '/info')

    def test_servers_own_certificate_as_authority(self):
        server = self.serve()
        server.answer('GET', '/info')
        one = self.connector(server.port,
                             ca_certificate=self.certificate[0])
        self.assertEqual(200, one.send('GET', '/info').status)

    def test_other_host_name(self):
        server = self.serve(self.authority.issue('other.example'))
        one = self.connector(server.port)
        error = self.assertRaises(exceptions.CertificateRefused, one.send,
                                  'POST', '/deployments', body=b'name: x')
        self.assertIn(f'not made for {NAME}', str(error))
        self.assertEqual([], server.requests)

    def test_common_name_does_not_count(self):
        server = self.serve(self.authority.issue(NAME, alternative=False))
        one = self.connector(server.port)
        self.assertRaises(exceptions.CertificateRefused, one.send, 'GET',
                          '/info')

    def test_environment_is_ignored(self):
        server = self.serve()
        server.answer('GET', '/info')
        home = self.useFixture(fixtures.TempHomeDir()).path
        with open(os.path.join(home, '.netrc'), 'w') as stream:
            stream.write(f'machine {NAME} login me password hunter2\n')
        for variable in ('HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'):
            self.useFixture(fixtures.EnvironmentVariable(
                variable, 'http://127.0.0.1:9'))
        self.connector(server.port).send('GET', '/info')
        self.assertNotIn('Authorization', server.requests[0][2])


class AddressTest(TlsTestCase):

    def test_rebinding_to_a_denied_address(self):
        # The name is asked for once; what it means later does not matter.
        server = self.serve()
        server.answer('GET', '/info')
        one = self.connector(server.port, allowed=('127.0.0.1/32',))
        one.send('GET', '/info')
        self.addresses = ['169.254.169.254']
        one.send('GET', '/info')
        self.assertEqual([NAME], self.resolved)

    def test_denied_address_is_not_connected_to(self):
        server = self.serve()
        one = self.connector(server.port, allowed=())
        with mock.patch.object(socket.socket, 'connect', autospec=True,
                               side_effect=AssertionError) as connect:
            self.assertRaises(exceptions.EndpointRefused, one.send, 'GET',
                              '/info')
        connect.assert_not_called()

    def test_system_resolver_is_not_asked_again(self):
        server = self.serve()
        server.answer('GET', '/info')
        seen = []
        real = socket.getaddrinfo

        def spy(host, *args, **kwargs):
            seen.append(host)
            return real(host, *args, **kwargs)
        with mock.patch.object(socket, 'getaddrinfo', side_effect=spy,
                               autospec=True):
            self.connector(server.port).send('GET', '/info')
        self.assertEqual({'127.0.0.1'}, set(seen))

    def test_next_address_when_the_first_refuses(self):
        server = self.serve()
        server.answer('POST', '/x')
        self.addresses = ['127.0.0.2', '127.0.0.1']
        response = self.connector(server.port).send('POST', '/x', body=b'x')
        self.assertEqual(200, response.status)
        self.assertEqual(1, len(server.requests))

    def test_name_is_resolved_anew_after_a_failure(self):
        server = self.serve()
        server.answer('GET', '/info')
        self.addresses = ['127.0.0.2']
        one = self.connector(server.port, attempts=1)
        self.assertRaises(exceptions.ConnectionFailed, one.send, 'GET',
                          '/info')
        self.addresses = ['127.0.0.1']
        self.assertEqual(200, one.send('GET', '/info').status)

    def test_port_is_checked_before_the_name(self):
        one = self.connector(25555)
        other = one.to(endpoint.Endpoint(NAME, 22))
        error = self.assertRaises(exceptions.EndpointRefused, other.send,
                                  'GET', '/oauth/token')
        self.assertIn('director_allowed_ports', str(error))
        self.assertEqual([], self.resolved)


@ddt.ddt
class ExchangeTest(TlsTestCase):

    @ddt.data(301, 302, 303, 307, 308)
    def test_redirects_are_not_followed(self, status):
        server, other = self.serve(), self.serve()
        other.answer('GET', '/stolen')
        server.answer('GET', '/x', status, headers={
            'Location': f'https://127.0.0.1:{other.port}/stolen'})
        response = self.connector(server.port).send('GET', '/x')
        self.assertEqual(status, response.status)
        self.assertEqual([], other.requests)

    def test_body_of_a_redirect_is_bounded(self):
        server = self.serve()
        server.answer('GET', '/x', 302, b'x' * 1000,
                      {'Location': 'https://[is no URL'})
        one = self.connector(server.port, max_size=999)
        self.assertRaises(exceptions.BadResponse, one.send, 'GET', '/x')

    def test_adapter_serves_its_endpoint_alone(self):
        server = self.serve()
        policy = endpoint_policy.EndpointPolicy(
            [server.port], allowed_networks=['127.0.0.0/8'])
        session = transport.Session(transport.PinnedAdapter(
            endpoint.Endpoint(NAME, server.port),
            transport.ssl_context(self.authority.pem), policy))
        self.addCleanup(session.close)
        for url in (f'https://127.0.0.1:{server.port}/', f'https://{NAME}/'):
            self.assertRaises(exceptions.InvalidRequest, session.get, url)
        self.assertRaises(requests.exceptions.InvalidSchema, session.get,
                          f'http://{NAME}:{server.port}/')
        self.assertEqual([], server.requests)

    def test_refused(self):
        with socket.socket() as reserved:
            reserved.bind(('127.0.0.1', 0))
            port = reserved.getsockname()[1]
            one = self.connector(port)
            for method in ('GET', 'POST'):
                error = self.assertRaises(exceptions.ConnectionFailed,
                                          one.send, method, '/x')
                self.assertNotIsInstance(error, exceptions.OutcomeUnknown)
                self.assertIn('Connection refused', str(error))

    def test_get_is_repeated_after_a_drop(self):
        server = self.serve()
        server.drop('GET', '/tasks')
        one = self.connector(server.port, attempts=3)
        error = self.assertRaises(exceptions.ConnectionFailed, one.send,
                                  'GET', '/tasks')
        self.assertIn(f'https://{NAME}:{server.port}', str(error))
        self.assertEqual(3, len(server.requests))

    @ddt.data('POST', 'PUT', 'DELETE')
    def test_nothing_else_is_repeated_after_a_drop(self, method):
        server = self.serve()
        server.drop(method, '/x')
        one = self.connector(server.port)
        self.assertRaises(exceptions.OutcomeUnknown, one.send, method, '/x')
        self.assertEqual(1, len(server.requests))

    def test_silence(self):
        server = self.serve()
        over = threading.Event()
        self.addCleanup(over.set)
        server.answers['GET', '/x'] = lambda handler: over.wait(5)
        server.answers['POST', '/x'] = lambda handler: over.wait(5)
        one = self.connector(server.port, read_timeout=0.1)
        error = self.assertRaises(exceptions.ConnectionFailed, one.send,
                                  'GET', '/x')
        self.assertIn('no answer within 0.1 s', str(error))
        self.assertEqual(1, len(server.requests))
        self.assertRaises(exceptions.OutcomeUnknown, one.send, 'POST', '/x')

    def test_too_large(self):
        server = self.serve()
        server.answer('GET', '/x', body=b'x' * 1000)
        one = self.connector(server.port, max_size=999)
        error = self.assertRaises(exceptions.BadResponse, one.send, 'GET',
                                  '/x')
        self.assertIn('director_max_response_size', str(error))
        one = self.connector(server.port, max_size=1000)
        self.assertEqual(1000, len(one.send('GET', '/x').body))

    @ddt.data(b'HTTP/1.1 200 OK\r\nX: ',
              b'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n',
              b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    def test_dripping(self, start):
        server = self.serve()
        over = threading.Event()
        self.addCleanup(over.set)

        def drip(handler):
            handler.wfile.write(start)
            while not over.wait(0.01):
                handler.wfile.write(b'1\r\nx\r\n' if b'chunked' in start
                                    else b'x')
        server.answers['GET', '/x'] = drip
        server.answers['POST', '/x'] = drip
        one = self.connector(server.port, total_timeout=0.1)
        error = self.assertRaises(exceptions.ConnectionFailed, one.send,
                                  'GET', '/x')
        self.assertIn('director_total_timeout', str(error))
        self.assertEqual(1, len(server.requests))
        self.assertRaises(exceptions.OutcomeUnknown, one.send, 'POST', '/x')

    def test_answer_cut_short(self):
        server = self.serve()

        def cut(handler):
            handler.send_response(200)
            handler.send_header('Content-Length', '100')
            handler.end_headers()
            handler.wfile.write(b'x')
            handler.close_connection = True
        server.answers['GET', '/x'] = cut
        server.answers['POST', '/x'] = cut
        one = self.connector(server.port)
        self.assertRaises(exceptions.ConnectionFailed, one.send, 'GET', '/x')
        self.assertEqual(3, len(server.requests))
        self.assertRaises(exceptions.OutcomeUnknown, one.send, 'POST', '/x')

    def test_upload_is_streamed_with_its_length(self):
        server = self.serve()
        server.answer('POST', '/stemcells')
        content = os.urandom(300_000)
        # Only read() is there, as with an answer of Glance.
        stream = io.BufferedReader(io.BytesIO(content + b'more'))
        self.connector(server.port).send(
            'POST', '/stemcells',
            body=connector.Upload(stream, len(content)))
        _method, _path, headers, body = server.requests[0]
        self.assertEqual(str(len(content)), headers['Content-Length'])
        self.assertNotIn('Transfer-Encoding', headers)
        self.assertEqual(content, body)

    def test_upload_that_ends_early(self):
        server = self.serve()
        server.answer('POST', '/stemcells')
        one = self.connector(server.port)
        error = self.assertRaises(
            exceptions.InvalidRequest, one.send, 'POST', '/stemcells',
            body=connector.Upload(io.BytesIO(b'abc'), 5))
        self.assertIn('3 of 5 bytes', str(error))

    def test_other_protocol(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]

            def greet():
                there, _address = listener.accept()
                with there:
                    there.sendall(b'SSH-2.0-OpenSSH_9.6 secret-banner\r\n')
            thread = threading.Thread(target=greet)
            thread.start()
            self.addCleanup(thread.join)
            one = self.connector(port, attempts=1)
            error = self.assertRaises(exceptions.ConnectionFailed, one.send,
                                      'GET', '/info')
        self.assertIn('TLS failed', str(error))
        self.assertNotIn('secret-banner', str(error))
