# SPDX-License-Identifier: Apache-2.0
"""Stops, starts, restarts or recreates one instance, and only that."""

from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import context
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks

ACTIONS = ('stop', 'start', 'restart', 'recreate')


class InstanceAction:
    """One action, as the work of a task.

    :param director: the director that acts.
    :param deployment: the deployment's name.
    :param instance: the instance's uuid.
    :param action: one of ``ACTIONS``.
    :param hard: whether ``stop`` deletes the VM.
    """

    def __init__(self, director: directors.Director, deployment: str,
                 instance: str, action: str, hard: bool) -> None:
        self._director = director
        self._deployment = deployment
        self._instance = instance
        self._action = action
        self._hard = hard

    def __call__(self, task: tasks.TaskRun) -> str:
        """Act.

        :raises: DirectorError.
        """
        with self._director.locks.hold(
                task.id, 'deployment', self._deployment):
            known = context.deployed(self._director, self._deployment)
            plans = [p for p in known.plan.instances
                     if p.row['uuid'] == self._instance]
            if not plans:
                raise errors.DirectorError(
                    70001, f"Instance '{self._instance}' doesn't exist")
            row = plans[0].row
            self._check(row)
            self._act(task, plans[0], vm_keepers.Vms(
                self._director, task, dict(known.manifest.tags)))
            if self._action == 'stop':
                state = 'detached' if self._hard else 'stopped'
            else:
                state = 'started'
            self._director.store.update(
                'instances', {'uuid': row['uuid']}, state=state)
        return f"{row['job']}/{row['uuid']}"

    def _check(self, row: stores.Row) -> None:
        if row['lifecycle'] == 'errand':
            raise errors.DirectorError(
                90000, 'Isolated instance actions can not be performed on '
                       'instances of type errand. Try using the bosh '
                       'run-errand command.')
        if row['ignored']:
            raise errors.DirectorError(
                190020, f"You are trying to {self._action} ignored instance "
                        f"'{planner.label(row)}'. This operation is not "
                        'allowed. You need to unignore it first.')

    def _act(self, task: tasks.TaskRun, plan: planner.InstancePlan,
             vms: vm_keepers.Vms) -> None:
        row = plan.row
        stage = task.events.stage(f'Updating instance {plan.label}')
        if self._action != 'start' and row['vm_cid']:
            stage.skip('Stopping instance')
        deletes = self._action == 'recreate' or (
            self._action == 'stop' and self._hard)
        if deletes and row['vm_cid']:
            with stage.step('Deleting VM'):
                vms.delete(row)
        task.checkpoint()
        if self._action == 'stop':
            return
        if not row['vm_cid']:
            with stage.step('Creating VM'):
                vms.create(row, plan.spec)
        stage.skip('Starting instance')
