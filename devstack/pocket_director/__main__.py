# SPDX-License-Identifier: Apache-2.0
"""python3 -m devstack.pocket_director: see the module cli."""

import sys


def main() -> int:
    # An old Python could not even parse what is imported below.
    if sys.version_info < (3, 11):
        sys.stderr.write(
            'The pocket director needs Python 3.11 or newer; this is '
            '%d.%d (%s).\n' % (*sys.version_info[:2], sys.executable))
        return 1
    from devstack.pocket_director import cli
    return cli.main(sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
