# SPDX-License-Identifier: Apache-2.0
"""A deployment as it was deployed: manifest, cloud config and plan."""

import dataclasses

from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import manifest as manifests
from devstack.pocket_director.plan import planner as planners


@dataclasses.dataclass(frozen=True)
class Deployed:
    """What a job that changes no manifest works with."""

    manifest: manifests.Manifest
    planner: planners.Planner
    plan: planners.Plan


def read(director: directors.Director, name: str,
         ) -> tuple[cloud_config.CloudConfig, manifests.Manifest]:
    """The cloud config and manifest that a deployment uses.

    :raises: DirectorError 70000 when there is none, 440001 before its
        first deploy has succeeded.
    """
    row = director.store.one(
        'SELECT * FROM deployments WHERE name = ?', name)
    if row is None:
        raise errors.DirectorError(
            70000, f"Deployment '{name}' doesn't exist")
    if row['manifest'] is None:
        raise errors.DirectorError(
            440001, f"Deployment '{name}' has no manifest: no deploy of it "
                    'has succeeded yet')
    contents = []
    for number in (row['configs'] or {}).get('cloud', ()):
        config = director.store.one(
            'SELECT content FROM configs WHERE id = ?', number)
        if config is not None:
            contents.append(config['content'])
    cloud = cloud_config.parse(cloud_config.merge(contents))
    return cloud, manifests.parse(
        cloud_config.load(row['manifest']), cloud, {})


def deployed(director: directors.Director, name: str) -> Deployed:
    """Plan a deployment anew from what it was deployed with.

    :raises: DirectorError.
    """
    cloud, manifest = read(director, name)
    # The sizes that vm_resources gave are those that the VMs have.
    sizes = {}
    for row in director.store.all(
            'SELECT job, spec FROM instances WHERE deployment = ?', name):
        if row['spec']:
            sizes[row['job']] = row['spec']['cloud_properties']
    for group in manifest.groups:
        sizes.setdefault(group.name, {})
    with director.store.transaction():
        planner = planners.Planner(director.store, manifest, cloud, sizes)
        return Deployed(manifest, planner, planner.plan())
