# SPDX-License-Identifier: Apache-2.0
"""calculate_vm_cloud_properties."""

from typing import Any

from cf_openstack.cpi import calls
from cf_openstack.cpi import flavor_choice


def calculate_vm_cloud_properties(
    call: calls.Call, requirements: Any
) -> dict[str, Any]:
    """Return the cloud_properties of the smallest VM that is large enough.

    :param requirements: ``cpu``, ``ram`` (MiB) and
        ``ephemeral_disk_size`` (MiB).
    :returns: ``instance_type``, and ``root_disk.size`` (GiB) if VMs boot
        from volumes and that of the flavor is too small.
    :raises errors.InvalidCall: a requirement is missing or no number.
    :raises errors.CloudError: no flavor will do.
    """
    return flavor_choice.choose(
        flavor_choice.parse(requirements),
        call.cloud.compute.flavors(details=True),
        call.config.boot_from_volume)
