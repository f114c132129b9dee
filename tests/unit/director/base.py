# SPDX-License-Identifier: Apache-2.0
"""What the tests of the director client have in common."""

import json
from typing import Any

from oslotest import base
import requests_mock

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import limits

URL = 'https://director.example:25555'
SECRET = 'correct-horse-battery'
BASIC = {'type': 'basic', 'options': {}}
INFO = {
    'name': 'pocket', 'uuid': '2f0e9a3c', 'version': '283.1.6 (00000000)',
    'user': None, 'cpi': 'openstack_cpi', 'stemcell_os': 'ubuntu-noble',
    'stemcell_version': '1.425', 'user_authentication': BASIC,
    'features': {'local_dns': {'status': True},
                 'snapshots': {'status': False}}}


class DirectorTestCase(base.BaseTestCase):
    """A client of a director that requests_mock plays."""

    def setUp(self) -> None:
        super().setUp()
        # Paths and queries are compared as they were sent.
        self.http = requests_mock.Mocker(case_sensitive=True)
        self.http.start()
        self.addCleanup(self.http.stop)
        self.connection = connection.Connection(
            endpoint=URL, ca_certificate='', client='admin',
            client_secret=SECRET)
        self.director = client.Director(
            self.connection, limits=limits.Limits(retry_wait=0))
        self.addCleanup(self.director.close)
        self.info = self.http.get(f'{URL}/info', json=INFO)

    def stub(self, method: str, path: str, document: Any = None,
             **kwargs: Any) -> Any:
        """Answer as the director does: JSON as text/html."""
        if document is not None:
            kwargs['text'] = json.dumps(document)
        if 'exc' not in kwargs:
            kwargs.setdefault('headers', {
                'Content-Type': 'text/html;charset=utf-8'})
        return self.http.register_uri(method, f'{URL}{path}', **kwargs)

    def stub_task(self, method: str, path: str, task_id: int = 42,
                  status: int = 302) -> Any:
        """Answer with a redirect to a task, its host being wrong."""
        return self.http.register_uri(
            method, f'{URL}{path}', status_code=status, headers={
                'Location': f'https://10.0.0.6:25555/tasks/{task_id}'})
