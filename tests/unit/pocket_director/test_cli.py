# SPDX-License-Identifier: Apache-2.0
"""The command line, as far as no process is started."""

import contextlib
import io
import json
import pathlib
import shlex
import subprocess

import fixtures
from oslotest import base

from devstack.pocket import state as pocket_state
from devstack.pocket_director import cli
from devstack.pocket_director import cpi_job


class CliTest(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'state'
        self.state = pocket_state.State(self.root)

    def run_cli(self, *argv: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(
                err):
            status = cli.main([*argv, '--state', str(self.root)])
        return status, out.getvalue(), err.getvalue()

    def test_without_a_pocket_cloud(self) -> None:
        for command in ('up', 'down', 'status', 'logs'):
            status, _, text = self.run_cli(command)
            self.assertEqual(1, status)
            self.assertIn('There is no pocket cloud', text)

    def test_without_a_venv(self) -> None:
        self.state.make()
        status, _, text = self.run_cli('up')
        self.assertEqual(1, status)
        self.assertIn('Run "python3 -m devstack.pocket up"', text)

    def test_status_and_env_while_down(self) -> None:
        self.state.make()
        self.assertEqual(
            (1, 'The pocket director is down\n', ''),
            self.run_cli('status'))
        status, out, text = self.run_cli('env')
        self.assertEqual((1, ''), (status, out))
        self.assertIn('There is no pocket director', text)
        self.assertEqual(
            (0, 'The pocket director was not running\n', ''),
            self.run_cli('down'))

    def test_env(self) -> None:
        self.state.make()
        folder = self.state.path('director')
        folder.mkdir()
        (folder / 'director.json').write_text(json.dumps({
            'endpoint': 'https://127.0.0.1:25555', 'ca_file': '/a b/ca.pem',
            'client': 'admin', 'client_secret': "it's", 'uuid': 'u'}))
        _, out, _ = self.run_cli('env')
        shown = subprocess.run(
            ['sh', '-c', out + 'env'], env={}, check=True,
            capture_output=True, text=True).stdout.splitlines()
        self.assertLessEqual({
            'BOSH_ENVIRONMENT=https://127.0.0.1:25555', 'BOSH_CLIENT=admin',
            "BOSH_CLIENT_SECRET=it's", 'BOSH_CA_CERT=/a b/ca.pem'},
            set(shown))

    def test_job_of_the_cpi(self) -> None:
        self.state.make()
        job = cpi_job.CpiJob(self.state)
        job.write()
        job.write()
        self.assertEqual(0o700, job.executable.stat().st_mode & 0o777)
        line = job.executable.read_text().splitlines()[1]
        program, config, ca = shlex.split(line)[1:]
        self.assertEqual(
            str(self.state.path('venv/bin/openstack_cpi')), program)
        path = pathlib.Path(config)
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        options = json.loads(path.read_text())[
            'cloud']['properties']['openstack']
        self.assertEqual(
            (self.state.url('keystone'), 'demo',
             self.state.password('demo'), 'bosh', ['bosh']), tuple(
                options[k] for k in (
                    'auth_url', 'username', 'api_key', 'default_key_name',
                    'default_security_groups')))
        self.assertNotIn(self.state.password('demo'),
                         job.executable.read_text())
