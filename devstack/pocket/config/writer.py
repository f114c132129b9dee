# SPDX-License-Identifier: Apache-2.0
"""Writes every service's configuration, and tells when it changed."""

from collections.abc import Iterable
import hashlib
import pathlib

from devstack.pocket.config import barbican
from devstack.pocket.config import cinder
from devstack.pocket.config import glance
from devstack.pocket.config import heat
from devstack.pocket.config import horizon
from devstack.pocket.config import keystone
from devstack.pocket.config import mariadb
from devstack.pocket.config import neutron
from devstack.pocket.config import nova
from devstack.pocket.config import octavia
from devstack.pocket.config import placement
from devstack.pocket.config import rabbitmq
from devstack.pocket import service
from devstack.pocket import state as pocket_state

FILES = {
    'barbican': barbican.files,
    'cinder': cinder.files,
    'glance': glance.files,
    'epmd': lambda state: {},
    'heat': heat.files,
    service.ENGINE: heat.files,
    'horizon': horizon.files,
    'keystone': keystone.files,
    'mariadb': mariadb.files,
    'neutron': neutron.files,
    'nova': nova.files,
    'octavia': octavia.files,
    'placement': placement.files,
    'rabbitmq': rabbitmq.files,
}
#: This project's code that a service runs: a change wants a restart.
CODE = {
    'heat': ('cf_openstack', 'heat_plugins'),
    service.ENGINE: ('cf_openstack', 'heat_plugins'),
    'horizon': ('cf_openstack', 'horizon_panel'),
}
OURS = ('devstack/pocket/serve', 'devstack/pocket/drivers')


def write(state: pocket_state.State) -> dict[str, str]:
    """Write the configuration of the enabled services.

    :returns: service -> fingerprint of its configuration and of the code of
        this project that it runs.  A service that runs with another one
        is to be restarted.
    """
    prints = {}
    shared = digest(sources(*OURS))
    for one in state.services:
        texts = FILES[one.kind](state)
        for name, text in texts.items():
            file = state.path('etc') / name
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            state.write(str(file), text)
        if one.name == 'horizon':
            horizon.prune(state, texts)
        prints[one.name] = digest(
            [shared, *map(str, sorted(texts.items())),
             *sources(*CODE.get(one.kind, ()))])
    return prints


def sources(*folders: str) -> Iterable[str]:
    """Names and contents of the code in folders of the repository."""
    for folder in folders:
        for file in sorted((pocket_state.REPOSITORY / folder).rglob('*')):
            if _is_code(file):
                yield str(file)
                yield file.read_text(errors='replace')


def digest(texts: Iterable[str]) -> str:
    """One hash of many texts."""
    total = hashlib.sha256()
    for text in texts:
        data = text.encode()
        total.update(b'%d:' % len(data))
        total.update(data)
    return total.hexdigest()


def _is_code(file: pathlib.Path) -> bool:
    return (file.is_file() and '__pycache__' not in file.parts
            and not any(part.endswith('.egg-info') for part in file.parts))
