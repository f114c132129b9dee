# SPDX-License-Identifier: Apache-2.0
"""What a director asks of a network that it manages, read and checked."""

import dataclasses
import difflib
import ipaddress
import logging
from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import errors
from cf_openstack.cpi import schema

LOG = logging.getLogger(__name__)

#: Ours, and those of a network that create_vm reads: in a VM's networks
#: stands what create_network returns, no longer what the operator wrote.
PROPERTIES = schema.Schema({
    'allocation_pool': schema.STRING,
    'router': schema.STRING,
    'security_groups': schema.STRINGS,
    'subnetpool': schema.STRING,
    'vrrp_port_check': schema.BOOLEAN,
})
_OF_VMS = ('security_groups', 'vrrp_port_check')

#: How many addresses of a range are Neutron's: one in so many, but no
#: fewer than the least and no more than the most.
_SHARE = 16
_LEAST = 2
_MOST = 16

#: The fewest addresses a range may have.
_SMALLEST = 8

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclasses.dataclass(frozen=True)
class Definition:
    """A subnet of a managed network.

    :ivar range: its addresses; None: Neutron takes them from a pool.
    :ivar gateway: None: the first address.
    :ivar prefix_length: how large a range to take from the pool.
    :ivar router: name or id of a router to plug it into.
    :ivar subnetpool: name or id of the subnet pool to take a range from.
    :ivar allocation_pool: what the operator leaves to Neutron.
    :ivar of_vms: properties that create_vm shall find.
    """

    range: IPNetwork | None
    gateway: IPAddress | None
    prefix_length: int | None
    router: str | None
    subnetpool: str | None
    allocation_pool: str | None
    of_vms: dict[str, Any]


def parse(value: Any) -> Definition:
    """Read the argument of create_network.

    :raises errors.InvalidNetworkProperty: it is wrong.
    """
    spec = arguments.hash_('network_definition', value)
    properties = arguments.hash_(
        'cloud_properties', spec.get('cloud_properties'))
    if spec.get('type') not in (None, 'manual'):
        raise errors.InvalidNetworkProperty(
            "the type of a managed network must be 'manual'")
    _check(properties)
    network = _range(spec.get('range'))
    if network is None and not properties.get('subnetpool'):
        raise errors.InvalidNetworkProperty(
            "'range' is missing; without one, name the subnet pool to take "
            "it from as the cloud property 'subnetpool'")
    return Definition(
        range=network,
        gateway=_gateway(spec.get('gateway'), network),
        prefix_length=_prefix_length(spec.get('netmask_bits')),
        router=properties.get('router'),
        subnetpool=properties.get('subnetpool'),
        allocation_pool=properties.get('allocation_pool'),
        of_vms={key: properties[key] for key in _OF_VMS
                if properties.get(key) is not None})


def check_size(network: IPNetwork) -> None:
    """Refuse a range in which there is no room.

    :raises errors.InvalidNetworkProperty: it is too small.
    """
    if network.num_addresses < _SMALLEST:
        raise errors.InvalidNetworkProperty(
            f"the range '{network}' is too small, it must have at least "
            f'{_SMALLEST} addresses')


def neutrons_share(
    network: IPNetwork, gateway: IPAddress, wanted: str | None
) -> tuple[str, str]:
    """Return the first and last of the addresses left to Neutron.

    Of these it gives addresses to what it makes itself, such as the ports
    of its DHCP servers, at any time.  The director keeps off them, and so
    they never meet.

    :param wanted: ``first-last``; None: the end of the range.
    :raises errors.InvalidNetworkProperty: what is wanted is wrong.
    """
    if wanted is not None:
        return _share_of_text(network, gateway, wanted)
    usable = network.num_addresses - 2
    size = min(max(usable // _SHARE, _LEAST), _MOST)
    # In IPv6 the last address is one like any other, but not to directors.
    last = network[-2]
    if last - size < gateway <= last:
        last = gateway - 1
    return str(last - (size - 1)), str(last)


def _check(properties: dict[str, Any]) -> None:
    if properties.get('net_id') is not None:
        raise errors.InvalidNetworkProperty(
            "'net_id' names a network that is there already; remove it, or "
            "'managed: true'")
    problems = PROPERTIES.wrong(properties)
    for key in properties:
        # The properties of the availability zone are among them, and may
        # be any that VMs have.
        if key in PROPERTIES.kinds:
            continue
        meant = difflib.get_close_matches(
            str(key)[:100], PROPERTIES.kinds, n=1, cutoff=0.8)
        if meant:
            problems.append(
                f"'{key}' is not known; did you mean '{meant[0]}'?")
        else:
            LOG.debug("No property of managed networks: '%s'", key)
    if problems:
        raise errors.InvalidNetworkProperty('; '.join(problems))


def _range(value: Any) -> IPNetwork | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise errors.InvalidNetworkProperty(
            "'range' must be one in CIDR notation, such as 10.0.0.0/24"
        ) from None
    check_size(network)
    return network


def _gateway(value: Any, network: IPNetwork | None) -> IPAddress | None:
    if value is None:
        return None
    if network is None:
        raise errors.InvalidNetworkProperty(
            "'gateway' without a 'range': a subnet pool decides on both")
    try:
        if not isinstance(value, str):
            raise ValueError
        gateway = ipaddress.ip_address(value)
    except ValueError:
        raise errors.InvalidNetworkProperty(
            "'gateway' must be an IP address") from None
    if gateway not in network or gateway in (network[0], network[-1]):
        raise errors.InvalidNetworkProperty(
            f"the gateway '{gateway}' is no address for a VM in the range "
            f"'{network}'")
    return gateway


def _prefix_length(value: Any) -> int | None:
    if value is not None and (
            type(value) is not int or not 0 < value < 128):
        raise errors.InvalidNetworkProperty(
            "'netmask_bits' must be the length of a prefix, such as 24")
    return value


def _share_of_text(
    network: IPNetwork, gateway: IPAddress, text: str
) -> tuple[str, str]:
    first, dash, last = (part.strip() for part in text.partition('-'))
    try:
        ends = ipaddress.ip_address(first), ipaddress.ip_address(last)
    except ValueError:
        raise errors.InvalidNetworkProperty(
            "'allocation_pool' must be 'first address-last address'"
        ) from None
    if not all(end in network for end in ends) or ends[0] > ends[1]:
        raise errors.InvalidNetworkProperty(
            f"'allocation_pool' must lie in the range '{network}'")
    if ends[0] <= gateway <= ends[1]:
        raise errors.InvalidNetworkProperty(
            f"'allocation_pool' must not have the gateway '{gateway}'")
    return str(ends[0]), str(ends[1])
