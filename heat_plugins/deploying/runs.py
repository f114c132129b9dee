# SPDX-License-Identifier: Apache-2.0
"""The steps of deploying and of deleting a deployment.

Each step is polled until it is complete.  What a step has started is in the
journal of the resource, so that another engine can take over anywhere: a
step that was complete finds nothing left to do.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from cf_openstack.director import tasks as director_tasks
from cf_openstack import exceptions

from heat.common.i18n import _
from heat.engine import resource

from heat_plugins.deploying import artifacts
from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.deploying import review
from heat_plugins.resources import base
from heat_plugins.signals import settle
from heat_plugins.tasks import action
from heat_plugins.tasks import journal as journals

DEPLOY = 'deploy'
DELETE = 'delete'
RESUME = 'resume'

#: Journal keys: the task of the last deploy, for people to look at, the
#: digest of what was deployed well, and whether all VMs were taken away.
LAST_TASK = 'last_task'
DEPLOYED = 'deployed'
SUSPENDED = 'suspended'

#: Journal keys: the scan, and the taking of snapshots, that is under way.
SCAN = 'scan'
TAKING = 'snapshots'


class DeploymentTaken(exceptions.CfOpenStackError):
    """A deployment of this name belongs to somebody else."""

    msg_fmt = ('The director has a deployment named "%(name)s" already, '
               'which this stack did not make. Choose another name in the '
               'manifest, or delete that deployment.')


class DeploymentGone(exceptions.CfOpenStackError):
    """The director does not have the deployment of a resource."""

    msg_fmt = ('The director has no deployment "%(name)s" any more: it was '
               'deleted outside of this stack. Update the stack to have it '
               'deployed anew.')


#: One step: called again and again until it returns True.
Step = Callable[[], bool]


class Run:
    """Steps, one after the other.

    A resource type that does more than deploy adds steps of its own to a
    run, before the first poll: :meth:`add_before`, :meth:`add_prepare` and
    :meth:`add_after`.  A step is a callable without arguments that does what
    can be done now and returns whether it is complete.  It may set
    :attr:`wait` before it returns False.  Steps are repeated from the first
    one on when another engine takes over: what a step has started it keeps
    in the journal of the resource, and a step that was complete finds
    nothing left to do.  What a step runs on the director is ended by what it
    gives to :meth:`on_cancel`.

    :param rsrc: the deployment's resource.
    """

    #: Whether it waits for what was begun before, or has it cancelled.
    _patient = False
    #: Journal keys of tasks that are of no use to this run.
    _useless = (SCAN, TAKING)
    #: Whether it has cancelled even what a person asked for by a signal.
    _overrides_signals = False

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc
        self._action = action.DirectorAction(rsrc)
        self._told: int | None = None
        self._before: list[Step] = []
        self._prepare: list[Step] = []
        self._after: list[Step] = []
        self._cancels: list[Callable[[], None]] = []
        self._left: list[Step] | None = None
        #: Seconds until the step under way is polled again; None for the
        #: operator's interval.  Each poll of a step begins with None.
        self.wait: float | None = None

    def add_before(self, *steps: Step) -> None:
        """Add steps to do before all others: nothing was changed so far."""
        self._before += steps

    def add_prepare(self, *steps: Step) -> None:
        """Add steps to do right before the task of the director begins.

        By then it is sure that the deployment is ours and that no earlier
        task of ours runs.  They are left out with the task, where a deploy
        turns out not to be needed.
        """
        self._prepare += steps

    def add_after(self, *steps: Step) -> None:
        """Add steps to do when all others are complete."""
        self._after += steps

    def on_cancel(self, cancel: Callable[[], None]) -> None:
        """Add what is to be called when the run is cancelled."""
        self._cancels.append(cancel)

    def _steps(self) -> list[Step]:
        """The run's own steps, with those to prepare it in their place."""
        return list(self._prepare)

    def poll(self) -> bool:
        """Go on as far as possible.

        :returns: True when all is done.
        :raises PollDelay: to be polled again later.
        """
        if self._left is None:
            self._left = [*self._before, *self._steps(), *self._after]
        while self._left:
            self.wait = None
            if not self._left[0]():
                self._resource.poll_later(self.wait)
            del self._left[0]
        return True

    def cancel(self) -> None:
        """Cancel what runs on the director."""
        for cancel in self._cancels:
            cancel()
        self._action.cancel()

    def _settle(self, keep: Callable[[dict[str, Any]], bool],
                uploads: Sequence[artifacts.Upload] | None = ()) -> bool:
        """See the end of what an earlier engine or action has left.

        A director does one thing at a time to a deployment.

        :param keep: whether a noted action is the one that is wanted.
        :param uploads: those that are wanted; None for whatever there is.
        """
        self.wait = 1
        if uploads is not None and not artifacts.settle_uploads(
                self._resource, uploads):
            return False
        noted = self._action.noted
        if noted and not keep(noted):
            task = self._resource.find_task(self._action.task_id())
            if task is not None and task.is_processing:
                self._hurry(task)
                return False
            if task is not None and task.succeeded and (
                    noted['kind'] == DEPLOY):
                self._resource.journal.put(**{DEPLOYED: noted['digest']})
            self._action.forget()
        if not all(map(self._has_ended, self._useless)):
            return False
        if self._overrides_signals:
            settle.cancel(self._resource)
        return settle.settle(self._resource)

    def _has_ended(self, key: str) -> bool:
        """Have a task cancelled that nobody waits for any more."""
        task_id = self._resource.journal.get(key, {}).get('task')
        task = self._resource.find_task(task_id)
        if task is None or not task.is_processing:
            return True
        if task.state != 'cancelling':
            self._resource.director().tasks.cancel(task.id)
        return False

    def _hurry(self, task: director_tasks.Task) -> None:
        """Wait for the task of an earlier action, or have it cancelled."""
        if self._told != task.id:
            self._told = task.id
            text = (_('Waiting for task %(id)d of the director (%(what)s), '
                      'which an earlier action left') if self._patient else
                    _('Cancelling task %(id)d of the director (%(what)s), '
                      'which an earlier action left'))
            self._resource.report(
                text % {'id': task.id, 'what': task.description})
        if self._patient or task.state == 'cancelling':
            return
        self._resource.director().tasks.cancel(task.id)
        self._resource.journal.put(**{action.ACTION: {
            **self._action.noted, 'cancelled': True}})

    def _verify(self) -> bool:
        """Make sure that this is the director, and that it has it.

        :raises AnotherDirector: when it is another director.
        :raises DeploymentGone: when it has no such deployment.
        """
        rsrc = self._resource
        rsrc.verify_director()
        name = rsrc.resource_id or ''
        if rsrc.director().deployments.get(name) is None:
            raise DeploymentGone(name=name)
        return True

    def _do(self, kind: str, digest: str | None,
            start: Callable[[str], int | None]) -> bool:
        """Start the task of the run once, and follow it to its end.

        :param start: as :meth:`action.DirectorAction.begin` takes it.
        :returns: whether it is complete; also when there is no task.
        :raises TaskFailed: when it failed.
        """
        doing = self._action
        if doing.watch is None:
            if not doing.begin(kind, digest, start):
                return True
            self._resource.journal.put(**{LAST_TASK: doing.watch.task_id})
        done = doing.poll()
        self.wait = doing.watch and doing.watch.next_wait
        return done

    def _start_again(self) -> bool:
        """Bring back the VMs of a deployment that was suspended."""
        rsrc = self._resource
        if not self._do(RESUME, None, lambda context: (
                rsrc.director().deployments.change_state(
                    rsrc.resource_id, 'started', context_id=context))):
            return False
        rsrc.journal.put(**{SUSPENDED: None})
        return True

    def _remove(self, keep: Sequence[artifacts.Artifact]
                ) -> Callable[[], bool]:
        removal = artifacts.Removal(self._resource, keep)

        def step() -> bool:
            done = removal.poll()
            self.wait = removal.next_wait
            return done
        return step


