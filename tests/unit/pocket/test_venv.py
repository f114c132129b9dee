# SPDX-License-Identifier: Apache-2.0

from collections.abc import Mapping
from collections.abc import Sequence
import importlib.util
import io
import os
import pathlib
import sys
from unittest import mock

import fixtures as fixture_library

from devstack.pocket import command
from devstack.pocket import errors
from devstack.pocket import progress
from devstack.pocket import venv
from tests.unit.pocket import fixtures


class Runner(command.Runner):
    """Records commands; makes a venv of a link to this interpreter."""

    def __init__(self, state: object) -> None:
        self.commands: list[list[str]] = []
        self.failing: list[str] = []
        self.env: Mapping[str, str] = {}

    def run(self, what: str, argv: Sequence[str], env: Mapping[str, str],
            log: str) -> None:
        self.commands.append(list(argv))
        self.env = env
        if argv[1:3] == ['-m', 'venv']:
            folder = pathlib.Path(argv[3], 'bin')
            folder.mkdir(parents=True)
            (folder / 'python').symlink_to(sys.executable)
        for name in self.failing:
            if name in pathlib.Path(argv[0]).name or name == argv[-1]:
                raise errors.CommandFailed(what=what, command=' '.join(argv),
                                           status=1, log='log', tail='tail')


class VenvTestCase(fixtures.StateTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.runner = Runner(self.state)
        self.output = io.StringIO()

    def make(self) -> list[list[str]]:
        """Make it; the commands that were run."""
        self.runner.commands.clear()
        packages = venv.Venv(self.state, self.runner)
        packages.make(progress.Progress(self.output))
        return list(self.runner.commands)

    def test_what_is_installed(self) -> None:
        commands = self.make()
        self.assertEqual(['-m', 'venv'], commands[0][1:3])
        words = [word for one in commands for word in one]
        for name in venv.REQUIREMENTS:
            self.assertIn(str(venv.REPOSITORY / name), words)
        self.assertIn('%s[heat,horizon]' % venv.REPOSITORY, words)
        self.assertIn(str(venv.REPOSITORY / venv.DRIVERS), words)
        for one in commands[1:]:
            self.assertIn(str(venv.REPOSITORY / 'constraints.txt'), one)

    def test_a_second_time_does_nothing(self) -> None:
        self.make()
        self.assertEqual([], self.make())

    def test_installs_anew_when_requirements_changed(self) -> None:
        self.make()
        with mock.patch.object(venv, 'DECIDES', ('setup.cfg',)):
            commands = self.make()
            self.assertEqual([], self.make())
        self.assertNotEqual([], commands)

    def test_goes_on_after_an_interruption(self) -> None:
        self.runner.failing = ['uv', 'pip']
        self.runner.failing.append(str(venv.REPOSITORY / venv.DRIVERS))
        self.assertRaises(errors.CommandFailed, self.make)
        self.assertFalse(self.state.venv_stamp.exists())
        self.runner.failing.clear()
        self.assertNotEqual([], self.make())
        self.assertTrue(self.state.venv_stamp.exists())

    def test_pip_takes_over_when_uv_cannot(self) -> None:
        self.runner.failing = ['uv']
        uv = self.state.path('venv', 'bin', 'uv')
        # there is a uv, and it fails
        with mock.patch.object(venv.Venv, '_uv', autospec=True,
                               return_value=[str(uv), 'pip', 'install']):
            commands = self.make()
        wanted = ['-r', str(venv.REPOSITORY / venv.REQUIREMENTS[0])]
        tried = [one[0] for one in commands
                 if one[-6:-4] == wanted]
        self.assertEqual(
            [str(uv), str(self.state.path('venv/bin/python'))], tried)

    def test_pip_does_it_where_there_is_no_uv(self) -> None:
        self.runner.failing = ['uv']
        self.make()
        self.assertIn('There is no uv', self.output.getvalue())
        self.assertTrue(self.state.venv_stamp.exists())

    def test_no_ensurepip(self) -> None:
        with mock.patch.object(importlib.util, 'find_spec', autospec=True,
                               return_value=None):
            error = self.assertRaises(errors.VenvError, self.make)
        self.assertIn('apt-get install python%d.%d-venv'
                      % sys.version_info[:2], str(error))

    def test_a_venv_of_another_python_is_made_anew(self) -> None:
        python = self.state.path('venv/bin/python')
        python.parent.mkdir(parents=True)
        python.write_text('#!/bin/sh\necho 2.7\n')
        python.chmod(0o700)
        self.assertEqual(['-m', 'venv'], self.make()[0][1:3])

    def test_a_version_when_git_tells_none(self) -> None:
        self.useFixture(fixture_library.EnvironmentVariable('PBR_VERSION'))
        # no git at all
        self.useFixture(fixture_library.EnvironmentVariable(
            'PATH', str(self.state.root)))
        self.make()
        self.assertEqual('0.0.1', self.runner.env['PBR_VERSION'])

    def test_a_version_that_is_given_is_kept(self) -> None:
        self.useFixture(fixture_library.EnvironmentVariable(
            'PBR_VERSION', '7.0'))
        self.make()
        self.assertEqual('7.0', self.runner.env['PBR_VERSION'])

    def test_git_tells_the_version(self) -> None:
        self.useFixture(fixture_library.EnvironmentVariable('PBR_VERSION'))
        git = self.state.path('data', 'git')
        git.write_text('#!/bin/sh\nexit 0\n')
        git.chmod(0o700)
        self.useFixture(fixture_library.EnvironmentVariable(
            'PATH', '%s:%s' % (git.parent, os.environ['PATH'])))
        self.make()
        self.assertNotIn('PBR_VERSION', self.runner.env)
        # "dubious ownership", or no repository
        git.write_text('#!/bin/sh\nexit 128\n')
        self.state.venv_stamp.unlink()
        self.make()
        self.assertEqual('0.0.1', self.runner.env['PBR_VERSION'])
