# SPDX-License-Identifier: Apache-2.0
"""The director over TLS."""

import json
import pathlib
import ssl
import threading
from typing import Any

from cryptography import x509
import fixtures
from oslotest import base
import requests

from devstack.pocket_director import certs
from devstack.pocket_director import server
from devstack.pocket_director import settings


class ServerTest(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.server = server.Server(settings.Settings(
            root=self.root, port=0, cpi=self.root / 'cpi'))
        self.addCleanup(self.server.director.close)
        port = self.server.prepare()
        thread = threading.Thread(target=self.server.serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.stop)
        self.endpoint = f'https://127.0.0.1:{port}'
        self.session = requests.Session()
        self.session.trust_env = False
        self.addCleanup(self.session.close)
        known = json.loads((self.root / 'director.json').read_text())
        self.session.verify = known['ca_file']
        self.session.auth = (known['client'], known['client_secret'])

    def test_certificate(self) -> None:
        answer = self.session.get(f'{self.endpoint}/info')
        self.assertEqual('admin', answer.json()['user'])
        localhost = self.endpoint.replace('127.0.0.1', 'localhost')
        self.assertEqual(
            200, self.session.get(f'{localhost}/info').status_code)
        self.session.verify = True
        self.assertRaises(requests.exceptions.SSLError, self.session.get,
                          f'{self.endpoint}/info')

    def order(self, **fault: Any) -> None:
        (self.root / 'faults.json').write_text(
            json.dumps({'requests': [{'times': 1, **fault}]}))

    def test_dropped_before(self) -> None:
        self.order(path='^/cleanup', drop='before')
        self.assertRaises(
            requests.ConnectionError, self.session.post,
            f'{self.endpoint}/cleanup', json={})
        tasks = self.session.get(f'{self.endpoint}/tasks?verbose=2').json()
        self.assertEqual([], tasks)

    def test_dropped_after(self) -> None:
        self.order(path='^/cleanup', drop='after')
        self.assertRaises(
            requests.ConnectionError, self.session.post,
            f'{self.endpoint}/cleanup', json={})
        tasks = self.session.get(f'{self.endpoint}/tasks?verbose=2').json()
        self.assertEqual(1, len(tasks))

    def test_it_downloads_from_itself(self) -> None:
        self.server.director.settings.path('files', 'x.tgz').write_bytes(
            b'no archive')
        answer = self.session.post(
            f'{self.endpoint}/releases', allow_redirects=False,
            json={'location': f'{self.endpoint}/files/x.tgz'})
        path = answer.headers['Location']
        while (task := self.session.get(path).json())['state'] in (
                'queued', 'processing'):
            continue
        self.assertIn('Extracting archive failed', task['result'])


class AuthorityTest(base.BaseTestCase):

    def test_it_is_made_once(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        first = certs.Authority(folder).ca_file.read_bytes()
        self.assertEqual(first, certs.Authority(folder).ca_file.read_bytes())

    def test_issued(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        authority = certs.Authority(folder)
        text, key = authority.issue('agent', ('10.0.0.1', 'a.bosh'))
        certificate = x509.load_pem_x509_certificate(text.encode())
        ca = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
        certificate.verify_directly_issued_by(ca)
        self.assertIn('PRIVATE KEY', key)
        context = ssl.create_default_context(cafile=authority.ca_file)
        self.assertEqual(1, len(context.get_ca_certs()))
