# SPDX-License-Identifier: Apache-2.0

import io
import os
import pathlib
import shutil
import signal
import sys
import time
from unittest import mock

from devstack.pocket import errors
from devstack.pocket import lifecycle
from devstack.pocket import lock
from devstack.pocket import packages
from devstack.pocket import ports
from devstack.pocket import process
from devstack.pocket import progress
from devstack.pocket import service
from devstack.pocket import state as pocket_state
from devstack.pocket import venv
from tests.unit.pocket import fixtures

NAMES = ('keystone', 'placement', 'nova')


class LifecycleTestCase(fixtures.StateTestCase):
    """A cloud of three services, which are tiny fake processes."""

    def setUp(self) -> None:
        super().setUp()
        self.make_venv_files()
        source = pathlib.Path(__file__).with_name('fake_python.py')
        folder = self.state.path('venv', 'bin')
        folder.mkdir()
        shutil.copy(source, folder / 'fake_python.py')
        python = folder / 'python'
        python.write_text('#!/bin/sh\nexec "%s" -S "%s" "$@"\n' % (
            sys.executable, folder / 'fake_python.py'))
        python.chmod(0o700)
        self.calls = folder / 'calls'
        for target, result in (
                ('make', None), ('fingerprint', 'packages')):
            patcher = mock.patch.object(venv.Venv, target, autospec=True,
                                        return_value=result)
            patcher.start()
            self.addCleanup(patcher.stop)
        patcher = mock.patch.object(
            service, 'enabled', autospec=True, return_value=[
                one for one in service.ALL if one.name in NAMES])
        patcher.start()
        self.addCleanup(patcher.stop)
        self.output = io.StringIO()

    def cloud(self) -> lifecycle.Cloud:
        """The cloud, as the next command sees it."""
        return lifecycle.Cloud(pocket_state.State(self.state.root),
                               progress.Progress(self.output))

    def up(self) -> dict[str, int | None]:
        """Bring it up; the pids of its services."""
        self.cloud().up()
        return self.pids()

    def pids(self) -> dict[str, int | None]:
        return {name: process.alive(self.state, name) for name in NAMES}

    def kill(self, pid: int | None, name: str) -> None:
        assert pid
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while process.alive(self.state, name):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def seeds(self) -> list[str]:
        return [line.split()[-1]
                for line in self.calls.read_text().splitlines()
                if 'devstack.pocket.seed' in line]

    def test_a_second_up_changes_nothing(self) -> None:
        first = self.up()
        self.assertNotIn(None, first.values())
        self.assertEqual(['identity', 'cloud'], self.seeds())
        before = self.calls.read_text()
        self.assertEqual(first, self.up())
        self.assertEqual(before, self.calls.read_text())

    def test_after_a_kill_of_one(self) -> None:
        first = self.up()
        self.kill(first['placement'], 'placement')
        second = self.up()
        self.assertNotEqual(first['placement'], second['placement'])
        self.assertEqual(first['nova'], second['nova'])
        self.assertEqual(['identity', 'cloud'], self.seeds())

    def test_after_a_kill_of_all_and_of_pid_files(self) -> None:
        first = self.up()
        self.kill(first['keystone'], 'keystone')
        # what a spawner killed at the wrong moment leaves behind
        self.state.path('run', 'nova').unlink()
        second = self.up()
        self.assertNotIn(None, second.values())
        self.assertNotEqual(first['nova'], second['nova'])
        self.assertEqual(3, len(process.strays(self.state)))

    def test_an_up_that_was_killed_while_seeding(self) -> None:
        self.up()
        self.state.path('data/stamp/seed').unlink()
        self.up()
        self.assertEqual(2 * ['identity', 'cloud'], self.seeds())

    def test_changed_configuration_restarts_its_service_only(self) -> None:
        first = self.up()
        file = self.state.path('venv/etc/nova/api-paste.ini')
        file.write_text('[pipeline:other]\n')
        second = self.up()
        self.assertNotEqual(first['nova'], second['nova'])
        self.assertEqual(first['keystone'], second['keystone'])
        self.assertIn('other', self.state.path(
            'etc/nova-api-paste.ini').read_text())

    def test_a_taken_port_is_named_with_its_holder(self) -> None:
        self.listen(self.state.ports['placement'])
        error = self.assertRaises(errors.PortTaken, self.up)
        self.assertIn('%d of placement' % self.state.ports['placement'],
                      str(error))
        self.assertIn('(pid %d)' % os.getpid(), str(error))
        self.assertEqual([], process.names(self.state))

    def test_the_directors_port_moves_until_there_is_one(self) -> None:
        port = self.state.ports['director']
        self.listen(port)
        other = fixtures.unused_port()
        with mock.patch.object(ports, 'choose', autospec=True,
                               return_value=other):
            self.up()
        again = pocket_state.State(self.state.root).load()
        self.assertEqual(other, again.ports['director'])
        self.assertIn('Port %d of director' % port, self.output.getvalue())
        # with a director, its address is known to stacks
        self.state.path('director').mkdir()
        self.listen(other)
        self.up()
        self.assertEqual(
            again.ports, pocket_state.State(self.state.root).load().ports)

    def test_a_service_that_ends_is_shown_with_its_last_words(self) -> None:
        words = self.state.path('data', 'nova.says')
        words.write_text('No room in the inn')
        error = self.assertRaises(errors.ServiceFailed, self.up)
        self.assertIn('nova ended while it was starting', str(error))
        self.assertIn('No room in the inn', str(error))
        self.assertIn(str(self.state.path('log', 'nova.log')), str(error))
        # once that is mended, the next up goes on from there
        words.unlink()
        self.assertNotIn(None, self.up().values())

    def test_down_and_up_again(self) -> None:
        self.up()
        self.assertEqual(sorted(NAMES), self.cloud().down())
        self.assertEqual({}, process.strays(self.state))
        self.assertNotIn(None, self.up().values())
        self.assertEqual(['identity', 'cloud'], self.seeds())

    def test_down_of_one(self) -> None:
        self.up()
        self.assertEqual(['nova'], self.cloud().down(['nova']))
        self.assertIsNone(self.pids()['nova'])
        self.assertTrue(self.pids()['keystone'])

    def test_down_stops_what_others_started_here(self) -> None:
        self.spawn('director', 'import time; time.sleep(60)')
        self.assertEqual(['director'], self.cloud().down())

    def test_what_engines_needed_ends_with_them(self) -> None:
        for name in ('mariadb', 'rabbitmq', 'heat-engine-1', 'director'):
            self.spawn(name, 'import time; time.sleep(60)')
        first = self.up()
        self.assertEqual(sorted(('director', *NAMES)),
                         process.names(self.state))
        self.assertEqual(first, self.up())

    def test_going_over_to_engines_is_told(self) -> None:
        self.up()
        with mock.patch.object(
                packages.Packages, 'make', autospec=True,
                side_effect=errors.PackagesError('no Debian')):
            self.assertRaises(errors.PackagesError, self.cloud().up,
                              engines=3)
        self.assertIn('stacks made until now are seen again with '
                      '"up --engines 0"', self.output.getvalue())
        # and what was asked for is remembered all the same
        self.assertEqual(
            3, pocket_state.State(self.state.root).load().engines)
        self.assertNotIn(None, self.pids().values())

    def test_clean_may_keep_the_packages(self) -> None:
        self.state.write(str(self.state.venv_stamp), 'packages')
        self.state.path('packages').mkdir()
        self.cloud().clean(keep_venv=True)
        self.assertEqual({'venv', 'packages'},
                         set(os.listdir(self.state.root)))
        self.cloud().clean()
        self.assertFalse(self.state.root.exists())

    def test_clean_leaves_nothing(self) -> None:
        self.up()
        self.assertEqual(sorted(NAMES), self.cloud().clean())
        self.assertFalse(self.state.root.exists())
        self.assertEqual({}, process.strays(self.state))
        self.assertEqual([], self.cloud().clean())

    def test_clean_may_keep_the_venv(self) -> None:
        self.state.write(str(self.state.venv_stamp), 'packages')
        self.cloud().clean(keep_venv=True)
        self.assertEqual(['venv'], os.listdir(self.state.root))
        # and so it can be used again, or cleaned for good
        password = self.state.password('demo')
        self.cloud().up()
        again = pocket_state.State(self.state.root).load()
        self.assertNotEqual(password, again.password('demo'))
        self.cloud().clean(keep_venv=True)
        self.cloud().clean()
        self.assertFalse(self.state.root.exists())

    def test_clean_does_not_keep_half_a_venv(self) -> None:
        self.cloud().clean(keep_venv=True)
        self.assertFalse(self.state.root.exists())

    def test_clean_refuses_any_other_folder(self) -> None:
        folder = self.state.root.with_name('home')
        folder.mkdir()
        (folder / 'thesis.txt').write_text('...')
        cloud = lifecycle.Cloud(pocket_state.State(folder),
                                progress.Progress(self.output))
        self.assertRaises(errors.StateError, cloud.clean)
        self.assertEqual(['thesis.txt'], os.listdir(folder))

    def test_up_refuses_any_other_folder(self) -> None:
        folder = self.state.root.with_name('home')
        folder.mkdir(mode=0o755)
        (folder / 'thesis.txt').write_text('...')
        cloud = lifecycle.Cloud(pocket_state.State(folder),
                                progress.Progress(self.output))
        self.assertRaises(errors.StateError, cloud.up)
        self.assertEqual(['thesis.txt'], os.listdir(folder))

    def test_one_command_at_a_time(self) -> None:
        with lock.hold(self.state):
            error = self.assertRaises(
                errors.Busy,
                lock.hold(pocket_state.State(self.state.root), 0).__enter__)
        self.assertIn('(pid %d)' % os.getpid(), str(error))
        with lock.hold(self.state, 0):
            self.assertTrue(self.state.path('lock').exists())
