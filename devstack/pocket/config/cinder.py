# SPDX-License-Identifier: Apache-2.0
"""Cinder's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import ports
from devstack.pocket import state as pocket_state

#: The back end, and the volume type that is made for it.
BACKEND = 'pocket'
QUOTA = {'quota_volumes': 300, 'quota_snapshots': 300,
         'quota_gigabytes': 20000}


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    data = state.path('data', 'cinder')
    return {'cinder.conf': ini.render({
        'DEFAULT': common.default(
            host=common.HOST,
            my_ip=ports.HOST,
            auth_strategy='keystone',
            api_paste_config=common.installed(
                state, 'cinder', 'api-paste.ini'),
            resource_query_filters_file=common.installed(
                state, 'cinder', 'resource_filters.json'),
            rootwrap_config=common.installed(
                state, 'cinder', 'rootwrap.conf'),
            state_path=data,
            enabled_backends=BACKEND,
            default_volume_type=BACKEND,
            glance_api_servers=state.url('glance'),
            volume_clear='none',
            report_interval=10,
            # the API does not answer before (default: 60 s)
            scheduler_driver_init_wait_time=2,
            **QUOTA),
        BACKEND: {
            'volume_driver': 'pocket_drivers.volume.SparseFileDriver',
            'volume_backend_name': BACKEND,
            'pocket_volumes_dir': data / 'volumes'},
        'database': common.database(state, 'cinder'),
        'keystone_authtoken': common.authtoken(state, 'cinder'),
        'service_user': common.service_user(state, 'cinder'),
        'nova': common.credentials(state, 'nova', interface='public'),
        'coordination': {'backend_url': 'file://%s' % (data / 'locks')},
        'key_manager': {
            'backend': 'cinder.keymgr.conf_key_mgr.ConfKeyManager',
            'fixed_key': state.secrets['cinder_key_manager']},
        'oslo_concurrency': common.concurrency(state),
    })}
