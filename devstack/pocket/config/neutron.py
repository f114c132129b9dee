# SPDX-License-Identifier: Apache-2.0
"""Neutron's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket import state as pocket_state

#: The physical network that the external network is made of.
PHYSICAL_NETWORK = 'public'
QUOTA = {'quota_network': 200, 'quota_subnet': 200, 'quota_port': 1000,
         'quota_router': 50, 'quota_floatingip': 100,
         'quota_security_group': 200, 'quota_security_group_rule': 2000}


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    return {'neutron.conf': ini.render({
        'DEFAULT': common.default(
            host=common.HOST,
            auth_strategy='keystone',
            core_plugin='ml2',
            # The alias router: a class path beside port_forwarding makes
            # router create fail with 409.
            service_plugins=('router', 'trunk', 'qos', 'segments',
                             'port_forwarding'),
            api_paste_config=common.installed(
                state, 'neutron', 'api-paste.ini'),
            state_path=state.path('data', 'neutron'),
            # or floating IPs never show in a server's addresses
            notify_nova_on_port_status_changes=True,
            notify_nova_on_port_data_changes=True,
            enable_traditional_dhcp=False,
            dns_domain='pocket.local.',
            max_allowed_address_pair=30),
        'database': common.database(state, 'neutron'),
        'keystone_authtoken': common.authtoken(state, 'neutron'),
        'placement': common.credentials(state, 'placement'),
        'nova': common.credentials(state, 'nova'),
        'ml2': {
            'type_drivers': ('local', 'flat', 'vlan', 'vxlan'),
            'tenant_network_types': 'vxlan',
            'mechanism_drivers': 'pocket',
            'extension_drivers': ('port_security', 'qos', 'dns')},
        'ml2_type_flat': {'flat_networks': PHYSICAL_NETWORK},
        'ml2_type_vlan': {
            'network_vlan_ranges': PHYSICAL_NETWORK + ':100:199'},
        'ml2_type_vxlan': {'vni_ranges': '1:4000'},
        'quotas': QUOTA,
        'oslo_concurrency': common.concurrency(state),
    })}
