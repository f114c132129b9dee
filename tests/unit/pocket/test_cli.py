# SPDX-License-Identifier: Apache-2.0

import contextlib
import io
import runpy
import shlex
import sys
from unittest import mock

import ddt

from devstack.pocket import cli
from devstack.pocket import errors
from devstack.pocket import lifecycle
from devstack.pocket import process
from tests.unit.pocket import fixtures

COMMANDS = ('up', 'down', 'status', 'env', 'logs', 'clean')


@ddt.ddt
class CliTestCase(fixtures.StateTestCase):

    def run_cli(self, *words: str) -> tuple[int, str, str]:
        """Exit status, standard output and error."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = cli.main(words)
            except SystemExit as exc:
                status = exc.code
        return status, out.getvalue(), err.getvalue()

    def run_here(self, *words: str) -> tuple[int, str, str]:
        return self.run_cli('--state', str(self.state.root), *words)

    @ddt.data(*COMMANDS)
    def test_help(self, name: str) -> None:
        status, out, _err = self.run_cli(name, '--help')
        self.assertEqual(0, status)
        self.assertIn('--state DIR', out)
        self.assertIn(name, self.run_cli('--help')[1])

    def test_the_folder_before_or_after_the_command(self) -> None:
        before = self.run_here('env')
        after = self.run_cli('env', '--state', str(self.state.root))
        self.assertEqual(before, after)
        self.assertEqual(0, before[0])

    def test_env(self) -> None:
        lines = self.run_here('env')[1].splitlines()
        pairs = dict(shlex.split(line)[1].split('=', 1) for line in lines)
        self.assertEqual('demo', pairs['OS_USERNAME'])
        self.assertEqual(self.state.password('demo'), pairs['OS_PASSWORD'])
        self.assertIn('OS_USERNAME=admin',
                      self.run_here('env', '--admin')[1])
        self.assertIn('"pocket-admin"',
                      self.run_here('env', '--clouds-yaml')[1])

    @ddt.data('status', 'env', 'logs', 'down')
    def test_no_cloud(self, name: str) -> None:
        status, _out, err = self.run_cli(
            '--state', str(self.state.root / 'none'), name)
        self.assertEqual(1, status)
        self.assertIn('There is no pocket cloud', err)
        self.assertFalse((self.state.root / 'none').exists())

    def test_status_when_down(self) -> None:
        status, out, _err = self.run_here('status')
        self.assertEqual(1, status)
        row = out.splitlines()[1].split()
        self.assertEqual(['keystone', '-',
                          str(self.state.ports['keystone']), 'down'], row)
        self.assertNotIn('octavia', out)

    def test_status_of_one_that_does_not_answer(self) -> None:
        pid = self.spawn('nova', 'import time; time.sleep(60)')
        out = self.run_here('status')[1]
        row = [line for line in out.splitlines()
               if line.startswith('nova')][0]
        self.assertIn(str(pid), row)
        self.assertIn('not answering', row)

    def test_status_of_the_director(self) -> None:
        pid = self.spawn('director', 'import time; time.sleep(60)')
        row = self.run_here('status')[1].splitlines()[-1].split()
        self.assertEqual(['director', str(pid),
                          str(self.state.ports['director']), 'running'], row)

    def test_logs(self) -> None:
        process.log_file(self.state, 'nova').write_text('a\nb\nc\n')
        process.log_file(self.state, 'heat').write_text('d\n')
        self.assertEqual('b\nc\n',
                         self.run_here('logs', 'nova', '-n', '2')[1])
        out = self.run_here('logs')[1]
        self.assertIn('heat.log <==\nd\n', out)
        status, _out, err = self.run_here('logs', 'glance')
        self.assertEqual(1, status)
        self.assertIn('heat, nova', err)

    def test_an_unknown_feature(self) -> None:
        status, _out, err = self.run_here('up', '--with', 'octavia,swift')
        self.assertEqual(2, status)
        self.assertIn('"swift"', err)

    def test_up_with_features(self) -> None:
        with mock.patch.object(
                lifecycle.Cloud, 'up', autospec=True,
                side_effect=lambda cloud, *_given: cloud._state.load()
        ) as up:
            status, out, _err = self.run_here(
                'up', '--with', 'octavia, barbican')
        up.assert_called_once_with(
            mock.ANY, ['octavia', 'barbican'], None)
        self.assertEqual(0, status)
        self.assertIn(self.state.url('horizon'), out)

    def test_up_with_engines(self) -> None:
        with mock.patch.object(
                lifecycle.Cloud, 'up', autospec=True,
                side_effect=lambda cloud, *_given: cloud._state.load()
        ) as up:
            self.assertEqual(0, self.run_here('up', '--engines', '3')[0])
        up.assert_called_once_with(mock.ANY, [], 3)

    @ddt.data('-1', '7', 'three')
    def test_a_wrong_number_of_engines(self, number: str) -> None:
        status, _out, err = self.run_here('up', '--engines', number)
        self.assertEqual(2, status)
        self.assertIn('from 0 to 6', err)

    def test_status_of_engines(self) -> None:
        self.state.make(engines=2)
        pid = self.spawn('heat-engine-2', 'import time; time.sleep(60)')
        rows = [line.split() for line in
                self.run_here('status')[1].splitlines()]
        self.assertIn(['heat-engine-1', '-', '-', 'down'], rows)
        self.assertIn(['heat-engine-2', str(pid), '-', 'not', 'answering'],
                      rows)

    def test_an_error_is_told_without_traceback(self) -> None:
        with mock.patch.object(
                lifecycle.Cloud, 'up', autospec=True,
                side_effect=errors.VenvError('no venv here')):
            status, _out, err = self.run_here('up')
        self.assertEqual((1, 'error: no venv here\n'), (status, err))

    def test_an_interruption(self) -> None:
        with mock.patch.object(lifecycle.Cloud, 'up', autospec=True,
                               side_effect=KeyboardInterrupt):
            status, _out, err = self.run_here('up')
        self.assertEqual(130, status)
        self.assertIn('takes up the work again', err)

    def test_an_old_python_is_told_which_one_to_use(self) -> None:
        err = io.StringIO()
        with (mock.patch.object(sys, 'version_info', (3, 9, 2)),
              contextlib.redirect_stderr(err)):
            error = self.assertRaises(
                SystemExit, runpy.run_module, 'devstack.pocket.__main__',
                run_name='__main__')
        self.assertEqual(1, error.code)
        self.assertIn('needs Python 3.11 or newer; this is 3.9',
                      err.getvalue())
