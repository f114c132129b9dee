# SPDX-License-Identifier: Apache-2.0
"""Measure ``info`` against an interpreter that does nothing.

A director asks a CPI for ``info`` before nearly every other call, so that
its time counts twice.  Prints the medians of both and their ratio; the
executables take turns, so that a busy machine slows all of them.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time

from benchmarks import runner

REQUEST = json.dumps({
    'method': 'info', 'arguments': [],
    'context': {'director_uuid': 'd', 'request_id': 'cpi-000001'}}).encode()


def interpreter(executable: str) -> str | None:
    """The interpreter that a script's first line names, None for none."""
    with open(executable, 'rb') as file:
        first = file.readline(4096)
    words = first[2:].decode(errors='replace').split()
    if not first.startswith(b'#!') or not words or (
            'python' not in os.path.basename(words[0])):
        return None
    return words[0]


def medians(commands: list[list[str]], rounds: int) -> list[float]:
    """The median times of commands in seconds.

    :raises subprocess.CalledProcessError: one fails.
    """
    times: list[list[float]] = [[] for _command in commands]
    for _round in range(rounds):
        for found, command in zip(times, commands, strict=True):
            started = time.perf_counter()
            subprocess.run(
                command, input=REQUEST, stdout=subprocess.DEVNULL, cwd='/',
                stderr=subprocess.DEVNULL, check=True,
                env={'PATH': runner.PATH})
            found.append(time.perf_counter() - started)
    return [statistics.median(found) for found in times]


def main(arguments: list[str] | None = None) -> int:
    """Run as a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog='python3 -m benchmarks.info', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cpi', metavar='COMMAND',
                        help='a CPI executable and its arguments')
    parser.add_argument('--python', metavar='INTERPRETER',
                        help='the one that runs it; by default what its '
                        'first line names')
    parser.add_argument('--rounds', type=int, default=41,
                        help='default: %(default)s')
    args = parser.parse_args(arguments)
    command = shlex.split(args.cpi)
    python = args.python or interpreter(command[0])
    if python is None:
        parser.error('Name the interpreter with --python')
    nothing, info = medians([[python, '-c', 'pass'], command], args.rounds)
    print(f'{python} -c pass: {nothing * 1000:.1f} ms')
    print(f'info: {info * 1000:.1f} ms')
    print(f'ratio: {info / nothing:.2f}')
    return 0 if info <= 2 * nothing else 1


if __name__ == '__main__':
    sys.exit(main())
