# SPDX-License-Identifier: Apache-2.0
"""How each service is started: its command line and its environment."""

from devstack.pocket import environment
from devstack.pocket import packages
from devstack.pocket import ports
from devstack.pocket import service
from devstack.pocket import state as pocket_state

#: A node of Erlang; the host's part is what the loopback address is called.
NODE = 'pocket@localhost'


def command(state: pocket_state.State,
            one: service.Service) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of a service.

    There is no secret in either.
    """
    env = environment.build(state)
    if one.name == 'mariadb':
        return mariadb(state), {**env, **linker(state)}
    if one.name == 'epmd':
        return ([str(packages.erlang_programs(state) / 'epmd'), '-address',
                 ports.HOST, '-port', str(state.ports['epmd'])], env)
    if one.name == 'rabbitmq':
        return ([str(packages.rabbitmq(state) / 'sbin' / 'rabbitmq-server')],
                {**env, **_rabbitmq(state, env['PATH'])})
    return ([str(state.path('venv', 'bin', 'python')), '-m',
             'devstack.pocket.serve', '--state', str(state.root), one.name],
            env)


def mariadb(state: pocket_state.State) -> list[str]:
    """MariaDB's command line; whatever is in /etc/mysql is not read."""
    return [str(state.path('packages', 'usr', 'sbin', 'mariadbd')),
            '--defaults-file=%s' % state.path('etc', 'mariadb.cnf')]


def linker(state: pocket_state.State) -> dict[str, str]:
    """What lets MariaDB find libraries that came with it."""
    return {'LD_LIBRARY_PATH': packages.libraries(state)}


def _rabbitmq(state: pocket_state.State, path: str) -> dict[str, str]:
    data = state.path('data', 'rabbitmq')
    return {
        'PATH': '%s:%s' % (packages.erlang(state) / 'bin', path),
        'TERM': 'dumb',
        'RABBITMQ_NODENAME': NODE,
        'RABBITMQ_CONFIG_FILE': str(state.path('etc', 'rabbitmq.conf')),
        'RABBITMQ_ENABLED_PLUGINS_FILE': str(
            state.path('etc', 'rabbitmq-plugins')),
        'RABBITMQ_CONF_ENV_FILE': '/dev/null',
        'RABBITMQ_MNESIA_BASE': str(data),
        'RABBITMQ_LOG_BASE': str(data),
        # Nodes speak to each other, and to rabbitmqctl, over these.
        'RABBITMQ_DIST_PORT': str(state.ports['rabbitmq_dist']),
        'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
            '-kernel inet_dist_use_interface {%s}'
            % ports.HOST.replace('.', ','),
        'ERL_EPMD_ADDRESS': ports.HOST,
        'ERL_EPMD_PORT': str(state.ports['epmd']),
        'ERL_CRASH_DUMP_SECONDS': '0',
        # The script then becomes the broker, and signals reach it.
        'RUNNING_UNDER_SYSTEMD': 'true',
    }
