# SPDX-License-Identifier: Apache-2.0
"""ML2 mechanism driver without agents: every port is bound at once.

No in-tree driver binds a port without an agent's heartbeat, and a server
whose port does not bind goes to ERROR.  The companions for trunks and QoS
only register, so that those service plugins load and accept requests.
"""

from typing import Any
import uuid

from neutron.services.qos.drivers.openvswitch import driver as ovs_qos
from neutron.services.trunk.drivers import base as trunk_base
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events
from neutron_lib.callbacks import registry
from neutron_lib.callbacks import resources
from neutron_lib import constants
from neutron_lib.plugins import constants as plugin_constants
from neutron_lib.plugins import directory
from neutron_lib.plugins.ml2 import api
from neutron_lib.services.qos import base as qos_base

NAME = 'pocket'


class PocketTrunkDriver(trunk_base.DriverBase):
    """Lets every trunk be ACTIVE."""

    is_loaded = True

    @registry.receives(resources.TRUNK_PLUGIN, [events.AFTER_INIT])
    def register(self, resource: str, event: str, trigger: Any,
                 payload: Any = None) -> None:
        """Subscribe to what happens to trunks."""
        super().register(resource, event, trigger, payload=payload)
        registry.subscribe(_activate_trunk, resources.TRUNK,
                           events.AFTER_CREATE)
        for happening in (events.AFTER_CREATE, events.AFTER_DELETE):
            registry.subscribe(_activate_trunk, resources.SUBPORTS,
                               happening)


def _activate_trunk(resource: str, event: str, trigger: Any,
                    payload: Any) -> None:
    trunk = (payload.latest_state if resource == resources.TRUNK
             else payload.states[0])
    trunk.update(status=constants.ACTIVE)


def _follow_association(resource: str, event: str, trigger: Any,
                        payload: Any) -> None:
    """There is no L3 agent to report a floating IP's status."""
    floating_ip = payload.states[-1]
    status = (constants.FLOATINGIP_STATUS_ACTIVE
              if floating_ip.get('port_id')
              else constants.FLOATINGIP_STATUS_DOWN)
    if floating_ip.get('status') != status:
        plugin = directory.get_plugin(plugin_constants.L3)
        plugin.update_floatingip_status(payload.context.elevated(),
                                        floating_ip['id'], status)
        floating_ip['status'] = status


class PocketMechanismDriver(api.MechanismDriver):
    """Binds ports as Open vSwitch would, and reports them ACTIVE."""

    resource_provider_uuid5_namespace = uuid.UUID(
        '5b1ae7c4-6d3c-4c56-8a58-7f1f0c2c1f3e')

    def initialize(self) -> None:
        """Register the companions; called once, when neutron starts."""
        receivers = registry.has_registry_receivers
        self._trunk = receivers(PocketTrunkDriver)(
            NAME, (portbindings.VIF_TYPE_OVS,), ('vlan',),
            can_trunk_bound_port=True)
        self._qos = receivers(qos_base.DriverBase)(
            NAME,
            [portbindings.VIF_TYPE_OVS, portbindings.VIF_TYPE_UNBOUND],
            [portbindings.VNIC_NORMAL], ovs_qos.SUPPORTED_RULES)
        for happening in (events.AFTER_CREATE, events.AFTER_UPDATE):
            registry.subscribe(_follow_association, resources.FLOATING_IP,
                               happening)

    @property
    def connectivity(self) -> str:
        """What kind of connectivity bound ports have."""
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context: Any) -> None:
        """Bind to the first segment there is."""
        for segment in context.segments_to_bind[:1]:
            context.set_binding(
                segment[api.ID], portbindings.VIF_TYPE_OVS,
                {portbindings.CAP_PORT_FILTER: True,
                 portbindings.VIF_DETAILS_CONNECTIVITY:
                     portbindings.CONNECTIVITY_L2},
                status=constants.PORT_STATUS_ACTIVE)
