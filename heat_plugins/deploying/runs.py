# SPDX-License-Identifier: Apache-2.0
"""The steps of deploying and of deleting a deployment.

Each step is polled until it is complete.  What a step has started is in the
journal of the resource, so that another engine can take over anywhere: a
step that was complete finds nothing left to do.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from cf_openstack import exceptions

from heat.common.i18n import _
from heat.engine import resource

from heat_plugins.deploying import artifacts
from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.resources import base
from heat_plugins.tasks import action

DEPLOY = 'deploy'
DELETE = 'delete'

#: Journal keys: the task of the last deploy, for people to look at, and the
#: digest of what was deployed well.
LAST_TASK = 'last_task'
DEPLOYED = 'deployed'


class DeploymentTaken(exceptions.CfOpenStackError):
    """A deployment of this name belongs to somebody else."""

    msg_fmt = ('The director has a deployment named "%(name)s" already, '
               'which this stack did not make. Choose another name in the '
               'manifest, or delete that deployment.')


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

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc
        self._action = action.DirectorAction(rsrc)
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
                uploads: Sequence[artifacts.Upload] = ()) -> bool:
        """See the end of what an earlier engine or action has left.

        :param keep: whether a noted action is the one that is wanted.
        :param uploads: those that are wanted.
        """
        self.wait = 1
        if not artifacts.settle_uploads(self._resource, uploads):
            return False
        noted = self._action.noted
        if not noted or keep(noted):
            return True
        task = self._resource.find_task(self._action.task_id())
        if task is not None and task.is_processing:
            if not noted.get('cancelled'):
                self._resource.report(
                    _('Cancelling task %d of the director, which an earlier '
                      'action left') % task.id)
                self._resource.director().tasks.cancel(task.id)
                self._resource.journal.put(**{action.ACTION: {
                    **self._action.noted, 'cancelled': True}})
            return False
        self._action.forget()
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

    :param manifest: what to deploy.
    :param only_if_changed: whether to leave it at that when just this has
        been deployed.
    """

    def __init__(self, rsrc: base.DirectorUser,
                 manifest: deployment_manifest.Manifest, *,
                 only_if_changed: bool = False) -> None:
        super().__init__(rsrc)
        self._manifest = manifest
        self._uploads = artifacts.Uploads(rsrc, manifest.uploads)
        self._needed = not only_if_changed or (
            rsrc.journal.get(DEPLOYED) != manifest.digest)

    def _steps(self) -> list[Step]:
        steps = [self._check]
        if self._needed:
            steps += [self._settle_others, self._upload, *self._prepare,
                      self._deploy]
        return [*steps, self._remove(keep=self._manifest.needs)]

    def _check(self) -> bool:
        """Find out what cannot work before anything is changed."""
        rsrc, director = self._resource, self._resource.director()
        rsrc.claim_director()
        if not director.info().features.get('config_server'):
            self._manifest.check_variables()
        if rsrc.resource_id is None:
            if director.deployments.get(self._manifest.name) is not None:
                raise DeploymentTaken(name=self._manifest.name)
            # From here on, a deployment of this name is taken for ours.
            rsrc.resource_id_set(self._manifest.name)
            artifacts.Owned(rsrc).inherit(self._manifest.needs)
        elif rsrc.resource_id != self._manifest.name:
            raise resource.UpdateReplace(rsrc.name)
        return True

    def _is_ours(self, noted: dict[str, Any]) -> bool:
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
        doing = self._action
        if doing.watch is None:
            self._resource.journal.put(**{DEPLOYED: None})
            doing.begin(
                DEPLOY, self._manifest.digest,
                lambda context: self._resource.director().deployments.create(
                    self._manifest.text, context_id=context))
            self._resource.journal.put(
                **{LAST_TASK: doing.watch.task_id})
        done = doing.poll()
        self.wait = doing.watch and doing.watch.next_wait
        if done:
            self._resource.journal.put(**{DEPLOYED: self._manifest.digest})
        return done

    def cancel(self) -> None:
        """Cancel what runs on the director."""
        self._uploads.cancel()
        super().cancel()


class DeleteRun(Run):
    """Delete a deployment and what was brought to the director for it."""

    def _steps(self) -> list[Step]:
        return [self._settle_others, *self._prepare, self._delete,
                self._remove(keep=())]

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: noted['kind'] == DELETE)

    def _delete(self) -> bool:
        doing, rsrc = self._action, self._resource
        if rsrc.resource_id is None:
            return True
        if doing.watch is None:
            started = doing.begin(
                DELETE, None,
                lambda context: rsrc.director().deployments.delete(
                    rsrc.resource_id, context_id=context))
            if not started:
                return True      # there is none
        done = doing.poll()
        self.wait = doing.watch and doing.watch.next_wait
        return done
