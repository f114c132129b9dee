# SPDX-License-Identifier: Apache-2.0
"""The steps of checking a deployment.

Nothing is changed: problems are named, and mended by an update of the stack
or one by one by signals.
"""

from collections.abc import Sequence
import time

from cf_openstack.director import problems as director_problems
from cf_openstack import exceptions

from heat_plugins.deploying import runs
from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.tasks import action

#: Seconds that a scan may take; an agent that does not answer costs ten.
SCAN_LIMIT = 900

# Problems that are described in the error.
_DESCRIBED = 3
_LENGTH = 160


class ProblemsFound(exceptions.CfOpenStackError):
    """A cloud check has found something."""

    msg_fmt = ('%(count)s in deployment "%(name)s": %(first)s. Update the '
               'stack to have the deployment mended in place.')


class NotDeployed(exceptions.CfOpenStackError):
    """What the template says was never deployed well."""

    msg_fmt = ('The last deploy of "%(name)s" did not succeed, or nobody '
               'knows how it ended. Update the stack to repeat it.')


class ScanTooSlow(exceptions.CfOpenStackError):
    """A cloud check that does not end."""

    msg_fmt = ('The scan of deployment "%(name)s" (task %(task)s of the '
               'director) did not end within %(limit)d seconds and was '
               'cancelled. See what keeps that task busy.')


class CheckRun(runs.Run):
    """Look whether a deployment is as it should be.

    A deployment that is suspended has no VMs and lacks none.
    """

    _patient = True
    _useless = (runs.TAKING,)

    def __init__(self, rsrc: base.DirectorUser) -> None:
        super().__init__(rsrc)
        self._scanning = action.DirectorAction(rsrc, runs.SCAN)
        self._deadline: float | None = None

    def _steps(self) -> list[runs.Step]:
        return [self._verify, self._settle_others, *self._prepare,
                self._scan, self._judge]

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: False, uploads=None)

    def _scan(self) -> bool:
        scanning, name = self._scanning, self._resource.resource_id
        if scanning.watch is None:
            left = self._resource.find_task(scanning.task_id())
            if left is None or not left.is_processing:
                scanning.forget()      # what it has found is of yesterday
            scanning.begin(
                runs.SCAN, None, lambda context: (
                    self._resource.director().problems.scan(name)))
            self._deadline = time.monotonic() + SCAN_LIMIT
        if scanning.poll():
            return True
        if time.monotonic() > self._deadline:
            scanning.cancel()
            raise ScanTooSlow(name=name, task=scanning.watch.task_id,
                              limit=SCAN_LIMIT)
        self.wait = scanning.watch.next_wait
        return False

    def _judge(self) -> bool:
        """Tell what was found.

        :raises ProblemsFound: when there is something.
        :raises NotDeployed: when the deployment itself is incomplete.
        """
        rsrc, name = self._resource, self._resource.resource_id
        found = rsrc.director().problems.list(name)
        if found:
            raise ProblemsFound(
                name=name, first=_describe(found),
                count=f'{len(found)} problem' + 's' * (len(found) > 1))
        missing = deployment_view.View(rsrc.director(), name).without_vm()
        if missing:
            raise ProblemsFound(
                name=name, first=', '.join(missing[:_DESCRIBED]),
                count=f'{len(missing)} instance' + 's' * (len(missing) > 1)
                + ' without VM')
        if rsrc.journal.get(runs.DEPLOYED) is None:
            raise NotDeployed(name=name)
        return True

    def cancel(self) -> None:
        """Cancel the scan; what else runs was begun by others."""
        self._scanning.cancel()


def _describe(found: Sequence[director_problems.Problem]) -> str:
    texts = [' '.join((item.description or item.type).split())[:_LENGTH]
             for item in found[:_DESCRIBED]]
    if len(found) > _DESCRIBED:
        texts.append('…')
    return '; '.join(text.rstrip('.') for text in texts)
