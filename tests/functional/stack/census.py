# SPDX-License-Identifier: Apache-2.0
"""What a project owns, to see afterwards what came and what was left."""

from collections.abc import Iterable

import openstack.connection

from cf_openstack.director import client

Census = dict[str, set[str]]


def of_project(cloud: openstack.connection.Connection) -> Census:
    """The ids of all that the connection's project owns, by kind."""
    mine = cloud.current_project_id
    compute, network = cloud.compute, cloud.network
    return {
        'servers': _ids(compute.servers()),
        'volumes': _ids(cloud.block_storage.volumes()),
        'snapshots': _ids(cloud.block_storage.snapshots()),
        'images': _ids(i for i in cloud.image.images()
                       if i.owner_id == mine),
        'ports': _ids(network.ports(project_id=mine)),
        'floating IPs': _ids(network.ips(project_id=mine)),
        'networks': _ids(network.networks(project_id=mine)),
        'subnets': _ids(network.subnets(project_id=mine)),
        'routers': _ids(network.routers(project_id=mine)),
        'security groups': _ids(network.security_groups(project_id=mine)),
    }


def of_director(director: client.Director) -> Census:
    """The names of all that a director holds, by kind."""
    return {
        'deployments': {d.name for d in director.deployments.list()},
        'stemcells': {f'{s.name}/{s.version}'
                      for s in director.stemcells.list()},
        'releases': {r.name for r in director.releases.list()},
        'configs': {f'{c.type}/{c.name}' for c in director.configs.list()},
    }


def added(before: Census, after: Census) -> Census:
    """What is in the second and not in the first; empty kinds left out."""
    return {kind: new for kind in after
            if (new := after[kind] - before[kind])}


def _ids(resources: Iterable) -> set[str]:
    return {r.id for r in resources}
