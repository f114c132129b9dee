# SPDX-License-Identifier: Apache-2.0
"""What a stack owns, and whether that is right."""

from typing import Any

from openstack import connection

from cf_openstack.manifest import document
from tests.functional.crash import site as crash_site

_LIMIT_S = 120


def census(site: crash_site.Site, cloud: connection.Connection,
           tag: str) -> dict[str, list[str]]:
    """What bears a stack's tag, by kind; absent if none."""
    director, network = site.director, cloud.network
    net = network.find_network(f'crash-{tag}', ignore_missing=False)
    every: dict[str, list[str]] = {
        'servers': [s.id for s in cloud.compute.servers()
                    if tag in f'{s.name} {s.metadata}'],
        'volumes': [v.id for v in cloud.block_storage.volumes()
                    if tag in f'{v.name} {v.metadata}'],
        'ports': [p.id for p in network.ports(network_id=net.id)
                  if not p.device_owner.startswith('network:')],
        'images': [i.id for i in cloud.image.images()
                   if tag in f'{i.name} {i.tags} {i.properties}'],
        'deployments': [d.name for d in director.deployments.list()
                        if tag in d.name],
        'stemcells': [f'{s.name}/{s.version}'
                      for s in director.stemcells.list() if tag in s.name],
        'releases': sorted(f'{r.name}/{r.version}'.replace(f'-{tag}', '')
                           for r in director.releases.list()
                           if tag in r.name),
        'configs': [c.name for c in director.configs.list()
                    if tag in c.name],
    }
    return {kind: found for kind, found in every.items() if found}


def stack(site: crash_site.Site, cloud: connection.Connection, tag: str,
          generation: str, instances: int) -> list[str]:
    """What is wrong with a stack that is complete.

    :param generation: of the template's parameters.
    :param instances: of the deployment.
    """
    problems = []
    found = census(site, cloud, tag)
    counts: dict[str, Any] = {kind: len(ids) for kind, ids in found.items()}
    counts['releases'] = set(found.get('releases', ()))
    if generation != '1':
        # It stays as long as the deployment uses it: up to the next action.
        counts['releases'] -= {'named/1'}
    wanted = {'servers': instances, 'ports': instances, 'images': 1,
              'deployments': 1, 'stemcells': 1, 'configs': 1, 'releases': {
                  f'{name}/{generation}' for name in crash_site.RELEASES}}
    wanted = {kind: count for kind, count in wanted.items() if count}
    if counts != wanted:
        problems.append(f'there are {found}, not {wanted}')
    name = f'crash-{tag}'
    text = site.director.deployments.manifest(name) or ''
    if document.load(text, name).get('tags') != {'generation': generation}:
        problems.append('the deployment is an old one')
    return problems


def end(site: crash_site.Site, cloud: connection.Connection, tag: str,
        most: int) -> list[str]:
    """What is wrong after a stack was deleted; what was left is removed.

    :param most: deploys that its life was to take.
    """
    problems = []
    left = census(site, cloud, tag)
    if left:
        problems.append(f'left after deletion: {left}')
        _sweep(site, cloud, tag, left)
    tasks = [task for task in site.director.tasks.list(
        deployment=f'crash-{tag}', verbose=True) if task.context_id]
    ids = [task.context_id for task in tasks]
    if len(ids) != len(set(ids)):
        problems.append(f'context ids were used twice: {tasks}')
    deploys = [(task.id, task.state) for task in tasks
               if task.description.startswith('create deployment')]
    if len(deploys) > most:
        problems.append(
            f'{len(deploys)} deploys, {most} would do: {deploys}')
    running = [task.id for task in tasks if task.is_processing]
    if running:
        problems.append(f'tasks that still run: {running}')
    return problems


def _sweep(site: crash_site.Site, cloud: connection.Connection, tag: str,
           left: dict[str, list[str]]) -> None:
    """Remove what the product should have removed."""
    director = site.director
    tasks = [director.deployments.delete(name)
             for name in left.get('deployments', ())]
    _finish(site, tasks)
    tasks = [director.stemcells.delete(*name.split('/'))
             for name in left.get('stemcells', ())]
    for release in left.get('releases', ()):
        kind, _sep, version = release.partition('/')
        tasks.append(director.releases.delete(f'{kind}-{tag}', version))
    _finish(site, tasks)
    for name in left.get('configs', ()):
        director.configs.delete('cloud', name)
    for image in left.get('images', ()):
        cloud.image.delete_image(image)


def _finish(site: crash_site.Site, tasks: list[int | None]) -> None:
    for task in tasks:
        if task is not None:
            site.director.tasks.monitor(task).wait(timeout=_LIMIT_S)
