# SPDX-License-Identifier: Apache-2.0
"""Pools of load balancers (Octavia), and how VMs join them.

Octavia is asked only for VMs with pools, so that a cloud without it never
is.  What ties a VM to its pools is in the server's metadata, see
:mod:`cf_openstack.cpi.pool_memberships`.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import dataclasses
import ipaddress
from typing import Any

from openstack import exceptions as sdk_exceptions
from openstack.network.v2 import port as sdk_port

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import network_spec
from cf_openstack.cpi import networks
from cf_openstack.cpi import pool_members
from cf_openstack.cpi import pool_properties
from cf_openstack.cpi import server_metadata
from cf_openstack.cpi import translation
from cf_openstack import exceptions


@dataclasses.dataclass(frozen=True)
class Target:
    """A pool that was found for a VM.

    :ivar name: the pool's name, for messages.
    :ivar balancer_id: the load balancer that the pool belongs to.
    :ivar port: where the VM serves.
    :ivar monitor_port: where its health is checked, None: at ``port``.
    """

    name: str
    pool_id: str
    balancer_id: str
    port: int
    monitor_port: int | None


def plan(
    call: calls.Call,
    vm_name: str,
    pools: Sequence[pool_properties.PoolProperties],
    network_set: networks.NetworkSet,
) -> tuple[Target, ...]:
    """Look for the pools of a VM; creates nothing.

    :param vm_name: for the messages: the server has no id yet.
    :raises errors.VMCreationFailed: a pool cannot be used.
    """
    found: dict[str, tuple[str, str]] = {}
    targets = []
    for pool in pools:
        name = pool.id or pool.name or ''
        with _attaching(vm_name, name):
            if not name:
                raise errors.CloudError(
                    'Load balancer pool defined without a name')
            if pool.port is None:
                raise errors.CloudError(
                    f"Load balancer pool '{name}' has no port "
                    'definition')
            _check_gateway(network_set)
            if name not in found:
                found[name] = _find_pool(call, name, pool.id)
            pool_id, balancer_id = found[name]
            targets.append(Target(
                name=name, pool_id=pool_id, balancer_id=balancer_id,
                port=pool.port, monitor_port=pool.monitoring_port))
    return tuple(targets)


def planned_metadata(targets: Sequence[Target]) -> dict[str, str]:
    """What a server with these pools bears from birth."""
    return {
        f'bosh_lb_pool_{number}': f'{target.pool_id}/{target.port}'
        for number, target in enumerate(targets, 1)}


def join(
    call: calls.Call,
    targets: Sequence[Target],
    *,
    server_id: str,
    vm_name: str,
    gateway: network_spec.Network,
    port: sdk_port.Port | None,
    origin: naming.Origin,
) -> None:
    """Make a server a member of its pools and write that down.

    If this fails, deleting the server removes the members made so far.

    :param vm_name: the server's name at birth.
    :param gateway: the network that the default gateway is in.
    :param port: the server's port there, if it is known.
    :raises errors.VMCreationFailed: it cannot become a member.
    """
    metadata = {}
    for number, target in enumerate(targets, 1):
        with _attaching(server_id, target.name):
            if port is None:
                port = _port_of(call, server_id, gateway)
            address, subnet_id = _address(port, gateway)
            member_id = pool_members.create(
                call, target.pool_id, target.balancer_id,
                name=naming.member_name(vm_name, number),
                address=address, port=target.port,
                monitor_port=target.monitor_port, subnet_id=subnet_id,
                tags=origin.tags())
        metadata[f'lbaas_pool_{number}'] = f'{target.pool_id}/{member_id}'
    if not metadata:
        return
    try:
        server_metadata.merge(call, server_id, metadata)
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        raise errors.VMCreationFailed(
            f"The load balancer pools of VM with id '{server_id}' cannot be "
            f'written to its metadata. {translation.to_bosh(exc)}',
            ok_to_retry=True) from exc


@contextlib.contextmanager
def _attaching(vm: str, pool_name: str) -> Iterator[None]:
    """Say of an error which VM cannot be attached to which pool."""
    try:
        yield
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        reason: object = translation.to_bosh(exc)
        if isinstance(exc, sdk_exceptions.ServiceDisabledException):
            reason = ("There is no load balancer service in the cloud's "
                      f'catalog: {cloud_errors.detail(exc)}')
        raise errors.VMCreationFailed(
            f"VM with id '{vm}' cannot be attached to load balancer pool "
            f"'{pool_name}'. Reason: {reason}",
            ok_to_retry=isinstance(exc, cloud_errors.WaitTimedOut)
            or cloud_errors.is_transient(exc)) from exc


def _check_gateway(network_set: networks.NetworkSet) -> None:
    gateway = network_set.gateway
    if _is_dynamic(gateway) and len(network_set.private) > 1:
        raise errors.CloudError(
            'Gateway IP address could not be determined: the network with '
            f"the default gateway, '{gateway.name}', is dynamic and not the "
            'only private one')


def _find_pool(
    call: calls.Call, name: str, pool_id: str | None
) -> tuple[str, str]:
    """The ids of a pool and its load balancer.

    :param name: of the pool; what messages call it.
    :param pool_id: its id if that is known.
    """
    query = {'id': pool_id} if pool_id else {'name': name}
    found = [pool for pool in _get(call, '/lbaas/pools', **query)['pools']
             if not pool_id or pool['id'] == pool_id]
    if not found:
        raise errors.CloudError(
            f"Load balancer pool '{name}' does not exist")
    if len(found) > 1:
        raise errors.CloudError(
            f"Load balancer pool '{name}' exists multiple times. Make sure "
            'to use unique naming.')
    pool = found[0]
    balancers = pool.get('loadbalancers') or []
    if not balancers:
        listeners = pool.get('listeners') or []
        if len(listeners) != 1:
            raise errors.CloudError(
                f"Load balancer pool '{name}' ({pool['id']}) belongs to no "
                f'load balancer and to {len(listeners)} listeners, but must '
                'belong to one')
        listener = _get(
            call, f'/lbaas/listeners/{listeners[0]["id"]}')['listener']
        balancers = listener.get('loadbalancers') or []
    if len(balancers) != 1:
        raise errors.CloudError(
            f"Load balancer pool '{name}' ({pool['id']}) belongs to "
            f'{len(balancers)} load balancers, but must belong to one')
    return pool['id'], balancers[0]['id']


def _get(call: calls.Call, path: str, **query: str) -> dict[str, Any]:
    response = call.cloud.load_balancer.get(path, params=query)
    sdk_exceptions.raise_from_response(response)
    return response.json()


def _port_of(
    call: calls.Call, server_id: str, gateway: network_spec.Network
) -> sdk_port.Port:
    query = {'device_id': server_id}
    if gateway.net_id:
        query['network_id'] = gateway.net_id
    port = next(iter(call.cloud.network.ports(**query)), None)
    if port is None:
        raise errors.CloudError(
            f"Server has no port in network '{gateway.net_id or 'any'}'")
    return port


def _address(
    port: sdk_port.Port, gateway: network_spec.Network
) -> tuple[str, str]:
    """The address that a member has, and its subnet.

    Neutron's own word of the subnet, so that none has to be looked for.
    """
    fixed = sorted(
        port.fixed_ips or (), key=lambda item: _ip(item).version)
    if not _is_dynamic(gateway):
        wanted = ipaddress.ip_address(gateway.ip)
        fixed = [item for item in fixed if _ip(item) == wanted]
    if not fixed:
        raise errors.CloudError(
            f"Port '{port.id}' of the VM has no address in network "
            f"'{gateway.name}' to be reached at")
    return fixed[0]['ip_address'], fixed[0]['subnet_id']


def _is_dynamic(network: network_spec.Network) -> bool:
    return network.type == network_spec.DYNAMIC


def _ip(fixed_ip: Mapping[str, str]) -> (
        ipaddress.IPv4Address | ipaddress.IPv6Address):
    return ipaddress.ip_address(fixed_ip['ip_address'])
