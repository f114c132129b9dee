# SPDX-License-Identifier: Apache-2.0
"""The command that kills engines; see ``--help``."""

import argparse
import re
import signal
import sys
import time

from devstack.pocket import errors
from devstack.pocket import state as pocket_state
from tests.functional.crash import case as crash_case
from tests.functional.crash import runner
from tests.functional.crash import site as crash_site
from tests.functional.crash import table

DESCRIPTION = """\
Kill heat-engine with SIGKILL at each request to the director in turn.

Runs on the pocket cloud of $POCKET_STATE, which must be up, and whose Heat
it kills and brings back.  First each action runs undisturbed, so that its
requests are known; then once for each request and moment, a batch of
stacks at a time.  Afterwards a person's next step is taken, all that the
stack owns is counted, and after the deletion nothing may be left.
Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage or no cloud.
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='python3 -m tests.functional.crash', description=DESCRIPTION,
        epilog=f'the table:\n{table.LEGEND}',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'action', nargs='*', choices=[[], *crash_case.ACTIONS],
        help='in which the engine dies; default: all')
    parser.add_argument(
        '--call', metavar='REGEX', default='',
        help='only requests that match, such as "^POST /deployments"')
    parser.add_argument(
        '--then', metavar='STEP', action='append',
        choices=['update', 'cancel', 'rollback', 'delete'],
        help='only what is followed by this')
    parser.add_argument(
        '--every', action='store_true',
        help='each look at each task too, and each crash followed by each '
        'step; otherwise these take turns but for what changes something')
    parser.add_argument(
        '--part', action='store_true',
        help='only the part that the functional tests run')
    parser.add_argument(
        '--instances', type=int, default=1,
        help='of the deployment; default: 1')
    parser.add_argument(
        '-j', '--jobs', type=int, default=8,
        help='stacks in a batch; default: 8')
    parser.add_argument(
        '--last', action='store_true',
        help='run nothing; print the last table')
    return parser.parse_args(arguments)


def _tell(case: crash_case.Case) -> None:
    print(f'{table.mark(case)} {case.plan}: {"; ".join(case.story)}',
          *case.problems, sep='\n     ', file=sys.stderr, flush=True)


def _run(args: argparse.Namespace, site: crash_site.Site) -> bool:
    started = time.monotonic()
    if args.part:
        plans = list(runner.part())
    else:
        learned = runner.learn(site, args.action, args.instances)
        table.remember(site.state.root, learned)
        plans = list(runner.full(learned, args.every))
    done = runner.run(
        site, [plan for plan in plans if re.search(args.call, str(plan.call))
               and (not args.then or plan.then in args.then)],
        args.jobs, _tell, args.instances)
    text = table.render(done)
    table.save(site.state.root, text)
    print(text)
    print(f'{time.monotonic() - started:.0f} s')
    return not any(case.problems for case in done)


def main() -> int:
    """Run as a command; returns the exit code."""
    args = parse()
    args.action = args.action or list(crash_case.ACTIONS)
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
        print(table.last(state.root) + table.LEGEND)
        return 0
    with crash_site.Site(state) as site:
        try:
            return 0 if _run(args, site) else 1
        except runner.Broken as exc:
            print(f'Without any crash it fails: {exc}', file=sys.stderr)
            return 1
