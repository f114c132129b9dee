# SPDX-License-Identifier: Apache-2.0
"""The steps of taking and of deleting snapshots of a deployment's disks."""

from collections.abc import Mapping
from collections.abc import Sequence
import json
import re
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import snapshots as director_snapshots
from cf_openstack.director import tasks as director_tasks
from cf_openstack import exceptions

from heat.common.i18n import _

from heat_plugins.deploying import runs
from heat_plugins.resources import base
from heat_plugins.tasks import watch as task_watch

#: Key of the resource's data: what its last snapshot consists of.  Heat
#: keeps a copy of the data with each snapshot of the stack.
RECORD = 'snapshot'

_FAILURES = re.compile(r'with [1-9][0-9]* failure')

# Tasks of a deployment among which a lost one is looked for.
_RECENT = 20


class SnapshotsDisabled(exceptions.CfOpenStackError):
    """The director does not take snapshots."""

    msg_fmt = ('The director takes no snapshots of disks: its operator has '
               'not switched them on (property director.enable_snapshots of '
               'its manifest). Nothing was done to deployment "%(name)s".')


class SnapshotIncomplete(exceptions.CfOpenStackError):
    """Some disks have a snapshot now, and some have not."""

    msg_fmt = ('Not every disk of deployment "%(name)s" could be '
               'snapshotted: %(result)s (task %(task)s of the director). '
               'The snapshots that it took were deleted again.')


class Removal:
    """Delete snapshots, one after the other; those that are gone are fine.

    :param director: where they are.
    :param name: name of the deployment.
    :param cids: the snapshots.
    """

    def __init__(self, director: client.Director, name: str,
                 cids: Sequence[str]) -> None:
        self._director = director
        self._name = name
        self._left = list(cids)
        self._watch: task_watch.TaskWatch | None = None

    @property
    def next_wait(self) -> float | None:
        """Seconds until the next poll; None for the usual interval."""
        return self._watch.next_wait if self._watch else None

    def poll(self) -> bool:
        """Do what can be done now.

        :returns: whether all are gone.
        :raises TaskFailed: when one cannot be deleted.
        """
        while self._left:
            if self._watch is None:
                task_id = self._director.snapshots.delete(
                    self._name, self._left[0])
                if task_id is None:
                    del self._left[0]
                    continue
                self._watch = task_watch.TaskWatch(
                    self._director, task_id, lambda text: None)
            task = self._watch.poll()
            if task is None:
                return False
            watch, self._watch = self._watch, None
            if not task.succeeded and self._left[0] in _cids(
                    self._director, self._name):
                raise watch.failure()
            del self._left[0]
        return True

    def cancel(self) -> None:
        """Cancel the deletion under way."""
        if self._watch is not None:
            self._director.tasks.cancel(self._watch.task_id)


