# SPDX-License-Identifier: Apache-2.0
"""has_vm, reboot_vm and set_vm_metadata."""

import logging
from typing import Any

from openstack.compute.v2 import server as sdk_server
from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import server_metadata
from cf_openstack.cpi import servers

LOG = logging.getLogger(__name__)


def has_vm(call: calls.Call, vm_cid: Any) -> bool:
    """Return whether a server exists; one in ERROR does."""
    return servers.find(call, arguments.cid('vm_cid', vm_cid)) is not None


def reboot_vm(call: calls.Call, vm_cid: Any) -> None:
    """Reboot a server, softly if it can be; start one that is off.

    What does not come up that way is rebooted hard.

    :raises errors.VMNotFound: there is no such server.
    """
    cid = arguments.cid('vm_cid', vm_cid)
    server = servers.get(call, cid)
    compute = call.cloud.compute
    try:
        if server.status in ('ACTIVE', 'SHUTOFF'):
            if server.status == 'ACTIVE':
                compute.reboot_server(cid, 'SOFT')
            else:
                compute.start_server(cid)
            _wait_idle(call, cid)
            return
    except cloud_errors.CloudFailure as exc:
        LOG.warning('%s; rebooting it hard', exc)
    except sdk_exceptions.ConflictException as exc:
        LOG.warning('Nova does not do that now: %s; rebooting it hard',
                    cloud_errors.detail(exc))
    compute.reboot_server(cid, 'HARD')
    _wait_idle(call, cid)


def set_vm_metadata(call: calls.Call, vm_cid: Any, metadata: Any) -> None:
    """Add metadata to a server and perhaps name it after its instance.

    :raises errors.VMNotFound: there is no such server.
    """
    cid = arguments.cid('vm_cid', vm_cid)
    values = arguments.hash_('metadata', metadata)
    # Nova answers with all of the server's metadata, old and new.
    known = server_metadata.merge(
        call, cid, naming.server_metadata(values))
    name = _readable_name(values)
    # The registry_key is what upstream's CPIs leave on servers to be
    # renamed, wherever the property may have gone since.
    if name and (
            call.config.human_readable_vm_names or 'registry_key' in known):
        call.cloud.compute.update_server(cid, name=name[:naming.LONGEST])


def _readable_name(metadata: dict[str, Any]) -> str | None:
    if metadata.get('name'):
        return str(metadata['name'])
    if metadata.get('job') and metadata.get('index') is not None:
        return f"{metadata['job']}/{metadata['index']}"
    if metadata.get('compiling'):
        return f"compiling/{metadata['compiling']}"
    return None


def _wait_idle(call: calls.Call, cid: str) -> None:
    """Wait until a server is active and nothing is done to it any more.

    The status alone will not do: it is ACTIVE for a moment after a soft
    reboot was accepted.
    """
    def done(server: sdk_server.Server) -> bool:
        # A server in ERROR stays so until the hard reboot has succeeded.
        if server.status == 'ERROR' and not server.task_state:
            raise cloud_errors.ResourceFailed(
                kind='Server', id=cid, state='error', expected='active',
                reason='')
        return server.status == 'ACTIVE' and not server.task_state

    call.waiter.until(
        'Server', cid, 'active',
        lambda: call.cloud.compute.get_server(cid), done,
        lambda server: f'{server.status.lower()} {server.task_state or ""}')
