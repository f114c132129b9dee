# SPDX-License-Identifier: Apache-2.0
"""Placement's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import state as pocket_state


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    return {'placement.conf': ini.render({
        'DEFAULT': {'use_stderr': True},
        'placement_database': common.database(state, 'placement'),
        'api': {'auth_strategy': 'keystone'},
        'keystone_authtoken': common.authtoken(state, 'placement'),
    })}
