# SPDX-License-Identifier: Apache-2.0
"""The command line: python3 -m bosh_release."""

import argparse
from collections.abc import Sequence
import pathlib
import re
import sys
import time

from bosh_release import archive
from bosh_release import errors
from bosh_release import freeze
from bosh_release import release
from bosh_release import stemcells
from bosh_release import venv as release_venv
from bosh_release import work as release_work

DESCRIPTION = '''\
Build the CPI as a BOSH release: a tarball for "bosh upload-release", for the
releases of a manifest, and for "bosh create-env". It needs no Python on the
stemcell: the interpreter that runs this command goes into it, with the CPI
and all that it imports.'''
EPILOG = '''\
The first build takes about a minute, most of it for freezing the interpreter
by PyInstaller; what has not changed is not made again.'''


class Progress:
    """Prints a line a step, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line."""
        print(f'{time.monotonic() - self._start:6.1f}s  {text}', flush=True)


def main(argv: Sequence[str]) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(argv)
    try:
        _build(options, Progress())
    except (errors.ReleaseError, OSError) as exc:
        print(f'error: {exc}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Interrupted; the same command takes up the work again.',
              file=sys.stderr)
        return 130
    return 0


def _glibc(text: str) -> str:
    if not re.fullmatch(r'\d+\.\d+', text):
        raise argparse.ArgumentTypeError(f"'{text}' is not like 2.35")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python3 -m bosh_release', description=DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    build = commands.add_parser(
        'build', help='build the release', description=DESCRIPTION,
        epilog=EPILOG)
    build.add_argument(
        '--output', metavar='DIR', type=pathlib.Path, required=True,
        help='folder for the tarball, NAME-VERSION.tgz')
    build.add_argument(
        '--version', help='version of the release (default: the tag that '
        'git is at, or 0+dev.N for the Nth commit)')
    build.add_argument(
        '--name', default=release.NAME,
        help='name of the release (default: %(default)s); with '
        'bosh-openstack-cpi, manifests written for the upstream release '
        'need no other name')
    build.add_argument(
        '--work', metavar='DIR', type=pathlib.Path,
        default=release_work.REPOSITORY / '.bosh-release',
        help='folder that is kept between builds (default: .bosh-release in '
        'the repository)')
    build.add_argument(
        '--max-glibc', metavar='X.Y', type=_glibc, default=stemcells.GLIBC,
        help='glibc of the oldest stemcell to run on (default: %(default)s, '
        "Ubuntu Jammy's)")
    return parser


def _build(options: argparse.Namespace, progress: Progress) -> None:
    version = options.version or release.default_version()
    commit = release.commit()
    work = release_work.Work(options.work)
    with work.lock():
        result = release.Release(
            work.fresh('parts'), options.name, version, commit)
        venv = release_venv.Venv(work)
        if venv.ready():
            progress.say('The venv is up to date')
        else:
            progress.say(f'Making a venv with Python '
                         f'{freeze.python_version()} ({sys.executable})')
            venv.make()
        freezer = freeze.Freezer(work, venv, version)
        if freezer.ready():
            progress.say('The frozen CPI is up to date')
        else:
            progress.say('Freezing the CPI with PyInstaller')
            freezer.make()
        glibc = stemcells.check(freezer.needs(), options.max_glibc)
        progress.say(f'It needs glibc {glibc} and nothing else')
        path = result.write(options.output, freezer.tree, progress.say)
    _report(path, options.name, version, progress)


def _report(
    path: pathlib.Path, name: str, version: str, progress: Progress
) -> None:
    size = path.stat().st_size / 1e6
    progress.say(f'Done: {path} ({size:.1f} MB)')
    print(f'''
For the releases of a manifest, such as in bosh-deployment's
openstack/cpi.yml:

  name: {name}
  version: {version}
  url: {path.absolute().as_uri()}
  sha1: {archive.checksum(path, 'sha1')}

sha256: {archive.checksum(path, 'sha256')}''')
