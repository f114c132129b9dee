# SPDX-License-Identifier: Apache-2.0
"""The executable as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

from oslotest import base

INFO = {'method': 'info', 'arguments': [],
        'context': {'director_uuid': 'd', 'request_id': 'cpi-1'}}
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))))


def run(*command: str, stdin: bytes = b'', **kwargs: Any) -> Any:
    """Run Python in the environment a director gives."""
    return subprocess.run(
        [sys.executable, *command], input=stdin, timeout=60, cwd=_ROOT,
        env={'PATH': '/usr/bin:/bin', 'HOME': '/nonexistent'},
        **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE} | kwargs)


CPI = ('-m', 'cf_openstack.cpi.cli')


class TestExecutable(base.BaseTestCase):

    def _reply(self, done: Any) -> dict[str, Any]:
        self.assertEqual(0, done.returncode)
        return json.loads(done.stdout)

    def test_info(self):
        done = run(*CPI, stdin=json.dumps(INFO).encode())
        self.assertEqual(3, self._reply(done)['result']['api_version'])
        self.assertIn(b'[req_id cpi-1] Starting info', done.stderr)

    def test_info_imports_next_to_nothing(self):
        code = (
            'import os, sys, time\n'
            'before = set(sys.modules)\n'
            'from cf_openstack.cpi import cli\n'
            f'cli.respond([], {json.dumps(INFO).encode()!r})\n'
            'print(*sorted(set(sys.modules) - before))\n')
        # Without the modules that the start-up of this interpreter loads.
        done = run('-S', '-c', f'import sys; sys.path.append({_ROOT!r})\n'
                   + code)
        self.assertEqual({
            '_json', 'cf_openstack', 'cf_openstack.cpi',
            'cf_openstack.cpi.cli', 'cf_openstack.cpi.journal',
            'cf_openstack.cpi.shortcut', 'cf_openstack.cpi.streams',
        }, set(done.stdout.decode().split()))

    def test_empty_stdin(self):
        self.assertEqual('InvalidCall', self._reply(run(*CPI))['error'][
            'type'])

    def test_large_request(self):
        # Larger than a pipe holds.
        document = INFO | {'context': INFO['context'] | {'x': 'y' * 300000}}
        done = run(*CPI, stdin=json.dumps(document).encode())
        self.assertEqual(3, self._reply(done)['result']['api_version'])

    def test_closed_descriptors(self):
        script = f'{sys.executable} -m cf_openstack.cpi.cli <&- 2>&-'
        done = subprocess.run(
            ['/bin/sh', '-c', script], cwd=_ROOT, env={}, timeout=60,
            stdout=subprocess.PIPE)
        self.assertEqual('InvalidCall', self._reply(done)['error']['type'])

    def test_stderr_that_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        done = run(*CPI, stdin=json.dumps(INFO).encode(), stderr=writer)
        self.assertIsNone(self._reply(done)['error'])

    def test_stdout_that_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        done = run(*CPI, stdin=json.dumps(INFO).encode(), stdout=writer)
        self.assertEqual(0, done.returncode)

    def test_stray_prints(self):
        code = (
            'import os\n'
            'from cf_openstack.cpi import cli, registry, shortcut\n'
            'def noisy(call):\n'
            '    print("from a library")\n'
            '    os.system("echo from a child")\n'
            '    return 7\n'
            'registry.load = lambda name: noisy\n'
            'shortcut.reply_to = lambda raw: None\n'
            'cli.main()\n')
        done = run('-c', code, stdin=json.dumps(INFO).encode())
        self.assertEqual(7, self._reply(done)['result'])
        self.assertIn(b'from a child', done.stderr)

    def test_sigterm(self):
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        # If the CPI ends without ever calling, so shall the test.
        listener.settimeout(60)
        config = {'cloud': {'properties': {'openstack': {
            'auth_url': f'http://127.0.0.1:{listener.getsockname()[1]}/v3',
            'username': 'u', 'api_key': 'ppp', 'project': 'p',
            'domain': 'd'}}}}
        path = os.path.join(self.create_tempfiles(
            [('cpi', json.dumps(config))], '.json')[0])
        process = subprocess.Popen(
            [sys.executable, *CPI, path], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT,
            env={})
        request = INFO | {'method': 'has_vm', 'arguments': ['x']}
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        # It is asking for a token, and waits for the answer.
        connection, _address = listener.accept()
        self.addCleanup(connection.close)
        connection.recv(1)
        process.send_signal(signal.SIGTERM)
        with process.stdout:
            reply = json.loads(process.stdout.read())
        self.assertEqual(0, process.wait(60))
        self.assertEqual('Bosh::Clouds::CloudError', reply['error']['type'])
        self.assertIn('SIGTERM', reply['error']['message'])

    def test_help_and_version(self):
        self.assertIn(b'usage: openstack_cpi', run(*CPI, '--help').stdout)
        self.assertRegex(
            run(*CPI, '--version').stdout, rb'^openstack_cpi \S+\n$')
