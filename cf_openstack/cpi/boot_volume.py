# SPDX-License-Identifier: Apache-2.0
"""Booting a VM from a volume in place of the flavor's disk."""

from typing import Any

from openstack.compute.v2 import _proxy as sdk_compute
from openstack.compute.v2 import flavor as sdk_flavor
from openstack import utils as sdk_utils

from cf_openstack.cpi import errors
from cf_openstack.cpi import vm_properties

#: Since then (Stein) a boot volume can be of a type of one's choice.
_TYPE_SINCE = '2.67'


def mapping(
    properties: vm_properties.VmProperties,
    image_id: str,
    flavor: sdk_flavor.Flavor,
    compute: sdk_compute.Proxy,
) -> list[dict[str, Any]] | None:
    """Return Nova's block_device_mapping_v2, None to boot from the image.

    :param compute: the Nova that will get it.
    :raises errors.CloudError: nothing says how large the volume shall be,
        or this Nova cannot choose its type.
    """
    if not properties.boot_from_volume:
        return None
    size = properties.root_disk_size or flavor.disk
    if not size:
        raise errors.CloudError(
            f"Flavor '{flavor.name}' has a root disk size of 0. Either pick "
            'a different flavor or define root_disk.size in your VM '
            'cloud_properties')
    device = {
        'uuid': image_id,
        'source_type': 'image',
        'destination_type': 'volume',
        'volume_size': size,
        'boot_index': 0,
        'delete_on_termination': True,
        'device_name': '/dev/vda',
    }
    if properties.root_disk_type:
        if not sdk_utils.supports_microversion(compute, _TYPE_SINCE):
            raise errors.CloudError(
                "'root_disk.type' needs Nova's API in version "
                f'{_TYPE_SINCE} or later, which this OpenStack does not '
                'have. Remove it from your VM cloud_properties; the volume '
                "will then be of Cinder's default type")
        device['volume_type'] = properties.root_disk_type
    return [device]
