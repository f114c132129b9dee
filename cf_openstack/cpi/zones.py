# SPDX-License-Identifier: Apache-2.0
"""In which availability zones to try to create a VM."""

from collections.abc import Mapping
from collections.abc import Sequence
import random

from cf_openstack.cpi import errors


def choose(
    of_vm: Sequence[str],
    of_disks: Mapping[str, str | None],
    ignore_disks: bool,
) -> list[str | None]:
    """Return zones to try in turn; None leaves the choice to Nova.

    :param of_vm: the zones in the VM's cloud_properties.
    :param of_disks: the zones of the disks the VM will have, by cid.
    :param ignore_disks: whether volumes and servers of different zones
        go together in this cloud.
    :raises errors.CloudError: the zones contradict each other.
    """
    if len(of_vm) > 1:
        # Spreads VMs over zones without a state of our own.
        return list(random.sample(of_vm, len(of_vm)))
    zone = of_vm[0] if of_vm else None
    disks = {cid: az for cid, az in of_disks.items() if az}
    if ignore_disks or not disks:
        return [zone]
    if len({zone, *disks.values()} - {None}) > 1:
        place = f"AZ '{zone}'" if zone else 'default AZ'
        parts = [f'VM is created in {place}'] + [
            f"disk '{cid}' is in AZ '{az}'" for cid, az in disks.items()]
        raise errors.CloudError(
            f"can't use multiple availability zones: {', '.join(parts)}. "
            "Enable 'openstack.ignore_server_availability_zone' to allow "
            'VMs and disks to be in different AZs, or use the same AZ for '
            'both.')
    return [zone or next(iter(disks.values()))]
