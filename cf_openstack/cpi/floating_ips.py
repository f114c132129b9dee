# SPDX-License-Identifier: Apache-2.0
"""Floating IPs: the vip networks of BOSH."""

from collections.abc import Sequence
import logging
from typing import NamedTuple

from openstack import connection
from openstack.network.v2 import floating_ip as sdk_floating_ip

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import undo
from cf_openstack.cpi import errors
from cf_openstack.cpi import network_spec
from cf_openstack.cpi import networks

LOG = logging.getLogger(__name__)


class Vip(NamedTuple):
    """A floating IP and where it is to lead.

    :ivar floating_ip: as it was before.
    :ivar target: the private network whose address it leads to.
    """

    floating_ip: sdk_floating_ip.FloatingIP
    target: network_spec.Network


class LookUpFailed(errors.CloudError):
    """A floating IP is not there, or cannot be told from another."""


def find(
    conn: connection.Connection, network_set: networks.NetworkSet
) -> list[Vip]:
    """Find the floating IPs of a VM, with one request.

    :raises LookUpFailed: an address is not allocated to the project.
    :raises errors.CloudError: two of them would lead to the same address.
    """
    wanted = network_set.vips
    if not wanted:
        return []
    known = list(conn.network.ips(
        floating_ip_address=[network.ip for network in wanted]))
    found: dict[str, Vip] = {}
    for network in wanted:
        found[network.name] = Vip(
            _the_one(known, network.ip), network_set.target_of(network))
    _check_targets(found)
    return list(found.values())


def associate(
    conn: connection.Connection,
    undo_stack: undo.UndoStack,
    vip: Vip,
    *,
    server_id: str,
    port_id: str | None,
) -> None:
    """Lead a floating IP to a server, away from where it led before.

    It is taken from whatever has it, as a VM that replaces another needs
    it.  If the VM comes to nothing it is given back, for the one that had
    it may well run on; upstream leaves it to nobody.

    :param port_id: the server's port, if it is known.
    :raises errors.CloudError: the server has no port in the network.
    """
    floating_ip = vip.floating_ip
    target = port_id or _port_of(conn, server_id, vip.target)
    if (floating_ip.port_id == target
            and vip.target.ip in (None, floating_ip.fixed_ip_address)):
        return
    if floating_ip.port_id:
        LOG.info('Taking floating IP %s from port %s',
                 floating_ip.floating_ip_address, floating_ip.port_id)
        undo_stack.push(
            f'give floating IP {floating_ip.floating_ip_address} back to '
            f'port {floating_ip.port_id}',
            lambda: _give_back(conn, floating_ip))
    address = {'fixed_ip_address': vip.target.ip} if vip.target.ip else {}
    conn.network.update_ip(floating_ip.id, port_id=target, **address)


def _the_one(
    known: Sequence[sdk_floating_ip.FloatingIP], address: str
) -> sdk_floating_ip.FloatingIP:
    found = [ip for ip in known if ip.floating_ip_address == address]
    if not found:
        raise LookUpFailed(f"Floating IP '{address}' not allocated")
    if len(found) > 1:
        ids = ', '.join(sorted(ip.floating_network_id for ip in found))
        raise LookUpFailed(
            f"Floating IP '{address}' found in multiple networks: {ids}")
    return found[0]


def _check_targets(found: dict[str, Vip]) -> None:
    # Neutron: one floating IP of an external network for each address.
    seen: dict[tuple[str, str], str] = {}
    for name, vip in found.items():
        key = (vip.target.name, vip.floating_ip.floating_network_id)
        if key in seen:
            raise errors.CloudError(
                f"The vip networks `{seen[key]}' and `{name}' both lead to "
                f"network `{vip.target.name}', and an address can have only "
                'one floating IP of an external network. Give one of them '
                'the nic_group of another NIC, or the cloud property '
                "'network' with the name of another private network.")
        seen[key] = name


def _give_back(
    conn: connection.Connection, floating_ip: sdk_floating_ip.FloatingIP
) -> None:
    try:
        conn.network.update_ip(
            floating_ip.id, port_id=floating_ip.port_id,
            fixed_ip_address=floating_ip.fixed_ip_address)
    except cloud_errors.API_ERRORS as exc:
        if not cloud_errors.is_not_found(exc):
            raise
        LOG.info('Port %s, which had floating IP %s, is gone',
                 floating_ip.port_id, floating_ip.floating_ip_address)


def _port_of(
    conn: connection.Connection, server_id: str,
    target: network_spec.Network,
) -> str:
    query = {'device_id': server_id}
    if target.net_id:
        query['network_id'] = target.net_id
    port = next(iter(conn.network.ports(**query)), None)
    if port is None:
        raise errors.CloudError(
            f"Server has no port in network '{target.net_id or 'any'}'")
    return port.id
