# SPDX-License-Identifier: Apache-2.0
"""MariaDB's configuration: small, quick, and thrown away with the cloud."""

import os

from devstack.pocket.config import ini
from devstack.pocket import ports
from devstack.pocket import state as pocket_state

#: Databases, each with a user of the same name.
DATABASES = ('heat',)
# Three engines with a thread for each of 64 resources, and Heat's APIs.
CONNECTIONS = 500


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text.

    ``mariadb.sql`` is run at each start: it makes what is missing.
    """
    return {
        'mariadb.cnf': ini.render({'mariadbd': _options(state)}),
        'mariadb.sql': ''.join(_grants(state, name) for name in DATABASES),
    }


def url(state: pocket_state.State, name: str) -> str:
    """A database's URL for SQLAlchemy."""
    return 'mysql+pymysql://%s:%s@%s:%d/%s?charset=utf8mb4' % (
        name, state.secrets['mariadb'], ports.HOST, state.ports['mariadb'],
        name)


def _options(state: pocket_state.State) -> dict[str, object]:
    usr = state.path('packages', 'usr')
    share = usr / 'share' / 'mysql'
    found = {
        'datadir': state.path('data', 'mariadb'),
        'tmpdir': state.path('data', 'tmp'),
        'lc_messages_dir': share,
        'character_sets_dir': share / 'charsets',
        'plugin_dir': usr / 'lib' / 'mysql' / 'plugin',
        'bind_address': ports.HOST,
        'port': state.ports['mariadb'],
        # In the data folder.  Its whole path might be longer than the 107
        # characters that an address of this kind may have.
        'socket': 'mariadb.sock',
        'pid_file': 'mariadb.pid',
        'init_file': state.path('etc', 'mariadb.sql'),
        'skip_name_resolve': 'ON',
        'character_set_server': 'utf8mb4',
        'max_connections': CONNECTIONS,
        # Whoever looks whether it is up goes without logging in.
        'max_connect_errors': 1000000,
        'log_warnings': 1,
        # A commit outlives the end of the process, not that of the machine.
        'innodb_flush_log_at_trx_commit': 2,
        'innodb_doublewrite': 0,
        'innodb_log_file_size': '64M',
        'innodb_buffer_pool_size': '128M',
        'performance_schema': 'OFF',
    }
    if not os.getuid():
        # or it refuses to run
        found['user'] = 'root'
    return found


def _grants(state: pocket_state.State, name: str) -> str:
    # One statement a line, as the server wants it.
    return (
        'CREATE DATABASE IF NOT EXISTS %(name)s CHARACTER SET utf8mb4;\n'
        "CREATE OR REPLACE USER %(name)s@'%(host)s' IDENTIFIED BY "
        "'%(password)s';\n"
        "GRANT ALL ON %(name)s.* TO %(name)s@'%(host)s';\n" % {
            'name': name, 'host': ports.HOST,
            'password': state.secrets['mariadb']})
