# SPDX-License-Identifier: Apache-2.0
"""The steps of deploying and of deleting a Cloud Foundry."""

from collections.abc import Callable
from typing import Any

from cf_openstack.capacity import planning
from cf_openstack.capacity import servers
from cf_openstack import exceptions

from heat_plugins.cloud_foundry import capacity
from heat_plugins.cloud_foundry import cloud_config
from heat_plugins.cloud_foundry import smoke_test
from heat_plugins.deploying import checking
from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.deploying import review
from heat_plugins.deploying import runs
from heat_plugins.deploying import states
from heat_plugins.resources import base


class ConfigsReviewed(exceptions.CfOpenStackError):
    """The cloud config has to change, and was reviewed as it is."""

    msg_fmt = ('Nothing was deployed: with these properties, the cloud config '
               'of the deployment has to change, and those that were '
               'reviewed would be used no more. Leave out the property '
               '"reviewed_configs".')


class DeployRun(runs.DeployRun):
    """Check capacity, write the cloud config, deploy and test.

    Nothing exists before it is known that there is room.  The manifest may
    get other names, and it depends on the version of the cloud config: it
    is rendered anew when that is written.

    :param render: makes the manifest, as far as it is known.
    :param doc: the manifest with the names that the tenant knows.
    :param choices: what the cloud config is made of.
    :param errand: the smoke tests, None for none.
    """

    def __init__(self, rsrc: base.DirectorUser,
                 render: Callable[[], deployment_manifest.Manifest],
                 doc: Any, choices: planning.Choices, *,
                 errand: str | None = None,
                 only_if_changed: bool = False,
                 reviewed: review.Review | None = None) -> None:
        super().__init__(rsrc, render(), only_if_changed=only_if_changed,
                         reviewed=reviewed)
        self._render = render
        self._doc = doc
        self._choices = choices
        self._only_if_changed = only_if_changed
        self._own_config = cloud_config.CloudConfig(rsrc)
        self._plan: planning.Plan | None = None
        self._smoke_test: smoke_test.SmokeTest | None = None
        if errand is not None:
            self._smoke_test = smoke_test.SmokeTest(rsrc, errand)
            self.on_cancel(self._smoke_test.cancel)

    def _steps(self) -> list[runs.Step]:
        # A first deploy is not claimed before there is room for it.
        first = [self._make_plan, self._check]
        if self._resource.resource_id is not None:
            first.reverse()
        steps = [*first, self._write_config, *map(self._if_needed, (
            self._settle_others, self._upload, *self._prepare,
            self._deploy)), self._bring_back]
        if self._smoke_test is not None:
            steps.append(self._test)
        return [*steps, self._remove(keep=self._manifest.needs)]

    def _if_needed(self, step: runs.Step) -> runs.Step:
        return lambda: not self._needed or step()

    def _is_same(self) -> bool:
        """Whether just this was deployed before, or is being deployed."""
        if not self._needed:
            return not self._resource.journal.get(runs.SUSPENDED)
        noted = self._action.noted
        if not noted or not self._is_ours(noted):
            return False
        task = self._resource.find_task(self._action.task_id())
        return task is not None and (task.is_processing or task.succeeded)

    def _make_plan(self) -> bool:
        if not self._is_same():
            self._plan = capacity.require(self._resource, self._doc,
                                          self._choices)
        return True

    def _write_config(self) -> bool:
        if self._plan is None:
            return True
        self.wait = 1
        config, name = self._plan.config, self._manifest.name
        if self._reviewed is not None and (
                not self._own_config.has(config)):
            raise ConfigsReviewed()
        if not self._own_config.write(config, name):
            return False
        made = self._render()
        self._manifest = (self._reviewed.pin(made) if self._reviewed
                          else made)
        self._needed = not self._only_if_changed or (
            self._resource.journal.get(runs.DEPLOYED) != self.digest)
        return True

    def _settle_others(self) -> bool:
        self.wait = 1
        return (smoke_test.settle(self._resource, self.digest)
                and super()._settle_others())

    def _test(self) -> bool:
        done = self._smoke_test.poll(self.digest)
        self.wait = self._smoke_test.next_wait
        return done


class DeleteRun(runs.DeleteRun):
    """Delete a Cloud Foundry, then its cloud config."""

    def _steps(self) -> list[runs.Step]:
        *steps, remove = super()._steps()
        if self._delete in steps:
            steps.append(self._delete_config)
        return [*steps, remove]

    def _settle_others(self) -> bool:
        self.wait = 1
        return (smoke_test.settle(self._resource)
                and super()._settle_others())

    def _delete_config(self) -> bool:
        cloud_config.CloudConfig(self._resource).delete()
        return True


class CloudConfigLost(exceptions.CfOpenStackError):
    """The director has another cloud config than was written."""

    msg_fmt = ('The cloud config "%(name)s" is gone from the director, or '
               'somebody changed it there. Update the stack to have it '
               'written anew.')


def check(rsrc: base.DirectorUser) -> checking.CheckRun:
    """The steps of looking whether all is as it was deployed."""
    run = checking.CheckRun(rsrc)
    own = cloud_config.CloudConfig(rsrc)

    def compare() -> bool:
        if own.id is not None and not own.is_current():
            raise CloudConfigLost(name=own.name)
        return True

    run.add_prepare(compare)
    return run


def resume(rsrc: base.DirectorUser,
           options: servers.Options) -> states.ResumeRun:
    """The steps of making the VMs again, if there is room for them."""
    run = states.ResumeRun(rsrc)

    def check() -> bool:
        capacity.require_for_resuming(rsrc, options)
        return True

    run.add_before(check)
    return run
