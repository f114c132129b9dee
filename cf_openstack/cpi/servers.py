# SPDX-License-Identifier: Apache-2.0
"""Servers: found, waited for, and deleted with all that is theirs."""

from collections.abc import Callable
import logging
from typing import Any

from openstack.compute.v2 import server as sdk_server

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import translation
from cf_openstack import exceptions

LOG = logging.getLogger(__name__)

_DELETED = ('deleted', 'terminated')


def find(call: calls.Call, cid: str) -> sdk_server.Server | None:
    """Return a server, None if there is none (any more)."""
    try:
        server = call.cloud.compute.get_server(cid)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            return None
        raise
    return None if server.status.lower() in _DELETED else server


def get(call: calls.Call, cid: str) -> sdk_server.Server:
    """Return a server.

    :raises errors.VMNotFound: there is none.
    """
    server = find(call, cid)
    if server is None:
        raise errors.VMNotFound(cid=cid)
    return server


def find_named(call: calls.Call, name: str) -> sdk_server.Server | None:
    """Return the server with a name that is unique, or None."""
    # Nova takes the name as a regular expression.
    found = call.cloud.compute.servers(details=False, name=f'^{name}$')
    return next((server for server in found if server.name == name), None)


def wait_active(call: calls.Call, cid: str) -> sdk_server.Server:
    """Wait until a server is active.

    :raises cloud_errors.CloudFailure: it failed, or took too long.
    """
    return call.waiter.for_status(
        'Server', cid, lambda: call.cloud.compute.get_server(cid), 'active')


def delete_named(call: calls.Call, name: str) -> None:
    """Delete the server with a name that is unique, if it is there."""
    server = find_named(call, name)
    if server is not None:
        delete(call, server.id)


def delete(call: calls.Call, cid: str) -> None:
    """Delete a server and its ports; its disks survive and are free.

    What is not there is deleted already.  One part that fails does not
    keep the others from being deleted.

    :raises errors.CloudError: names all that failed.
    """
    exists, server = _look(call, cid)
    failures: list[str] = []

    def attempt(what: str, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except (exceptions.CfOpenStackError,
                *cloud_errors.API_ERRORS) as exc:
            failures.append(f'{what}: {translation.to_bosh(exc)}')
            return None

    # Before the server is gone: Nova removes only ports it made itself.
    port_ids = attempt('Removing ports', lambda: [
        port.id for port in call.cloud.network.ports(
            device_id=cid, fields='id')]) or []
    if exists:
        attempt('Wait for server deletion', lambda: _delete(call, cid))
        if failures and failures[-1].startswith('Wait for'):
            # It may still be running, with these ports.
            port_ids = []
    for port_id in port_ids:
        attempt('Removing ports',
                lambda: call.cloud.network.delete_port(port_id))
    if failures:
        head = 'Multiple cloud errors occurred:\n' if (
            len(failures) > 1) else ''
        raise errors.CloudError(head + '\n'.join(failures))
    for volume in server.attached_volumes if server else ():
        if not volume.delete_on_termination:
            _wait_free(call, volume.id)


def _look(
    call: calls.Call, cid: str
) -> tuple[bool, sdk_server.Server | None]:
    """Whether a server exists, and the server if it can be read."""
    try:
        server = find(call, cid)
    except cloud_errors.API_ERRORS as exc:
        if not cloud_errors.is_transient(exc):
            raise
        # It is to go in any case, seen or not.
        LOG.warning("Server `%s' cannot be read, deleting it: %s", cid,
                    cloud_errors.detail(exc))
        return True, None
    return server is not None, server


def _delete(call: calls.Call, cid: str) -> None:
    compute = call.cloud.compute
    compute.delete_server(cid)

    def fetch() -> sdk_server.Server:
        server = compute.get_server(cid)
        if server.status == 'SOFT_DELETED':
            # The cloud keeps deleted servers for a while, ports and all.
            compute.delete_server(cid, force=True)
        return server

    call.waiter.until_gone('Server', cid, fetch)


def _wait_free(call: calls.Call, volume_id: str) -> None:
    """Wait until Cinder knows that the server has gone."""
    try:
        call.waiter.until(
            'Volume', volume_id, 'available',
            lambda: call.cloud.block_storage.get_volume(volume_id),
            lambda volume: volume.status in ('available', 'error'),
            lambda volume: volume.status)
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        # The VM is gone for certain; attach_disk looks for itself.
        LOG.warning("Volume `%s' is not free yet: %s", volume_id, exc)
