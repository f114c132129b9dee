# SPDX-License-Identifier: Apache-2.0
"""Takes the instances of a plan to what they should be."""

from collections.abc import Iterator
from collections.abc import Sequence
import itertools

from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import events
from devstack.pocket_director import parallel
from devstack.pocket_director.plan import manifest
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks

_STOP = ((5, 'executing pre-stop'), (10, 'executing drain'),
         (30, 'stopping jobs'), (40, 'executing post-stop'))
_APPLY = ((50, 'installing packages'), (60, 'configuring jobs'))
_START = ((70, 'executing pre-start'), (90, 'starting jobs'),
          (100, 'executing post-start'))


class Updater:
    """Makes missing VMs, then changes group after group.

    :param task: the task that deploys.
    :param store: where instances are remembered.
    :param vms: makes and deletes their VMs.
    :param threads: how many VMs are made at once.
    """

    def __init__(self, task: tasks.TaskRun, store: stores.Store,
                 vms: vm_keepers.Vms, threads: int) -> None:
        self._task = task
        self._store = store
        self._vms = vms
        self._threads = threads
        self._fresh: set[str] = set()

    def run(self, plan: planner.Plan) -> None:
        """Do all that the plan still needs.

        :raises: the first failure; what was made stays on record.
        """
        self._create_missing(plan)
        for batch in _batches(plan):
            parallel.each(
                self._task, len(batch), batch,
                lambda group: self._update_group(plan.of(group)))

    def _create_missing(self, plan: planner.Plan) -> None:
        missing = [p for p in plan.instances
                   if p.wants_vm and p.changes and not p.row['vm_cid']]
        if not missing:
            return
        stage = self._task.events.stage('Creating missing vms', len(missing))

        def create(one: planner.InstancePlan) -> None:
            with stage.step(one.label):
                self._vms.create(one.row, one.spec)
            self._fresh.add(one.row['uuid'])

        parallel.each(self._task, self._threads, missing, create)

    def _update_group(self, plans: Sequence[planner.InstancePlan]) -> None:
        changed = [p for p in plans
                   if p.changes or p.row['uuid'] in self._fresh]
        if not changed:
            return
        group = changed[0].group
        stage = self._task.events.stage(
            'Updating instance', len(changed), [group.name])
        canaries = group.update.canary_count(len(changed))
        for one in changed[:canaries]:
            self._task.checkpoint()
            self._update(one, stage, ' (canary)')
        parallel.each(
            self._task, group.update.batch(len(plans)), changed[canaries:],
            lambda one: self._update(one, stage, ''))

    def _update(self, one: planner.InstancePlan, stage: events.Stage,
                suffix: str) -> None:
        with stage.step(one.label + suffix) as step:
            fresh = one.row['uuid'] in self._fresh
            if not fresh and one.row['vm_cid']:
                _tell(step, _STOP)
            if one.state == 'detached':
                self._vms.delete(one.row)
            else:
                if not fresh and (one.recreate or one.vm_differs):
                    self._vms.delete(one.row)
                    self._vms.create(one.row, one.spec)
                self._vms.disks.converge(
                    one.row, one.group.disk, one.recreate_disk)
                _tell(step, _APPLY)
                if one.state == 'started':
                    _tell(step, _START)
            one.row.update(state=one.state)
            self._store.update(
                'instances', {'uuid': one.row['uuid']}, state=one.state,
                config={'digest': one.group.digest,
                        'jobs': [job['name'] for job in one.group.jobs]})


def _batches(plan: planner.Plan) -> Iterator[list[manifest.InstanceGroup]]:
    """Groups that change one after the other, or together."""
    groups = [g for g in plan.manifest.groups if not g.is_errand]
    for serial, run in itertools.groupby(
            groups, key=lambda group: group.update.serial):
        if serial:
            for group in run:
                yield [group]
        else:
            yield list(run)


def _tell(step: events.Step, ladder: Sequence[tuple[int, str]]) -> None:
    for percent, status in ladder:
        step.progress(percent, status)
