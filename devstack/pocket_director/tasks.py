# SPDX-License-Identifier: Apache-2.0
"""Tasks: queued, run by workers, cancelled at checkpoints."""

from collections.abc import Callable
import dataclasses
import datetime
import logging
import pathlib
import queue
import shutil
import threading
import time
from typing import Any

from devstack.pocket_director import errors
from devstack.pocket_director import events
from devstack.pocket_director import faults as fault_files
from devstack.pocket_director import noise
from devstack.pocket_director import store as stores

LOG = logging.getLogger(__name__)

_RESULT_LENGTH = 128
UNFINISHED = ('queued', 'processing', 'cancelling')
# The types that a list shows when nobody asks for more.
VISIBLE_TYPES = (
    'attach_disk', 'create_snapshot', 'delete_deployment', 'delete_release',
    'delete_snapshot', 'delete_stemcell', 'run_errand',
    'snapshot_deployment', 'update_instance', 'update_deployment',
    'update_release', 'update_stemcell', 'export_release')


@dataclasses.dataclass(frozen=True)
class Request:
    """What a task is to do, and for whom."""

    kind: str
    description: str
    work: Callable[['TaskRun'], str | None]
    user: str = 'admin'
    deployment: str | None = None
    context_id: str = ''
    urgent: bool = False


class TaskRun:
    """A task that runs: its outputs and its checkpoint."""

    def __init__(self, task_id: int, request: Request, folder: pathlib.Path,
                 store: stores.Store, faults: fault_files.Faults,
                 on_restart: Callable[[float], None]) -> None:
        self.id = task_id
        self.request = request
        self.events = events.EventStream(
            folder / 'event', noise.Noise(faults), self._begin)
        self._faults = faults
        self._on_restart = on_restart
        self.cpi_log = folder / 'cpi'
        self._result = folder / 'result'
        self._debug = folder / 'debug'
        self._lock = threading.Lock()
        self._store = store

    def checkpoint(self) -> None:
        """Stop here when somebody cancelled the task.

        :raises: TaskCancelled.
        """
        row = self._store.one('SELECT state FROM tasks WHERE id = ?', self.id)
        if row is None or row['state'] == 'cancelling':
            # What was begun, such as a CPI call, is finished first.
            time.sleep(self._faults.value('cancel_delay', 0))
            raise errors.TaskCancelled(self.id)

    def _begin(self, stage: str) -> None:
        fault = self._faults.restart(self.request.description, stage)
        if fault is not None:
            self._on_restart(float(fault.get('down', 0)))

    def result(self, text: str) -> None:
        """Append to the task's ``result`` output."""
        with self._lock, self._result.open('a', encoding='utf-8') as file:
            file.write(text)

    def debug(self, message: str, *args: Any) -> None:
        """Append a line to the task's ``debug`` output."""
        now = datetime.datetime.now(datetime.timezone.utc)
        line = (f'D, [{now:%Y-%m-%dT%H:%M:%S.%f} #{self.id}] DEBUG -- '
                f'Director: {message % args if args else message}\n')
        with self._lock, self._debug.open('a', encoding='utf-8') as file:
            file.write(line)


