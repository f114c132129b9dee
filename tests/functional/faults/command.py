# SPDX-License-Identifier: Apache-2.0
"""The command that breaks each request; see ``--help``."""

import argparse
import signal
import sys
import time

from devstack.pocket import errors
from devstack.pocket import state as pocket_state
from tests.functional.faults import cases
from tests.functional.faults import kinds
from tests.functional.faults import pooled
from tests.functional.faults import report
from tests.functional.faults import runner
from tests.functional.faults import scenarios
from tests.functional.faults import site as site_module
from tests.functional.faults import table


DESCRIPTION = """\
Break each request of the CPI's methods in turn, and see what is left.

Runs the CPI's executable on the pocket cloud of $POCKET_STATE (which must
be up) through a proxy of its own.  First each method runs undisturbed, so
that its requests are known; then once for each request and each fault.
Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage or no cloud.
"""

#: Those of load balancers need a cloud with Octavia.
SCENARIOS = scenarios.ALL | pooled.ALL


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    meanings = '\n'.join(
        f'  {name.ljust(12)} {meaning}'
        for name, meaning in kinds.MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog='python3 -m tests.functional.faults', description=DESCRIPTION,
        epilog=f'faults:\n{meanings}\n\nthe table:\n{table.LEGEND}',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'method', nargs='*',
        help=f'of {", ".join(SCENARIOS)}; default: all, the last two only '
        'on a cloud with Octavia')
    parser.add_argument(
        '--faults', metavar='NAME,...', default=','.join(kinds.ALL),
        help='default: all')
    parser.add_argument(
        '--step', metavar='TEXT', default='',
        help='only requests that contain this, such as "POST nova"')
    parser.add_argument(
        '--part', action='store_true',
        help='only the part of the table that the functional tests run')
    parser.add_argument(
        '--last', action='store_true',
        help='run nothing; print the last table of each method')
    parser.add_argument(
        '-j', '--jobs', type=int, default=2,
        help='cases at the same time; default: 2')
    parser.add_argument(
        '--executable', metavar='FILE',
        help='the CPI; default: that of the pocket cloud')
    parser.add_argument(
        '-v', '--verbose', action='store_true',
        help='show the CPI\'s log of each case that went wrong')
    found = parser.parse_args(arguments)
    found.faults = found.faults.split(',')
    for given, known in ((found.method, SCENARIOS),
                         (found.faults, kinds.ALL)):
        for name in given:
            if name not in known:
                parser.error(
                    f"'{name}' is not known, but: {', '.join(known)}")
    return found


def _tell(case: cases.Case) -> None:
    print(f'{table.cell(case).rjust(5)} {case}', file=sys.stderr)


def _run(args: argparse.Namespace, site: site_module.Site) -> bool:
    faults = [kinds.ALL[name] for name in args.faults]
    good = True
    for name in args.method:
        started = time.monotonic()
        scenario = SCENARIOS[name](site)
        try:
            one = runner.Runner(scenario, args.jobs, _tell)
            steps = [step for step in one.learn() if args.step in str(step)]
            choose = runner.part if args.part else runner.full
            done = one.run(choose(steps, faults))
        finally:
            scenario.close()
        print(report.save(site.state, name, done))
        print(f'{time.monotonic() - started:.0f} s\n', flush=True)
        wrong = [case for case in done if case.problems]
        good = good and not wrong
        for case in wrong if args.verbose else ():
            for outcome in case.outcomes:
                print(f'--- {case}\n{outcome.log}{outcome.output}')
    return good


def main() -> int:
    """Run as a command; returns the exit code."""
    args = parse()
    # Whatever stops this, what it made is to go.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    state = pocket_state.State()
    try:
        state.load()
    except errors.PocketError as exc:
        print(exc, file=sys.stderr)
        return 2
    if args.last:
        print('\n'.join([*report.saved(state), table.LEGEND]))
        return 0
    args.method = args.method or list(
        SCENARIOS if 'octavia' in state.features else scenarios.ALL)
    with site_module.Site(state, args.executable) as site:
        try:
            return 0 if _run(args, site) else 1
        except runner.Broken as exc:
            print(f'Without any fault it fails: {exc}', file=sys.stderr)
            return 1
