# SPDX-License-Identifier: Apache-2.0
"""current_vm_id."""

from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import own_server
from cf_openstack.cpi import servers


def current_vm_id(call: calls.Call) -> str:
    """Return the cid of the VM that the CPI itself runs on.

    A director asks for it to take snapshots of its own disks, and leaves
    that when it is not implemented.

    :raises errors.MethodNotImplemented: it cannot be known, or is no VM
        of the project.
    """
    cid = own_server.find()
    if cid is None:
        raise errors.MethodNotImplemented(
            'The OpenStack CPI cannot tell which VM it runs on: neither a '
            'mounted config drive nor cloud-init, the BIOS or the metadata '
            'service says so')
    if servers.find(call, cid) is None:
        raise errors.MethodNotImplemented(
            f"The OpenStack CPI runs on server `{cid}', which the project "
            'it is configured for does not have')
    return cid
