# SPDX-License-Identifier: Apache-2.0
"""The folder that a release is built in, and the commands run there."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess

from bosh_release import errors

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
_MARK = 'bosh-release'
_TAIL = 25


class Work:
    """What is kept between builds: a venv, the frozen tree, logs.

    :param root: the folder; made if it is not there.
    :raises ForeignFolder: it holds something else.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = pathlib.Path(root).absolute()
        mark = self.root / _MARK
        if (self.root.exists() and not mark.exists() and not (
                self.root.is_dir() and not any(self.root.iterdir()))):
            raise errors.ForeignFolder(path=self.root)
        self.root.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def path(self, *parts: str) -> pathlib.Path:
        """The path of something in the folder."""
        return self.root.joinpath(*parts)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other builds out of the folder.

        :raises Busy: one is at work.
        """
        with open(self.path(_MARK), 'a', encoding='utf-8') as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise errors.Busy(path=self.root) from None
            yield

    def fresh(self, *parts: str) -> pathlib.Path:
        """An empty folder of that name."""
        folder = self.path(*parts)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        return folder

    def stamped(self, folder: pathlib.Path, text: str) -> bool:
        """Whether a folder is complete, as :meth:`stamp` has said of it."""
        try:
            return self._stamp(folder).read_text() == text
        except FileNotFoundError:
            return False

    def stamp(self, folder: pathlib.Path, text: str) -> None:
        """Say what a folder is complete for."""
        self._stamp(folder).write_text(text)

    def unstamp(self, folder: pathlib.Path) -> None:
        """A folder is about to be changed."""
        self._stamp(folder).unlink(missing_ok=True)

    def run(
        self, what: str, argv: Sequence[str | os.PathLike[str]],
        env: Mapping[str, str] | None = None,
        cwd: pathlib.Path = REPOSITORY,
    ) -> str:
        """Run a command; its stderr goes to a log.  Returns its stdout.

        :param what: what it is for, as the error names it.
        :raises CommandFailed: with the end of the log.
        """
        words = [os.fspath(word) for word in argv]
        log = self.path('build.log')
        with open(log, 'a', encoding='utf-8') as file:
            file.write(f'$ {shlex.join(words)}\n')
            file.flush()
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=file, text=True, cwd=cwd, env=env, check=False)
            file.write(done.stdout)
        if done.returncode:
            lines = log.read_text(errors='replace').splitlines()
            raise errors.CommandFailed(
                what=what, command=shlex.join(words), log=log,
                status=done.returncode, tail='\n'.join(lines[-_TAIL:]))
        return done.stdout

    def _stamp(self, folder: pathlib.Path) -> pathlib.Path:
        return folder.with_name(f'{folder.name}.stamp')


def digest(*parts: str | bytes) -> str:
    """One hash of many texts and contents."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b'%d:' % len(data))
        total.update(data)
    return total.hexdigest()
