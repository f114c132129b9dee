# SPDX-License-Identifier: Apache-2.0
"""MariaDB and RabbitMQ: Debian's packages, unpacked and not installed.

Installing them would take root and leave both running on their usual ports.
Unpacked into a folder of the cloud they do neither, and go with it.
"""

import os
import pathlib
import shutil

from devstack.pocket import command
from devstack.pocket.config import writer
from devstack.pocket import environment
from devstack.pocket import errors
from devstack.pocket import progress as pocket_progress
from devstack.pocket import state as pocket_state

#: What is unpacked together with those libraries that the machine lacks: the
#: server without its client, and Erlang with the applications that RabbitMQ
#: names as its dependencies.
WITH_LIBRARIES = (
    'mariadb-server-core',
    *('erlang-' + name for name in (
        'base', 'asn1', 'crypto', 'eldap', 'inets', 'mnesia', 'os-mon',
        'parsetools', 'public-key', 'runtime-tools', 'ssl', 'syntax-tools',
        'tools', 'xmerl')))
#: What is unpacked alone: the rest of what it depends on is for a service of
#: the system.
ALONE = ('rabbitmq-server',)
ERLANG = '/usr/lib/erlang'
LOG = 'packages'


class Packages:
    """The folder ``packages`` of a state folder."""

    def __init__(self, state: pocket_state.State,
                 runner: command.Runner) -> None:
        self._state = state
        self._runner = runner
        self._folder = state.path('packages')
        self._stamp = self._folder / 'pocket-stamp'
        self._env = {**environment.without_foreign(os.environ),
                     'LC_ALL': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'}

    def ready(self) -> bool:
        """Whether they are there, and where they were made for."""
        return (self._stamp.is_file()
                and self._stamp.read_text() == self._fingerprint())

    def make(self, progress: pocket_progress.Progress) -> None:
        """Fetch and unpack them; does nothing if they are there.

        :raises PackagesError: this is no Debian.
        :raises CommandFailed: apt could not fetch them.
        """
        if self.ready():
            return
        for program in ('apt-get', 'dpkg-deb'):
            if not shutil.which(program):
                raise errors.PackagesError(
                    'There is no %s on this machine. Heat-engines of their '
                    'own need MariaDB and RabbitMQ, which are taken from '
                    'Debian\'s or Ubuntu\'s packages; "up --engines 0" '
                    'needs neither.' % program)
        if self._folder.exists():
            shutil.rmtree(self._folder)
        with progress.step('Fetching MariaDB and RabbitMQ from Debian'):
            for name in ('apt/archives/partial', 'apt/lists/partial'):
                (self._folder / name).mkdir(0o700, parents=True)
            self._fetch(progress)
            for archive in sorted(self._archives.glob('*.deb')):
                self._run('Unpacking %s' % archive.name,
                          ['dpkg-deb', '--extract', str(archive),
                           str(self._folder)])
            shutil.rmtree(self._folder / 'apt')
            _relocate(self._folder)
        self._state.write(str(self._stamp), self._fingerprint())

    @property
    def _archives(self) -> pathlib.Path:
        return self._folder / 'apt' / 'archives'

    def _fingerprint(self) -> str:
        return writer.digest([str(self._folder), *WITH_LIBRARIES, *ALONE])

    def _fetch(self, progress: pocket_progress.Progress) -> None:
        # All that apt writes stays in the folder, so that it needs no root.
        own = ['-o', 'Debug::NoLocking=true', '-o', 'APT::Sandbox::User=root',
               '-o', 'Dir::Cache=%s' % (self._folder / 'apt')]
        try:
            self._download(own)
        except errors.CommandFailed:
            progress.say('  apt knows them not, or not well; asking anew')
            own += ['-o', 'Dir::State::Lists=%s' % (
                self._folder / 'apt' / 'lists')]
            self._run('Asking for the lists of packages',
                      ['apt-get', *own, '-q', 'update'])
            self._download(own)

    def _download(self, options: list[str]) -> None:
        quiet = ['apt-get', *options, '-q', '-y']
        # Even those that are installed: all are taken from one place.
        self._run('Fetching packages', [
            *quiet, '--no-install-recommends', '--download-only',
            '--reinstall', 'install', *WITH_LIBRARIES])
        # this one writes where it is told to by no option
        self._run('Fetching packages', [
            'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh',
            str(self._archives), *quiet, 'download', *ALONE])

    def _run(self, what: str, argv: list[str]) -> None:
        self._runner.run(what, argv, self._env, LOG)


def libraries(state: pocket_state.State) -> str:
    """The folders of the libraries, as the linker's environment has them."""
    return ':'.join(map(str, sorted(
        state.path('packages', 'usr', 'lib').glob('*-linux-gnu*'))))


def erlang(state: pocket_state.State) -> pathlib.Path:
    """Where Erlang is."""
    return state.path('packages', *ERLANG.split('/')[1:])


def erlang_programs(state: pocket_state.State) -> pathlib.Path:
    """Where Erlang's run-time system is, and epmd."""
    return next(erlang(state).glob('erts-*')) / 'bin'


def rabbitmq(state: pocket_state.State) -> pathlib.Path:
    """Where RabbitMQ is; the folder bears its version."""
    return next(state.path('packages', 'usr', 'lib', 'rabbitmq',
                           'lib').glob('rabbitmq_server-*'))


def _relocate(root: pathlib.Path) -> None:
    """Tell Erlang where it is, as its own installer does."""
    script = root / ERLANG[1:] / 'bin' / 'erl'
    script.write_text(script.read_text().replace(
        'ROOTDIR=' + ERLANG, "ROOTDIR='%s%s'" % (root, ERLANG)))
