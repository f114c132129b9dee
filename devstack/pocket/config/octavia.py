# SPDX-License-Identifier: Apache-2.0
"""Octavia's configuration: the API, and the provider of pocket_drivers."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import ports
from devstack.pocket import state as pocket_state


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    return {'octavia.conf': ini.render({
        'DEFAULT': common.default(),
        'api_settings': {
            'bind_host': ports.HOST,
            'bind_port': state.ports['octavia'],
            'enabled_provider_drivers': "'pocket: no data plane'",
            'default_provider_driver': 'pocket'},
        # Octavia's own default suits no SQLite.
        'database': {**common.database(state, 'octavia'),
                     'pool_timeout': ''},
        'certificates': {'cert_manager': 'barbican_cert_manager'},
        'controller_worker': {
            'network_driver': 'allowed_address_pairs_driver'},
        'service_auth': common.credentials(state, 'octavia'),
        'neutron': {'auth_section': 'service_auth'},
        'keystone_authtoken': common.authtoken(state, 'octavia'),
    })}
