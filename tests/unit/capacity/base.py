# SPDX-License-Identifier: Apache-2.0
"""A small deployment, and a project with room for it."""

from typing import Any

from cf_openstack.capacity import amounts
from cf_openstack.capacity import check
from cf_openstack.capacity import flavors
from cf_openstack.capacity import need
from cf_openstack.capacity import project
from cf_openstack.capacity import servers
from cf_openstack.manifest import addresses

FLAVORS = (flavors.Flavor('tiny', 1, 1024, 4, 10),
           flavors.Flavor('big', 4, 8192, 5, 0))

R = amounts.Resource


def group(name: str = 'api', instances: int = 2,
          **values: Any) -> dict[str, Any]:
    """An instance group."""
    return {'name': name, 'instances': instances, 'azs': ['z1', 'z2'],
            'vm_type': 'small', 'stemcell': 'default',
            'networks': [{'name': 'default'}], **values}


def manifest(*groups: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A manifest with compiled releases: nothing is to be compiled."""
    return {'name': 'cf', 'instance_groups': list(groups),
            'releases': [{'name': 'r', 'version': '1',
                          'stemcell': {'os': 'o', 'version': '1'}}],
            **values}


def source(doc: dict[str, Any]) -> dict[str, Any]:
    """The same with a release that is to be compiled."""
    return {**doc, 'releases': [{'name': 'r', 'version': '1'}]}


def config(**values: Any) -> dict[str, Any]:
    """A cloud config: a subnet of its own for each of two AZs."""
    def subnet(az: str, third: int) -> dict[str, Any]:
        return {'az': az, 'range': '10.0.%d.0/28' % third,
                'gateway': '10.0.%d.1' % third,
                'reserved': ['10.0.%d.2-10.0.%d.4' % (third, third)],
                'static': ['10.0.%d.12-10.0.%d.14' % (third, third)],
                'cloud_properties': {'net_id': 'net-%s' % az}}

    return {
        'azs': [{'name': az, 'cloud_properties': {
            'availability_zone': 'nova-%s' % az}} for az in ('z1', 'z2')],
        'networks': [
            {'name': 'default', 'type': 'manual',
             'subnets': [subnet('z1', 1), subnet('z2', 2)]},
            {'name': 'public', 'type': 'vip'}],
        'vm_types': [
            {'name': 'small', 'cloud_properties': {
                'instance_type': 'tiny'}},
            {'name': 'large', 'cloud_properties': {
                'instance_type': 'big'}}],
        'vm_extensions': [
            {'name': 'lb', 'cloud_properties': {'loadbalancer_pools': [
                {'id': 'pool-1', 'port': 443},
                {'name': 'ssh', 'port': 2222}]}},
            {'name': 'root', 'cloud_properties': {
                'boot_from_volume': True,
                'root_disk': {'size': 20, 'type': 'fast'}}}],
        'disk_types': [
            {'name': '10GB', 'disk_size': 10000},
            {'name': 'fast', 'disk_size': 2048,
             'cloud_properties': {'type': 'fast'}}],
        'compilation': {'workers': 3, 'network': 'default', 'az': 'z1',
                        'vm_type': 'large'},
        **values}


def needed(*groups: dict[str, Any], options: Any = servers.Options(),
           **values: Any) -> need.Need:
    """What groups need."""
    return need.calculate(manifest(*groups, **values), config(), FLAVORS,
                          options)


def roomy(**quotas: Any) -> project.Project:
    """A project with room for anything, but for these quotas."""
    found = {R(kind): project.Quota(project.UNLIMITED, 0) for kind in (
        'instances', 'cores', 'ram', 'server_groups', 'ports',
        'floating_ips', 'load_balancers', 'members', 'volumes',
        'gigabytes')}
    found.update((R(kind), project.Quota(*quota))
                 for kind, quota in quotas.items())
    return project.Project(
        quotas=found, flavors=FLAVORS,
        zones=frozenset({'nova-z1', 'nova-z2'}),
        volume_zones=frozenset({'nova-z1', 'nova-z2'}),
        volume_types=frozenset({'fast', 'slow'}),
        default_volume_type='slow',
        networks={
            'net-z%d' % number: project.Network(
                ('10.0.%d.0/28' % number,),
                addresses.parse('10.0.%d.2-10.0.%d.4' % (number, number)),
                addresses.parse('10.0.%d.1' % number))
            for number in (1, 2)},
        floating_ips={}, pools={'pool-1': 'https', 'pool-2': 'ssh'})


def shortages(wanted: need.Need, has: project.Project,
              *deployed: Any) -> dict[str, int]:
    """What is missing, by resource."""
    return {row.what: row.missing
            for row in check.check(wanted, has, *deployed).shortages}