class DeployRun(Run):
    """Deploy a manifest, for the first time or again.

    After a failure of whatever action, VMs whose agents do not answer are
    made anew, as with ``bosh deploy --fix``; one of them would fail the
    deploy otherwise.

    :param manifest: what to deploy.
    :param only_if_changed: whether to leave it at that when just this has
        been deployed.
    :param reviewed: the only configs to deploy with, None for the latest.
    """

    def __init__(self, rsrc: base.DirectorUser,
                 manifest: deployment_manifest.Manifest, *,
                 only_if_changed: bool = False,
                 reviewed: review.Review | None = None) -> None:
        super().__init__(rsrc)
        self._reviewed = reviewed
        self._manifest = manifest = (
            reviewed.pin(manifest) if reviewed else manifest)
        self._uploads = artifacts.Uploads(rsrc, manifest.uploads)
        self._needed = not only_if_changed or (
            rsrc.journal.get(DEPLOYED) != manifest.digest)

    @property
    def digest(self) -> str:
        """What tells this deploy from one of something else."""
        return self._manifest.digest

    def _steps(self) -> list[Step]:
        steps = [self._check]
        if self._needed:
            steps += [self._settle_others, self._upload, *self._prepare,
                      self._deploy]
        return [*steps, self._bring_back,
                self._remove(keep=self._manifest.needs)]

    def _check(self) -> bool:
        """Find out what cannot work before anything is changed."""
        rsrc, director = self._resource, self._resource.director()
        rsrc.claim_director()
        if not director.info().features.get('config_server'):
            self._manifest.check_variables()
        if rsrc.resource_id is None:
            if not self._is_replacing() and (
                    director.deployments.get(self._manifest.name)):
                raise DeploymentTaken(name=self._manifest.name)
            # From here on, a deployment of this name is taken for ours.
            rsrc.resource_id_set(self._manifest.name)
            artifacts.Owned(rsrc).inherit(self._manifest.needs)
        elif rsrc.resource_id != self._manifest.name:
            raise resource.UpdateReplace(rsrc.name)
        return True

    def _is_replacing(self) -> bool:
        """Whether this very deployment is taken over, by another type."""
        rsrc = self._resource
        return is_shared_with(rsrc, rsrc.replaces, self._manifest.name)

    def _is_ours(self, noted: dict[str, Any]) -> bool:
        if noted['kind'] == RESUME:
            return not self._needed      # else the deploy comes first
        return (noted['kind'] == DEPLOY
                and noted['digest'] == self._manifest.digest
                and not noted.get('cancelled'))

    def _settle_others(self) -> bool:
        return self._settle(self._is_ours, self._manifest.uploads)

    def _upload(self) -> bool:
        done = self._uploads.poll()
        self.wait = self._uploads.next_wait
        return done

    def _deploy(self) -> bool:
        journal = self._resource.journal
        if self._action.watch is None:
            journal.put(**{DEPLOYED: None})
        if not self._do(DEPLOY, self.digest, self._start):
            return False
        journal.put(**{DEPLOYED: self.digest})
        return True

    def _bring_back(self) -> bool:
        """Make VMs again that were taken away: a deploy leaves them so."""
        if not self._resource.journal.get(SUSPENDED):
            return True
        if self._action.watch is None and not self._settle_others():
            return False
        return self._start_again()

    def _start(self, context_id: str) -> int:
        director = self._resource.director()
        if self._reviewed is not None:
            return self._reviewed.deploy(director, self._manifest,
                                         context_id)
        return director.deployments.create(
            self._manifest.text, context_id=context_id,
            fix=self._resource.had_failed)

    def cancel(self) -> None:
        """Cancel what runs on the director."""
        self._uploads.cancel()
        super().cancel()


