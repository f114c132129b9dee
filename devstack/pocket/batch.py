# SPDX-License-Identifier: Apache-2.0
"""Runs several commands of one program, importing the program only once.

nova-manage takes five seconds to import and is called four times.  Each
command runs in a fork of a process that has done the import, and so in a
process of its own, as if called alone.  Runs inside the venv:
``python -m devstack.pocket.batch MODULE -- ARGUMENT ... -- ARGUMENT ...``.
"""

from collections.abc import Callable
from collections.abc import Sequence
import gc
import importlib
import os
import sys
import traceback

SEPARATOR = '--'


def split(words: Sequence[str]) -> list[list[str]]:
    """The commands between the separators."""
    commands: list[list[str]] = []
    for word in words:
        if word == SEPARATOR:
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def run(program: Callable[[], object], arguments: list[str]) -> int:
    """Run a program's main function in a fork; returns its exit status."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            sys.argv[1:] = arguments
            outcome = program()
            status = outcome if isinstance(outcome, int) else 0
        except SystemExit as exc:
            status = exc.code if isinstance(exc.code, int) else bool(exc.code)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(argv: Sequence[str]) -> int:
    gc.disable()
    module = importlib.import_module(argv[0])
    # copies of memory pages that hold nothing but the collector's marks
    gc.freeze()
    gc.enable()
    sys.argv[0] = argv[0]
    for arguments in split(argv[1:]):
        print('$ %s %s' % (argv[0], ' '.join(arguments)), flush=True)
        status = run(module.main, arguments)
        if status:
            return status
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
