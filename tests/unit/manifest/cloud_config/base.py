# SPDX-License-Identifier: Apache-2.0
"""Manifests and facts of clouds for tests."""

from typing import Any

from cf_openstack.capacity import flavors
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_config import vm_types

#: One for each VM type of cf-deployment, exactly of its size.
FLAVORS = tuple(
    flavors.Flavor(name, size.vcpus, size.ram_mib, 3, size.ephemeral_gib)
    for name, size in vm_types.SIZES.items())


def subnet(third: int = 16, **values: Any) -> inputs.Subnet:
    """10.0.<third>.0/24, of which Neutron gives out .2 to .50."""
    return inputs.Subnet(**{
        'cidr': '10.0.%d.0/24' % third, 'network_id': 'net-1',
        'gateway': '10.0.%d.1' % third,
        'allocation_pools': (
            ('10.0.%d.2' % third, '10.0.%d.50' % third),),
        **values})


def group(name: str = 'api', **values: Any) -> dict[str, Any]:
    """An instance group."""
    return {'name': name, 'instances': 1, 'azs': ['z1'],
            'vm_type': 'minimal', 'stemcell': 'default',
            'networks': [{'name': 'default'}], **values}


def manifest(*groups: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A manifest."""
    return {'name': 'cf', 'instance_groups': list(groups),
            'releases': [{'name': 'r', 'version': '1'}],
            'stemcells': [{'alias': 'default', 'os': 'o', 'version': '1'}],
            **values}


def facts(**values: Any) -> inputs.Inputs:
    """Inputs with one subnet."""
    return inputs.Inputs(**{
        'networks': {'default': (subnet(),)}, 'flavors': FLAVORS, **values})
