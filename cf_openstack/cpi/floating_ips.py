# SPDX-License-Identifier: Apache-2.0
"""Floating IPs: the vip networks of BOSH."""

import logging

from openstack import connection

from cf_openstack.cpi import errors
from cf_openstack.cpi import networks

LOG = logging.getLogger(__name__)


def associate(
    conn: connection.Connection,
    *,
    address: str,
    server_id: str,
    gateway: networks.Network,
    port_id: str | None,
) -> None:
    """Lead a floating IP to a server, away from where it led before.

    :param address: the floating IP; it must be allocated already.
    :param gateway: the network that the default gateway is in.
    :param port_id: the server's port there, if it is known.
    :raises errors.CloudError: the address is not allocated to the
        project, or the server has no port.
    """
    found = list(conn.network.ips(floating_ip_address=address))
    if not found:
        raise errors.CloudError(f"Floating IP '{address}' not allocated")
    if len(found) > 1:
        ids = ', '.join(sorted(ip.floating_network_id for ip in found))
        raise errors.CloudError(
            f"Floating IP '{address}' found in multiple networks: {ids}")
    floating_ip = found[0]
    target = port_id or _port_of(conn, server_id, gateway)
    if floating_ip.port_id == target:
        return
    if floating_ip.port_id:
        LOG.info('Taking floating IP %s from port %s', address,
                 floating_ip.port_id)
        conn.network.update_ip(floating_ip, port_id=None)
    conn.network.update_ip(floating_ip, port_id=target)


def _port_of(
    conn: connection.Connection, server_id: str, gateway: networks.Network
) -> str:
    query = {'device_id': server_id}
    if gateway.net_id:
        query['network_id'] = gateway.net_id
    port = next(iter(conn.network.ports(**query)), None)
    if port is None:
        raise errors.CloudError(
            f"Server has no port in network '{gateway.net_id or 'any'}'")
    return port.id
