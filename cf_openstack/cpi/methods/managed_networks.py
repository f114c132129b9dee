# SPDX-License-Identifier: Apache-2.0
"""create_network and delete_network: networks a director manages."""

from collections.abc import Callable
import ipaddress
import logging
from typing import Any

from openstack.network.v2 import network as sdk_network
from openstack.network.v2 import subnet as sdk_subnet

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import network_definition

LOG = logging.getLogger(__name__)

#: The owners of ports by which a subnet is plugged into a router.
_INTERFACES = (
    'network:ha_router_replicated_interface',
    'network:router_interface',
    'network:router_interface_distributed',
)


def create_network(call: calls.Call, definition: Any) -> list[Any]:
    """Create a network with one subnet, plugged into a router if named.

    :param definition: ``range`` and ``gateway``, or ``netmask_bits``, and
        ``cloud_properties``, see
        :mod:`cf_openstack.cpi.network_definition`.
    :returns: the network's id; ``range``, ``gateway`` and the addresses
        ``reserved`` for Neutron; the cloud_properties for create_vm.
    :raises errors.InvalidCall: the definition is wrong.
    :raises errors.CloudError: there is no such router or subnet pool.
    """
    wanted = network_definition.parse(definition)
    conn = call.cloud
    router = wanted.router and _one(
        'Router', wanted.router, conn.network.routers)
    pool = wanted.subnetpool and _one(
        'Subnet pool', wanted.subnetpool, conn.network.subnet_pools)
    body = _subnet_body(call, wanted, pool)
    name = body['name']
    with undo.UndoStack() as undo_stack:
        undo_stack.push(f'delete {name}', lambda: _delete_named(call, name))
        network = _create_network(call, name)
        subnet = _create_subnet(call, body | {'network_id': network.id})
        cidr = ipaddress.ip_network(subnet.cidr)
        if wanted.range is None:
            subnet = _leave_to_neutron(call, wanted, cidr, subnet)
        if router:
            _plug(call, router.id, network.id, subnet.id)
        return [network.id, {
            'range': subnet.cidr,
            'gateway': subnet.gateway_ip,
            'reserved': _reserved(call, network.id, subnet),
        }, {'net_id': network.id} | wanted.of_vms]


def delete_network(call: calls.Call, network_cid: Any) -> None:
    """Delete a network with its subnets, unplugged from its routers.

    :raises errors.NetworkNotFound: there is no such network.
    :raises errors.CloudError: something uses it.
    """
    cid = arguments.cid('network_cid', network_cid)
    try:
        call.cloud.network.get_network(cid)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            raise errors.NetworkNotFound(cid=cid) from exc
        raise
    _delete(call, cid)


def _one(
    kind: str, name: str, list_them: Callable[..., Any]
) -> Any:
    """Return the one object of a name or, failing that, id."""
    found = list(list_them(name=name)) or list(list_them(id=name))
    if len(found) != 1:
        raise errors.CloudError(
            f"{kind} `{name}' not found" if not found else
            f"{kind} `{name}' exists {len(found)} times, use its id")
    return found[0]


def _subnet_body(
    call: calls.Call, wanted: network_definition.Definition, pool: Any
) -> dict[str, Any]:
    """Everything about the subnet but its network."""
    network = wanted.range
    version = network.version if network else pool.ip_version
    body: dict[str, Any] = {
        'name': naming.network_name(),
        'description': _description(call),
        'ip_version': version,
        'is_dhcp_enabled': call.config.use_dhcp,
    }
    if version == 6 and call.config.use_dhcp:
        # So that Neutron, not the guest, decides on addresses.
        body['ipv6_address_mode'] = body['ipv6_ra_mode'] = 'dhcpv6-stateful'
    if pool:
        body['subnet_pool_id'] = pool.id
    if network is None:
        if wanted.prefix_length:
            body['prefix_length'] = wanted.prefix_length
        return body
    gateway = wanted.gateway or network[1]
    return body | {
        'cidr': str(network),
        'gateway_ip': str(gateway),
        'allocation_pools': _pools(network, gateway, wanted),
    }


def _pools(
    network: network_definition.IPNetwork,
    gateway: network_definition.IPAddress,
    wanted: network_definition.Definition,
) -> list[dict[str, str]]:
    start, end = network_definition.neutrons_share(
        network, gateway, wanted.allocation_pool)
    return [{'start': start, 'end': end}]


