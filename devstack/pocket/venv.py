# SPDX-License-Identifier: Apache-2.0
"""The virtual environment that a pocket cloud runs in."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

from devstack.pocket import command
from devstack.pocket.config import writer
from devstack.pocket import environment
from devstack.pocket import errors
from devstack.pocket import progress as pocket_progress
from devstack.pocket import state as pocket_state

REPOSITORY = pocket_state.REPOSITORY
DRIVERS = 'devstack/pocket/drivers'
REQUIREMENTS = ('requirements.txt', 'test-requirements.txt',
                'devstack/pocket/requirements.txt')
#: What decides whether to install anew.
DECIDES = (*REQUIREMENTS, 'constraints.txt', 'setup.cfg', 'setup.py',
           'pyproject.toml', DRIVERS + '/pyproject.toml')


class Venv:
    """The venv of a state folder."""

    def __init__(self, state: pocket_state.State,
                 runner: command.Runner) -> None:
        self._state = state
        self._runner = runner
        self._env = _install_env()

    @property
    def python(self) -> pathlib.Path:
        """Its interpreter."""
        return self._state.path('venv', 'bin', 'python')

    def fingerprint(self) -> str:
        """Changes when it has to be installed anew."""
        return writer.digest([
            str(self._state.root), str(REPOSITORY), sys.version,
            *((REPOSITORY / name).read_text() for name in DECIDES)])

    def ready(self) -> bool:
        """Whether everything is installed as the repository wants it."""
        stamp = self._state.venv_stamp
        return (self.python.exists() and stamp.is_file()
                and stamp.read_text() == self.fingerprint())

    def make(self, progress: pocket_progress.Progress) -> None:
        """Make or complete it; does nothing if it is ready.

        :raises VenvError: Python cannot make virtual environments here.
        :raises CommandFailed: an installation failed.
        """
        if self.ready():
            progress.say('The venv is up to date')
            return
        self._state.venv_stamp.unlink(missing_ok=True)
        if not self._works():
            with progress.step('Making a venv with Python %d.%d'
                               % sys.version_info[:2]):
                self._create()
        with progress.step('Installing OpenStack and this project into it'):
            self._install(progress)
        self._state.write(str(self._state.venv_stamp), self.fingerprint())

    def _works(self) -> bool:
        """Whether a whole venv of this very Python is there."""
        if not self.python.exists():
            return False
        probe = subprocess.run(
            [self.python, '-c', 'import pip, sys; print(sys.version)'],
            capture_output=True, text=True, env=self._env)
        return (probe.returncode == 0
                and probe.stdout.strip() == sys.version.strip())

    def _create(self) -> None:
        if importlib.util.find_spec('ensurepip') is None:
            raise errors.VenvError(
                'This Python (%s) cannot make virtual environments: its '
                'module ensurepip is missing. On Debian and Ubuntu, run '
                '"apt-get install python%d.%d-venv".'
                % (sys.executable, *sys.version_info[:2]))
        target = self._state.path('venv')
        if target.exists():
            shutil.rmtree(target)
        self._runner.run('Making the venv', [
            sys.executable, '-m', 'venv', str(target)], self._env, 'venv')

    def _install(self, progress: pocket_progress.Progress) -> None:
        constraints = str(REPOSITORY / 'constraints.txt')
        pip = [str(self.python), '-m', 'pip', 'install', '--quiet',
               '--disable-pip-version-check', '-c', constraints]
        # pbr and setuptools build this project and the drivers below
        self._pip(pip, ['pbr', 'setuptools'])
        wanted = []
        for name in REQUIREMENTS:
            wanted += ['-r', str(REPOSITORY / name)]
        uv = self._uv(pip, constraints, progress)
        try:
            self._pip(uv or pip, wanted)
        except errors.CommandFailed:
            if not uv:
                raise
            # It knows nothing of pip's configuration: mirrors, proxies,
            # certificates.
            progress.say('uv could not install; trying with pip')
            self._pip(pip, wanted)
        # All they need is there by now, so that nothing is fetched; without
        # build isolation the versions of pbr and setuptools are ours too.
        self._pip(pip, [
            '--no-build-isolation', '-e', '%s[heat,horizon]' % REPOSITORY,
            '-e', str(REPOSITORY / DRIVERS)])

    def _uv(self, pip: list[str], constraints: str,
            progress: pocket_progress.Progress) -> list[str] | None:
        """How to install by uv, which is some times faster than pip."""
        try:
            self._pip(pip, ['uv'])
        except errors.CommandFailed:
            progress.say('There is no uv for this machine; using pip')
            return None
        return [str(self._state.path('venv', 'bin', 'uv')), 'pip', 'install',
                '--quiet', '--python', str(self.python), '-c', constraints]

    def _pip(self, installer: list[str], arguments: list[str]) -> None:
        self._runner.run('Installing into the venv',
                         [*installer, *arguments], self._env, 'venv')


def _install_env() -> dict[str, str]:
    """The user's environment, for pip's and uv's own settings."""
    env = environment.without_foreign(os.environ)
    env['SKIP_WRITE_GIT_CHANGELOG'] = env['SKIP_GENERATE_AUTHORS'] = '1'
    # as pip does: behind a proxy with a certificate of its own, nothing else
    # would be trusted
    env.setdefault('UV_SYSTEM_CERTS', 'true')
    if 'PBR_VERSION' not in env and not _git_works():
        # pbr asks git for the version; an archive without git, or a clone
        # that git does not trust ("dubious ownership"), has none to tell.
        env['PBR_VERSION'] = '0.0.1'
    return env


def _git_works() -> bool:
    try:
        return subprocess.run(
            ['git', '-C', str(REPOSITORY), 'rev-parse', 'HEAD'],
            capture_output=True).returncode == 0
    except OSError:
        return False
