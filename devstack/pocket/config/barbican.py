# SPDX-License-Identifier: Apache-2.0
"""Barbican's configuration."""

import base64

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import state as pocket_state


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text.

    barbican.conf goes where barbican looks for it: its WSGI application has
    no way to be told another place than the home folder.
    """
    kek = base64.b64encode(bytes.fromhex(state.secrets['barbican_kek']))
    paste = state.path('venv', 'etc', 'barbican', 'barbican-api-paste.ini')
    return {
        'barbican-api-paste.ini': paste.read_text(),
        str(state.path('data/home/.barbican/barbican.conf')): ini.render({
            'DEFAULT': common.default(host_href=state.url('barbican')),
            'database': common.database(state, 'barbican'),
            'crypto': {'enabled_crypto_plugins': 'simple_crypto'},
            'simple_crypto_plugin': {'kek': kek.decode()},
            'keystone_authtoken': common.authtoken(state, 'barbican'),
        }),
    }
