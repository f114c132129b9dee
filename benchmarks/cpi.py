# SPDX-License-Identifier: Apache-2.0
"""Measure the life of a VM through one or more CPI executables.

Runs create_stemcell, create_vm and all that follows up to delete_vm and
delete_stemcell twice for each CPI: once with nothing left by an earlier
call, once with what the calls before have left (a cache of tokens).  A
proxy counts the requests between CPI and cloud, the cloud's endpoints being
http.  All CPIs get the same configuration.  What is made is removed again.
"""

import argparse
import os
import sys
import tempfile

from benchmarks import life
from benchmarks import runner
from benchmarks import site
from benchmarks import table
from tests.functional.faults import proxy


#: They need one service each; whatever they keep serves all that follow.
_FIRST = ('has_vm', 'has_disk', 'delete_stemcell')


def _measure(
    command: str, cloud: site.Site, between: proxy.Proxy, place: life.Place
) -> table.Result:
    config = cloud.config_behind(between.url('identity'))
    cpi = runner.Executable(command, config, between)
    lives = []
    with tempfile.TemporaryDirectory(prefix='benchmark-') as folder:
        kept = os.path.join(folder, 'kept')
        os.mkdir(kept)
        for method in _FIRST:
            cpi.call(kept, method, 'absent')
        for where in (
                lambda: tempfile.mkdtemp(dir=folder), lambda: kept):
            one = life.Life(cpi, place)
            try:
                one.run(where)
            finally:
                cloud.remove(one.cids)
            lives.append(one.measured)
    return table.Result(cpi.command[0], *lives)


def main(arguments: list[str] | None = None) -> int:
    """Run as a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog='python3 -m benchmarks.cpi', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--cpi', action='append', required=True, metavar='COMMAND',
        help='a CPI executable, may be given several times; {config} in it '
        'is replaced by the path of the configuration, which otherwise '
        'comes last')
    parser.add_argument(
        '--config', required=True, metavar='FILE',
        help='a CPI configuration (cpi.json) for the cloud')
    parser.add_argument(
        '--flavor', default='m1.tiny', help='default: %(default)s')
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix='benchmark-') as folder, \
            site.Site(args.config, folder, args.flavor) as cloud:
        place = cloud.place()
        with proxy.Proxy(cloud.upstreams()) as between:
            results = [_measure(command, cloud, between, place)
                       for command in args.cpi]
    print(table.render(results))
    return 1 if table.over(results[0]) else 0


if __name__ == '__main__':
    sys.exit(main())
