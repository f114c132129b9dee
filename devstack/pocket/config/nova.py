# SPDX-License-Identifier: Apache-2.0
"""Nova's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import ports
from devstack.pocket import state as pocket_state

# Two whole cf-deployments (29 VMs, 63 cores, 271 GiB of memory each, and
# half as much again while one is updated), with room for other tests.
QUOTA = {'instances': 250, 'cores': 800, 'ram': 3000000, 'key_pairs': 200,
         'server_groups': 100, 'server_group_members': 100}


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    paste = state.path('venv', 'etc', 'nova', 'api-paste.ini').read_text()
    return {
        # nova's WSGI application looks for both in one folder
        'nova-api-paste.ini': paste,
        'nova.conf': ini.render(_sections(state)),
    }


def _sections(state: pocket_state.State) -> dict[str, ini.Section]:
    return {
        'DEFAULT': common.default(
            host=common.HOST,
            my_ip=ports.HOST,
            state_path=state.path('data', 'nova'),
            # the name under which devstack.pocket.serve.nova loads
            # pocket_drivers.compute
            compute_driver='pocket.PocketDriver',
            report_interval=10,
            service_down_time=60,
            rpc_response_timeout=60,
            long_rpc_timeout=300,
            default_thread_pool_size=10,
            # no agent ever reports a port as plugged
            vif_plugging_is_fatal=False,
            vif_plugging_timeout=0,
            sync_power_state_interval=600,
            allow_resize_to_same_host=True),
        'quota': QUOTA,
        'api': {'auth_strategy': 'keystone'},
        'api_database': common.database(state, 'nova_api'),
        'database': common.database(state, 'nova'),
        'conductor': {'workers': 1},
        'scheduler': {'workers': 1, 'discover_hosts_in_cells_interval': 15},
        'filter_scheduler': {'track_instance_changes': False},
        'keystone_authtoken': common.authtoken(state, 'nova'),
        'service_user': common.service_user(state, 'nova'),
        'placement': common.credentials(state, 'placement'),
        'neutron': common.credentials(
            state, 'neutron',
            service_metadata_proxy=True,
            metadata_proxy_shared_secret=state.secrets['metadata_proxy']),
        'cinder': common.credentials(
            state, 'cinder',
            os_region_name=pocket_state.REGION,
            catalog_info='block-storage::publicURL'),
        'glance': {'api_servers': state.url('glance')},
        'vnc': {'enabled': False},
        'key_manager': {
            'backend': 'nova.keymgr.conf_key_mgr.ConfKeyManager',
            'fixed_key': state.secrets['nova_key_manager']},
        'oslo_concurrency': common.concurrency(state),
    }
