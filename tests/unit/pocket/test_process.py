# SPDX-License-Identifier: Apache-2.0

import json
import os
import signal
import stat
import subprocess
import sys
import time

from devstack.pocket import process
from tests.unit.pocket import fixtures

SLEEP = 'import time; time.sleep(60)'
DEAF = ('import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);'
        'print("deaf", flush=True); time.sleep(60)')
# a child in a session of its own, as privsep daemons are
PARENT = ('import subprocess, sys, time; '
          'subprocess.Popen([sys.executable, "-S", "-c", '
          '"import time; time.sleep(60)"], start_new_session=True); '
          'print("started", flush=True); time.sleep(60)')


class ProcessTestCase(fixtures.StateTestCase):

    def wait_log(self, name: str, text: str) -> None:
        end = time.monotonic() + 10
        while text not in process.log_tail(self.state, name):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def wait_dead(self, name: str) -> None:
        end = time.monotonic() + 10
        while process.alive(self.state, name):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def record(self, name: str, **changes: object) -> None:
        """Change a pid file."""
        file = self.state.path('run', name)
        kept = json.loads(file.read_text())
        file.write_text(json.dumps({**kept, **changes}))

    def test_spawn_and_stop(self) -> None:
        pid = self.spawn('one', SLEEP, fingerprint='f')
        self.assertEqual(pid, process.alive(self.state, 'one'))
        self.assertEqual(process.Running(pid, 'f'),
                         process.running(self.state, 'one'))
        self.assertEqual(['one'], process.names(self.state))
        self.assertEqual(['one'], process.stop(self.state, ['one']))
        self.assertIsNone(process.alive(self.state, 'one'))
        self.assertEqual([], process.names(self.state))

    def test_a_process_is_ready_when_it_has_said_so(self) -> None:
        self.assertFalse(process.is_ready(self.state, 'one'))
        self.spawn('one', SLEEP)
        self.assertFalse(process.is_ready(self.state, 'one'))
        # what another has said, before, is not what this one says
        process.mark_ready(self.state, 'one')
        self.assertFalse(process.is_ready(self.state, 'one'))
        self.record('one', pid=os.getpid(),
                    started=process._started(os.getpid()))
        self.assertTrue(process.is_ready(self.state, 'one'))
        self.state.path('run', 'one').unlink()

    def test_it_has_a_session_of_its_own(self) -> None:
        pid = self.spawn('one', SLEEP)
        self.assertEqual(pid, os.getsid(pid))

    def test_its_log(self) -> None:
        self.spawn('one', 'print("hello"); print("bye")')
        self.wait_log('one', 'bye')
        file = process.log_file(self.state, 'one')
        self.assertEqual('hello\nbye\n', file.read_text())
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        self.assertEqual('bye', process.log_tail(self.state, 'one', 1))

    def test_a_large_log_is_put_aside(self) -> None:
        file = process.log_file(self.state, 'one')
        with open(file, 'wb') as stream:
            stream.truncate(process.LOG_LIMIT + 1)
        self.spawn('one', SLEEP)
        self.assertEqual(0, file.stat().st_size)
        self.assertTrue(file.with_suffix('.log.1').exists())

    def test_no_log(self) -> None:
        self.assertIn('No such file', process.log_tail(self.state, 'none'))

    def test_killed(self) -> None:
        os.kill(self.spawn('one', SLEEP), signal.SIGKILL)
        self.wait_dead('one')
        self.assertEqual(['one'], process.names(self.state))
        self.assertEqual([], process.stop(self.state))
        self.assertEqual([], process.names(self.state))

    def test_a_reused_pid_is_not_ours(self) -> None:
        stranger = subprocess.Popen([sys.executable, '-S', '-c', SLEEP])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        os.kill(self.spawn('one', SLEEP), signal.SIGKILL)
        self.wait_dead('one')
        started = process._started(stranger.pid)
        assert started
        self.record('one', pid=stranger.pid, started=started - 1)
        self.assertIsNone(process.alive(self.state, 'one'))
        self.assertEqual([], process.stop(self.state))
        self.assertIsNone(stranger.poll())

    def test_a_pid_of_before_a_reboot_is_not_ours(self) -> None:
        pid = self.spawn('one', SLEEP)
        self.record('one', boot='another boot')
        self.assertIsNone(process.alive(self.state, 'one'))
        self.record('one', boot=process._boot())
        self.assertEqual(pid, process.alive(self.state, 'one'))

    def test_a_damaged_pid_file(self) -> None:
        for text in ('', '{"pid": 1', '[]', '{"pid": 1}', 'null', '12'):
            self.state.path('run', 'one').write_text(text)
            self.assertIsNone(process.alive(self.state, 'one'), text)

    def test_a_pid_file_that_was_lost(self) -> None:
        pid = self.spawn('one', SLEEP)
        self.state.path('run', 'one').unlink()
        self.assertEqual({pid: 'one'}, process.strays(self.state))
        self.assertEqual(['one'], process.stop(self.state))
        self.assertEqual({}, process.strays(self.state))

    def test_children_are_stopped_too(self) -> None:
        self.spawn('one', PARENT)
        self.wait_log('one', 'started')
        self.assertEqual(2, len(process.strays(self.state)))
        self.assertEqual(['one'], process.stop(self.state, ['one']))
        self.assertEqual({}, process.strays(self.state))

    def test_only_those_that_are_named(self) -> None:
        self.spawn('one', SLEEP)
        other = self.spawn('other', SLEEP)
        process.stop(self.state, ['one'])
        self.assertEqual(other, process.alive(self.state, 'other'))

    def test_one_that_does_not_listen(self) -> None:
        self.spawn('one', DEAF)
        self.wait_log('one', 'deaf')
        self.assertEqual(['one'], process.stop(self.state, limit=0.1))
        self.assertIsNone(process.alive(self.state, 'one'))
        self.assertEqual({}, process.strays(self.state))

    def test_another_state_is_left_alone(self) -> None:
        pid = self.spawn('one', SLEEP)
        # its path begins like the other's
        other = type(self.state)(str(self.state.root) + '2')
        other.make()
        self.assertEqual({}, process.strays(other))
        self.assertEqual([], process.stop(other))
        self.assertEqual(pid, process.alive(self.state, 'one'))

    def test_a_program_that_does_not_exist(self) -> None:
        self.assertRaises(FileNotFoundError, process.spawn, self.state,
                          'one', ['/does/not/exist'], {})
        self.assertEqual([], process.names(self.state))
