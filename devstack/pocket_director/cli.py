# SPDX-License-Identifier: Apache-2.0
"""The command line: ``python3 -m devstack.pocket_director``.

Any Python runs it, with nothing installed; the director itself runs in
the pocket cloud's virtual environment.
"""

import argparse
from collections.abc import Sequence
import hashlib
import json
import os
import shlex
import ssl
import sys
import time
from typing import Any
import urllib.error
import urllib.request

from cf_openstack import exceptions
from devstack.pocket import environment
from devstack.pocket import errors as pocket_errors
from devstack.pocket import lock
from devstack.pocket import ports
from devstack.pocket import process
from devstack.pocket import state as pocket_state
from devstack.pocket_director import cpi_job
from devstack.pocket_director import errors

NAME = 'director'
_START_LIMIT = 60  # seconds
_SOURCES = pocket_state.REPOSITORY / 'devstack' / 'pocket_director'


def main(argv: Sequence[str]) -> int:
    """Run a command; the exit status."""
    options = _parser().parse_args(argv)
    state = pocket_state.State(getattr(options, 'state', None))
    try:
        status: int = options.function(state, options)
        return status
    except exceptions.CfOpenStackError as exc:
        print(f'error: {exc}', file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as exc:
        print(f'error: {exc}', file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def access(state: pocket_state.State) -> dict[str, str]:
    """How to reach the director: the content of ``director.json``.

    :raises: CommandError when there has been none yet.
    """
    try:
        found: dict[str, str] = json.loads(
            state.path('director', 'director.json').read_text())
        return found
    except FileNotFoundError:
        raise errors.CommandError(
            f'There is no pocket director in {state.root}. Start it with '
            f'"python3 -m devstack.pocket_director up --state '
            f'{state.root}".') from None


def answers(state: pocket_state.State) -> dict[str, Any] | None:
    """What the director says of itself, if it answers."""
    try:
        known = access(state)
        context = ssl.create_default_context(cafile=known['ca_file'])
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context))
        with opener.open(known['endpoint'] + '/info', timeout=5) as answer:
            info: dict[str, Any] = json.load(answer)
    except (errors.CommandError, OSError, ValueError):
        return None
    return info if info.get('uuid') == known['uuid'] else None


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--state', metavar='DIR', default=argparse.SUPPRESS,
        help="the pocket cloud's folder (default: $POCKET_STATE, or .pocket "
             'in the repository)')
    parser = argparse.ArgumentParser(
        prog='python3 -m devstack.pocket_director', parents=[common],
        description='A stand-in for a BOSH director, on a pocket cloud.')
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    up = commands.add_parser(
        'up', parents=[common], help='start it, and wait until it answers')
    up.add_argument(
        'server', nargs='*', metavar='-- OPTION',
        help='options of the server, after two dashes; see "python -m '
             'devstack.pocket_director.server --help"')
    up.set_defaults(function=_up)
    for name, function, text in (
            ('down', _down, 'stop it; its state is kept'),
            ('status', _status, 'whether it answers, and where'),
            ('env', _env, 'print what the bosh CLI needs, to be sourced')):
        command = commands.add_parser(name, parents=[common], help=text)
        command.set_defaults(function=function)
    logs = commands.add_parser('logs', parents=[common], help='show its log')
    logs.add_argument('-f', '--follow', action='store_true')
    logs.add_argument('-n', '--lines', type=int, default=25)
    logs.add_argument('-t', '--task', type=int, metavar='ID',
                      help="the CPI's log of a task instead")
    logs.set_defaults(function=_logs)
    return parser


def _up(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    with lock.hold(state):
        _start(state, options.server)
    known = access(state)
    print(f'The pocket director is up at {known["endpoint"]}')
    return 0


def _start(state: pocket_state.State, extra: Sequence[str]) -> None:
    python = state.path('venv', 'bin', 'python')
    if not python.exists():
        raise errors.CommandError(
            f'The pocket cloud in {state.root} has no virtual environment. '
            'Run "python3 -m devstack.pocket up" first.')
    root = state.path('director')
    root.mkdir(mode=0o700, exist_ok=True)
    job = cpi_job.CpiJob(state)
    job.write()
    port = state.ports[NAME]
    argv = [str(python), '-m', 'devstack.pocket_director.server',
            '--root', str(root), '--port', str(port),
            '--cpi', str(job.executable), *extra]
    fingerprint = _fingerprint(argv)
    found = process.running(state, NAME)
    if found and found.fingerprint == fingerprint and answers(state):
        return
    process.stop(state, [NAME])
    if not ports.is_free(port):
        raise pocket_errors.PortTaken(
            port=port, name='the pocket director', holder=ports.holder(port))
    process.spawn(
        state, NAME, argv, environment.build(state), fingerprint)
    _wait(state)


def _wait(state: pocket_state.State) -> None:
    end = time.monotonic() + _START_LIMIT
    while not answers(state):
        if not process.alive(state, NAME):
            raise pocket_errors.ServiceFailed(
                name='The pocket director', what='ended at once',
                log=process.log_file(state, NAME),
                tail=process.log_tail(state, NAME))
        if time.monotonic() > end:
            raise pocket_errors.ServiceFailed(
                name='The pocket director',
                what=f'does not answer after {_START_LIMIT} s',
                log=process.log_file(state, NAME),
                tail=process.log_tail(state, NAME))
        time.sleep(0.1)


def _fingerprint(argv: Sequence[str]) -> str:
    """Changes with the command and with the director's own code."""
    digest = hashlib.sha256('\0'.join(argv).encode())
    for source in sorted(_SOURCES.rglob('*.py')):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _down(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    with lock.hold(state):
        stopped = process.stop(state, [NAME])
    print('The pocket director is stopped' if stopped
          else 'The pocket director was not running')
    return 0


def _status(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    info = answers(state)
    pid = process.alive(state, NAME)
    if info is None or pid is None:
        print('The pocket director is ' + (
            'down' if pid is None else f'not answering (pid {pid})'))
        return 1
    print(f'The pocket director is up (pid {pid})\n'
          f'endpoint {access(state)["endpoint"]}\nuuid     {info["uuid"]}')
    return 0


def _env(state: pocket_state.State, options: argparse.Namespace) -> int:
    known = access(state)
    for name, value in (
            ('BOSH_ENVIRONMENT', known['endpoint']),
            ('BOSH_CLIENT', known['client']),
            ('BOSH_CLIENT_SECRET', known['client_secret']),
            ('BOSH_CA_CERT', known['ca_file'])):
        print(f'export {name}={shlex.quote(value)}')
    return 0


def _logs(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    file = process.log_file(state, NAME)
    if options.task is not None:
        file = state.path('director', 'tasks', str(options.task), 'cpi')
    if options.follow:
        os.execvp('tail', ['tail', '-n', str(options.lines), '-F', str(file)])
    print(process.tail(file, options.lines))
    return 0
