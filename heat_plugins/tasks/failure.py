# SPDX-License-Identifier: Apache-2.0
"""Why a task of a director failed, as people read it in Heat."""

import collections
from collections.abc import Iterable
import re

from cf_openstack.director import events as director_events
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import tasks as director_tasks

from heat.common.i18n import _

from heat_plugins.tasks import progress

#: Characters of the cause: an event of Heat shows 255, and the names of
#: error and resource come before it.
CAUSE = 185

# Characters of the reason, which is kept with the resource, and of one
# event in it.
_LENGTH = 4000
_LINE = 1000

# Events at the end of the stream that are told.
_LAST = 12

# How a director words an error of its CPI (bosh-director, external_cpi.rb).
_CPI_ERROR = re.compile(
    r"(.*?CPI error '[^']*' with message ')(.*)(' in '[^']*' CPI method.*)",
    re.DOTALL)


def cut(text: str, length: int) -> str:
    """Shorten a text; of an error of the CPI, the message only.

    So the call and its number in the director's log are kept.
    """
    if len(text) <= length:
        return text
    match = _CPI_ERROR.fullmatch(text)
    if match:
        left = length - len(match[1]) - len(match[3])
        if left > 1:
            return f'{match[1]}{match[2][:left - 1]}…{match[3]}'
    return text[:length - 1] + '…'


class Ending:
    """The end of a task's event stream, collected while it grows."""

    def __init__(self) -> None:
        self._last: collections.deque[director_events.Event] = (
            collections.deque(maxlen=_LAST))
        self._failed: director_events.Event | None = None

    def take(self, events: Iterable[director_events.Event]) -> None:
        """Take note of new events."""
        for event in events:
            if event.state == 'failed':
                self._failed = event
            if event.type != 'unreadable' and event.state != 'in_progress':
                self._last.append(event)

    def _place(self, cause: str) -> str:
        """The instance that failed, unless the cause names it."""
        event = self._failed
        if event is None or not event.task or not (
                event.status and event.status in cause):
            return ''
        place = progress.shorten(event.task)
        if event.task in cause or place in cause:
            return ''
        return place + ': '

    def error(self, task: director_tasks.Task | None, number: int,
              cause: str | None) -> director_exceptions.TaskFailed:
        """The error that a failed task stands for; the cause comes first.

        :param task: the task as it was seen last.
        :param number: its number.
        :param cause: its last error, with the code.
        """
        state = task.state if task else 'unknown'
        cause = ' '.join((cause or '').split())
        text = str(_('%(cause)s (task %(id)s of the director, %(what)s, '
                     '%(state)s)') % {
            'cause': cut(self._place(cause) + cause, CAUSE), 'id': number,
            'what': task.description if task else '', 'state': state})
        if state == 'timeout':
            text += '. ' + str(_(
                'No worker of the director was at it any more; perhaps the '
                'director was restarted. Update the stack to go on'))
        told = [cut(' '.join(event.summary.split()), _LINE)
                for event in self._last]
        told = [line for line in told if line not in text]
        while told and sum(map(len, told)) + 2 * len(told) > (
                _LENGTH - len(text) - 40):
            del told[0]
        if told:
            text += '. ' + str(_('Last events: %s') % '; '.join(told))
        return director_exceptions.TaskFailed(text)
