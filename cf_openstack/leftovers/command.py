# SPDX-License-Identifier: Apache-2.0
"""The executable ``openstack_cpi_sweep``."""

import argparse
from collections.abc import Iterable
import datetime
import re
import sys

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cpi import calls
from cf_openstack.cpi import dispatch
from cf_openstack.cpi import journal
from cf_openstack.cpi import protocol
from cf_openstack import exceptions
from cf_openstack.leftovers import removal
from cf_openstack.leftovers import search
from cf_openstack.leftovers import things

#: Exit codes.
CLEAN = 0
FOUND = 1
USAGE = 2
FAILED = 3

_DESCRIPTION = """\
Find what calls of the CPI have left behind in a project, and remove it.

Without --delete it only shows.  With --director alone it finds only what no
call can have ended with: ports without a server, images without data,
servers and disks that are still being made or have failed.  With --known it
finds whatever else bears the director's mark; with --request what one call,
which is known to have failed, has made.
"""

_EPILOG = """\
exit codes:
  0  nothing is left, or all of it was removed
  1  something is left: nothing was to be removed, or not all could be
  2  wrong usage or configuration
  3  OpenStack did not answer, or refused
"""

_UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}
_HOUR = 3600


def _duration(text: str) -> float:
    found = re.fullmatch(r'(\d{1,9})([smhd]?)', text, re.ASCII)
    if not found:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no duration such as 90s, 30m, 1h or 2d")
    return int(found[1]) * _UNITS[found[2] or 's']


def _known(path: str) -> frozenset[str]:
    try:
        with open(path, encoding='utf-8') as file:
            words = file.read().split()
    except (OSError, ValueError) as exc:
        raise argparse.ArgumentTypeError(
            f"'{path}' cannot be read: {exc}") from exc
    return frozenset(words)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='openstack_cpi_sweep', description=_DESCRIPTION,
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config', metavar='CONFIG.json',
        help='configuration of the job openstack_cpi')
    parser.add_argument(
        'ca_cert', metavar='CACERT.pem', nargs='?',
        help="CA certificates that OpenStack's endpoints are checked with")
    parser.add_argument(
        '--director', metavar='UUID',
        help='the director whose calls it were; "bosh env" shows it')
    parser.add_argument(
        '--request', metavar='ID',
        help='the call, as the error of its task names it: cpi-123456; '
        'with --director, since directors use ids again')
    parser.add_argument(
        '--known', metavar='FILE', type=_known,
        help='with --director: all cids that the director has, of VMs, '
        'disks, stemcells, snapshots and networks, orphans included, '
        'between white space')
    parser.add_argument(
        '--older-than', metavar='TIME', type=_duration, default=_HOUR,
        help='such as 90s, 30m, 2d; default: 1h, since what is younger may '
        'be in the making')
    parser.add_argument(
        '--delete', action='store_true', help='remove what is found')
    found = parser.parse_args(arguments)
    if not found.director:
        # A request id alone may be another director's.
        parser.error('--director is needed')
    if found.known is not None and found.request:
        parser.error('--known and --request exclude each other')
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run as a command; returns the exit code."""
    args = parse(arguments)
    # In a "<id> light" cid the light one is only a word more.
    scope = search.Scope(args.director, args.request, args.known,
                         args.older_than)
    request = protocol.Request(
        'sweep', [], {'director_uuid': args.director}, None)
    log = journal.Journal('sweep')
    try:
        call = calls.Call(
            request, dispatch.ConfigFiles(args.config, args.ca_cert), log)
    except exceptions.CfOpenStackError as exc:
        print(exc.message, file=sys.stderr)
        return USAGE
    with call:
        try:
            return _sweep(call, scope, args.delete)
        except cloud_errors.API_ERRORS as exc:
            print(log.clean(cloud_errors.describe(exc)), file=sys.stderr)
            return FAILED


def _sweep(call: calls.Call, scope: search.Scope, delete: bool) -> int:
    found = search.find(call.cloud, scope)
    if not found:
        print('Nothing is left over')
        return CLEAN
    if not delete:
        _show(found)
        print(f'{len(found)} left over; --delete removes them')
        return FOUND
    failures = 0
    for result in removal.remove(
            call.cloud, found, call.config.state_timeout):
        print(result, flush=True)
        failures += not result.succeeded
    return FOUND if failures else CLEAN


def _show(found: Iterable[things.Thing]) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for thing in found:
        age = 'age unknown' if thing.created is None else (
            f'{(now - thing.created).total_seconds() / 60:.0f} min old')
        print(f'{thing}: {thing.reason}; {age}, of {thing.director_uuid} '
              f'{thing.request_id}')


def run() -> None:
    """Console script."""
    sys.exit(main())


if __name__ == '__main__':
    run()
