# SPDX-License-Identifier: Apache-2.0
"""The command line: python3 -m devstack.pocket."""

import argparse
from collections.abc import Sequence
import os
import sys

from devstack.pocket import clients
from devstack.pocket import errors
from devstack.pocket import health
from devstack.pocket import lifecycle
from devstack.pocket import process
from devstack.pocket import progress
from devstack.pocket import service
from devstack.pocket import state as pocket_state

# Each has 64 threads with a connection to the database.
MOST_ENGINES = 6
DESCRIPTION = '''\
A real OpenStack (Keystone, Glance, Placement, Nova, Neutron, Cinder, Heat,
Horizon) as ordinary processes: no root, no containers, no database server.
It listens on 127.0.0.1 only and keeps everything in one folder. Servers are
those of Nova's fake hypervisor: they have ports, volumes and metadata, but
nothing boots.'''
EPILOG = '''\
first steps:
  python3 -m devstack.pocket up
  eval "$(python3 -m devstack.pocket env)"
  .pocket/venv/bin/openstack server list
  python3 -m devstack.pocket clean'''


def main(argv: Sequence[str]) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(argv)
    state = pocket_state.State(getattr(options, 'state', None))
    # Whoever reads the output may have gone ("logs | head").
    try:
        return options.function(state, options)
    except errors.PocketError as exc:
        print('error: %s' % exc, file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as exc:
        print('error: %s' % exc, file=sys.stderr)
    except KeyboardInterrupt:
        print('Interrupted; the same command takes up the work again.',
              file=sys.stderr)
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--state', metavar='DIR', default=argparse.SUPPRESS,
        help='the folder that the cloud is kept in (default: $POCKET_STATE, '
             'or .pocket in the repository)')
    parser = argparse.ArgumentParser(
        prog='python3 -m devstack.pocket', description=DESCRIPTION,
        epilog=EPILOG, parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(
        title='commands', metavar='COMMAND', required=True)

    def add(name: str, function: object, text: str,
            more: str = '') -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, parents=[common],
            description=text[0].upper() + text[1:] + '. ' + more)
        sub.set_defaults(function=function)
        return sub

    up = add('up', _up, 'bring the cloud up, or back up',
             'The first time this makes a virtual environment and installs '
             'OpenStack into it. It may be interrupted and repeated at any '
             'time; what is up and unchanged is left alone.')
    up.add_argument(
        '--with', dest='features', type=_features, default=[],
        metavar='SERVICE,...',
        help='add real APIs for good: %s' % ', '.join(service.FEATURES))
    up.add_argument(
        '--engines', type=_engines, metavar='N',
        help='have N heat-engines, each a process of its own, joined by '
             'RabbitMQ and MariaDB, which are taken from Debian\'s '
             'packages (a new cloud: 0, the engine in the process of Heat\'s '
             'API, with SQLite)')
    install = add('install', _install, 'make the venv only',
                  'That is what "up" begins with.')
    install.add_argument('--engines', action='store_true',
                         help='get what "up --engines" needs, too')
    down = add('down', _down, 'stop the cloud, and what else runs in its '
               'folder', 'Everything in it is kept for the next "up".')
    down.add_argument('names', nargs='*', metavar='SERVICE',
                      help='stop only these')
    add('status', _status, 'show what runs',
        'The exit status is 1 unless every service answers.')
    env = add('env', _env, 'print what to source to use the cloud',
              'By default as the tenant: user %s, project %s.'
              % (pocket_state.USER, pocket_state.PROJECT))
    env.add_argument('--admin', action='store_true',
                     help='as the cloud\'s administrator')
    env.add_argument('--clouds-yaml', action='store_true',
                     help='print a clouds.yaml with both instead')
    logs = add('logs', _logs, 'show the end of a log, or of all')
    logs.add_argument('service', nargs='?', help='a name that "status" shows')
    logs.add_argument('-f', '--follow', action='store_true',
                      help='go on as it grows')
    logs.add_argument('-n', '--lines', type=int, default=25, metavar='N',
                      help='how many lines (default: %(default)s)')
    clean = add('clean', _clean, 'stop everything and remove the folder',
                'Everything in the cloud is lost. What pip and uv have in '
                'their own caches is theirs, and makes the next "up" '
                'quicker.')
    clean.add_argument('--keep-venv', action='store_true',
                       help='keep what was installed, for a quicker "up"')
    return parser


