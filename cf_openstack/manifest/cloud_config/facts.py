# SPDX-License-Identifier: Apache-2.0
"""Reads from Neutron what a cloud config says of subnets."""

from collections.abc import Iterable
from collections.abc import Mapping
import typing
from typing import Any

from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs as cloud_inputs

if typing.TYPE_CHECKING:
    from openstack import connection

# What this project's CPI tags its ports with, and metadata of servers that
# any CPI has made: a director says what they are for.
_TAG = 'bosh_director_uuid='
_METADATA = ('bosh_vm_name', 'deployment', 'director')

_OF_SERVERS = 'compute:'


def subnets(
    conn: 'connection.Connection', ids: Iterable[str],
) -> dict[str, cloud_inputs.Subnet]:
    """Read subnets of Neutron, by their ids.

    Addresses outside of the allocation pools that ports have are taken,
    but for those of servers that a director has made: it knows them, and
    instances that had them would have to move.

    :raises InputError: one does not exist, or the project cannot see it.
    :raises SDKException: Neutron does not answer.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    found = {subnet.id: subnet
             for subnet in conn.network.subnets(id=wanted)}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise errors.InputError(
            reason='the subnet %s does not exist, or this project cannot '
                   'see it' % ', '.join(missing))
    taken = _taken(conn, found)
    return {name: _subnet(found[name], taken.get(name, []))
            for name in wanted}


def _subnet(subnet: Any, taken: list[str]) -> cloud_inputs.Subnet:
    return cloud_inputs.Subnet(
        cidr=subnet.cidr, network_id=subnet.network_id,
        gateway=subnet.gateway_ip, dns=tuple(subnet.dns_nameservers or ()),
        allocation_pools=tuple((pool['start'], pool['end'])
                               for pool in subnet.allocation_pools or ()),
        taken=tuple(addresses.parse(sorted(taken)).texts()))


def _taken(conn: 'connection.Connection',
           found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Addresses by subnet, outside of the allocation pools."""
    pools = {name: _given_out(subnet) for name, subnet in found.items()}
    networks = sorted({subnet.network_id for subnet in found.values()})
    ports = []
    for port in conn.network.ports(network_id=networks):
        outside = [ip for ip in port.fixed_ips or ()
                   if ip['subnet_id'] in found and not (
                       addresses.parse(ip['ip_address'])
                       & pools[ip['subnet_id']])]
        if outside:
            ports.append((port, outside))
    taken: dict[str, list[str]] = {}
    for port, outside in _not_of_directors(conn, ports):
        for ip in outside:
            taken.setdefault(ip['subnet_id'], []).append(ip['ip_address'])
    return taken


def _given_out(subnet: Any) -> addresses.AddressSet:
    given = addresses.parse(subnet.gateway_ip)
    for pool in subnet.allocation_pools or ():
        given |= addresses.between(pool['start'], pool['end'])
    return given


def _not_of_directors(
    conn: 'connection.Connection', ports: list[tuple[Any, Any]],
) -> list[tuple[Any, Any]]:
    ports = [(port, outside) for port, outside in ports
             if not any(tag.startswith(_TAG) for tag in port.tags or ())]
    if not any(_is_of_server(port) for port, _outside in ports):
        return ports
    # Other CPIs tag no ports, only servers.
    made = {server.id for server in conn.compute.servers()
            if any(key in (server.metadata or {}) for key in _METADATA)}
    return [(port, outside) for port, outside in ports
            if not (_is_of_server(port) and port.device_id in made)]


def _is_of_server(port: Any) -> bool:
    return (port.device_owner or '').startswith(_OF_SERVERS)
