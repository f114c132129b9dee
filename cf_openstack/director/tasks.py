# SPDX-License-Identifier: Apache-2.0
"""Tasks: whatever takes a director longer than a request."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import re
from typing import Any
import urllib.parse

from oslo_log import log as logging

from cf_openstack.director import events as director_events
from cf_openstack.director import exceptions
from cf_openstack.director import monitor as task_monitor
from cf_openstack.director import session as director_session

LOG = logging.getLogger(__name__)

#: States of a task that runs or will run.
PROCESSING_STATES = frozenset(['queued', 'processing', 'cancelling'])
#: States of a task that has ended.
TERMINAL_STATES = frozenset(['done', 'error', 'cancelled', 'timeout'])

# 302 behind an nginx that speaks HTTP/1.0 to the director, else 303.
_REDIRECTS = (301, 302, 303, 307)
_TASK_PATH = re.compile(r'/tasks/([0-9]+)')
_CONTENT_RANGE = re.compile(
    r'bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|[*])', re.ASCII)

#: Bytes of an event stream that are read at once.
PAGE = 1024 * 1024
# Requests for them; an answer may hold less than was asked for.
_PARTS = 200
# Pages that no stream goes beyond.
_PAGES = 64


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of the director.

    :ivar state: queued, processing, cancelling; done, error, cancelled, or
        timeout when its worker has died.
    :ivar timestamp: when it ended, seconds since the epoch; None before.
    :ivar started_at: when a worker took it, seconds since the epoch.
    :ivar result: text of at most 128 characters or so.
    :ivar context_id: what its starter marked it with, may be empty.
    """

    id: int
    state: str
    description: str = ''
    timestamp: int | None = None
    started_at: int | None = None
    result: str | None = None
    user: str | None = None
    deployment: str | None = None
    context_id: str = ''

    @property
    def is_processing(self) -> bool:
        """Whether it runs or waits for a worker."""
        return self.state in PROCESSING_STATES

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended, in whatever way."""
        return not self.is_processing

    @property
    def is_done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.is_terminal

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.state == 'done'


@dataclasses.dataclass(frozen=True)
class EventPage:
    """A piece of the event stream of a task.

    :ivar offset: where the next event begins, in bytes.
    :ivar is_last: whether it reached the end that the stream had.
    """

    events: director_events.EventList
    offset: int
    is_last: bool


TaskList = list[Task]


def _parse(document: Mapping[str, Any]) -> Task:
    return Task(
        id=int(document['id']), state=str(document['state']),
        description=document.get('description') or '',
        timestamp=document.get('timestamp'),
        started_at=document.get('started_at'),
        result=document.get('result'), user=document.get('user'),
        deployment=document.get('deployment'),
        context_id=document.get('context_id') or '')


class Tasks:
    """The tasks of one director.

    :param session: session with the director.
    """

    def __init__(self, session: director_session.Session) -> None:
        self._session = session

    def get(self, task_id: int) -> Task:
        """Ask for a task.

        :raises NotFound: when there is none, or it was cleaned up.
        """
        return self._session.request(
            'GET', f'/tasks/{int(task_id)}').object_of(_parse)

    def list(self, *, state: str | None = None, limit: int | None = None,
             deployment: str | None = None, context_id: str | None = None,
             verbose: bool = False) -> TaskList:
        """List tasks, the newest first.

        :param state: only these states, separated by commas.
        :param limit: at most so many.
        :param deployment: only those of a deployment.
        :param context_id: only those marked so.
        :param verbose: also those that run behind the scenes.
        """
        return self._session.request('GET', '/tasks', params={
            'state': state, 'limit': limit, 'deployment': deployment,
            'context_id': context_id, 'verbose': 2 if verbose else None},
        ).list_of(_parse)

    def find(self, context_id: str) -> TaskList:
        """List the tasks that were started with a context id.

        Uploads and deletions of stemcells and releases cannot be found so:
        the director keeps the id only for what is done to a deployment.
        """
        # Were the filter ignored, a stranger's task would be taken for ours.
        return [task for task in self.list(context_id=context_id,
                                           verbose=True)
                if task.context_id == context_id]

    def start(self, method: str, path: str, *,
              context_id: str | None = None, **request: Any) -> int:
        """Send a request that starts a task.

        When the answer is lost, the task is looked up by its context id.

        :param request: further arguments of :meth:`session.Session.request`.
        :returns: id of the task.
        :raises OutcomeUnknown: when the answer was lost, and no task with
            the context id was found so far.
        :raises BadResponse: when the answer names no task.
        """
        try:
            response = self._session.request(
                method, path, context_id=context_id, accept=_REDIRECTS,
                **request)
        except exceptions.OutcomeUnknown:
            task_id = self._started(context_id)
            if task_id is None:
                raise
            LOG.info('The answer to %s %s was lost; its task is %d',
                     method, path, task_id)
            return task_id
        # Only the path counts: behind NAT the host is wrong, and followed
        # elsewhere it would take our credentials there.
        location = response.headers.get('Location', '')
        try:
            target = urllib.parse.urlsplit(location).path
        except ValueError:
            target = ''
        match = _TASK_PATH.fullmatch(target)
        if match is None:
            raise response.unexpected('it redirects to something that is no '
                                      'task')
        return int(match.group(1))

    def _started(self, context_id: str | None) -> int | None:
        """Look for a task whose start was not confirmed."""
        if context_id is None:
            return None
        try:
            found = self.find(context_id)
        except exceptions.ConnectionFailed:
            # As unknown as before: that is what the caller has to hear.
            return None
        return found[0].id if found else None

    def find_or_start(self, context_id: str,
                      start: Callable[[], int]) -> int:
        """Take up a task that was started before, or start it.

        For a caller that may have died between its request and noting the
        id of the task.

        :param context_id: what the task is, or will be, marked with.
        :param start: starts the task and returns its id.
        :returns: id of the task.
        """
        found = self.find(context_id)
        return found[0].id if found else start()

    def cancel(self, task_id: int) -> bool:
        """Ask a task to stop at its next checkpoint.

        It holds its locks until it has; wait for a terminal state.

        :returns: False when it has ended, or is gone, already.
        """
        try:
            self._session.request('DELETE', f'/task/{int(task_id)}',
                                  accept=(200, 204))
        except exceptions.NotFound:
            return False
        except exceptions.BadRequest:
            # "Cannot cancel task 42: invalid state (done)"
            task = self.get(task_id)
            if task.is_terminal:
                return False
            if task.state != 'cancelling':
                raise
        return True

    def output(self, task_id: int, kind: str = 'debug') -> str:
        """Read an output of a task as a whole.

        :param kind: ``event``, ``result``, ``debug`` or ``cpi``.
        """
        response = self._session.request(
            'GET', f'/tasks/{int(task_id)}/output', params={'type': kind},
            accept=(200, 204, 416))
        return response.text if response.status == 200 else ''

    def events(self, task_id: int, offset: int = 0, *, final: bool = False
               ) -> tuple[director_events.EventList, int]:
        """Read the events from a place in the stream on, a page at most.

        :param offset: in bytes; 0, or what an earlier call returned.
        :param final: whether the task has ended, so that a last line
            without a line feed is read as well.
        :returns: the events, and the offset of the next one.
        """
        page = self.event_page(task_id, offset, final=final)
        return page.events, page.offset

    def event_page(self, task_id: int, offset: int = 0, *,
                   final: bool = False) -> EventPage:
        """Read a page of the events, as :meth:`events` does."""
        chunk, is_last = self._event_bytes(task_id, offset)
        events, used = director_events.parse(chunk, final=final and is_last)
        if not used and not is_last:
            # A line longer than a page is no event, and is left behind.
            events, used = director_events.parse(chunk, final=True)
        return EventPage(events, offset + used, is_last)

    def event_pages(self, task_id: int,
                    offset: int = 0) -> Iterator[EventPage]:
        """Read all events of a task that has ended, page by page."""
        for _number in range(_PAGES):
            page = self.event_page(task_id, offset, final=True)
            yield page
            if page.is_last or page.offset == offset:
                return
            offset = page.offset

    def _event_bytes(self, task_id: int,
                     offset: int) -> tuple[bytes, bool]:
        """Read a page, and tell whether the stream ends with it."""
        page = bytearray()
        for _number in range(_PARTS):
            first = offset + len(page)
            part, size = self._event_part(task_id, first)
            page += part
            if not part or size is None or first + len(part) >= size:
                return bytes(page[:PAGE]), len(page) <= PAGE
            if len(page) >= PAGE:
                break
        return bytes(page[:PAGE]), False

    def _event_part(self, task_id: int,
                    offset: int) -> tuple[bytes, int | None]:
        """Read what one answer holds, and the size of the whole stream."""
        headers = {'Range': f'bytes={offset}-'} if offset else {}
        response = self._session.request(
            'GET', f'/tasks/{int(task_id)}/output', params={'type': 'event'},
            headers=headers, accept=(200, 204, 206, 416))
        if response.status == 206:
            match = _CONTENT_RANGE.match(
                response.headers.get('Content-Range', ''))
            first = int(match.group(1)) if match else offset
            if first > offset:
                raise response.unexpected(
                    f'asked for bytes from {offset}, it starts at {first}')
            size = match.group(2) if match else '*'
            return (response.body[offset - first:],
                    None if size == '*' else int(size))
        # A stream that is still empty comes whole, whatever was asked for.
        whole = response.status == 200
        return response.body[offset:] if whole else b'', None

    def error(self, task_id: int) -> str:
        """Say why a task failed.

        :returns: the last error of its event stream, with the code, or what
            else is known.
        """
        found = None
        for page in self.event_pages(task_id):
            found = director_events.last_error(page.events) or found
        if found is not None:
            return found
        task = self.get(task_id)
        return task.result or f'it ended in state {task.state}'

    def monitor(self, task_id: int,
                offset: int = 0) -> task_monitor.TaskMonitor:
        """Watch a task.

        :param offset: where in the event stream to begin, in bytes.
        """
        return task_monitor.TaskMonitor(self, task_id, offset)