def _features(text: str) -> list[str]:
    names = [name.strip() for name in text.split(',') if name.strip()]
    for name in names:
        if name not in service.FEATURES:
            raise argparse.ArgumentTypeError(
                'there is no "%s"; choose from %s'
                % (name, ', '.join(service.FEATURES)))
    return names


def _engines(text: str) -> int:
    if not text.isdigit() or int(text) > MOST_ENGINES:
        raise argparse.ArgumentTypeError(
            '"%s" is not a number from 0 to %d' % (text, MOST_ENGINES))
    return int(text)


def _up(state: pocket_state.State, options: argparse.Namespace) -> int:
    shown = progress.Progress()
    lifecycle.Cloud(state, shown).up(options.features, options.engines)
    shown.say('The pocket cloud is up')
    flag = '' if state.root == pocket_state.State().root else (
        '--state %s ' % state.root)
    print('Horizon: %s (user %s; the password is in the output of "env")\n'
          'Shell:   eval "$(python3 -m devstack.pocket %senv)"'
          % (state.url('horizon'), pocket_state.USER, flag))
    return 0


def _install(state: pocket_state.State, options: argparse.Namespace) -> int:
    lifecycle.Cloud(state, progress.Progress()).install(options.engines)
    return 0


def _down(state: pocket_state.State, options: argparse.Namespace) -> int:
    shown = progress.Progress()
    unknown = set(options.names) - set(process.names(state))
    if unknown:
        print('Not running: ' + ', '.join(sorted(unknown)))
    stopped = lifecycle.Cloud(state, shown).down(options.names)
    shown.say('Stopped: ' + (', '.join(stopped) or 'nothing was running'))
    return 0


def _clean(state: pocket_state.State, options: argparse.Namespace) -> int:
    shown = progress.Progress()
    stopped = lifecycle.Cloud(state, shown).clean(options.keep_venv)
    if stopped:
        shown.say('Stopped: ' + ', '.join(stopped))
    shown.say('Nothing is left but %s' % state.path('venv')
              if state.root.exists() else
              'Nothing is left of %s' % state.root)
    return 0


def _status(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    row = '%-14s %8s  %-13s %s'
    print(row % ('SERVICE', 'PID', 'PORT', 'STATE'))
    healthy = True
    wanted = state.services
    for one in wanted:
        pid = process.alive(state, one.name)
        told = 'down'
        if pid:
            told = 'up' if health.answers(state, one) else 'not answering'
        healthy = healthy and told == 'up'
        numbers = ', '.join(str(state.ports[name]) for name in one.ports)
        print(row % (one.name, pid or '-', numbers or '-', told))
    for name in process.names(state):
        if name not in {one.name for one in wanted}:
            pid = process.alive(state, name)
            print(row % (name, pid or '-', state.ports.get(name, '-'),
                         'running' if pid else 'down'))
    return 0 if healthy else 1


def _env(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    if options.clouds_yaml:
        sys.stdout.write(clients.clouds_yaml(state))
    else:
        sys.stdout.write(clients.exports(
            state, 'pocket-admin' if options.admin else 'pocket'))
    return 0


def _logs(state: pocket_state.State, options: argparse.Namespace) -> int:
    state.load()
    found = {file.stem: file for file in state.path('log').glob('*.log')}
    if options.service:
        if options.service not in found:
            raise errors.StateError('There is no log of "%s"; there are: %s.'
                                    % (options.service,
                                       ', '.join(sorted(found)) or 'none'))
        found = {options.service: found[options.service]}
    if options.follow:
        os.execvp('tail', ['tail', '-n', str(options.lines), '-F',
                           *map(str, sorted(found.values()))])
    for name, file in sorted(found.items()):
        if not options.service:
            print('==> %s <==' % file)
        print(process.tail(file, options.lines))
    return 0
