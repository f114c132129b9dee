# SPDX-License-Identifier: Apache-2.0
"""Stemcells and releases that resources bring to a director."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any

from oslo_log import log as logging

from cf_openstack.director import client
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import tasks as director_tasks

from heat.common.i18n import _

from heat_plugins.resources import base
from heat_plugins.tasks import journal
from heat_plugins.tasks import told
from heat_plugins.tasks import watch as task_watch

LOG = logging.getLogger(__name__)

STEMCELL = 'stemcell'
RELEASE = 'release'

#: Director's codes for a release, release version or stemcell in use.
IN_USE_CODES = (30007, 30008, 50004)

_OWNED = 'owned'
_UPLOADS = 'uploads'
_REMOVAL = 'removal'

# Uploads under way at once; a director has three workers by default.
_PARALLEL = 3
# Answers of the director that may be lost, and the task noted until one
# came: a director keeps no context id of an upload.
_MOST_LOST = 3
_UNCONFIRMED = 0


@dataclasses.dataclass(frozen=True, order=True)
class Artifact:
    """One version of a stemcell or release."""

    kind: str
    name: str
    version: str

    def __str__(self) -> str:
        return f'{self.kind} {self.name}/{self.version}'


@dataclasses.dataclass(frozen=True)
class Upload:
    """An upload that may be needed.

    :ivar label: what people call it; unique among those of a resource.
    :ivar artifact: what it brings; None when that is not known before.
    :ivar start: starts it and returns the id of its task.
    """

    label: str
    artifact: Artifact | None
    start: Callable[[client.Director], int]


def present(director: client.Director) -> set[Artifact]:
    """List what a director has."""
    found = {Artifact(STEMCELL, item.name, item.version)
             for item in director.stemcells.list()}
    found.update(Artifact(RELEASE, item.name, item.version)
                 for item in director.releases.list())
    return found


def any_unfinished(director: client.Director) -> bool:
    """Whether the director is at any upload, whoever began it."""
    return bool(director.stemcells.unfinished()
                or director.releases.unfinished())


def read(entries: Mapping[str, Any]) -> list[Artifact]:
    """Read from a journal what its resource has brought to a director."""
    items = entries.get(_OWNED)
    return [Artifact(*item)
            for item in (items if isinstance(items, list) else ())
            if isinstance(item, list | tuple) and len(item) == 3
            and item[0] in (STEMCELL, RELEASE)
            and all(isinstance(part, str) for part in item)]


class Owned:
    """Which artifacts of a director a resource has brought there.

    :param rsrc: the resource; it keeps the list in its journal.
    """

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc
        self._journal = rsrc.journal

    def inherit(self, wanted: Sequence[Artifact]) -> None:
        """Take over what the replaced resource brought to this director.

        Its deletion leaves what the replacement uses by then.
        """
        replaced = journal.of_kin(
            self._resource, self._resource.replaces).entries
        if replaced.get(base.DIRECTOR_UUID) != self._journal.get(
                base.DIRECTOR_UUID):
            return
        for item in read(replaced):
            if item in wanted:
                self.add(item)

    def list(self) -> list[Artifact]:
        """Those that have not been removed."""
        return read({_OWNED: self._journal.get(_OWNED)})

    def add(self, artifact: Artifact) -> None:
        """Take note of one, before its upload."""
        if artifact not in self.list():
            self._store([*self.list(), artifact])

    def drop(self, artifact: Artifact) -> None:
        """Take note that one is gone."""
        self._store([item for item in self.list() if item != artifact])

    def _store(self, items: Sequence[Artifact]) -> None:
        self._journal.put(**{_OWNED: [
            [item.kind, item.name, item.version] for item in items] or None})


class Uploads:
    """Bring what is absent to the director, a few at a time.

    :param rsrc: the resource; it keeps the tasks in its journal.
    :param wanted: what the director shall have.
    :param verbose: report the stages of each upload, not only its end.
    """

    def __init__(self, rsrc: base.DirectorUser, wanted: Sequence[Upload], *,
                 verbose: bool = False) -> None:
        self._resource = rsrc
        self._wanted = wanted
        self._verbose = verbose
        self._pending: list[Upload] | None = None
        self._lost = 0
        self._running: dict[str, task_watch.TaskWatch] = {}
        self._owned = Owned(rsrc)
        #: What the director had before.
        self.before: set[Artifact] = set()
        #: The tasks that have succeeded, by label.
        self.finished: dict[str, director_tasks.Task] = {}

    def poll(self) -> bool:
        """Do what can be done now.

        :returns: whether the director has everything.
        :raises TaskFailed: when an upload failed; the others are cancelled.
        :raises DirectorError: when the director refuses one.
        """
        if self._pending is None:
            if self._may_run_unseen():
                return False
            self._pending = self._plan()
        self._start()
        ended = [label for label, watch in list(self._running.items())
                 if self._poll_one(label, watch)]
        if ended and not self._verbose:
            left = len(self._pending) + len(self._running)
            what = ', '.join(ended)
            self._resource.report(
                _('Uploaded %(what)s; %(left)d to go') % {
                    'what': what, 'left': left}
                if left else _('Uploaded %s') % what)
        self._start()
        return not self._running

    @property
    def next_wait(self) -> float | None:
        """Seconds until the next poll; None for the usual interval."""
        waits = [watch.next_wait for watch in self._running.values()]
        known = [wait for wait in waits if wait is not None]
        return min(known) if known else None

    def cancel(self) -> None:
        """Cancel the tasks under way."""
        for task_id in self._tasks().values():
            if task_id != _UNCONFIRMED:
                self._resource.director().tasks.cancel(task_id)

    def _tasks(self) -> dict[str, int]:
        return self._resource.journal.get(_UPLOADS, {})

    def _note_task(self, label: str, task_id: int | None) -> None:
        tasks = {**self._tasks(), label: task_id}
        tasks = {key: value for key, value in tasks.items()
                 if value is not None}
        self._resource.journal.put(**{_UPLOADS: tasks or None})

    def _may_run_unseen(self) -> bool:
        """Whether an upload whose answer never came may be under way.

        What it brings is seen at its end; started again before, it would
        fail for the lock that the first holds.
        """
        return _UNCONFIRMED in self._tasks().values() and (
            any_unfinished(self._resource.director()))

    def _plan(self) -> list[Upload]:
        self.before = present(self._resource.director())
        known = self._tasks()
        pending = []
        for upload in self._wanted:
            task_id = known.pop(upload.label, None)
            if task_id == _UNCONFIRMED:
                self._note_task(upload.label, None)
                task_id = None
            if self._resource.find_task(task_id) is not None:
                self._watch(upload.label, task_id, resumed=True)
            elif upload.artifact not in self.before:
                pending.append(upload)
        for label in known:
            self._note_task(label, None)      # not wanted any more
        return pending

    def _watch(self, label: str, task_id: int, *,
               resumed: bool = False) -> None:
        report = (self._resource.report if self._verbose
                  else lambda text: None)
        self._running[label] = task_watch.TaskWatch(
            self._resource.director(), task_id, report, resumed=resumed,
            told=told.Told(self._resource) if self._verbose else None)

    def _start(self) -> None:
        while self._pending and len(self._running) < _PARALLEL:
            upload = self._pending[0]
            if upload.artifact is not None:
                # Before the request, so that a crash leaves nothing behind.
                self._owned.add(upload.artifact)
            self._note_task(upload.label, _UNCONFIRMED)
            try:
                task_id = upload.start(self._resource.director())
            except director_exceptions.OutcomeUnknown as error:
                self._lost += 1
                if self._lost > _MOST_LOST:
                    raise
                LOG.warning('Looking for an upload: %s', error)
                self._pending = None
                self._resource.poll_later(1)
            self._note_task(upload.label, task_id)
            self._watch(upload.label, task_id)
            del self._pending[0]

    def _poll_one(self, label: str, watch: task_watch.TaskWatch) -> bool:
        task = watch.poll()
        if task is None:
            return False
        del self._running[label]
        self._note_task(label, None)
        if not task.succeeded:
            self.cancel()
            raise watch.failure()
        self.finished[label] = task
        return True


class Removal:
    """Remove from the director what a resource brought there.

    What others use stays; what is gone already is fine.

    :param rsrc: the resource.
    :param keep: what not to remove.
    """

    def __init__(self, rsrc: base.DirectorUser,
                 keep: Sequence[Artifact] = ()) -> None:
        self._resource = rsrc
        self._owned = Owned(rsrc)
        self._keep = set(keep)
        self._current: Artifact | None = None
        self._watch: task_watch.TaskWatch | None = None

    def poll(self) -> bool:
        """Do what can be done now.

        :returns: whether nothing is left to do.
        :raises TaskFailed: when one cannot be removed though not in use.
        """
        while True:
            if self._watch is None and not self._next():
                return True
            if self._watch is None:
                continue
            task = self._watch.poll()
            if task is None:
                return False
            watch, self._watch = self._watch, None
            self._resource.journal.put(**{_REMOVAL: None})
            if task.succeeded:
                self._owned.drop(self._current)
            else:
                failure = watch.failure()
                if not any(f'Error {code}:' in str(failure)
                           for code in IN_USE_CODES):
                    raise failure
                self._stays()

    @property
    def next_wait(self) -> float | None:
        """Seconds until the next poll; None for the usual interval."""
        return self._watch.next_wait if self._watch else None

    def _stays(self) -> None:
        self._keep.add(self._current)
        self._resource.report(
            _('The %s stays on the director: deployments use it.')
            % self._current)

    def _next(self) -> bool:
        """Take up or start the next task; it may turn out to need none."""
        director = self._resource.director()
        known = self._resource.journal.get(_REMOVAL)
        if known and self._resource.find_task(known['task']) is not None:
            self._current = Artifact(*known['artifact'])
            self._watch = self._make_watch(known['task'])
            return True
        left = [item for item in self._owned.list()
                if item not in self._keep]
        if not left:
            return False
        self._current = artifact = left[-1]
        kind = (director.stemcells if artifact.kind == STEMCELL
                else director.releases)
        try:
            task_id = kind.delete(artifact.name, artifact.version)
        except director_exceptions.NotFound:
            task_id = None
        except director_exceptions.BadRequest as error:
            if error.code not in IN_USE_CODES:
                raise
            self._stays()
            return True
        if task_id is None:
            self._owned.drop(artifact)
            return True
        self._resource.journal.put(**{_REMOVAL: {
            'task': task_id, 'artifact': dataclasses.astuple(artifact)}})
        self._watch = self._make_watch(task_id)
        return True

    def _make_watch(self, task_id: int) -> task_watch.TaskWatch:
        return task_watch.TaskWatch(
            self._resource.director(), task_id, lambda text: None)


def settle_uploads(rsrc: base.DirectorUser,
                   wanted: Sequence[Upload] = ()) -> bool:
    """Cancel uploads that an earlier action left, and see them end.

    :param wanted: those that may go on.
    :returns: whether no other one runs any more.
    """
    labels = {upload.label for upload in wanted}
    tasks = rsrc.journal.get(_UPLOADS, {})
    left = {}
    for label, task_id in tasks.items():
        if label in labels:
            continue
        if task_id == _UNCONFIRMED:
            # Whose task it is cannot be told: none is cancelled.
            if any_unfinished(rsrc.director()):
                left[label] = task_id
            continue
        task = rsrc.find_task(task_id)
        if task is not None and task.is_processing:
            left[label] = task_id
            if task.state != 'cancelling':
                rsrc.director().tasks.cancel(task_id)
    kept = {label: task_id for label, task_id in tasks.items()
            if label in labels or label in left}
    rsrc.journal.put(**{_UPLOADS: kept or None})
    return not left
