# SPDX-License-Identifier: Apache-2.0
"""python3 -m bosh_release: see the module cli."""

import sys


def main():
    # Before anything else is imported, which would not even parse.
    if sys.version_info < (3, 11):
        sys.stderr.write(
            'The release is built with Python 3.11 or newer; this is %d.%d '
            '(%s).\n' % (
                sys.version_info[0], sys.version_info[1], sys.executable))
        return 1
    from bosh_release import cli
    return cli.main(sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