class TaskQueue:
    """The workers and everything known of tasks.

    :param store: where tasks are remembered.
    :param folder: holds a folder of outputs per task.
    :param workers: how many ordinary tasks run at once; urgent ones have
        a worker of their own.
    :param faults: what tests let happen to tasks.
    :param timeout: seconds after which a task whose worker is gone is
        called timed out, by who asks for it next.
    """

    def __init__(self, store: stores.Store, folder: pathlib.Path,
                 workers: int, faults: fault_files.Faults,
                 timeout: float = 0) -> None:
        self._store = store
        self._folder = folder
        self._faults = faults
        self._timeout = timeout
        #: Called when the director is to restart, with the seconds that it
        #: is down before.
        self.on_restart: Callable[[float], None] = lambda down: None
        # When the workers of unfinished tasks were last heard of.
        self._lost: dict[int, float] = {}
        self._queues: dict[bool, queue.Queue[TaskRun | None]] = {
            False: queue.Queue(), True: queue.Queue()}
        self._abandon_old()
        self._threads = [
            threading.Thread(target=self._work, args=(urgent,), daemon=True)
            for urgent in [False] * workers + [True]]
        for thread in self._threads:
            thread.start()

    def stop(self, limit: float | None = None) -> bool:
        """End the workers, each after the task that it runs.

        :param limit: seconds to wait for them; None: as long as it takes.
        :returns: whether all have ended.
        """
        for _ in self._threads[:-1]:
            self._queues[False].put(None)
        self._queues[True].put(None)
        end = None if limit is None else time.monotonic() + limit
        for thread in self._threads:
            thread.join(None if end is None
                        else max(0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def start(self, request: Request) -> int:
        """Queue a task; its number."""
        task_id = self._store.insert(
            'tasks', type=request.kind, state='queued',
            description=request.description, user=request.user,
            deployment=request.deployment, context_id=request.context_id)
        folder = self.folder(task_id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ('event', 'result', 'debug', 'cpi'):
            (folder / name).touch()
        self._queues[request.urgent].put(
            TaskRun(task_id, request, folder, self._store, self._faults,
                    lambda down: self.on_restart(down)))
        return task_id

    def folder(self, task_id: int) -> pathlib.Path:
        """Where a task's outputs lie."""
        return self._folder / str(task_id)

    def get(self, task_id: int) -> stores.Row:
        """One task.

        :raises: DirectorError 10000 when there is none of this number.
        """
        row = self._store.one('SELECT * FROM tasks WHERE id = ?', task_id)
        if row is None:
            raise errors.DirectorError(
                10000, f'Task {task_id} not found')
        lost = self._lost.get(task_id)
        if lost is None or row['state'] not in UNFINISHED or (
                time.monotonic() < lost + self._faults.value(
                    'task_timeout', self._timeout)):
            return row
        self._store.update('tasks', {'id': task_id}, state='timeout',
                           timestamp=int(time.time()))
        return self.get(task_id)

    def find(self, states: list[str], deployment: str | None,
             context_id: str | None, all_types: bool,
             limit: int | None) -> list[stores.Row]:
        """Tasks, the newest first."""
        conditions = ['1 = 1']
        values: list[Any] = []
        if states:
            conditions.append(f'state IN ({_marks(states)})')
            values += states
        if not all_types:
            conditions.append(f'type IN ({_marks(VISIBLE_TYPES)})')
            values += VISIBLE_TYPES
        for column, value in (('deployment', deployment),
                              ('context_id', context_id)):
            if value is not None:
                conditions.append(f'{column} = ?')
                values.append(value)
        return self._store.all(
            f'SELECT * FROM tasks WHERE {" AND ".join(conditions)} '
            'ORDER BY timestamp IS NULL DESC, timestamp DESC, id DESC '
            'LIMIT ?', *values, -1 if limit is None else limit)

    def cancel(self, task_id: int) -> None:
        """Ask a task to stop at its next checkpoint.

        :raises: PlainTextError when it has ended.
        """
        row = self.get(task_id)
        changed = self._store.execute(
            "UPDATE tasks SET state = 'cancelling' WHERE id = ? AND state "
            f'IN ({_marks(UNFINISHED)})', task_id, *UNFINISHED)
        if not changed:
            raise errors.PlainTextError(
                400, f'Cannot cancel task {task_id}: invalid state '
                     f'({row["state"]})')

    def _work(self, urgent: bool) -> None:
        while True:
            run = self._queues[urgent].get()
            if run is None:
                return
            try:
                self._run(run)
            except Exception:
                LOG.exception('Worker failed on task %s', run.id)

    def _run(self, run: TaskRun) -> None:
        changed = self._store.execute(
            "UPDATE tasks SET state = 'processing', started_at = ? "
            "WHERE id = ? AND state = 'queued'", int(time.time()), run.id)
        try:
            if not changed:
                raise errors.TaskCancelled(run.id)
            fault = self._faults.task(run.request.description) or {}
            time.sleep(fault.get('delay', 0))
            if fault.get('stuck'):
                self._lost[run.id] = time.monotonic()
                return
            if 'message' in fault:
                raise errors.DirectorError(
                    fault.get('code', 100), fault['message'])
            result = run.request.work(run)
        except errors.TaskCancelled as error:
            self._fail(run, 'cancelled', error)
        except errors.DirectorError as error:
            run.debug('%s: %s', type(error).__name__, error)
            self._fail(run, 'error', error)
        except Exception as error:
            LOG.exception('Task %s failed', run.id)
            self._fail(run, 'error', errors.DirectorError(
                100, str(error) or type(error).__name__))
        else:
            self._finish(run, 'done', result)
            if fault.get('gone'):
                # As the clean-up of old tasks does, only sooner.
                self._store.execute('DELETE FROM tasks WHERE id = ?', run.id)
                shutil.rmtree(self.folder(run.id), ignore_errors=True)

    def _fail(self, run: TaskRun, state: str,
              error: errors.DirectorError) -> None:
        run.events.error(error)
        self._finish(run, state, error.message)

    def _finish(self, run: TaskRun, state: str, result: str | None) -> None:
        self._store.update(
            'tasks', {'id': run.id}, state=state, timestamp=int(time.time()),
            result=result[:_RESULT_LENGTH] if result else result)

    def _abandon_old(self) -> None:
        # No worker is left of the director that ran or queued these.
        now = time.monotonic()
        self._lost = {row['id']: now for row in self._store.all(
            f'SELECT id FROM tasks WHERE state IN ({_marks(UNFINISHED)})',
            *UNFINISHED)}
        if not self._timeout:
            for task_id in self._lost:
                self.get(task_id)


def _marks(values: Any) -> str:
    return ', '.join('?' * len(values))
