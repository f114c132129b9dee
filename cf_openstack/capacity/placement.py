# SPDX-License-Identifier: Apache-2.0
"""In which AZs instances are, and from which subnets they have addresses."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses

from cf_openstack.capacity import groups
from cf_openstack.capacity import servers
from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import reading


@dataclasses.dataclass(frozen=True)
class AddressPool:
    """Subnets that instances of an AZ have their addresses from.

    :ivar label: names them, by the cloud config's network and CIDRs.
    :ivar network_ids: of Neutron.
    :ivar dynamic: what the director gives out there; None when Neutron
        does it, from its own allocation pools.
    """

    label: str
    network_ids: frozenset[str]
    dynamic: addresses.AddressSet | None


def spread(instances: int, azs: Sequence[str]) -> list[str | None]:
    """The AZ of each instance; the first AZs have the odd ones."""
    if not azs:
        return [None] * instances
    return [azs[number % len(azs)] for number in range(instances)]


class Placement:
    """Where the instances of one group are.

    :ivar azs: of each instance.
    :ivar static_ips: addresses that were given, with Neutron's network.
    :ivar floating_ips: those of VIP networks.
    :ivar problems: what makes it impossible.
    """

    def __init__(self, group: groups.Group,
                 networks: Mapping[str, reading.Network]) -> None:
        self._group = group
        self._networks = networks
        self.problems: list[servers.Problem] = []
        self.static_ips: dict[str, str | None] = {}
        self.floating_ips: list[str] = []
        self.azs = spread(group.instances, group.azs)
        for network in group.networks:
            if network.static_ips:
                self._place(network)

    def _note(self, kind: str, name: str, text: str) -> None:
        self.problems.append(servers.Problem(
            kind, name, 'instance group "%s": %s' % (self._group.name,
                                                     text)))

    def _place(self, used: groups.GroupNetwork) -> None:
        if len(used.static_ips) != self._group.instances:
            self._note('static_ip', used.name,
                       '%d static IPs on the network "%s" for %d instances'
                       % (len(used.static_ips), used.name,
                          self._group.instances))
        network = self._networks.get(used.name)
        known = [ip for ip in used.static_ips if ip is not None]
        if network is not None and network.kind == 'vip':
            self.floating_ips += known
            return
        counts = dict.fromkeys(self._group.azs, 0)
        azs: list[str | None] = []
        for address in known if network is not None else ():
            subnet = self._subnet_with(network, address)
            if subnet is None:
                continue
            self.static_ips[address] = subnet.network_id
            served = [az for az in counts if subnet.serves(az)]
            if served:
                az = min(served, key=lambda az: counts[az])
                counts[az] += 1
                azs.append(az)
            elif counts:
                self._note('static_ip', address,
                           'the static IP %s is in no subnet of its '
                           'availability zones' % address)
        if len(azs) == self._group.instances:
            self.azs = azs

    def _subnet_with(self, network: reading.Network,
                     address: str) -> reading.Subnet | None:
        for subnet in network.subnets:
            if addresses.parse(address) & subnet.static:
                return subnet
        self._note('static_ip', address,
                   'the static IP %s is in no static range of the network '
                   '"%s"; add it there' % (address, network.name))
        return None


def address_pool(network: reading.Network,
                 az: str | None) -> AddressPool | None:
    """Where instances of an AZ have their addresses on a network from.

    :returns: None if no subnet is for that AZ.
    """
    subnets = [subnet for subnet in network.subnets if subnet.serves(az)]
    if not subnets:
        return None
    ids = frozenset(subnet.network_id for subnet in subnets
                    if subnet.network_id)
    if network.kind == 'dynamic':
        return AddressPool('%s, dynamic' % network.name, ids, None)
    dynamic = addresses.AddressSet()
    for subnet in subnets:
        dynamic |= subnet.dynamic
    cidrs = ', '.join(str(subnet.cidr) for subnet in subnets)
    return AddressPool('%s %s' % (network.name, cidrs), ids, dynamic)
