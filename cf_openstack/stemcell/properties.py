# SPDX-License-Identifier: Apache-2.0
"""What a stemcell's image bears as properties in Glance."""

from collections.abc import Mapping
from typing import Any

# Key in cloud_properties -> property of the image; the OpenStack CPI passes
# these and drops all others.
_NAMES = {key: key for key in (
    'architecture', 'auto_disk_config', 'hw_disk_bus', 'hw_disk_bus_model',
    'hw_scsi_model', 'hw_vif_model', 'hw_vif_multiqueue_enabled',
    'os_distro', 'os_type', 'version', 'vmware_adaptertype',
    'vmware_disktype', 'vmware_linked_clone', 'vmware_ostype')}
_NAMES['hypervisor'] = 'hypervisor_type'

#: Keys of cloud_properties that tell something of the image.
KEYS = tuple(_NAMES)


def text(value: Any) -> str:
    """A value as Glance takes it; truth values as YAML writes them."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return str(value)


def from_cloud_properties(
        cloud_properties: Mapping[str, Any]) -> dict[str, str]:
    """The image properties of a stemcell.

    :param cloud_properties: those of ``stemcell.MF``, as the director hands
        them to ``create_stemcell``.
    """
    return {name: text(cloud_properties[key])
            for key, name in _NAMES.items()
            if cloud_properties.get(key) is not None}
