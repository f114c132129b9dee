# SPDX-License-Identifier: Apache-2.0
"""Runs errands: a VM is made, nothing runs on it, the VM is deleted."""

from collections.abc import Mapping
from collections.abc import Sequence
import json
from typing import Any

from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director import events
from devstack.pocket_director.jobs import context
from devstack.pocket_director import parallel
from devstack.pocket_director.plan import manifest as manifests
from devstack.pocket_director.plan import planner
from devstack.pocket_director import tasks


def names(manifest: manifests.Manifest) -> list[str]:
    """The errands of a deployment: its errand groups and their jobs."""
    found: dict[str, None] = {}
    for group in manifest.groups:
        if group.is_errand:
            found[group.name] = None
            found.update(dict.fromkeys(job['name'] for job in group.jobs))
    return sorted(found)


class RunErrand:
    """One run, as the work of a task.

    :param director: the director that runs it.
    :param deployment: the deployment's name.
    :param errand: the errand: a group's or a job's name.
    :param keep_alive: whether the VM stays.
    :param chosen: instances to run on, ``{"group": …, "id": …}``.
    """

    def __init__(self, director: directors.Director, deployment: str,
                 errand: str, keep_alive: bool,
                 chosen: Sequence[Mapping[str, Any]]) -> None:
        self._director = director
        self._store = director.store
        self._deployment = deployment
        self._errand = errand
        self._keep_alive = keep_alive
        self._chosen = chosen

    def __call__(self, task: tasks.TaskRun) -> str:
        """Run.

        :raises: DirectorError.
        """
        with self._director.locks.hold(
                task.id, 'deployment', self._deployment):
            with task.events.stage('Preparing deployment', 1).step(
                    'Preparing deployment'):
                known = context.deployed(self._director, self._deployment)
                plans = self._plans(known)
            vms = vm_keepers.Vms(
                self._director, task, dict(known.manifest.tags))
            exit_codes = self._run(task, known, plans, vms)
        failed = sum(1 for code in exit_codes if code)
        return (f'{len(exit_codes) - failed} succeeded, {failed} errored, '
                '0 canceled')

    def _plans(self, known: context.Deployed) -> list[planner.InstancePlan]:
        plans = []
        for group in known.manifest.groups:
            if self._errand == group.name and group.is_errand or any(
                    self._errand == job['name'] for job in group.jobs):
                plans += known.plan.of(group)
        if not plans:
            raise errors.DirectorError(
                510000, f"Errand '{self._errand}' doesn't exist")
        if self._chosen:
            plans = [p for p in plans if any(
                one.get('group') == p.row['job'] and one.get('id') in (
                    None, p.row['uuid'], str(p.row['idx']))
                for one in self._chosen)]
            if not plans:
                raise errors.DirectorError(
                    510000, 'No instances match selection criteria: '
                            f'{json.dumps(list(self._chosen))}')
        return plans

    def _run(self, task: tasks.TaskRun, known: context.Deployed,
             plans: list[planner.InstancePlan],
             vms: vm_keepers.Vms) -> list[int]:
        missing = [p for p in plans
                   if p.group.is_errand and not p.row['vm_cid']]
        threads = self._director.settings.threads
        stage = task.events.stage('Creating missing vms', len(missing))

        def create(plan: planner.InstancePlan) -> None:
            with stage.step(plan.label):
                with self._store.transaction():
                    known.planner.bind_addresses(plan)
                vms.create(plan.row, plan.spec)

        exit_codes: list[int] = []
        try:
            parallel.each(task, threads, missing, create)
            stage = task.events.stage('Running errand', len(plans))
            parallel.each(task, threads, plans, lambda plan: (
                exit_codes.append(self._run_on(task, stage, plan))))
        finally:
            if not self._keep_alive:
                self._clean(task, vms, plans)
        return exit_codes

    def _run_on(self, task: tasks.TaskRun, stage: events.Stage,
                plan: planner.InstancePlan) -> int:
        outcome = self._director.faults.value('errands', {}).get(
            self._errand, {})
        code = int(outcome.get('exit_code', 0))
        with stage.step(plan.label):
            task.result(json.dumps({
                'instance': {'group': plan.row['job'],
                             'id': plan.row['uuid']},
                'errand_name': self._errand, 'exit_code': code,
                'stdout': outcome.get(
                    'stdout', f'Errand {self._errand} has nothing to run '
                              'without an agent.\n'),
                'stderr': outcome.get('stderr', ''),
                'logs': {'blobstore_id': None, 'sha1': None}}) + '\n')
        return code

    def _clean(self, task: tasks.TaskRun, vms: vm_keepers.Vms,
               plans: list[planner.InstancePlan]) -> None:
        made = [p for p in plans if p.group.is_errand and p.row['vm_cid']]
        if not made:
            return
        stage = task.events.stage('Deleting errand instances', len(made))

        # Even a task that was cancelled leaves no errand's VM behind.
        for plan in made:
            with stage.step(plan.label):
                vms.delete(plan.row)
                self._store.execute(
                    'DELETE FROM addresses WHERE instance = ?',
                    plan.row['uuid'])
