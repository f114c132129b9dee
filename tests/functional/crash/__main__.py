# SPDX-License-Identifier: Apache-2.0
"""Runs the command with the interpreter that has what it needs."""

import importlib.util
import os
import sys

from devstack.pocket import state


def main() -> int:
    """Run as a command; returns the exit code."""
    if importlib.util.find_spec('openstack') is None:
        python = state.State().path('venv', 'bin', 'python')
        if not python.exists():
            print('There is no pocket cloud in %s. Make one with "python3 -m '
                  'devstack.pocket up".' % state.State().root,
                  file=sys.stderr)
            return 2
        os.execv(python, [str(python), '-m', 'tests.functional.crash',
                          *sys.argv[1:]])
    from tests.functional.crash import command

    return command.main()


if __name__ == '__main__':
    sys.exit(main())
