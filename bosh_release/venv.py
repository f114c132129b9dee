# SPDX-License-Identifier: Apache-2.0
"""The virtual environment that the interpreter is frozen in."""

import importlib.util
import os
import pathlib
import sys

from bosh_release import errors
from bosh_release import work as release_work

_REQUIREMENTS = ('requirements.txt', 'bosh_release/requirements.txt')
_DECIDES = (*_REQUIREMENTS, 'constraints.txt')


class Venv:
    """A venv of this very Python with what the CPI and the builder need.

    The project itself is not installed in it: it is frozen from a copy.
    """

    def __init__(self, work: release_work.Work) -> None:
        self._work = work
        self._folder = work.path('venv')

    @property
    def python(self) -> pathlib.Path:
        """Its interpreter."""
        return self._folder / 'bin' / 'python'

    def fingerprint(self) -> str:
        """Changes when it has to be made anew."""
        root = release_work.REPOSITORY
        return release_work.digest(
            str(self._folder), sys.version, sys.base_prefix,
            *((root / name).read_bytes() for name in _DECIDES))

    def ready(self) -> bool:
        """Whether everything is installed as the repository wants it."""
        return self.python.exists() and self._work.stamped(
            self._folder, self.fingerprint())

    def make(self) -> None:
        """Make it anew.

        :raises NoVenv: Python cannot make virtual environments here.
        :raises CommandFailed: an installation failed.
        """
        if importlib.util.find_spec('ensurepip') is None:
            raise errors.NoVenv(
                python=sys.executable,
                version='%d.%d' % sys.version_info[:2])
        self._work.unstamp(self._folder)
        self._work.fresh('venv')
        self._work.run('Making the venv', [
            sys.executable, '-m', 'venv', self._folder], environment())
        self._install()
        self._work.stamp(self._folder, self.fingerprint())

    def _install(self) -> None:
        root = release_work.REPOSITORY
        constraints = ['-c', str(root / 'constraints.txt')]
        wanted = list(constraints)
        for name in _REQUIREMENTS:
            wanted += ['-r', str(root / name)]
        pip = [str(self.python), '-m', 'pip', 'install', '--quiet',
               '--disable-pip-version-check']
        what = 'Installing into the venv'
        try:
            # Some times faster, and not to be had for every machine; it
            # knows nothing of mirrors in pip's configuration either.
            self._work.run(what, [*pip, *constraints, 'uv'], environment())
            self._work.run(what, [
                self._folder / 'bin' / 'uv', 'pip', 'install', '--quiet',
                '--python', self.python, *wanted], environment())
        except errors.CommandFailed:
            self._work.run(what, [*pip, *wanted], environment())


def environment() -> dict[str, str]:
    """The user's environment without another interpreter's settings.

    What is built depends on nothing but its input, so hashes are not
    random and there is no time but one.
    """
    kept = {
        key: value for key, value in os.environ.items()
        if not key.startswith(('PYTHON', 'VIRTUAL_ENV', 'PYI'))}
    return kept | {
        'PYTHONHASHSEED': '0', 'PYTHONDONTWRITEBYTECODE': '1',
        'SOURCE_DATE_EPOCH': '315532800', 'LC_ALL': 'C.UTF-8'}
