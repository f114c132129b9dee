# SPDX-License-Identifier: Apache-2.0
"""Deploys a manifest."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any

from devstack.pocket_director.deploy import updater
from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director import parallel
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import manifest as manifests
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks


@dataclasses.dataclass(frozen=True)
class Options:
    """What came with the request.

    ``recreate`` makes every VM anew, or with ``created_before`` the older
    ones; ``recreate_disks`` every persistent disk; ``fix`` the VMs whose
    agent does not answer, which else fail the deploy.
    ``cloud_config_ids`` pins the cloud configs; None takes the newest.
    ``update`` may hold ``canaries`` and ``max_in_flight``.
    """

    wishes: Sequence[planner.Wish] = ()
    recreate: bool = False
    recreate_disks: bool = False
    created_before: str | None = None
    fix: bool = False
    dry_run: bool = False
    cloud_config_ids: Sequence[int] | None = None
    runtime_config_ids: Sequence[int] | None = None
    update: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class UpdateDeployment:
    """One deploy, as the work of a task.

    :param director: the director that deploys.
    :param name: the deployment's name.
    :param text: the manifest.
    :param options: what came with the request.
    """

    def __init__(self, director: directors.Director, name: str, text: str,
                 options: Options) -> None:
        self._director = director
        self._store = director.store
        self._name = name
        self._text = text
        self._options = options

    def __call__(self, task: tasks.TaskRun) -> str:
        """Deploy.

        :raises: DirectorError.
        """
        with self._director.locks.hold(task.id, 'deployment', self._name):
            parent = self._audit(task, None, None)
            try:
                self._deploy(task)
            except errors.DirectorError as error:
                self._audit(task, parent, error.message)
                raise
            self._audit(task, parent, None)
        return f'/deployments/{self._name}'

    def _deploy(self, task: tasks.TaskRun) -> None:
        stage = task.events.stage('Preparing deployment', 1)
        with stage.step('Preparing deployment'):
            cloud, runtime = self._configs()
            config, wanted = self._read(cloud)
            sizes = planner.sizes(
                config, wanted, lambda name, needs: self._director.cpi(
                    task, name).call('calculate_vm_cloud_properties',
                                     dict(needs)))
            with self._store.transaction(keep=not self._options.dry_run):
                plan = planner.Planner(
                    self._store, wanted, config, sizes,
                ).plan(self._options.wishes)
            self._force(task, plan)
            tags = self._tags(wanted, runtime)
        if self._options.dry_run:
            return
        self._bind(plan, cloud, runtime)
        if any(p.row['ignored'] for p in plan.instances):
            task.events.warning(
                'You have ignored instances. They will not be changed.')
        task.checkpoint()
        self._compile(task)
        vms = vm_keepers.Vms(self._director, task, tags)
        self._delete_unneeded(task, plan, vms)
        updater.Updater(
            task, self._store, vms, self._director.settings.threads,
        ).run(plan)
        self._store.update(
            'deployments', {'name': self._name}, manifest=self._text,
            stemcells=plan.stemcells, releases=plan.releases,
            variables=list(wanted.variables))

    def _configs(self) -> tuple[list[stores.Row], list[stores.Row]]:
        """The cloud and runtime configs of this deploy."""
        found = []
        for kind, ids in (('cloud', self._options.cloud_config_ids),
                          ('runtime', self._options.runtime_config_ids)):
            if ids is None:
                found.append(self._director.latest_configs(kind))
            else:
                rows = [self._store.one(
                    'SELECT * FROM configs WHERE id = ?', number)
                    for number in ids]
                found.append([row for row in rows if row is not None])
        return found[0], found[1]

    def _read(self, cloud: list[stores.Row],
              ) -> tuple[cloud_config.CloudConfig, manifests.Manifest]:
        config = cloud_config.parse(
            cloud_config.merge(row['content'] for row in cloud))
        wanted = manifests.parse(
            cloud_config.load(self._text), config, self._options.update)
        return config, wanted

    def _tags(self, wanted: manifests.Manifest,
              runtime: list[stores.Row]) -> dict[str, Any]:
        tags: dict[str, Any] = {}
        for row in runtime:
            tags.update(cloud_config.load(row['content']).get('tags') or {})
        return {**tags, **wanted.tags}

    def _force(self, task: tasks.TaskRun, plan: planner.Plan) -> None:
        """Recreate what the request asks for, or what is broken."""
        present = [p for p in plan.instances
                   if p.row['vm_cid'] and not p.row['ignored']]
        responsive = self._director.responsive(
            task, [p.row['vm_cid'] for p in present])
        before = self._options.created_before
        for one in present:
            if self._options.recreate:
                one.recreate = True
            if before is not None and one.row['vm_created_at'] >= before:
                one.recreate = False
            if one.row['vm_cid'] in responsive:
                one.recreate_disk = self._options.recreate_disks
            elif self._options.fix:
                one.recreate = True
            elif one.state != 'detached':
                raise errors.DirectorError(
                    450002, "Timed out sending 'get_state' to instance: "
                            f"'{one.row['job']}/{one.row['uuid']}', "
                            f"agent-id: '{one.row['agent_id']}' after 45 "
                            'seconds')

    def _bind(self, plan: planner.Plan, cloud: list[stores.Row],
              runtime: list[stores.Row]) -> None:
        """From here on the deployment uses these, even if it fails."""
        row = self._store.one(
            'SELECT * FROM deployments WHERE name = ?', self._name)
        assert row is not None
        self._store.update(
            'deployments', {'name': self._name},
            stemcells=_union(row['stemcells'], plan.stemcells),
            releases=_union(row['releases'], plan.releases),
            configs={'cloud': [c['id'] for c in cloud],
                     'runtime': [c['id'] for c in runtime]})

    def _compile(self, task: tasks.TaskRun) -> None:
        # Packages need agents to be compiled; there are none.
        task.events.stage('Preparing package compilation', 1).skip(
            'Finding packages to compile')

    def _delete_unneeded(self, task: tasks.TaskRun, plan: planner.Plan,
                         vms: vm_keepers.Vms) -> None:
        groups = {row['job']: None for row in plan.obsolete}
        for job in groups:
            rows = [row for row in plan.obsolete if row['job'] == job]
            stage = task.events.stage(
                'Deleting unneeded instances', len(rows), [job])

            def delete(row: stores.Row, stage: Any = stage) -> None:
                with stage.step(planner.label(row)):
                    vms.remove(row)

            parallel.each(
                task, self._director.settings.threads, rows, delete)

    def _audit(self, task: tasks.TaskRun, parent: int | None,
               error: str | None) -> int:
        row = self._store.one(
            'SELECT manifest FROM deployments WHERE name = ?', self._name)
        known = row is not None and row['manifest'] is not None
        return self._director.audit.record(
            'update' if known else 'create', 'deployment', self._name,
            task=task.id, deployment=self._name, parent=parent, error=error,
            user=task.request.user)


def _union(old: list[Any] | None, new: list[Any]) -> list[Any]:
    found = list(old or ())
    return found + [entry for entry in new if entry not in found]
