# SPDX-License-Identifier: Apache-2.0
"""The builder's folder, its venv, what it freezes, its command line."""

from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import io
import os
import pathlib
import sys
from typing import Any
from unittest import mock

import ddt
import fixtures
from oslotest import base

from bosh_release import cli
from bosh_release import errors
from bosh_release import freeze
from bosh_release import release
from bosh_release import venv
from bosh_release import work

#: A CPI whose version is 1.2.3.
PROGRAM = '''\
#!/bin/sh
[ "$1" = --version ] && echo openstack_cpi 1.2.3 || echo '{"error": null}'
'''


class FakeWork(work.Work):
    """Records commands, makes what they would make."""

    def __init__(self, root: pathlib.Path) -> None:
        super().__init__(root)
        self.commands: list[list[str]] = []
        self.failing = ''
        self.program = PROGRAM

    def run(
        self, what: str, argv: Sequence[str | os.PathLike[str]],
        env: Mapping[str, str] | None = None,
        cwd: pathlib.Path = work.REPOSITORY,
    ) -> str:
        words = [os.fspath(word) for word in argv]
        self.commands.append(words)
        if self.failing and self.failing in words[0]:
            raise errors.CommandFailed(
                what=what, command='c', status=1, log='log', tail='tail')
        if words[1:3] == ['-m', 'venv']:
            python = pathlib.Path(words[3], 'bin', 'python')
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)
        if 'PyInstaller' in words:
            tree = self.path('frozen', freeze.PACKAGE)
            tree.mkdir(parents=True)
            (tree / freeze.PROGRAM).write_text(self.program)
            (tree / freeze.PROGRAM).chmod(0o755)
        if 'bosh_release.elf' in words:
            return '{"openstack_cpi": {"glibc": "2.17", "needs": []}}'
        return ''


