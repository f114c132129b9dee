# SPDX-License-Identifier: Apache-2.0
"""Servers: found, waited for, and deleted with all that is theirs."""

from collections.abc import Callable
from collections.abc import Iterable
import logging
from typing import Any

from openstack.compute.v2 import server as sdk_server
from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import pool_memberships
from cf_openstack.cpi import translation
from cf_openstack import exceptions

LOG = logging.getLogger(__name__)

_DELETED = ('deleted', 'terminated')
_DELETING = ('deleting', 'soft-deleting')
_SOFT_DELETED = 'SOFT_DELETED'


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
    found = call.cloud.compute.servers(name=f'^{name}$')
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
        _Removal(call, server.id, server).run()


def delete(call: calls.Call, cid: str) -> None:
    """Delete a server, its ports and its memberships in pools.

    Its disks survive and are free afterwards.  What is not there is
    deleted already; ports are looked for even so, since the call before
    this one may have been killed half-way.  One part that fails does not
    keep the others from being deleted.

    :raises errors.CloudError: names all that failed.
    """
    _Removal(call, cid, find(call, cid)).run()


class _Removal:
    """Deletes all of a VM that can be deleted.

    :param server: None if it is not there any more.
    """

    def __init__(
        self, call: calls.Call, cid: str, server: sdk_server.Server | None
    ) -> None:
        self._call = call
        self._cid = cid
        self._server = server
        self._failures: list[str] = []

    def run(self) -> None:
        """Delete it.

        :raises errors.CloudError: names all that failed.
        """
        # Before the server is gone: Nova removes only ports it made
        # itself, and then forgets whose the others were.
        port_ids = self._attempt('Removing ports', self._port_ids) or []
        if self._server is not None:
            self._leave_pools(self._server)
            if not self._attempt('Wait for server deletion', self._delete):
                # It may still be running, with these ports.
                port_ids = []
        for port_id in port_ids:
            self._attempt(
                'Removing ports', lambda: self._delete_port(port_id))
        if self._failures:
            head = 'Multiple cloud errors occurred:\n' if (
                len(self._failures) > 1) else ''
            raise errors.CloudError(head + '\n'.join(self._failures))
        for volume in self._server.attached_volumes if self._server else ():
            if not volume.delete_on_termination:
                _wait_free(self._call, volume.id)

    def _attempt(self, what: str, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except (exceptions.CfOpenStackError,
                *cloud_errors.API_ERRORS) as exc:
            self._failures.append(f'{what}: {translation.to_bosh(exc)}')
            return None

    def _leave_pools(self, server: sdk_server.Server) -> None:
        for membership in pool_memberships.read(server.metadata):
            self._attempt(
                'Removing lbaas pool memberships',
                lambda: pool_memberships.leave(
                    self._call, membership, _birth_name(server),
                    _addresses(server)))

    def _port_ids(self) -> list[str]:
        """The ports of the server, and those that were.

        Nova clears a port's device id when it fails to build a server and
        when it deletes one.  Such ports bear the server's name, and its id
        in a tag.  Neutron answers for both kinds in one request where it
        has the extension empty-string-filtering (since Stein), elsewhere
        for the first.
        """
        found = self._call.cloud.network.ports(
            device_id=[self._cid, ''],
            fields=['id', 'name', 'device_id', 'tags'])
        return [port.id for port in found if self._is_mine(port)]

    def _is_mine(self, port: Any) -> bool:
        if port.device_id:
            return port.device_id == self._cid
        if naming.port_tag(self._cid) in (port.tags or ()):
            return True
        return self._server is not None and naming.is_port_of(
            port.name or '', _birth_name(self._server))

    def _delete_port(self, port_id: str) -> None:
        network = self._call.cloud.network
        try:
            network.delete_port(port_id)
        except sdk_exceptions.ForbiddenException:
            # Neutron leaves ports of compute to Nova, which failed to let
            # go of this one when it deleted the server.
            LOG.info('Taking port %s from a server that is gone', port_id)
            network.update_port(port_id, device_id='', device_owner='')
            network.delete_port(port_id)

    def _delete(self) -> bool:
        """Delete the server and wait until it is gone."""
        compute = self._call.cloud.compute
        if not _is_soft_deleted(self._server):
            try:
                compute.delete_server(self._cid)
            except sdk_exceptions.ConflictException:
                # Fine if somebody else is deleting it already.
                now = find(self._call, self._cid)
                if now and not _is_soft_deleted(now) and (
                        now.task_state not in _DELETING):
                    raise

        def fetch() -> sdk_server.Server:
            server = compute.get_server(self._cid)
            if _is_soft_deleted(server) and not server.task_state:
                # The cloud keeps deleted servers for a while, ports and
                # all.
                compute.delete_server(self._cid, force=True)
            elif server.status == 'ERROR' and not server.task_state:
                fault = (server.fault or {}).get('message')
                raise cloud_errors.ResourceFailed(
                    kind='Server', id=self._cid, state='error',
                    expected='deleted', reason=f': {fault}' if fault else '')
            return server

        self._call.waiter.until_gone('Server', self._cid, fetch)
        return True


def _birth_name(server: sdk_server.Server) -> str:
    """The name a server was made with; it may have another one now."""
    return (server.metadata.get(naming.VM_NAME)
            or server.metadata.get('registry_key') or server.name)


def _addresses(server: sdk_server.Server) -> list[str]:
    networks: Iterable[Any] = (server.addresses or {}).values()
    return [item['addr'] for network in networks for item in network]


def _is_soft_deleted(server: sdk_server.Server) -> bool:
    return server.status == _SOFT_DELETED


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
