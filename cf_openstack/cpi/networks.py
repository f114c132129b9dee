# SPDX-License-Identifier: Apache-2.0
"""The ``networks`` of create_vm: name -> spec, and the NICs they make.

Networks of one ``nic_group`` share one NIC, which is one Neutron port with
an address for each of them; so an IPv4 and an IPv6 network make a VM with
two stacks (BOSH's RFC 38).  What the agent gets is the same MAC address for
all of them, by which it knows that they are one interface.

A network may give the VM a whole prefix in place of one address.  Neutron
has no such thing as an address of a port that is a prefix; the port is
allowed to use all its addresses instead (allowed address pairs), and
whoever sends to them finds the VM by ARP or neighbour discovery.  A NIC
whose networks have prefixes only gets the first address of each as its own,
since Nova takes no NIC without an address: what lies in the prefix belongs
to the VM anyway.
"""

from collections.abc import Mapping
import copy
import dataclasses
import functools
from typing import Any

from cf_openstack.cpi import errors
from cf_openstack.cpi import network_spec


@dataclasses.dataclass(frozen=True)
class Nic:
    """One network interface of a VM.

    :ivar networks: manual networks with the same net_id, or one that is
        dynamic.
    """

    networks: tuple[network_spec.Network, ...]

    @property
    def net_id(self) -> str | None:
        """The Neutron network; None leaves the choice to Nova."""
        return self.networks[0].net_id

    @property
    def group(self) -> str | None:
        """The nic_group."""
        return self.networks[0].nic_group

    @property
    def is_dynamic(self) -> bool:
        """Whether Nova makes the port and Neutron chooses the address."""
        return self.networks[0].type == network_spec.DYNAMIC

    @property
    def single(self) -> list[network_spec.Network]:
        """The networks whose address the port itself has."""
        return [network for network in self.networks
                if network.prefix is None] or list(self.networks)

    @property
    def prefixes(self) -> list[str]:
        """CIDRs whose addresses the port may use as well."""
        return [network.prefix for network in self.networks
                if network.prefix]


@dataclasses.dataclass(frozen=True)
class NetworkSet:
    """All networks of a VM.

    :ivar all: in the director's order.
    """

    all: tuple[network_spec.Network, ...]

    @functools.cached_property
    def nics(self) -> list[Nic]:
        """The NICs, in the order of their first networks."""
        found: dict[tuple[str, str], list[network_spec.Network]] = {}
        for network in self.private:
            key = ('name', network.name) if network.nic_group is None else (
                'group', network.nic_group)
            found.setdefault(key, []).append(network)
        return [Nic(tuple(networks)) for networks in found.values()]

    @property
    def private(self) -> list[network_spec.Network]:
        """The networks the VM has a port in."""
        return [network for network in self.all
                if network.type != network_spec.VIP]

    @property
    def vips(self) -> list[network_spec.Network]:
        """The networks that are floating IPs."""
        return [network for network in self.all
                if network.type == network_spec.VIP]

    @property
    def gateway(self) -> network_spec.Network:
        """The private network with the default gateway."""
        private = self.private
        for network in private:
            if 'gateway' in (network.spec.get('default') or ()):
                return network
        return private[0]

    def nic_of(self, network: network_spec.Network) -> Nic:
        """The NIC that a private network is on."""
        return next(nic for nic in self.nics if network in nic.networks)

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
            if network.type != network_spec.VIP:
                spec['use_dhcp'] = use_dhcp
            found[network.name] = spec
        return found

    def target_of(
        self, vip: network_spec.Network
    ) -> network_spec.Network:
        """The private network whose address a vip network leads to.

        The one that its cloud property ``network`` names; else one on the
        NIC of its nic_group; else the one with the default gateway, or
        another on that NIC.  It has an IPv4 address, for only such are
        what Neutron's floating IPs lead to.

        :raises errors.InvalidCall: there is no such network.
        """
        if vip.leads_to is not None:
            candidates = [network for network in self.private
                          if network.name == vip.leads_to]
            what = f"private network `{vip.leads_to}'"
        elif vip.nic_group is not None:
            candidates = [network for network in self.private
                          if network.nic_group == vip.nic_group]
            what = f"private network of nic_group `{vip.nic_group}'"
        else:
            gateway = self.gateway
            candidates = [gateway, *self.nic_of(gateway).networks]
            what = f"private network `{gateway.name}'"
        if not candidates:
            raise errors.InvalidCall(
                f"vip network `{vip.name}' leads to a {what}, which this VM "
                'does not have')
        for network in candidates:
            if network.is_ipv4 and network in self.nic_of(network).single:
                return network
        raise errors.InvalidCall(
            f"vip network `{vip.name}' leads to the {what}, which gives the "
            'NIC no IPv4 address')


