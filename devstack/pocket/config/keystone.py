# SPDX-License-Identifier: Apache-2.0
"""Keystone's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import state as pocket_state


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    tokens = {'key_repository': state.path('data', 'keystone', 'fernet')}
    return {'keystone.conf': ini.render({
        'DEFAULT': {'use_stderr': True, 'max_token_size': 255},
        'database': common.database(state, 'keystone'),
        'token': {'provider': 'fernet'},
        'fernet_tokens': tokens,
        'fernet_receipts': tokens,
        'credential': {
            'key_repository': state.path('data', 'keystone', 'credential')},
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
        'oslo_policy': {'enforce_scope': True},
        'identity': {
            # The cheapest bcrypt there is: the passwords are random, and
            # every service logs in when the cloud starts.
            'password_hash_rounds': 4,
            # bcrypt's own limit; keystone warns at each login of another
            'max_password_length': 72},
    })}
