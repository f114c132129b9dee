# SPDX-License-Identifier: Apache-2.0
"""The errand that tests a Cloud Foundry."""

from cf_openstack import exceptions

from heat.common.i18n import _

from heat_plugins.resources import base
from heat_plugins.signals import errand_output
from heat_plugins.tasks import action

#: Journal keys: the run under way, and the digest of the deploy that was
#: tested well.
_ACTION, _TESTED = 'smoke_test', 'tested'

# Of what the errand says, so much is told.
_TAIL_LINES, _TAIL_LENGTH = 12, 1000


class SmokeTestFailed(exceptions.CfOpenStackError):
    """Cloud Foundry was deployed and does not work."""

    msg_fmt = ('Cloud Foundry is deployed, but the errand "%(errand)s" ended '
               'with exit code %(code)s (task %(task)s of the director): '
               '%(tail)s')


class SmokeTest:
    """One run of the errand for each deploy, whatever happens.

    :param rsrc: the resource; it keeps the run in its journal.
    :param errand: the name of the errand.
    """

    def __init__(self, rsrc: base.DirectorUser, errand: str) -> None:
        self._resource = rsrc
        self._errand = errand
        self._action = action.DirectorAction(rsrc, _ACTION)

    @property
    def next_wait(self) -> float | None:
        """Seconds until the next poll; None for the usual interval."""
        return self._action.watch and self._action.watch.next_wait

    def is_done(self, digest: str) -> bool:
        """Whether a deploy was tested well."""
        return self._resource.journal.get(_TESTED) == digest

    def poll(self, digest: str) -> bool:
        """Do what can be done now.

        :param digest: of the deploy to test.
        :returns: whether the deploy was tested well.
        :raises SmokeTestFailed: it does not work.
        :raises TaskFailed: the errand could not be run.
        """
        rsrc, doing = self._resource, self._action
        if self.is_done(digest):
            return True
        if doing.watch is None:
            doing.begin(_ACTION, digest, lambda context: (
                rsrc.director().deployments.run_errand(
                    rsrc.resource_id, self._errand, context_id=context)))
        watch = doing.watch
        task = watch.poll()
        if task is None:
            return False
        if not task.succeeded:
            doing.forget()
            raise watch.failure()
        results = errand_output.read(rsrc.director(), task.id)
        doing.forget()
        for result in results:
            if not result.succeeded:
                raise SmokeTestFailed(
                    errand=self._errand, code=result.exit_code,
                    task=task.id, tail=_tail(result))
        rsrc.journal.put(**{_TESTED: digest})
        rsrc.report(_('The errand "%s" has succeeded') % self._errand)
        return True

    def cancel(self) -> None:
        """Cancel the run under way."""
        self._action.cancel()


def settle(rsrc: base.DirectorUser, digest: str | None = None) -> bool:
    """Cancel a run that an earlier action left, and see it end.

    :param digest: of the deploy whose run may go on.
    :returns: whether no other one is under way any more.
    """
    doing = action.DirectorAction(rsrc, _ACTION)
    noted = doing.noted
    if not noted or digest is not None and noted.get('digest') == digest:
        return True
    task = rsrc.find_task(doing.task_id())
    if task is not None and task.is_processing:
        if task.state != 'cancelling':
            rsrc.director().tasks.cancel(task.id)
        return False
    doing.forget()
    return True


def _tail(result: errand_output.ErrandRun) -> str:
    """The last lines of what the errand said, on one line."""
    said = [line.strip() for text in (result.stdout, result.stderr)
            for line in text.splitlines()]
    text = ' / '.join([line for line in said if line][-_TAIL_LINES:])
    return text[-_TAIL_LENGTH:] or _('it said nothing')
