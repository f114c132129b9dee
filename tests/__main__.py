# SPDX-License-Identifier: Apache-2.0
"""Run the project's tests: style, unit and functional.

Any Python 3.11 or later starts it, with nothing installed.  It makes the
pocket cloud's virtual environment if that is missing, starts a pocket cloud
and a pocket director for the functional tests, and stops afterwards what it
started.  All that is in the folder .pocket-tests, or where $POCKET_STATE says.
Tests that look only at what is their own run side by side, the others one at
a time, all on three heat-engines, RabbitMQ and MariaDB.  The longest, which
--long adds, are for changes of what they test and for releases.
The last line is the count of tests: "N passed, N failed".
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ('pep8', 'unit', 'functional')
#: Functional tests that run one at a time: they look at the whole project,
#: share a director or kill engines.  The others look only at what is their
#: own, and run side by side.
ALONE = (r'tests\.functional\.(crash|engines|'
         r'stack\.test_(cloud_foundry|failures|life|progress))\.')
#: Those that are left out unless asked for: they take minutes, and most of
#: what they look at is looked at in small by others.
LONG = (r'engines\.test_many_stacks|stack\.test_life\.|test_many_at_once|'
        r'FaultTestCase\.test_(attach|create|snapshot)_disk|'
        r'FaultTestCase\.test_delete_vm')
#: How many heat-engines the functional tests' cloud has.
ENGINES = 3
STYLE = (
    ('flake8', 'cf_openstack', 'heat_plugins', 'horizon_panel',
     'benchmarks', 'bosh_release', 'devstack', 'tests', 'setup.py'),
    ('bashate', '-v', '-iE006', '-eE005,E042', '.ci/run'),
    ('doc8', '-q', 'README.rst', 'CONTRIBUTING.rst', 'HACKING.rst',
     'doc/source', 'releasenotes/notes'),
)


class Suite:
    """The parts that were run, and what came of them.

    :param state: the pocket cloud's folder.
    :param long: whether the longest tests are among them.
    """

    def __init__(self, state: pathlib.Path, long: bool = False) -> None:
        self.passed = 0
        self.failed = 0
        self.broken: list[str] = []
        self._state = state
        self._long = long
        self._python = state / 'venv' / 'bin' / 'python'
        self._env = {**os.environ, 'POCKET_STATE': str(state),
                     'PYTHONPATH': str(ROOT), 'PYTHON': str(self._python)}
        if long:
            self._env['CF_OPENSTACK_LONG_TESTS'] = '1'

    def tool(self, *argv: str, python: str | None = None) -> bool:
        """Run a Python module; whether it succeeded."""
        return subprocess.run(
            [python or self._python, '-m', *argv], cwd=ROOT, env=self._env,
            check=False).returncode == 0

    def pep8(self) -> None:
        """Check the style."""
        for name, *rest in STYLE:
            if subprocess.run([self._python.parent / name, *rest], cwd=ROOT,
                              env=self._env, check=False).returncode:
                self.broken.append(name)

    def stestr(self, part: str, extra: list[str], *options: str,
               but: str = '') -> int:
        """Run the tests below tests/<part> and count them.

        :param extra: filters of the person who runs the tests.
        :param options: of "stestr run".
        :param but: regular expression of tests to leave out.
        :returns: how many there were.
        """
        env = {**self._env, 'OS_TEST_PATH': f'./tests/{part}'}
        before, _passed, _failed = self._count()
        subprocess.run(
            [self._python, '-m', 'stestr', 'run', *options,
             *(['--exclude-regex', but] if but else []), *extra],
            cwd=ROOT, env=env, check=False)
        runs, passed, failed = self._count()
        if runs == before:
            # Of a run without tests stestr keeps no record.
            return 0
        self.passed += passed
        self.failed += failed
        return passed + failed

    def _count(self) -> list[int]:
        """How many runs stestr knows, and the numbers of the last one."""
        counted = subprocess.run(
            [self._python, '-m', 'tests.count'], cwd=ROOT, env=self._env,
            check=True, stdout=subprocess.PIPE, text=True).stdout
        return [int(number) for number in counted.split()]

    def unit(self, extra: list[str]) -> None:
        """Run the unit tests."""
        if not self.stestr('unit', extra):
            self.broken.append('unit (no test ran)')

    def functional(self, extra: list[str]) -> None:
        """Run the functional tests on a pocket cloud."""
        before = self.engines()
        was_up = self.tool('devstack.pocket', 'status')
        begun = time.monotonic()
        try:
            ran = 0
            if not self.up(ENGINES):
                return
            begun = self.lap('The cloud was up', begun)
            # Who names tests gets them, however long they take.
            out = '' if self._long or extra else f'|{LONG}'
            for what, but, *options in (
                    ('side by side', ALONE),
                    ('one at a time', rf'^(?!{ALONE})', '--serial')):
                ran += self.stestr('functional', extra, *options,
                                   but=but + out)
                begun = self.lap(f'Tests {what}', begun)
            if not ran:
                self.broken.append('functional (no test ran)')
            # What the fault suite saw, if it ran.
            self.tool('tests.functional.faults', '--last')
        finally:
            if was_up:
                self.up(before)
            else:
                self.tool('devstack.pocket', 'down')

    def engines(self) -> int:
        """How many heat-engines the cloud has beside Heat's API."""
        try:
            kept = json.loads((self._state / 'pocket.json').read_text())
        except FileNotFoundError:
            return 0
        return int(kept.get('engines', 0))

    def up(self, engines: int) -> bool:
        """Bring up cloud and director; whether that succeeded."""
        done = self.tool(
            'devstack.pocket', 'up', '--with', 'octavia', '--engines',
            str(engines), python=sys.executable) and self.tool(
                'devstack.pocket_director', 'up')
        if not done:
            self.broken.append(f'pocket cloud (--engines {engines})')
        return done

    @staticmethod
    def lap(what: str, begun: float) -> float:
        """Print how long something took; the time now."""
        now = time.monotonic()
        print(f'{what}: {now - begun:.0f} s', flush=True)
        return now


def main() -> int:
    """Run what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog='python3 -m tests', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--long', action='store_true',
                        help='run the longest functional tests, too: about '
                        '15 minutes more on two cores')
    parser.add_argument('part', nargs='?', default='all',
                        choices=('all', *PARTS), help='default: all')
    parser.add_argument('stestr', nargs=argparse.REMAINDER,
                        help='handed to "stestr run", such as a regular '
                        'expression that picks tests')
    args = parser.parse_args()
    begun = time.monotonic()
    state = pathlib.Path(os.environ.get('POCKET_STATE')
                         or ROOT / '.pocket-tests').absolute()
    suite = Suite(state, args.long)
    if not suite.tool('devstack.pocket', 'install', python=sys.executable):
        return 1
    parts = PARTS if args.part == 'all' else (args.part,)
    if 'pep8' in parts:
        suite.pep8()
    if 'unit' in parts:
        suite.unit(args.stestr)
    if 'functional' in parts:
        suite.functional(args.stestr)
    print(f'{", ".join(parts)}: {time.monotonic() - begun:.0f} s')
    for name in suite.broken:
        print(f'FAILED: {name}')
    print(f'{suite.passed} passed, {suite.failed} failed', flush=True)
    return 1 if suite.failed or suite.broken else 0


if __name__ == '__main__':
    sys.exit(main())
