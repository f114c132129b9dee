# SPDX-License-Identifier: Apache-2.0
"""Telling how the task of a signal goes on."""

import threading
import time

from oslo_config import cfg
from oslo_log import log as logging

from cf_openstack.director import tasks as director_tasks
from cf_openstack import exceptions

from heat.common import exception
from heat.common.i18n import _

from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import answers
from heat_plugins.signals import records
from heat_plugins.signals import telling
from heat_plugins.tasks import watch as task_watch

LOG = logging.getLogger(__name__)

#: Tasks that one engine follows at a time.
MOST = 50

_NAME = 'bosh-signal-'


class Follower:
    """Follow a task, tell its stages as events, and keep how it ended.

    Nothing depends on it: without it the attributes of the resource tell
    how the task is, when somebody asks.

    :param rsrc: the resource; nobody else uses this object from now on.
    :param wanted: what the signal asked for.
    :param record: the signal, with its task.
    """

    def __init__(self, rsrc: base.DirectorUser, wanted: action.Action,
                 record: records.Record) -> None:
        self._resource = rsrc
        self._wanted = wanted
        self._record = record
        self._records = records.Records(rsrc)

    def start(self) -> None:
        """Follow in a thread, unless there are many already.

        Not in one of Heat's: an engine that is to end waits for those, and
        deleting a stack does.
        """
        busy = sum(1 for thread in threading.enumerate()
                   if thread.name.startswith(_NAME))
        if busy >= MOST:
            LOG.warning('Task %s of a signal is not followed: %d others are',
                        self._record.task, busy)
            return
        threading.Thread(target=self.run, daemon=True,
                         name=f'{_NAME}{self._record.task}').start()

    def run(self) -> None:
        """Follow to the end."""
        rsrc, record = self._resource, self._record
        rsrc.context.update_store()
        try:
            self._end(*self._follow())
        except exceptions.CfOpenStackError as error:
            telling.tell(rsrc, telling.FAILED, _(
                'Lost sight of task %(task)d (%(what)s): %(error)s') % {
                    'task': record.task, 'what': self._wanted,
                    'error': error})
        except exception.NotFound:
            LOG.info('%s was deleted while task %s was followed', rsrc.name,
                     record.task)
        except Exception:
            LOG.exception('Following task %s of %s failed', record.task,
                          rsrc.name)

    def _follow(self) -> tuple[director_tasks.Task, str | None]:
        """The task in the end, and why it failed."""
        director = self._resource.director()
        watch = task_watch.TaskWatch(
            director, self._record.task or 0,
            lambda text: telling.tell(
                self._resource, telling.IN_PROGRESS, text))
        while True:
            task = watch.poll()
            if task is not None:
                break
            interval = cfg.CONF.cf_openstack.poll_interval
            time.sleep(min(watch.next_wait or interval, interval))
        if not task.succeeded:
            return task, str(watch.failure())
        return task, self._wanted.failure(director, task)

    def _end(self, task: director_tasks.Task, error: str | None) -> None:
        final = task.state
        if error is not None and task.succeeded:
            final = answers.FAILED
        self._records.change(
            self._record, state=records.ENDED, final=final,
            result=task.result, error=error)
        text = f'{self._wanted}: {error or task.result or task.state}'
        telling.tell(
            self._resource,
            telling.COMPLETE if error is None else telling.FAILED, text)
