# SPDX-License-Identifier: Apache-2.0

import http.server
import json
import os
import subprocess
import sys
import threading
from typing import Any

import ddt
from oslotest import base
import requests

from tests.functional.faults import kinds
from tests.functional.faults import proxy
from tests.functional.faults import recording
from tests.functional.faults import runner

BIG = os.urandom(700000)


class Service(http.server.BaseHTTPRequestHandler):
    """A service that tells where it is, and keeps what it is sent."""

    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        if self.path == '/big':
            self._stream()
            return
        host, port = self.server.server_address
        self._answer(json.dumps({
            'path': self.path, 'host': self.headers['Host'],
            'self': f'http://{host}:{port}/v3',
            'other': f'http://{host}:{port}0/v3'}).encode())

    def do_POST(self) -> None:
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            body = b''
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.bodies.append(body)
        self._answer(b'{}')

    def do_DELETE(self) -> None:
        self.server.bodies.append(b'DELETE')
        self.send_response(204)
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header('Content-Type', 'application/octet-stream')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        self.wfile.write(b'%x\r\n%s\r\n0\r\n\r\n' % (len(BIG), BIG))

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@ddt.ddt
class TestProxy(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), Service)
        self.server.daemon_threads = True
        self.server.bodies = []
        thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.fault: str | None = None
        self.between = proxy.Proxy(
            {'nova': 'http://127.0.0.1:%d/v2.1' % (
                self.server.server_address[1])}, self._choose)
        self.between.__enter__()
        self.addCleanup(self.between.__exit__, None, None, None)
        self.http = requests.Session()
        self.http.trust_env = False
        self.addCleanup(self.http.close)

    def _choose(self, exchange: recording.Exchange) -> kinds.Fault | None:
        return kinds.ALL[self.fault] if self.fault else None

    def url(self, path: str) -> str:
        return self.between.url('nova', path)

    def test_addresses_are_replaced(self):
        answer = self.http.get(self.url('/servers?a=b')).json()
        self.assertEqual('/servers?a=b', answer['path'])
        self.assertEqual(self.url('/v3'), answer['self'])
        self.assertNotIn(self.url(''), answer['other'])
        self.assertEqual('127.0.0.1:%d' % self.server.server_address[1],
                         answer['host'])

    def test_requests_and_connections_are_counted(self):
        for _ in range(3):
            self.http.get(self.url('/servers'))
        self.http.post(self.url('/servers'), json={'server': {'name': 'a'}})
        found = self.between.recording
        self.assertEqual(4, len(found.exchanges))
        self.assertEqual(1, found.connections)
        self.assertEqual(
            [recording.Step('GET', 'nova', '/servers'),
             recording.Step('POST', 'nova', '/servers')], found.steps())
        self.assertEqual(
            [{'server': {'name': 'a'}}], found.sent('POST', '/servers$'))
        self.assertEqual({200}, {one.status for one in found.exchanges})

    def test_bodies_of_any_size(self):
        self.http.post(self.url('/file'), data=BIG)
        self.http.post(self.url('/file'), data=iter([BIG, b'x']))
        self.assertEqual([BIG, BIG + b'x'], self.server.bodies)
        self.assertEqual(BIG, self.http.get(self.url('/big')).content)
        self.assertEqual(
            204, self.http.delete(self.url('/file')).status_code)

    @ddt.data('401', '429', '500', '503')
    def test_answers(self, name):
        self.fault = name
        answer = self.http.post(self.url('/servers'), json={})
        self.assertEqual(int(name), answer.status_code)
        self.assertEqual(dict(kinds.ALL[name].headers).get('Retry-After'),
                         answer.headers.get('Retry-After'))
        self.assertEqual([], self.server.bodies)
        self.fault = None
        self.http.post(self.url('/servers'), json={})
        self.assertEqual(1, self.between.recording.connections)

    @ddt.data(('reset', 0), ('lost', 1))
    @ddt.unpack
    def test_connections_that_break(self, name, effects):
        self.fault = name
        self.assertRaises(requests.ConnectionError, self.http.post,
                          self.url('/servers'), json={})
        self.assertEqual(effects, len(self.server.bodies))
        self.assertEqual(
            name, self.between.recording.exchanges[-1].fault)

    @ddt.data(('kill-before', 0, -9), ('kill-after', 1, -9))
    @ddt.unpack
    def test_kills(self, name, effects, code):
        process = subprocess.Popen(
            [sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.between.process = process.pid
        self.fault = name
        self.assertRaises(requests.ConnectionError, self.http.post,
                          self.url('/servers'), json={})
        self.assertEqual(code, process.wait(timeout=10))
        self.assertEqual(effects, len(self.server.bodies))


@ddt.ddt
class TestRecording(base.BaseTestCase):

    @ddt.data(
        ('/v2.1/servers/0b0a7a51-51c3-4a3a-8b5b-6d3a0e3a1f00',
         '/v2.1/servers/{id}'),
        ('/v3/0b0a7a5151c34a3a8b5b6d3a0e3a1f00/volumes?name=a&limit=1',
         '/v3/{id}/volumes?limit&name'),
        ('/v2.0/ports?device_id=&device_id=a', '/v2.0/ports?device_id'),
    )
    @ddt.unpack
    def test_templates(self, path, template):
        self.assertEqual(template, recording.template(path))

    def test_polls_are_one_step(self):
        found = recording.Recording()
        for method in ('GET', 'GET', 'DELETE', 'DELETE', 'GET'):
            found.begin(method, 'nova', '/servers/a')
        self.assertEqual(
            ['GET nova /servers/a', 'DELETE nova /servers/a',
             'DELETE nova /servers/a #2', 'GET nova /servers/a #2'],
            [str(step) for step in found.steps()])

    def test_part_reaches_every_step_and_every_fault(self):
        steps = [recording.Step('GET', 'nova', f'/{n}') for n in range(3)]
        steps.append(recording.Step('POST', 'keystone', '/v3/auth/tokens'))
        steps.append(recording.Step('POST', 'nova', '/servers'))
        faults = list(kinds.ALL.values())
        dealt = runner.part(steps, faults)
        self.assertEqual(len(dealt), len(set(dealt)))
        # Two faults were left over.
        self.assertEqual([2, 2, 1, 1, 3], [
            sum(step == one for one, _fault in dealt) for step in steps])
        self.assertEqual(set(faults), {fault for _one, fault in dealt})
        self.assertEqual({'kill-after', 'lost'}, {
            fault.name for step, fault in dealt
            if step == steps[-1]} & {'kill-after', 'lost'})

    def test_part_of_few_faults(self):
        steps = [recording.Step('POST', 'nova', '/servers')]
        self.assertEqual(
            [(steps[0], kinds.ALL['lost'])],
            runner.part(steps, [kinds.ALL['lost']]))
