# SPDX-License-Identifier: Apache-2.0
"""The steps of deploying and of deleting a deployment.

Each step is polled until it is complete.  What a step has started is in the
journal of the resource, so that another engine can take over anywhere: a
step that was complete finds nothing left to do.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from oslo_log import log as logging

from cf_openstack.director import exceptions as director_exceptions
from cf_openstack import exceptions

from heat.common.i18n import _
from heat.engine import resource

from heat_plugins.resources import artifacts
from heat_plugins.resources import base
from heat_plugins.resources import journal
from heat_plugins.resources import manifest as deployment_manifest
from heat_plugins.resources import task_watch

LOG = logging.getLogger(__name__)

DEPLOY = 'deploy'
DELETE = 'delete'

#: Journal keys: the task of the last deploy, for people to look at, and the
#: digest of what was deployed well.
LAST_TASK = 'last_task'
DEPLOYED = 'deployed'

# Answers of the director that may be lost in a row.
_MOST_LOST = 3

_ACTION = 'action'


class DeploymentTaken(exceptions.CfOpenStackError):
    """A deployment of this name belongs to somebody else."""

    msg_fmt = ('The director has a deployment named "%(name)s" already, '
               'which this stack did not make. Choose another name in the '
               'manifest, or delete that deployment.')


class DirectorAction:
    """One task on a deployment that is started once, whatever happens.

    The context id is noted before the request and the task's id after it.
    In between, the director finds the task by the context id.

    :param rsrc: the resource; it keeps the action in its journal.
    """

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc
        self._lost = 0
        self.watch: task_watch.TaskWatch | None = None

    @property
    def noted(self) -> dict[str, Any]:
        """Kind, digest, context id and task of the action under way."""
        return self._resource.journal.get(_ACTION, {})

    def task_id(self) -> int | None:
        """The task of the action noted, None when none was started."""
        noted = self.noted
        if not noted:
            return None
        if noted.get('task') is None:
            found = self._resource.director().tasks.find(noted['context'])
            if not found:
                return None
            self._note(noted, found[0].id)
        return self.noted['task']

    def _note(self, noted: dict[str, Any], task_id: int) -> None:
        self._resource.journal.put(**{_ACTION: {**noted, 'task': task_id}})

    def forget(self) -> None:
        """The action has ended."""
        self.watch = None
        self._resource.journal.put(**{_ACTION: None})

    def begin(self, kind: str, digest: str | None,
              start: Callable[[str], int | None]) -> bool:
        """Take up the task of an action, or start it.

        :param start: given a context id, starts the task and returns its
            id, or None when there is nothing to do.
        :returns: whether there is a task to watch.
        :raises PollDelay: when the answer was lost, to be called again.
        """
        try:
            task_id, resumed = self._find_or_start(kind, digest, start)
        except director_exceptions.CertificateRefused:
            raise
        except director_exceptions.ConnectionFailed as error:
            # The request may have arrived: it is looked for first.
            self._lost += 1
            if self._lost > _MOST_LOST:
                raise
            LOG.warning('Looking again for the task of an action: %s', error)
            self._resource.poll_later()
        if task_id is None:
            self.forget()
            return False
        self.watch = task_watch.TaskWatch(
            self._resource.director(), task_id, self._resource.report,
            resumed=resumed)
        return True

    def _find_or_start(self, kind: str, digest: str | None,
                       start: Callable[[str], int | None]
                       ) -> tuple[int | None, bool]:
        """The task, and whether it was started before."""
        noted = self.noted
        if (noted.get('kind'), noted.get('digest')) == (kind, digest):
            task = self._resource.find_task(self.task_id())
            if task is not None and (task.is_processing or task.succeeded):
                return task.id, True
        noted = {'kind': kind, 'digest': digest,
                 'context': journal.new_context_id()}
        self._resource.journal.put(**{_ACTION: noted})
        task_id = start(noted['context'])
        if task_id is not None:
            self._note(noted, task_id)
        return task_id, False

    def poll(self) -> bool:
        """Follow the task.

        :returns: whether it is done.
        :raises TaskFailed: when it failed.
        """
        watch = self.watch
        task = watch.poll()
        if task is None:
            return False
        self.forget()
        if not task.succeeded:
            raise watch.failure()
        return True

    def cancel(self) -> None:
        """Cancel the task, if there is one."""
        task_id = self.task_id()
        if task_id is not None:
            self._resource.director().tasks.cancel(task_id)


class Run:
    """Steps, one after the other.

    :param rsrc: the deployment's resource.
    """

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc
        self._action = DirectorAction(rsrc)
        self._steps: list[Callable[[], bool]] = []
        self._wait: float | None = None

    def poll(self) -> bool:
        """Go on as far as possible.

        :returns: True when all is done.
        :raises PollDelay: to be polled again later.
        """
        while self._steps:
            self._wait = None
            if not self._steps[0]():
                self._resource.poll_later(self._wait)
            del self._steps[0]
        return True

    def cancel(self) -> None:
        """Cancel what runs on the director."""
        self._action.cancel()

    def _settle(self, keep: Callable[[dict[str, Any]], bool],
                uploads: Sequence[artifacts.Upload] = ()) -> bool:
        """See the end of what an earlier engine or action has left.

        :param keep: whether a noted action is the one that is wanted.
        :param uploads: those that are wanted.
        """
        self._wait = 1
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
                self._resource.journal.put(**{_ACTION: {
                    **self._action.noted, 'cancelled': True}})
            return False
        self._action.forget()
        return True

    def _remove(self, keep: Sequence[artifacts.Artifact]
                ) -> Callable[[], bool]:
        removal = artifacts.Removal(self._resource, keep)

        def step() -> bool:
            done = removal.poll()
            self._wait = removal.next_wait
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
        self._steps = [self._check]
        if not only_if_changed or (
                rsrc.journal.get(DEPLOYED) != manifest.digest):
            self._steps += [self._settle_others, self._upload, self._deploy]
        self._steps.append(self._remove(keep=manifest.needs))

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
        self._wait = self._uploads.next_wait
        return done

    def _deploy(self) -> bool:
        action = self._action
        if action.watch is None:
            self._resource.journal.put(**{DEPLOYED: None})
            action.begin(
                DEPLOY, self._manifest.digest,
                lambda context: self._resource.director().deployments.create(
                    self._manifest.text, context_id=context))
            self._resource.journal.put(
                **{LAST_TASK: action.watch.task_id})
        done = action.poll()
        self._wait = action.watch and action.watch.next_wait
        if done:
            self._resource.journal.put(**{DEPLOYED: self._manifest.digest})
        return done

    def cancel(self) -> None:
        """Cancel what runs on the director."""
        self._uploads.cancel()
        super().cancel()


class DeleteRun(Run):
    """Delete a deployment and what was brought to the director for it."""

    def __init__(self, rsrc: base.DirectorUser) -> None:
        super().__init__(rsrc)
        self._steps = [self._settle_others, self._delete,
                       self._remove(keep=())]

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: noted['kind'] == DELETE)

    def _delete(self) -> bool:
        action, rsrc = self._action, self._resource
        if rsrc.resource_id is None:
            return True
        if action.watch is None:
            started = action.begin(
                DELETE, None,
                lambda context: rsrc.director().deployments.delete(
                    rsrc.resource_id, context_id=context))
            if not started:
                return True      # there is none
        done = action.poll()
        self._wait = action.watch and action.watch.next_wait
        return done
