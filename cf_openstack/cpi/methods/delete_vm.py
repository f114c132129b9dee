# SPDX-License-Identifier: Apache-2.0
"""Deleting a VM."""

from typing import Any

from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import servers


def delete_vm(call: calls.Call, vm_cid: Any) -> None:
    """Delete a server and its ports; persistent disks survive.

    The director calls this with disks still attached, and again for a VM
    that is gone already.

    :raises errors.CloudError: it is not certain that all is gone.
    """
    servers.delete(call, arguments.cid('vm_cid', vm_cid))
