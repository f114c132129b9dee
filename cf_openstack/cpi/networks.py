# SPDX-License-Identifier: Apache-2.0
"""The ``networks`` of create_vm: name -> spec, read and checked."""

from collections.abc import Mapping
import copy
import dataclasses
from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import errors

DYNAMIC = 'dynamic'
MANUAL = 'manual'
VIP = 'vip'


@dataclasses.dataclass(frozen=True)
class Network:
    """One network of a VM.

    :ivar name: the director's name of it.
    :ivar type: manual, dynamic or vip.
    :ivar spec: all the director sent.
    :ivar net_id: the Neutron network, None if none was named.
    :ivar ip: the IP address the director chose, None if dynamic.
    :ivar security_groups: names or ids.
    :ivar vrrp_port_check: whether an allowed address pair must be the
        address of a port.
    """

    name: str
    type: str
    spec: dict[str, Any]
    net_id: str | None
    ip: str | None
    security_groups: tuple[str, ...]
    vrrp_port_check: bool


@dataclasses.dataclass(frozen=True)
class NetworkSet:
    """All networks of a VM.

    :ivar all: in the director's order.
    """

    all: tuple[Network, ...]

    @property
    def private(self) -> list[Network]:
        """The networks the VM has a port in."""
        return [network for network in self.all if network.type != VIP]

    @property
    def manual(self) -> list[Network]:
        """The networks with an address of the director's choice."""
        return [network for network in self.all if network.type == MANUAL]

    @property
    def vip(self) -> Network | None:
        """The network with a floating IP."""
        return next((n for n in self.all if n.type == VIP), None)

    @property
    def gateway(self) -> Network:
        """The private network with the default gateway."""
        private = self.private
        for network in private:
            if 'gateway' in (network.spec.get('default') or ()):
                return network
        return private[0]

    def security_groups(self) -> list[str]:
        """The groups of all networks, each once, sorted."""
        return sorted({
            group for network in self.all
            for group in network.security_groups})

    def settings(
        self, macs: Mapping[str, str], use_dhcp: bool
    ) -> dict[str, dict[str, Any]]:
        """The specs as the agent and the director get them.

        :param macs: MAC addresses by network name.
        :param use_dhcp: whether the agent shall use DHCP.
        """
        found = {}
        for network in self.all:
            spec = copy.deepcopy(network.spec)
            if network.name in macs:
                spec['mac'] = macs[network.name]
            if network.type != VIP:
                spec['use_dhcp'] = use_dhcp
            found[network.name] = spec
        return found


def parse(networks: Any) -> NetworkSet:
    """Read the networks of create_vm.

    :raises errors.InvalidCall: something has the wrong type.
    :raises errors.CloudError: OpenStack cannot give these networks.
    """
    if not isinstance(networks, dict):
        raise errors.InvalidCall(
            "Invalid network spec: 'networks' must be a Hash")
    found = NetworkSet(tuple(
        _network(name, spec) for name, spec in networks.items()))
    types = [network.type for network in found.all]
    if types.count(DYNAMIC) > 1:
        raise errors.CloudError(
            'Only one dynamic network per instance should be defined')
    if types.count(VIP) > 1:
        raise errors.CloudError(
            'Only one VIP network per instance should be defined')
    private = found.private
    if not private:
        raise errors.CloudError(
            'At least one dynamic or manual network should be defined')
    seen: set[str] = set()
    for network in private:
        if network.net_id is None:
            if len(private) > 1:
                raise errors.CloudError(
                    f"Dynamic network `{network.name}' must have net_id "
                    'beside other networks')
            continue
        if network.net_id in seen:
            raise errors.CloudError(
                f'{network.type.capitalize()} network with id '
                f'{network.net_id} is already defined')
        seen.add(network.net_id)
    return found


def check_several(
    networks: NetworkSet, use_dhcp: bool, config_drive: str | None
) -> None:
    """Check that the agent will be able to tell several NICs apart.

    :raises errors.VMCreationFailed: there are several private networks,
        and DHCP is used or there is no config drive.
    """
    if len(networks.private) > 1 and (use_dhcp or not config_drive):
        raise errors.VMCreationFailed(
            'Multiple manual networks can only be used with '
            "'openstack.use_dhcp=false' and "
            "'openstack.config_drive=cdrom|disk'")


def _network(name: str, spec: Any) -> Network:
    if not isinstance(spec, dict):
        raise errors.InvalidCall(
            f"Invalid network spec: network `{name}' must be a Hash")
    kind = spec.get('type', MANUAL)
    if kind not in (DYNAMIC, MANUAL, VIP):
        raise errors.CloudError(
            f"Invalid network type `{kind}': OpenStack CPI can only handle "
            "`dynamic', 'manual' or `vip' network types")
    properties = arguments.hash_(
        f'networks.{name}.cloud_properties', spec.get('cloud_properties'))
    net_id = properties.get('net_id') or None
    if kind == MANUAL and net_id is None:
        raise errors.CloudError('Manual network must have net_id')
    if net_id is not None and kind != VIP:
        arguments.cid(f'networks.{name}.cloud_properties.net_id', net_id)
    ip = spec.get('ip') or None
    if kind == VIP and ip is None:
        raise errors.CloudError(f"No IP provided for vip network `{name}'")
    if kind == MANUAL and ip is None:
        raise errors.InvalidCall(
            f"Invalid network spec: manual network `{name}' has no ip")
    if ip is not None and not isinstance(ip, str):
        raise errors.InvalidCall(
            f"Invalid network spec: ip of network `{name}' must be a String")
    return Network(
        name=name,
        type=kind,
        spec=spec,
        net_id=net_id if kind != VIP else None,
        ip=ip,
        security_groups=_groups(properties),
        vrrp_port_check=properties.get('vrrp_port_check', True) is not False,
    )


def _groups(properties: dict[str, Any]) -> tuple[str, ...]:
    groups = properties.get('security_groups')
    if groups is None:
        return ()
    if not isinstance(groups, list) or not all(
            isinstance(group, str) for group in groups):
        raise errors.InvalidCall('security groups must be an Array')
    return tuple(groups)