def parse(networks: Any) -> NetworkSet:
    """Read the networks of create_vm.

    :raises errors.InvalidCall: something has the wrong type.
    :raises errors.CloudError: OpenStack cannot give these networks.
    """
    if not isinstance(networks, dict):
        raise errors.InvalidCall(
            "Invalid network spec: 'networks' must be a Hash")
    found = NetworkSet(tuple(
        network_spec.parse(name, spec) for name, spec in networks.items()))
    types = [network.type for network in found.all]
    if types.count(network_spec.DYNAMIC) > 1:
        raise errors.CloudError(
            'Only one dynamic network per instance should be defined')
    if not found.private:
        raise errors.CloudError(
            'At least one dynamic or manual network should be defined')
    for nic in found.nics:
        _check_nic(nic)
    _check_net_ids(found)
    _check_addresses(found)
    for vip in found.vips:
        found.target_of(vip)
    return found


def check_several(
    networks: NetworkSet, use_dhcp: bool, config_drive: str | None
) -> None:
    """Check that the agent will be able to tell several NICs apart.

    :raises errors.VMCreationFailed: there are several NICs, and DHCP is
        used or there is no config drive.
    """
    if len(networks.nics) > 1 and (use_dhcp or not config_drive):
        raise errors.VMCreationFailed(
            'Multiple manual networks can only be used with '
            "'openstack.use_dhcp=false' and "
            "'openstack.config_drive=cdrom|disk'")


def _check_nic(nic: Nic) -> None:
    names = ', '.join(f"`{network.name}'" for network in nic.networks)
    if len(nic.networks) > 1 and any(
            network.type == network_spec.DYNAMIC
            for network in nic.networks):
        raise errors.InvalidCall(
            f"nic_group `{nic.group}' has a dynamic network among the "
            f'networks {names}; only manual networks can share a NIC')
    if len({network.net_id for network in nic.networks}) > 1:
        raise errors.InvalidCall(
            f"The networks {names} of nic_group `{nic.group}' have different "
            'net_ids; a NIC is in one network of OpenStack. Give them the '
            'same net_id, or different nic_groups.')


def _check_net_ids(found: NetworkSet) -> None:
    seen: set[str] = set()
    for nic in found.nics:
        network = nic.networks[0]
        if nic.net_id is None:
            if len(found.nics) > 1:
                raise errors.CloudError(
                    f"Dynamic network `{network.name}' must have net_id "
                    'beside other networks')
            continue
        if nic.net_id in seen:
            raise errors.CloudError(
                f'{network.type.capitalize()} network with id '
                f'{nic.net_id} is already defined. Networks that are to '
                'share a NIC need the same nic_group.')
        seen.add(nic.net_id)


def _check_addresses(found: NetworkSet) -> None:
    seen: dict[tuple[str | None, str], str] = {}
    for network in found.all:
        if network.ip is None:
            continue
        key = (network.net_id, network.ip)
        if key in seen:
            raise errors.InvalidCall(
                f"The networks `{seen[key]}' and `{network.name}' have the "
                f'same ip {network.ip}')
        seen[key] = network.name
