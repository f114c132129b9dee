# SPDX-License-Identifier: Apache-2.0
"""python3 -m devstack.pocket: see the module cli."""

import sys


def main():
    # Before anything else is imported: the rest does not even parse on an
    # old Python, and its SyntaxError would not say what to do.
    if sys.version_info < (3, 11):
        sys.stderr.write(
            'The pocket cloud needs Python 3.11 or newer; this is %d.%d '
            '(%s). Start it with a newer one, for example '
            '"python3.11 -m devstack.pocket up".\n'
            % (sys.version_info[0], sys.version_info[1], sys.executable))
        return 1
    from devstack.pocket import cli
    return cli.main(sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