def _create_network(call: calls.Call, name: str) -> sdk_network.Network:
    conn = call.cloud
    network = retry.create(
        name,
        lambda: conn.network.create_network(
            name=name, description=_description(call)),
        lambda: _find_named(call, name))
    LOG.info("Network `%s' is %s", name, network.id)
    tags = call.origin().tags()
    try:
        conn.network.set_tags(network, tags)
    except cloud_errors.API_ERRORS as exc:
        # Name and description say the same from birth.
        LOG.warning("Network `%s' cannot be tagged: %s", network.id,
                    cloud_errors.detail(exc))
    return network


def _create_subnet(
    call: calls.Call, body: dict[str, Any]
) -> sdk_subnet.Subnet:
    conn = call.cloud
    return retry.create(
        f"the subnet of {body['name']}",
        lambda: conn.network.create_subnet(**body),
        lambda: next(iter(conn.network.subnets(name=body['name'])), None))


def _leave_to_neutron(
    call: calls.Call,
    wanted: network_definition.Definition,
    cidr: network_definition.IPNetwork,
    subnet: sdk_subnet.Subnet,
) -> sdk_subnet.Subnet:
    """Restrict Neutron to its share, now that the range is known."""
    network_definition.check_size(cidr)
    return call.cloud.network.update_subnet(
        subnet.id, allocation_pools=_pools(
            cidr, ipaddress.ip_address(subnet.gateway_ip), wanted))


def _plug(
    call: calls.Call, router_id: str, network_id: str, subnet_id: str
) -> None:
    conn = call.cloud
    try:
        conn.network.add_interface_to_router(router_id, subnet_id)
    except cloud_errors.API_ERRORS:
        # A request that was sent again after its answer got lost is
        # refused, for the interface is there.
        if not any(port.device_id == router_id
                   for port in _ports(call, network_id)):
            raise


def _reserved(
    call: calls.Call, network_id: str, subnet: sdk_subnet.Subnet
) -> list[str]:
    """What the director must not give to VMs, the gateway aside."""
    share = [(ipaddress.ip_address(pool['start']),
              ipaddress.ip_address(pool['end']))
             for pool in subnet.allocation_pools]
    # Taken before Neutron was restricted to its share.
    taken = {
        fixed['ip_address'] for port in _ports(call, network_id)
        for fixed in port.fixed_ips or ()
        if fixed.get('subnet_id') == subnet.id} - {subnet.gateway_ip}
    others = sorted(
        address for address in map(ipaddress.ip_address, taken)
        if not any(first <= address <= last for first, last in share))
    return [f'{first}-{last}' for first, last in share] + [
        str(address) for address in others]


def _find_named(call: calls.Call, name: str) -> sdk_network.Network | None:
    return next(iter(call.cloud.network.networks(name=name)), None)


def _delete_named(call: calls.Call, name: str) -> None:
    network = _find_named(call, name)
    if network is not None:
        _delete(call, network.id)


def _delete(call: calls.Call, cid: str) -> None:
    conn = call.cloud
    ports = _ports(call, cid)
    # The others are Neutron's own, which go with the network.
    users = [port for port in ports if not (
        port.device_owner or '').startswith('network:')]
    if users:
        listed = ', '.join(
            f'{port.id} ({_user(port)})' for port in users[:10])
        raise errors.CloudError(
            f"Cannot delete network `{cid}', {len(users)} port(s) use it: "
            f'{listed}. Delete what they belong to first')
    for port in ports:
        if port.device_owner in _INTERFACES:
            _unplug(call, port)
    conn.network.delete_network(cid)


def _unplug(call: calls.Call, port: Any) -> None:
    try:
        call.cloud.network.remove_interface_from_router(
            port.device_id, port=port.id)
    except cloud_errors.API_ERRORS as exc:
        if not cloud_errors.is_not_found(exc):
            raise


def _ports(call: calls.Call, network_id: str) -> list[Any]:
    return list(call.cloud.network.ports(network_id=network_id))


def _user(port: Any) -> str:
    if port.device_id:
        return f'{port.device_owner} {port.device_id}'
    return port.name or 'unused'


def _description(call: calls.Call) -> str:
    return ' '.join(call.origin().tags())[:naming.LONGEST]
