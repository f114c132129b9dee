# SPDX-License-Identifier: Apache-2.0

import fcntl
import os
import signal
import subprocess
import sys
import textwrap

from devstack.pocket import batch
from devstack.pocket import command
from devstack.pocket import errors
from devstack.pocket import lock
from devstack.pocket import state as pocket_state
from tests.unit.pocket import fixtures


class RunnerTestCase(fixtures.StateTestCase):

    def run_python(self, code: str) -> None:
        with lock.hold(self.state) as descriptor:
            command.Runner(self.state, descriptor).run(
                'Thinking', [sys.executable, '-S', '-c', code],
                dict(os.environ), 'thought')

    def test_its_output_is_logged(self) -> None:
        self.run_python('print("deep")')
        self.run_python('print("deeper")')
        text = self.state.path('log/thought.log').read_text()
        self.assertIn('deep\n$ ', text)
        self.assertIn('deeper\n', text)

    def test_a_failure_shows_the_end_of_the_log(self) -> None:
        error = self.assertRaises(
            errors.CommandFailed, self.run_python,
            'import sys; sys.exit("no thought")')
        self.assertIn('Thinking failed', str(error))
        self.assertIn('no thought', str(error))
        self.assertIn(str(self.state.path('log/thought.log')), str(error))

    def test_a_command_whose_starter_was_killed_holds_the_lock(self) -> None:
        # an "up" that is killed while a command of it goes on
        code = textwrap.dedent('''\
            import os, sys
            from devstack.pocket import command, lock, state
            the_state = state.State(sys.argv[1]).load()
            with lock.hold(the_state) as descriptor:
                command.Runner(the_state, descriptor).run('Waiting', [
                    sys.executable, '-S', '-c',
                    "import os, time; print(os.getpid(), flush=True);"
                    "time.sleep(60)"], dict(os.environ), 'waiting')
            ''')
        starter = subprocess.Popen(
            [sys.executable, '-c', code, str(self.state.root)],
            cwd=pocket_state.REPOSITORY)
        log = self.state.path('log/waiting.log')
        while not log.exists() or not log.read_text().endswith('\n') or (
                len(log.read_text().splitlines()) < 2):
            self.assertIsNone(starter.poll())
        child = int(log.read_text().splitlines()[-1])
        self.addCleanup(self.kill, child)
        starter.kill()
        starter.wait()
        self.assertRaises(errors.Busy, lock.hold(self.state, 0).__enter__)
        self.kill(child)
        with lock.hold(self.state, 10) as descriptor:
            self.assertRaises(
                BlockingIOError, fcntl.flock,
                os.open(self.state.path('lock'), os.O_RDWR),
                fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.assertGreater(descriptor, 0)

    def kill(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class BatchTestCase(fixtures.StateTestCase):

    def run_batch(self, code: str, *words: str) -> subprocess.CompletedProcess:
        self.state.path('data/program.py').write_text(textwrap.dedent(code))
        return subprocess.run(
            [sys.executable, '-m', 'devstack.pocket.batch', 'program',
             *words], capture_output=True, text=True,
            cwd=pocket_state.REPOSITORY,
            env={**os.environ, 'PYTHONPATH': str(self.state.path('data'))})

    def test_imported_once_and_run_apart(self) -> None:
        done = self.run_batch(
            '''\
            import sys
            print('imported', flush=True)
            runs = []
            def main():
                runs.append(1)
                print(sys.argv, len(runs))
            ''', '--', 'a', '--b', '--', 'c')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            ['imported', '$ program a --b', "['program', 'a', '--b'] 1",
             '$ program c', "['program', 'c'] 1"], done.stdout.splitlines())

    def test_the_first_failure_ends_it(self) -> None:
        done = self.run_batch(
            '''\
            import sys
            def main():
                sys.exit(int(sys.argv[1]))
            ''', '--', '0', '--', '3', '--', '4')
        self.assertEqual(3, done.returncode)
        self.assertNotIn('program 4', done.stdout)

    def test_an_exception_is_shown(self) -> None:
        done = self.run_batch(
            '''\
            def main():
                raise ValueError('broken')
            ''', '--', 'a')
        self.assertEqual(1, done.returncode)
        self.assertIn('ValueError: broken', done.stderr)

    def test_a_text_for_status_is_a_failure(self) -> None:
        done = self.run_batch(
            '''\
            import sys
            def main():
                sys.exit('broken')
            ''', '--', 'a')
        self.assertEqual(1, done.returncode)

    def test_split(self) -> None:
        self.assertEqual([['a', 'b'], [], ['c']],
                         batch.split(['--', 'a', 'b', '--', '--', 'c']))
