# SPDX-License-Identifier: Apache-2.0
"""Neutron ports of VMs with addresses of the director's choice."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import ipaddress
import logging
from typing import Any

from openstack import connection
from openstack import exceptions as sdk_exceptions
from openstack.network.v2 import port as sdk_port

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import errors
from cf_openstack.cpi import network_spec
from cf_openstack.cpi import networks

LOG = logging.getLogger(__name__)


def create(
    conn: connection.Connection,
    undo_stack: undo.UndoStack,
    *,
    vm_name: str,
    network_set: networks.NetworkSet,
    security_group_ids: Sequence[str],
    allowed_address_pairs: Sequence[str],
    origin: naming.Origin,
) -> dict[str, sdk_port.Port]:
    """Create the ports of a VM, all in one request or none.

    A port that nobody uses and that occupies one of the addresses is
    deleted: it is left over from a VM.

    :param allowed_address_pairs: what the port in the network with the
        default gateway may use besides its addresses.
    :returns: the ports by network name; networks of one NIC share one.
    :raises errors.VMCreationFailed: a network does not exist.
    """
    nics = [nic for nic in network_set.nics if not nic.is_dynamic]
    if not nics:
        return {}
    bodies = []
    for index, nic in enumerate(nics):
        pairs = list(nic.prefixes)
        if network_set.gateway in nic.networks:
            pairs += allowed_address_pairs
        bodies.append(_body(
            nic, naming.port_name(vm_name, index), security_group_ids,
            pairs, origin))
    names = [body['name'] for body in bodies]
    undo_stack.push(f'delete the ports of {vm_name}',
                    lambda: delete_named(conn, names))
    try:
        created = _post(conn, bodies)
    except cloud_errors.API_ERRORS as exc:
        status = cloud_errors.status_of(exc)
        if status in (400, 404):
            raise_if_missing(conn, network_set, vm_name, exc)
        if status != 409 or not _free_addresses(conn, nics):
            raise
        created = _post(conn, bodies)
    by_name = {port.name: port for port in created}
    return {
        network.name: by_name[name]
        for nic, name in zip(nics, names, strict=True)
        for network in nic.networks}


def tag(
    conn: connection.Connection,
    ports: Iterable[sdk_port.Port],
    cid: str,
    origin: naming.Origin,
) -> None:
    """Tag ports with their origin and the server that they are for.

    Neutron takes tags in the request that creates a port with ML2's
    driver tag_ports_during_bulk_creation only, and then nobody knew the
    server's id.  It tells whose the ports were when Nova has let go of
    them.  Name and description say nearly the same from birth, so a
    failure is no reason not to have the VM.
    """
    for port in {port.id: port for port in ports}.values():
        try:
            conn.network.set_tags(
                port, [*origin.tags(), naming.port_tag(cid)])
        except cloud_errors.API_ERRORS as exc:
            LOG.warning('Port %s cannot be tagged: %s', port.id,
                        cloud_errors.detail(exc))


def delete_named(
    conn: connection.Connection, names: Sequence[str]
) -> None:
    """Delete the ports that bear one of these names."""
    for port in list(conn.network.ports(name=list(names), fields='id')):
        conn.network.delete_port(port.id)


def raise_if_missing(
    conn: connection.Connection,
    network_set: networks.NetworkSet,
    vm_name: str,
    cause: Exception,
) -> None:
    """Explain a refusal by networks that do not exist, if there are any.

    :raises errors.VMCreationFailed: names the networks.
    """
    wanted = [nic.net_id for nic in network_set.nics if nic.net_id]
    missing = [net_id for net_id in wanted if not _exists(conn, net_id)]
    if missing:
        raise errors.VMCreationFailed(
            f"VM creation with name '{vm_name}' failed. Following network "
            'IDs are not existing or not accessible from this project: '
            f"'{', '.join(missing)}'. Make sure you do not use subnet IDs"
        ) from cause


def _exists(conn: connection.Connection, net_id: str) -> bool:
    try:
        conn.network.get_network(net_id)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            return False
        raise
    return True


def _body(
    nic: networks.Nic,
    name: str,
    security_group_ids: Sequence[str],
    pairs: Sequence[str],
    origin: naming.Origin,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        'name': name,
        'description': ' '.join(origin.tags())[:naming.LONGEST],
        'network_id': nic.net_id,
        'fixed_ips': [{'ip_address': network.ip} for network in nic.single],
        'tags': origin.tags(),
    }
    if security_group_ids:
        body['security_groups'] = list(security_group_ids)
    if pairs:
        body['allowed_address_pairs'] = [
            {'ip_address': pair} for pair in dict.fromkeys(pairs)]
    return body


def _post(
    conn: connection.Connection, bodies: list[dict[str, Any]]
) -> list[sdk_port.Port]:
    # One request in the bulk form: it creates all ports or none, and no
    # other takes tags.
    names = [body['name'] for body in bodies]

    def post() -> list[sdk_port.Port]:
        response = conn.network.post('/ports', json={'ports': bodies})
        sdk_exceptions.raise_from_response(response)
        return [sdk_port.Port(**item) for item in response.json()['ports']]

    def find() -> list[sdk_port.Port] | None:
        return list(conn.network.ports(name=names)) or None

    return retry.create(f"ports {', '.join(names)}", post, find)


def _free_addresses(
    conn: connection.Connection, nics: Sequence[networks.Nic]
) -> bool:
    """Delete unused ports that occupy our addresses; whether any was."""
    freed = False
    for nic in nics:
        addresses = [network.ip for network in nic.single]
        for port in _with_addresses(conn, nic.net_id, addresses):
            if (port.status == 'DOWN' and not port.device_id
                    and not port.device_owner):
                LOG.info('Deleting the unused port %s, which occupies one '
                         'of %s', port.id, ', '.join(addresses))
                conn.network.delete_port(port.id)
                freed = True
    return freed


def check_pairs(
    conn: connection.Connection,
    network_set: networks.NetworkSet,
    pairs: Sequence[str],
    port_check: bool | None,
) -> None:
    """Check the allowed address pairs of a VM, with one request at most.

    :param pairs: IP addresses and CIDRs.
    :param port_check: whether an address must be that of a port, which
        keeps others from getting it; None: as the network says.
    :raises errors.InvalidCall: one is no address.
    :raises errors.CloudError: the port is missing, or the network with the
        default gateway is dynamic.
    """
    if not pairs:
        return
    for pair in pairs:
        _check_pair(pair)
    gateway = network_set.gateway
    if gateway.type != network_spec.MANUAL:
        raise errors.CloudError(
            f'Network with id {gateway.net_id} is a dynamic network. VRRP '
            'is not supported for dynamic networks')
    if port_check is None:
        port_check = gateway.vrrp_port_check
    # A CIDR stands for many addresses; there is no one port to find.
    addresses = [pair for pair in pairs if '/' not in pair]
    if not port_check or not addresses:
        return
    taken = {
        ipaddress.ip_address(fixed['ip_address'])
        for port in _with_addresses(conn, gateway.net_id, addresses)
        for fixed in port.fixed_ips}
    for address in addresses:
        if ipaddress.ip_address(address) not in taken:
            raise errors.CloudError(
                f"Configured VRRP port with ip '{address}' does not exist.")


def _check_pair(pair: str) -> None:
    try:
        ipaddress.ip_network(pair, strict=False)
    except ValueError:
        raise errors.InvalidVmProperty(
            f"'allowed_address_pairs' has {pair[:60]!r}, which is neither "
            'an IP address nor a CIDR') from None


def _with_addresses(
    conn: connection.Connection, net_id: str | None,
    addresses: Sequence[str],
) -> Iterator[sdk_port.Port]:
    """The ports of a network that have one of the addresses."""
    return conn.network.ports(network_id=net_id, fixed_ips=[
        f'ip_address={address}' for address in addresses])