class SnapshotRun(runs.Run):
    """Take a snapshot of each persistent disk of a deployment."""

    _patient = True
    _useless = (runs.SCAN,)

    def __init__(self, rsrc: base.DirectorUser) -> None:
        super().__init__(rsrc)
        self._watch: task_watch.TaskWatch | None = None
        self._removal: Removal | None = None
        self._failure: Exception | None = None
        self._made: list[str] = []

    def _steps(self) -> list[runs.Step]:
        return [self._verify, self._check_enabled, self._settle_others,
                self._undo, *self._prepare, self._take, self._undo_failed,
                self._note]

    def _check_enabled(self) -> bool:
        rsrc = self._resource
        # A director that does not tell is given the chance.
        if rsrc.director().info().features.get('snapshots', True):
            return True
        raise SnapshotsDisabled(name=rsrc.resource_id)

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: False, uploads=None)

    def _undo(self) -> bool:
        """Delete what an action left that was cancelled or failed."""
        noted = self._resource.journal.get(runs.TAKING)
        if not noted:
            return True
        if self._removal is None:
            task = self._resource.find_task(self._task_id(noted))
            if task is not None and task.is_processing:
                self._resource.director().tasks.cancel(task.id)
                self.wait = 1
                return False
            self._removal = Removal(
                self._resource.director(), self._resource.resource_id,
                self._new(noted, task) if task else ())
        if not self._removal.poll():
            self.wait = self._removal.next_wait
            return False
        self._removal = None
        self._resource.journal.put(**{runs.TAKING: None})
        return True

    def _task_id(self, noted: Mapping[str, Any]) -> int | None:
        """The task; if its id was not noted, the one that followed."""
        if noted.get('task') is not None:
            return noted['task']
        tasks = self._resource.director().tasks.list(
            deployment=self._resource.resource_id, limit=_RECENT,
            verbose=True)
        later = [task.id for task in tasks if task.id > noted['after']
                 and task.description.startswith(director_snapshots.TAKING)]
        return min(later, default=None)

    def _new(self, noted: Mapping[str, Any],
             task: director_tasks.Task) -> list[str]:
        """The snapshots that a task took; a schedule may take others."""
        rsrc = self._resource
        return [
            item.cid for item in rsrc.director().snapshots.list(
                rsrc.resource_id)
            if item.cid not in noted['before'] and (
                item.created_at is None
                or (item.created_at >= (task.started_at or 0)
                    and (task.timestamp is None
                         or item.created_at <= task.timestamp)))]

    def _take(self) -> bool:
        rsrc, director = self._resource, self._resource.director()
        noted = rsrc.journal.get(runs.TAKING)
        if self._watch is None:
            newest = director.tasks.list(limit=1, verbose=True)
            noted = {'before': _cids(director, rsrc.resource_id),
                     'after': newest[0].id if newest else 0}
            rsrc.data_delete(RECORD)
            rsrc.journal.put(**{runs.TAKING: noted})
            task_id = director.snapshots.take(rsrc.resource_id)
            rsrc.journal.put(**{runs.TAKING: {**noted, 'task': task_id}})
            self._watch = task_watch.TaskWatch(director, task_id,
                                               rsrc.report)
        task = self._watch.poll()
        if task is None:
            self.wait = self._watch.next_wait
            return False
        if not task.succeeded:
            self._failure = self._watch.failure()
        elif _FAILURES.search(task.result or ''):
            self._failure = SnapshotIncomplete(
                name=rsrc.resource_id, result=task.result, task=task.id)
        else:
            self._made = self._new(noted, task)
        return True

    def _undo_failed(self) -> bool:
        if self._failure is None:
            return True
        if not self._undo():
            return False
        raise self._failure

    def _note(self) -> bool:
        """Keep with the resource what the snapshot consists of."""
        rsrc = self._resource
        rsrc.data_set(RECORD, json.dumps({
            'deployment': rsrc.resource_id, 'cids': self._made,
            'director_uuid': rsrc.journal.get(base.DIRECTOR_UUID),
            # The resource may be gone when the snapshot is deleted.
            'connection': rsrc.sealed_connection()}), redact=True)
        rsrc.journal.put(**{runs.TAKING: None})
        rsrc.report(
            _('Snapshots of %d persistent disks were taken') % len(self._made)
            if self._made else
            _('The deployment has no persistent disk to snapshot'))
        return True

    def cancel(self) -> None:
        """Cancel the task; the next snapshot deletes what it has left."""
        if self._watch is not None:
            self._resource.director().tasks.cancel(self._watch.task_id)


class DeletionRun:
    """Delete what one snapshot of the stack consists of.

    Heat loads the resource from the snapshot for it, not from its row:
    there is no journal.  Whatever is begun twice is found gone.

    :param rsrc: the resource.
    :param data: what Heat has kept with the snapshot.
    """

    def __init__(self, rsrc: base.DirectorUser,
                 data: Mapping[str, Any] | None) -> None:
        self._resource = rsrc
        self._record = _record(data)
        self._removal: Removal | None = None

    def poll(self) -> bool:
        """Do what can be done now.

        :raises TaskFailed: when a snapshot cannot be deleted.
        :raises AnotherDirector: when another director answers.
        """
        if not self._record.get('cids'):
            return True
        if self._removal is None:
            self._removal = Removal(
                self._director(), self._record['deployment'],
                self._record['cids'])
        if self._removal.poll():
            return True
        self._resource.poll_later(self._removal.next_wait)
        return False

    def _director(self) -> client.Director:
        """The director of the snapshots, by the credentials of today."""
        rsrc = self._resource
        live = rsrc.stack.resource_get(rsrc.name)
        token = None
        if isinstance(live, base.DirectorUser):
            token = live.sealed_connection()
        director = rsrc.open_director(token or self._record['connection'])
        uuid = director.info().uuid
        if uuid != self._record['director_uuid']:
            director = rsrc.open_director(self._record['connection'])
            uuid = director.info().uuid
        if uuid != self._record['director_uuid']:
            raise base.AnotherDirector(
                endpoint=director.connection.endpoint, found=uuid,
                known=self._record['director_uuid'],
                name=self._record['deployment'])
        return director

    def cancel(self) -> None:
        """Cancel what runs on the director."""
        if self._removal is not None:
            self._removal.cancel()


def _cids(director: client.Director, name: str) -> list[str]:
    return [item.cid for item in director.snapshots.list(name)]


def _record(data: Mapping[str, Any] | None) -> dict[str, Any]:
    kept = (data or {}).get('resource_data') or {}
    return json.loads(kept.get(RECORD) or '{}')
