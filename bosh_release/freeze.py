# SPDX-License-Identifier: Apache-2.0
"""Freeze the CPI: an interpreter with our code and all that it imports."""

import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any

from bosh_release import errors
from bosh_release import venv as release_venv
from bosh_release import work as release_work

PACKAGE = 'cf_openstack_cpi'
PROGRAM = 'openstack_cpi'
_FROZEN = release_work.REPOSITORY / 'bosh_release' / 'frozen'
_METADATA = 'Metadata-Version: 2.1\nName: cf-openstack\nVersion: {}\n'
_LIMIT_S = 60
#: What PyInstaller calls on Linux.
_TOOLS = ('ldd', 'objcopy', 'objdump')


class Freezer:
    """Makes the tree that is the package's content.

    :param version: what ``openstack_cpi --version`` tells.
    """

    def __init__(
        self, work: release_work.Work, venv: release_venv.Venv, version: str
    ) -> None:
        self._work = work
        self._venv = venv
        self._version = version
        self.tree = work.path('frozen', PACKAGE)

    def fingerprint(self) -> str:
        """Changes when it has to be frozen anew."""
        parts: list[str | bytes] = [
            self._venv.fingerprint(), self._version,
            str(shutil.which('strip'))]
        for path in (*_sources(), *sorted(_FROZEN.iterdir())):
            parts += [path.name, path.read_bytes()]
        return release_work.digest(*parts)

    def ready(self) -> bool:
        """Whether it is frozen as the repository is now."""
        return self.tree.exists() and self._work.stamped(
            self.tree, self.fingerprint())

    def make(self) -> None:
        """Freeze it anew, and see that it works.

        :raises NoTool: a program is missing.
        :raises CommandFailed: PyInstaller failed.
        :raises SmokeTest: what it made does not run.
        """
        for tool in _TOOLS:
            if shutil.which(tool) is None:
                raise errors.NoTool(tool=tool)
        stamp = self.fingerprint()
        self._work.unstamp(self.tree)
        folder = self._work.fresh('frozen')
        source = self._copy()
        env = release_venv.environment() | {
            'PYTHONPATH': str(source),
            'PYINSTALLER_CONFIG_DIR': str(self._work.path('pyinstaller'))}
        self._work.run('Freezing the CPI', [
            self._venv.python, '-m', 'PyInstaller', '--noconfirm', '--clean',
            '--log-level', 'WARN', '--distpath', folder,
            '--workpath', self._work.path('pyinstaller', 'build'),
            _FROZEN / f'{PROGRAM}.spec', '--', source], env,
            # Not where there is other metadata of this project.
            cwd=source)
        smoke_test(self.tree, self._version)
        self._work.stamp(self.tree, stamp)

    def needs(self) -> dict[str, Any]:
        """What the tree's ELF files need, by their paths in it."""
        return json.loads(self._work.run('Reading ELF files', [
            self._venv.python, '-m', 'bosh_release.elf', self.tree],
            release_venv.environment()))

    def _copy(self) -> pathlib.Path:
        """The code to freeze, with the release's version as metadata."""
        source = self._work.fresh('source')
        for path in _sources():
            target = source / path.relative_to(release_work.REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for program in _FROZEN.glob('*.py'):
            shutil.copyfile(program, source / program.name)
        metadata = source / f'cf_openstack-{self._version}.dist-info'
        metadata.mkdir()
        (metadata / 'METADATA').write_text(_METADATA.format(self._version))
        return source


def smoke_test(tree: pathlib.Path, version: str) -> None:
    """Run the executable where nothing of this machine helps it.

    :raises SmokeTest: it does not answer as it should.
    """
    told = _run(tree, ['--version'], b'')
    if told != f'{PROGRAM} {version}\n':
        raise errors.SmokeTest(what='--version told no such', output=told)
    told = _run(tree, [], json.dumps({
        'method': 'info', 'arguments': [],
        'context': {'director_uuid': 'smoke-test'}}).encode())
    try:
        works = json.loads(told)['error'] is None
    except (KeyError, TypeError, ValueError):
        works = False
    if not works:
        raise errors.SmokeTest(what='info did not succeed', output=told)


def _run(tree: pathlib.Path, arguments: list[str], request: bytes) -> str:
    done = subprocess.run(
        [tree / PROGRAM, *arguments], input=request, cwd='/', env={},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=_LIMIT_S)
    if done.returncode:
        raise errors.SmokeTest(
            what=f'it ended with status {done.returncode}',
            output=(done.stdout + done.stderr).decode(errors='replace'))
    return done.stdout.decode(errors='replace')


def _sources() -> list[pathlib.Path]:
    folder = release_work.REPOSITORY / 'cf_openstack'
    return sorted(
        path for path in folder.rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
        and path.suffix not in ('.pyc', '.swp'))


def python_version() -> str:
    """The version of the interpreter that is frozen."""
    return sys.version.split()[0]