class BuildTestCase(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.work = FakeWork(self.folder / 'work')
        self.venv = venv.Venv(self.work)


class WorkTest(BuildTestCase):

    def test_a_foreign_folder_is_left_alone(self) -> None:
        foreign = self.folder / 'foreign'
        foreign.mkdir()
        (foreign / 'thesis').touch()
        exc = self.assertRaises(errors.ForeignFolder, work.Work, foreign)
        self.assertIn(str(foreign), str(exc))
        self.assertEqual(['thesis'], os.listdir(foreign))

    def test_one_build_at_a_time(self) -> None:
        with self.work.lock():
            other = work.Work(self.work.root)
            self.assertRaises(errors.Busy, other.lock().__enter__)
        with other.lock():
            pass

    def test_a_failing_command(self) -> None:
        real = work.Work(self.folder / 'real')
        exc = self.assertRaises(
            errors.CommandFailed, real.run, 'Trying',
            ['sh', '-c', 'echo why >&2; exit 3'])
        for part in ('Trying', 'status 3', 'why', str(real.root)):
            self.assertIn(part, str(exc))
        self.assertEqual('out\n', real.run('Trying', ['echo', 'out']))


class VenvTest(BuildTestCase):

    def test_made_once(self) -> None:
        self.assertFalse(self.venv.ready())
        self.venv.make()
        self.assertTrue(self.venv.ready())
        words = [word for one in self.work.commands for word in one]
        for name in ('requirements.txt', 'bosh_release/requirements.txt',
                     'constraints.txt'):
            self.assertIn(str(work.REPOSITORY / name), words)

    def test_made_anew_when_requirements_change(self) -> None:
        self.venv.make()
        with mock.patch.object(venv, '_DECIDES', ('setup.cfg',)):
            self.assertFalse(self.venv.ready())

    def test_pip_where_there_is_no_uv(self) -> None:
        self.work.failing = '/uv'
        self.venv.make()
        self.assertTrue(self.venv.ready())
        self.assertIn('/python', self.work.commands[-1][0])
        self.assertIn(str(work.REPOSITORY / 'bosh_release/requirements.txt'),
                      self.work.commands[-1])

    def test_an_interruption_is_not_taken_for_the_end(self) -> None:
        self.work.failing = '/python'
        self.assertRaises(errors.CommandFailed, self.venv.make)
        self.assertFalse(self.venv.ready())

    def test_a_python_without_ensurepip(self) -> None:
        with mock.patch.object(
                venv.importlib.util, 'find_spec', autospec=True,
                return_value=None):
            exc = self.assertRaises(errors.NoVenv, self.venv.make)
        self.assertIn('-venv', str(exc))

    def test_environment(self) -> None:
        for name in ('PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV'):
            self.useFixture(fixtures.EnvironmentVariable(name, '/x'))
        env = venv.environment()
        self.assertNotIn('/x', env.values())
        self.assertEqual('0', env['PYTHONHASHSEED'])


class FreezeTest(BuildTestCase):

    def freezer(self, version: str = '1.2.3') -> freeze.Freezer:
        return freeze.Freezer(self.work, self.venv, version)

    def test_frozen_once(self) -> None:
        freezer = self.freezer()
        self.assertFalse(freezer.ready())
        freezer.make()
        self.assertTrue(self.freezer().ready())
        self.assertFalse(self.freezer('1.2.4').ready())
        source = self.work.path('source')
        self.assertTrue((source / 'cf_openstack/cpi/cli.py').is_file())
        self.assertIn('Version: 1.2.3\n', (
            source / 'cf_openstack-1.2.3.dist-info/METADATA').read_text())
        self.assertEqual([], list(source.rglob('__pycache__')))

    def test_a_missing_program(self) -> None:
        with mock.patch.object(
                freeze.shutil, 'which', autospec=True, return_value=None):
            exc = self.assertRaises(errors.NoTool, self.freezer().make)
        self.assertIn('binutils', str(exc))

    def test_what_does_not_work_is_not_kept(self) -> None:
        for program, told in (
                ('echo openstack_cpi 1.2.2', '1.2.2'),
                ('exit 7', 'status 7'),
                (PROGRAM.replace('null', '"oh"')[10:], 'oh'),
                (PROGRAM.replace('{', '!')[10:], 'info')):
            self.work.program = f'#!/bin/sh\n{program}\n'
            freezer = self.freezer()
            exc = self.assertRaises(errors.SmokeTest, freezer.make)
            self.assertIn(told, str(exc))
            self.assertFalse(freezer.ready())


@ddt.ddt
class CliTest(BuildTestCase):

    def run_it(self, *words: Any) -> tuple[int, str]:
        """Run a command; returns its status and all its output."""
        out = io.StringIO()
        with mock.patch.object(
                cli.release_work, 'Work', autospec=True,
                return_value=self.work), contextlib.redirect_stdout(
                out), contextlib.redirect_stderr(out):
            try:
                status = cli.main([str(word) for word in words])
            except SystemExit as exc:
                status = exc.code
        return status, out.getvalue()

    def build(self, *words: str) -> tuple[int, str]:
        return self.run_it(
            'build', '--output', self.folder / 'out', *words)

    def test_build(self) -> None:
        status, told = self.build('--version', '1.2.3')
        self.assertEqual(0, status, told)
        path = self.folder / 'out' / 'cf-openstack-cpi-1.2.3.tgz'
        self.assertTrue(path.is_file())
        self.assertIn(f'url: file://{path}', told)
        self.assertIn('glibc 2.17', told)
        status, told = self.build('--version', '1.2.3')
        self.assertIn('The venv is up to date', told)
        self.assertIn('The frozen CPI is up to date', told)

    def test_another_name(self) -> None:
        self.build('--version', '1.2.3', '--name', 'bosh-openstack-cpi')
        self.assertEqual(['bosh-openstack-cpi-1.2.3.tgz'],
                         os.listdir(self.folder / 'out'))

    def test_errors_are_told(self) -> None:
        status, told = self.build('--version', 'a b')
        self.assertEqual(1, status)
        self.assertIn('error: "a b" is no version', told)
        self.assertEqual([], self.work.commands)

    def test_glibc_too_new(self) -> None:
        status, told = self.build(
            '--version', '1.2.3', '--max-glibc', '2.12')
        self.assertEqual(1, status)
        self.assertIn('openstack_cpi needs 2.17', told)
        self.assertFalse((self.folder / 'out').exists())

    @ddt.data(('--help',), ('build', '--help'))
    def test_help(self, words: tuple[str, ...]) -> None:
        status, told = self.run_it(*words)
        self.assertEqual(0, status)
        self.assertIn('stemcell', told)

    @ddt.data((), ('build',), ('build', '--output', 'x', '--max-glibc', 'y'))
    def test_usage(self, words: tuple[str, ...]) -> None:
        self.assertEqual(2, self.run_it(*words)[0])


class VersionTest(base.BaseTestCase):

    def git(self, **answers: str) -> None:
        patch = mock.patch.object(
            release, '_git', autospec=True,
            side_effect=lambda *words: answers.get(
                words[0].replace('-', '_'), ''))
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_tag(self) -> None:
        self.git(describe='v1.2.3', rev_list='7')
        self.assertEqual('1.2.3', release.default_version())

    def test_a_commit(self) -> None:
        self.git(rev_list='7')
        self.assertEqual('0+dev.7', release.default_version())

    def test_no_git(self) -> None:
        self.git()
        self.assertRaises(errors.NoVersion, release.default_version)
        self.assertEqual(
            release.Commit('unknown', False), release.commit())

    def test_changes(self) -> None:
        self.git(rev_parse='abc', status=' M cf_openstack/x.py')
        self.assertEqual(release.Commit('abc', True), release.commit())
