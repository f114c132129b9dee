# SPDX-License-Identifier: Apache-2.0
"""One of the networks of create_vm, read and checked."""

import dataclasses
import ipaddress
from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import errors
from cf_openstack.cpi import protocol
from cf_openstack.cpi import schema

DYNAMIC = 'dynamic'
MANUAL = 'manual'
VIP = 'vip'

#: The keys are those of all types: upstream never minded a net_id of a
#: vip network, and it does not hurt.
PROPERTIES = schema.Schema({
    'net_id': schema.STRING,
    # See _groups(): the message is upstream's.
    'security_groups': schema.ANYTHING,
    'vrrp_port_check': schema.BOOLEAN,
    # Of a vip network: the private network it leads to.
    'network': schema.STRING,
})


@dataclasses.dataclass(frozen=True)
class Network:
    """One network of a VM.

    :ivar name: the director's name of it.
    :ivar type: manual, dynamic or vip.
    :ivar spec: all the director sent.
    :ivar net_id: the Neutron network, None if none was named.
    :ivar ip: the IP address the director chose, in its shortest form;
        None if dynamic.
    :ivar prefix: a CIDR that begins with the address, if the director
        gave all of it to the VM; None if it gave the address alone.
    :ivar nic_group: networks of one group share a NIC; None: a NIC of
        its own.
    :ivar leads_to: of a vip network: the name of a private network.
    :ivar security_groups: names or ids.
    :ivar vrrp_port_check: whether an allowed address pair must be the
        address of a port.
    """

    name: str
    type: str
    spec: dict[str, Any]
    net_id: str | None
    ip: str | None
    prefix: str | None
    nic_group: str | None
    leads_to: str | None
    security_groups: tuple[str, ...]
    vrrp_port_check: bool

    @property
    def is_ipv4(self) -> bool:
        """Whether it is one with an IPv4 address, as far as is known."""
        return self.ip is None or ':' not in self.ip


def parse(name: str, spec: Any) -> Network:
    """Read one network.

    :raises errors.InvalidCall: something has the wrong type, or is not
        known.
    :raises errors.CloudError: OpenStack cannot give this network.
    """
    if not isinstance(spec, dict):
        raise _invalid(name, f'must be a Hash, got: '
                             f'{protocol.type_name(spec)}')
    kind = spec.get('type', MANUAL)
    if kind not in (DYNAMIC, MANUAL, VIP):
        raise errors.CloudError(
            f"Invalid network type `{kind}': OpenStack CPI can only handle "
            "`dynamic', 'manual' or `vip' network types")
    defaults = spec.get('default')
    if defaults is not None and not isinstance(defaults, list):
        raise _invalid(name, "'default' must be an Array, got: "
                             f'{protocol.type_name(defaults)}')
    properties = _properties(name, spec)
    net_id = properties.get('net_id') or None
    if kind == MANUAL and net_id is None:
        raise errors.CloudError('Manual network must have net_id')
    if net_id is not None and kind != VIP:
        arguments.cid(f'networks.{name}.cloud_properties.net_id', net_id)
    ip = None if kind == DYNAMIC else _ip(name, kind, spec.get('ip'))
    return Network(
        name=name,
        type=kind,
        spec=spec,
        net_id=net_id if kind != VIP else None,
        ip=ip,
        prefix=_prefix(name, ip, spec.get('prefix'))
        if kind == MANUAL else None,
        nic_group=_nic_group(name, spec.get('nic_group')),
        leads_to=properties.get('network') or None,
        security_groups=_groups(name, properties.get('security_groups')),
        vrrp_port_check=properties.get('vrrp_port_check') is not False,
    )


def _invalid(name: str, problem: str) -> errors.InvalidCall:
    return errors.InvalidCall(
        f"Invalid network spec: network `{name}': {problem}")


def _properties(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    properties = arguments.hash_(
        f'networks.{name}.cloud_properties', spec.get('cloud_properties'))
    PROPERTIES.require(properties, lambda problem: errors.InvalidCall(
        f"Invalid cloud_properties of network `{name}': {problem}"))
    return properties


def _ip(name: str, kind: str, value: Any) -> str:
    if value is None or value == '':
        if kind == VIP:
            raise errors.CloudError(
                f"No IP provided for vip network `{name}'")
        raise errors.InvalidCall(
            f"Invalid network spec: manual network `{name}' has no ip")
    if not isinstance(value, str):
        raise _invalid(name, "'ip' must be a String, got: "
                             f'{protocol.type_name(value)}')
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        address = None
    # Scoped addresses are of a host, not of a network.
    if address is None or '%' in value:
        raise _invalid(name, f"'ip' is no IP address: {value[:60]!r}")
    return str(address)


def _prefix(name: str, ip: str, value: Any) -> str | None:
    """Return the CIDR of a delegated prefix.

    A director sends the length as a String, that of a single address in
    most cases; one before version 282.1 sends none.
    """
    if value is None or value == '':
        return None
    longest = ipaddress.ip_address(ip).max_prefixlen
    length = int(value) if (
        isinstance(value, str) and value.isascii() and value.isdigit()
        and len(value) <= 3) else value
    if type(length) is not int or not 1 <= length <= longest:
        raise _invalid(name, "'prefix' must be the length of a prefix, "
                             f'from 1 to {longest}')
    if length == longest:
        return None
    try:
        return str(ipaddress.ip_network(f'{ip}/{length}'))
    except ValueError:
        raise _invalid(name, f"'ip' {ip} is not the first address of a "
                             f'prefix of length {length}') from None


def _nic_group(name: str, value: Any) -> str | None:
    # A director sends a String, an operator may think of a number.
    if value is None or value == '':
        return None
    if type(value) not in (int, str):
        raise _invalid(name, "'nic_group' must be a String, got: "
                             f'{protocol.type_name(value)}')
    return str(value)


def _groups(name: str, groups: Any) -> tuple[str, ...]:
    if groups is None:
        return ()
    if not isinstance(groups, list) or not all(
            isinstance(group, str) for group in groups):
        raise errors.InvalidCall(
            f"Invalid cloud_properties of network `{name}': security groups "
            'must be an Array of Strings')
    return tuple(groups)
