# SPDX-License-Identifier: Apache-2.0
"""Members of a load balancer's pools: made, found and deleted.

Octavia refuses every change with 409 while it makes another one to the
same load balancer: "Load Balancer <id> is immutable and cannot be
updated."  It says 409 as well when the pool has a member with the same
address and port.
"""

from collections.abc import Sequence
import logging
from typing import Any

from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import retry
from cf_openstack.cloud import waits
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors

LOG = logging.getLogger(__name__)


def create(
    call: calls.Call,
    pool_id: str,
    balancer_id: str,
    *,
    name: str,
    address: str,
    port: int,
    monitor_port: int | None,
    subnet_id: str,
    tags: Sequence[str],
) -> str:
    """Create a member, or adopt the one that is there; returns its id.

    Waits before and after until the load balancer is active.

    :raises errors.CloudError: Octavia refuses the member.
    :raises cloud_errors.CloudFailure: the load balancer failed, or did
        not become active in time.
    """
    member = {
        'name': name, 'address': address, 'protocol_port': port,
        'subnet_id': subnet_id, 'tags': list(tags)}
    if monitor_port is not None:
        member['monitor_port'] = monitor_port

    def post() -> str:
        response = call.cloud.load_balancer.post(
            f'/lbaas/pools/{pool_id}/members', json={'member': member})
        sdk_exceptions.raise_from_response(response)
        return response.json()['member']['id']

    def existing() -> str | None:
        return _existing(call, pool_id, address, port, subnet_id)

    def attempt() -> str | Exception | None:
        # Asked straight away, for most load balancers are active.
        try:
            return retry.create(f'member {name}', post, existing)
        except cloud_errors.API_ERRORS as exc:
            if cloud_errors.status_of(exc) != 409:
                # Ends the wait, even if it may pass.
                return exc
            LOG.info('Pool %s takes no member now: %s', pool_id,
                     cloud_errors.detail(exc))
        found = existing()
        if found is None:
            _wait_active(call, balancer_id)
        return found

    outcome = call.waiter.until(
        'Load balancer', balancer_id, f'ready for member {name}', attempt,
        lambda found: found is not None,
        lambda found: 'ready' if found else 'immutable')
    if isinstance(outcome, Exception):
        raise outcome
    _wait_active(call, balancer_id)
    return outcome


def find(
    call: calls.Call, pool_id: str, **query: Any
) -> list[dict[str, Any]]:
    """The members of a pool that have these properties.

    A pool that is not there has none.
    """
    response = call.cloud.load_balancer.get(
        f'/lbaas/pools/{pool_id}/members', params=query)
    if response.status_code == 404:
        return []
    sdk_exceptions.raise_from_response(response)
    return response.json()['members']


def delete(call: calls.Call, pool_id: str, member_id: str) -> None:
    """Delete a member and wait until it is gone.

    :raises cloud_errors.WaitTimedOut: it is still there.
    """
    def request() -> str:
        # Sent until it finds nothing: 409 both before Octavia takes it
        # and while Octavia works on it.
        response = call.cloud.load_balancer.delete(
            f'/lbaas/pools/{pool_id}/members/{member_id}')
        try:
            sdk_exceptions.raise_from_response(response)
        except sdk_exceptions.NotFoundException:
            return waits.GONE
        except sdk_exceptions.ConflictException as exc:
            return cloud_errors.detail(exc)
        return 'deleting'

    call.waiter.until('Pool member', member_id, 'deleted', request,
                      lambda state: state == waits.GONE)


def _existing(
    call: calls.Call, pool_id: str, address: str, port: int,
    subnet_id: str,
) -> str | None:
    """The id of the member with an address and port, or None.

    :raises errors.CloudError: it is in another subnet.
    """
    for member in find(
            call, pool_id, address=address, protocol_port=port):
        if member['subnet_id'] != subnet_id:
            raise errors.CloudError(
                f"The pool has member '{member['id']}' with {address} and "
                f"port {port} in subnet '{member['subnet_id']}' already; "
                f"in subnet '{subnet_id}' there can be none beside it")
        LOG.info("Pool %s has member '%s' with %s and port %d already",
                 pool_id, member['id'], address, port)
        return member['id']
    return None


def _wait_active(call: calls.Call, balancer_id: str) -> None:
    def status() -> str:
        response = call.cloud.load_balancer.get(
            f'/lbaas/loadbalancers/{balancer_id}')
        sdk_exceptions.raise_from_response(response)
        return response.json()['loadbalancer']['provisioning_status']

    def done(state: str) -> bool:
        if state == 'ERROR':
            raise cloud_errors.ResourceFailed(
                kind='Load balancer', id=balancer_id, state='error',
                expected='active', reason='')
        return state == 'ACTIVE'

    call.waiter.until('Load balancer', balancer_id, 'active', status, done,
                      str.lower)
