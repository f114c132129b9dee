# SPDX-License-Identifier: Apache-2.0
"""Which method lives where, and how many arguments it takes."""

import importlib
from typing import Any
from typing import NamedTuple

from cf_openstack.cpi import errors

_PACKAGE = 'cf_openstack.cpi.methods'


class Method(NamedTuple):
    """A CPI method.

    :ivar module: module below cf_openstack.cpi.methods that holds a
        function of the method's name.
    :ivar least: how many arguments it takes at least.
    :ivar most: how many arguments it takes at most.
    """

    module: str
    least: int
    most: int


METHODS = {
    'attach_disk': Method('attachments', 2, 2),
    'calculate_vm_cloud_properties': Method('flavors', 1, 1),
    'create_disk': Method('disks', 2, 3),
    'create_network': Method('managed_networks', 1, 1),
    'create_stemcell': Method('stemcells', 2, 3),
    'create_vm': Method('create_vm', 4, 6),
    'current_vm_id': Method('current_vm', 0, 0),
    'delete_disk': Method('disks', 1, 1),
    'delete_network': Method('managed_networks', 1, 1),
    'delete_snapshot': Method('snapshots', 1, 1),
    'delete_stemcell': Method('stemcells', 1, 1),
    'delete_vm': Method('delete_vm', 1, 1),
    'detach_disk': Method('attachments', 2, 2),
    'get_disks': Method('attachments', 1, 1),
    'has_disk': Method('disks', 1, 1),
    'has_vm': Method('vms', 1, 1),
    'info': Method('info', 0, 0),
    'reboot_vm': Method('vms', 1, 1),
    'resize_disk': Method('resize', 2, 2),
    'set_disk_metadata': Method('disks', 2, 2),
    'set_vm_metadata': Method('vms', 2, 2),
    'snapshot_disk': Method('snapshots', 2, 2),
    'update_disk': Method('resize', 3, 3),
}

#: Methods of the protocol that are answered with NotImplemented, as
#: opposed to names that no director ever calls.
UNIMPLEMENTED = frozenset((
    'ping',
))

KNOWN = UNIMPLEMENTED | frozenset(METHODS)


def check(name: str, arguments: list[Any]) -> None:
    """Check that a method is there and takes that many arguments.

    :raises errors.MethodNotImplemented: it is not there.
    :raises errors.InvalidCall: there are too few or too many arguments.
    """
    method = METHODS.get(name)
    if method is None:
        raise errors.MethodNotImplemented(
            f"Method '{name}' is not implemented by the OpenStack CPI")
    if not method.least <= len(arguments) <= method.most:
        expected = (
            str(method.least) if method.least == method.most
            else f'{method.least}..{method.most}')
        raise errors.InvalidCall(
            "Arguments are not correct, details: 'wrong number of arguments "
            f"(given {len(arguments)}, expected {expected})'")


def load(name: str) -> Any:
    """Import the function of a method that :func:`check` has passed."""
    module = importlib.import_module(f'{_PACKAGE}.{METHODS[name].module}')
    return getattr(module, name)
