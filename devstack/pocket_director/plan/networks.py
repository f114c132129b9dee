# SPDX-License-Identifier: Apache-2.0
"""The networks of a cloud config."""

from collections.abc import Mapping
import dataclasses
import ipaddress
from typing import Any

from devstack.pocket_director import errors
from devstack.pocket_director.plan import fields
from devstack.pocket_director.plan import ranges

MANUAL = 'manual'
DYNAMIC = 'dynamic'
VIP = 'vip'


@dataclasses.dataclass(frozen=True)
class Subnet:
    """A part of a network; ``azs`` is empty when it names none."""

    azs: tuple[str, ...]
    dns: tuple[str, ...]
    cloud_properties: Mapping[str, Any]
    range: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    gateway: ranges.Address | None = None
    reserved: ranges.Ranges = ranges.Ranges([])
    static: ranges.Ranges = ranges.Ranges([])

    def serves(self, az: str | None) -> bool:
        """Whether instances of this AZ may have an address here."""
        return az is None or not self.azs or az in self.azs

    def usable(self, address: ranges.Address) -> bool:
        """Whether an instance may have this address at all."""
        return (self.range is not None and address in self.range
                and address not in (self.gateway, self.range[0],
                                    self.range[-1])
                and address not in self.reserved)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of the cloud config."""

    name: str
    kind: str
    subnets: tuple[Subnet, ...]

    def subnets_of(self, az: str | None) -> list[Subnet]:
        """The subnets for instances of an AZ."""
        return [s for s in self.subnets if s.serves(az)]

    def subnet_with(self, address: ranges.Address) -> Subnet | None:
        """The subnet that an address belongs to."""
        for subnet in self.subnets:
            if self.kind == VIP or (
                    subnet.range is not None and address in subnet.range):
                return subnet
        return None


def parse(spec: Mapping[str, Any], azs: Mapping[str, Any]) -> Network:
    """Read one network.

    :param azs: the AZs of the cloud config, by name.
    :raises: DirectorError of the family 160000 or 190010.
    """
    name = fields.text(spec, 'name')
    kind = fields.take(spec, 'type', str, MANUAL)
    if kind not in (MANUAL, DYNAMIC, VIP):
        raise errors.DirectorError(
            190010, f"Invalid network type '{kind}' for network '{name}', "
                    'valid network types are: manual, dynamic, vip')
    subnets = fields.take(spec, 'subnets', list, [])
    if kind == VIP and not subnets:
        subnets = [{'cloud_properties': spec.get('cloud_properties')}]
    if kind == DYNAMIC and not subnets:
        subnets = [{key: spec.get(key)
                    for key in ('cloud_properties', 'dns', 'az', 'azs')}]
    parsed = tuple(_subnet(name, kind, subnet, azs) for subnet in subnets)
    _check_overlaps(name, parsed)
    return Network(name, kind, parsed)


def _subnet(name: str, kind: str, spec: Any,
            known: Mapping[str, Any]) -> Subnet:
    single = fields.text(spec, 'az', None)
    azs = tuple(fields.take(
        spec, 'azs', list, [] if single is None else [single]))
    for az in azs:
        if az not in known:
            raise errors.DirectorError(
                160007, f"Network '{name}' refers to an unknown availability "
                        f"zone '{az}'")
    common = {
        'azs': azs,
        'dns': tuple(map(str, fields.take(spec, 'dns', list, []))),
        'cloud_properties': fields.take(spec, 'cloud_properties', dict, {})}
    if kind != MANUAL:
        return Subnet(static=ranges.Ranges(spec.get('static')), **common)
    text = fields.take(spec, 'range', str)
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise errors.DirectorError(
            160002, f"Invalid network range '{text}': {error}") from error
    subnet = Subnet(
        range=network, gateway=_gateway(name, spec, network),
        reserved=ranges.Ranges(spec.get('reserved')),
        static=ranges.Ranges(spec.get('static')), **common)
    _check_ends(name, subnet)
    return subnet


def _gateway(name: str, spec: Any,
             network: ipaddress.IPv4Network | ipaddress.IPv6Network,
             ) -> ranges.Address:
    text = fields.take(spec, 'gateway', str)
    try:
        gateway = ipaddress.ip_address(text)
    except ValueError as error:
        raise errors.DirectorError(
            160003, f"Invalid gateway for network '{name}': {error}",
        ) from error
    if gateway not in network or gateway in (network[0], network[-1]):
        raise errors.DirectorError(
            160003, f"Invalid gateway for network '{name}': '{gateway}' must "
                    f'be inside the range {network}')
    return gateway


def _check_ends(name: str, subnet: Subnet) -> None:
    assert subnet.range is not None
    for address in subnet.reserved.ends():
        if address not in subnet.range:
            raise errors.DirectorError(
                160005, f"Reserved IP '{address}' is out of network "
                        f"'{name}' range")
    for address in subnet.static.ends():
        if address not in subnet.range:
            raise errors.DirectorError(
                160006, f"Static IP '{address}' is out of network '{name}' "
                        'range')
        if address in subnet.reserved:
            raise errors.DirectorError(
                160006, f"Static IP '{address}' is in network '{name}' "
                        'reserved range')


def _check_overlaps(name: str, subnets: tuple[Subnet, ...]) -> None:
    known = [s.range for s in subnets if s.range is not None]
    for number, one in enumerate(known):
        if any(one.overlaps(other) for other in known[number + 1:]):
            raise errors.DirectorError(
                160001, f"Network '{name}' has overlapping subnets")