class DeleteRun(Run):
    """Delete a deployment and what was brought to the director for it.

    A deployment that another row of Heat's has taken over, or is to get
    back, is left to it: two types may take turns on one deployment.
    """

    _overrides_signals = True

    def _steps(self) -> list[Step]:
        rsrc = self._resource
        keepers = () if rsrc.stack.action == rsrc.stack.DELETE else (
            rsrc.replaced_by, rsrc.replaces)
        if rsrc.resource_id and any(
                is_shared_with(rsrc, row, rsrc.resource_id)
                for row in keepers):
            return [self._leave, self._remove(keep=())]
        return [self._verify_director, self._settle_others, *self._prepare,
                self._delete, self._remove(keep=())]

    def _verify_director(self) -> bool:
        self._resource.verify_director()
        return True

    def _leave(self) -> bool:
        self._resource.report(
            _('The deployment stays: another resource of the stack has '
              'taken it over.'))
        return True

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: noted['kind'] == DELETE)

    def _delete(self) -> bool:
        rsrc = self._resource
        return rsrc.resource_id is None or self._do(
            DELETE, None,
            lambda context: rsrc.director().deployments.delete(
                rsrc.resource_id, context_id=context))


def is_shared_with(rsrc: base.DirectorUser, row_id: int | None,
                   name: str) -> bool:
    """Whether another row of Heat's is about the same deployment.

    :param row_id: ``rsrc.replaces`` or ``rsrc.replaced_by``.
    :param name: name of the deployment.
    """
    kin = journals.of_kin(rsrc, row_id)
    uuid = kin.entries.get(base.DIRECTOR_UUID)
    return (kin.resource_id == name and kin.action != rsrc.DELETE
            and uuid is not None
            and uuid == rsrc.journal.get(base.DIRECTOR_UUID))
