# SPDX-License-Identifier: Apache-2.0
"""The steps of taking the VMs of a deployment away, and bringing them back.

The director deletes the VMs and keeps the persistent disks: the compute
quota is free meanwhile, and no data is lost.
"""

from heat_plugins.deploying import runs

SUSPEND = 'suspend'


class SuspendRun(runs.Run):
    """Delete the VMs of a deployment; its disks stay."""

    _overrides_signals = True

    def _steps(self) -> list[runs.Step]:
        return [self._verify, self._settle_others, *self._prepare,
                self._detach]

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: noted['kind'] == SUSPEND)

    def _detach(self) -> bool:
        rsrc = self._resource
        # Even half of it is for a later update or resume to undo.
        rsrc.journal.put(**{runs.SUSPENDED: True})
        return self._do(SUSPEND, None, lambda context: (
            rsrc.director().deployments.change_state(
                rsrc.resource_id, 'detached', context_id=context)))


class ResumeRun(runs.Run):
    """Make the VMs of a deployment again, with the disks they had."""

    def _steps(self) -> list[runs.Step]:
        return [self._verify, self._settle_others, *self._prepare,
                self._start_again]

    def _settle_others(self) -> bool:
        return self._settle(lambda noted: noted['kind'] == runs.RESUME)
