# SPDX-License-Identifier: Apache-2.0
"""Glance's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import state as pocket_state


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    data = state.path('data', 'glance')
    return {'glance-api.conf': ini.render({
        'DEFAULT': common.default(
            enabled_backends='fs:file',
            # Without the brackets, image create answers 500.
            enabled_import_methods='[glance-direct,web-download]'),
        'database': common.database(state, 'glance'),
        'glance_store': {'default_backend': 'fs'},
        'fs': {'filesystem_store_datadir': data / 'images'},
        'os_glance_staging_store': {
            'filesystem_store_datadir': data / 'staging'},
        'os_glance_tasks_store': {
            'filesystem_store_datadir': data / 'tasks'},
        'keystone_authtoken': common.authtoken(state, 'glance'),
        'paste_deploy': {
            'flavor': 'keystone',
            'config_file': common.installed(
                state, 'glance', 'glance-api-paste.ini')},
        'oslo_concurrency': common.concurrency(state),
    })}
