# SPDX-License-Identifier: Apache-2.0
"""A BOSH deployment."""

from typing import Any

from oslo_log import log as logging

from cf_openstack import exceptions

from heat.common import exception
from heat.common.i18n import _
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn

from heat_plugins.deploying import adoption
from heat_plugins.deploying import checking
from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.deploying import review
from heat_plugins.deploying import runs
from heat_plugins.deploying import snapshots
from heat_plugins.deploying import states
from heat_plugins.resources import base
from heat_plugins.signals import signalled
from heat_plugins.tasks import action

LOG = logging.getLogger(__name__)


class Deployment(signalled.SignalledDeployment):
    """A BOSH deployment: any number of instances made from a manifest.

    Stemcells and releases that the director does not have are brought to it
    first, then the manifest is deployed.  Every change is made by deploying
    again, in place; only another name of the deployment makes another one.
    The stages of the director's task appear as events.  On deletion, the
    deployment goes first and then what was brought to the director for it,
    unless others use it.

    Signals act on instances, run errands, resolve problems, cancel tasks
    and show what a change would change.
    """

    PROPERTIES = (
        DIRECTOR, MANIFEST, OPERATIONS, VARIABLES, STEMCELLS, RELEASES,
        CONFIGS, REVIEWED_CONFIGS,
    ) = (
        'director', 'manifest', 'operations', 'variables', 'stemcells',
        'releases', 'configs', 'reviewed_configs',
    )

    _STEMCELL_KEYS = (
        STEMCELL_ALIAS, STEMCELL_NAME, STEMCELL_VERSION,
        STEMCELL_OPERATING_SYSTEM, STEMCELL_API_VERSION, STEMCELL_IMAGE,
    ) = (
        'alias', 'name', 'version', 'operating_system', 'api_version',
        'image',
    )

    _RELEASE_KEYS = (
        RELEASE_NAME, RELEASE_VERSION, RELEASE_URL, RELEASE_SHA1,
    ) = (
        'name', 'version', 'url', 'sha1',
    )

    #: What the manifest that is deployed depends on.
    _SOURCES = (MANIFEST, OPERATIONS, VARIABLES, STEMCELLS, RELEASES)

    masked_properties = frozenset([VARIABLES])

    #: Whether the director was found to lack a deployment that failed.
    is_gone = False

    properties_schema = {
        DIRECTOR: base.DirectorUser.director_schema(),
        MANIFEST: properties.Schema(
            properties.Schema.MAP,
            _('The deployment manifest: a map, or the text of a YAML '
              'document. Put secrets in variables, not here.'),
            required=True,
            allow_conversion=True,      # takes text as well
            update_allowed=True,
        ),
        OPERATIONS: properties.Schema(
            properties.Schema.LIST,
            _('The operations files to apply to the manifest, in this order: '
              'each the text of one, or a map with name and content.'),
            schema=properties.Schema(properties.Schema.ANY),
            default=[],
            update_allowed=True,
        ),
        VARIABLES: properties.Schema(
            properties.Schema.MAP,
            _('The values of variables of the manifest. They are neither '
              'stored with the properties of the resource nor shown. What '
              'is missing here is left to the config server of the '
              'director.'),
            default={},
            update_allowed=True,
        ),
        STEMCELLS: properties.Schema(
            properties.Schema.LIST,
            _('The stemcells to use, as the attribute "reference" of '
              'CloudFoundry::BOSH::Stemcell resources. Those that the '
              'director does not have are brought to it, and a manifest '
              'that asks for the latest version gets the version given '
              'here.'),
            schema=properties.Schema(
                properties.Schema.MAP,
                schema={
                    STEMCELL_ALIAS: properties.Schema(
                        properties.Schema.STRING,
                        _('The alias in the manifest. Without it, name and '
                          'operating system tell which entry is meant.'),
                    ),
                    STEMCELL_NAME: properties.Schema(
                        properties.Schema.STRING,
                        _('The name of the stemcell.'),
                    ),
                    STEMCELL_VERSION: properties.Schema(
                        properties.Schema.STRING,
                        _('The version of the stemcell.'),
                    ),
                    STEMCELL_OPERATING_SYSTEM: properties.Schema(
                        properties.Schema.STRING,
                        _('The operating system of the stemcell.'),
                    ),
                    STEMCELL_API_VERSION: properties.Schema(
                        properties.Schema.INTEGER,
                        _('The API version of the stemcell.'),
                    ),
                    STEMCELL_IMAGE: properties.Schema(
                        properties.Schema.STRING,
                        _('The id of its image. Without it, the director '
                          'must have the stemcell.'),
                    ),
                },
            ),
            default=[],
            update_allowed=True,
        ),
        RELEASES: properties.Schema(
            properties.Schema.LIST,
            _('The releases to use, as the attribute "reference" of '
              'CloudFoundry::BOSH::Release resources, in addition to those '
              'of the manifest. A manifest that asks for the latest version '
              'gets the version given here.'),
            schema=properties.Schema(
                properties.Schema.MAP,
                schema={
                    RELEASE_NAME: properties.Schema(
                        properties.Schema.STRING,
                        _('The name of the release.'),
                    ),
                    RELEASE_VERSION: properties.Schema(
                        properties.Schema.STRING,
                        _('The version of the release.'),
                    ),
                    RELEASE_URL: properties.Schema(
                        properties.Schema.STRING,
                        _('The URL from which the director fetches it if it '
                          'is absent.'),
                    ),
                    RELEASE_SHA1: properties.Schema(
                        properties.Schema.STRING,
                        _('The checksum of the tarball at that URL.'),
                    ),
                },
            ),
            default=[],
            update_allowed=True,
        ),
        CONFIGS: properties.Schema(
            properties.Schema.LIST,
            _('The ids of the configs that the deployment depends on, as '
              'the attribute "id" of CloudFoundry::BOSH::Config resources. '
              'When one changes, the manifest is deployed again.'),
            schema=properties.Schema(properties.Schema.STRING),
            default=[],
            update_allowed=True,
        ),
        REVIEWED_CONFIGS: properties.Schema(
            properties.Schema.MAP,
            _('The configs that were reviewed, as "configs" of the '
              'attribute "preview". When the director has others by the '
              'time of the deploy, nothing is deployed and the update '
              'fails.'),
            default={},
            update_allowed=True,
        ),
    }

    def _render(self, props: Any) -> deployment_manifest.Manifest:
        """Make the manifest of property values.

        :raises CfOpenStackError: when something does not fit.
        """
        return deployment_manifest.render(
            props[self.MANIFEST], props[self.OPERATIONS] or [],
            props.reveal(self.VARIABLES) or {}, props[self.STEMCELLS] or [],
            props[self.RELEASES] or [], props[self.CONFIGS] or [])

    def validate(self) -> None:
        """Check the manifest, if it is known yet.

        :raises StackValidationFailed: when a property is not valid.
        """
        super().validate()
        if not self.is_resolvable(self._SOURCES):
            return
        try:
            self._render(self.properties)
        except exceptions.CfOpenStackError as error:
            raise exception.StackValidationFailed(message=str(error))

    def _deploy_run(self, props: Any, *,
                    only_if_changed: bool = False) -> runs.DeployRun:
        """The steps that make what these properties say.

        :raises CfOpenStackError: when the properties do not fit.
        """
        return runs.DeployRun(
            self, self._render(props), only_if_changed=only_if_changed,
            reviewed=review.parse(props[self.REVIEWED_CONFIGS]))

    def _delete_run(self) -> runs.DeleteRun:
        """The steps that leave nothing."""
        return runs.DeleteRun(self)

    def _go_on(self, run: runs.Run) -> bool:
        """Do the next steps; all is prepared by the handler."""
        return run.poll()

    def _cancel(self, run: runs.Run) -> None:
        """Cancel what the run does on the director."""
        run.cancel()

    def handle_create(self) -> runs.DeployRun:
        """Prepare the deploy; the first poll begins it."""
        return self._deploy_run(self.properties)

    check_create_complete = _go_on
    handle_create_cancel = _cancel

    def handle_adopt(self, resource_data: Any = None) -> runs.Run:
        """Prepare to take over a deployment that exists.

        :raises CfOpenStackError: when the data name none, or the
            properties do not fit.
        """
        name = None
        if self.external_id is None:
            name = self._render(self.properties).name
        return adoption.AdoptRun(
            self, adoption.adopted_id(self, resource_data), name,
            resource_data)

    check_adopt_complete = _go_on

    def needs_replace_failed(self) -> bool:
        """Look whether the deployment is there; mend it in place, or anew.

        It is never replaced: the replacement would have the same name on
        the same director.  One that is gone is deployed anew in place, and
        so is one that never came to be.  A director that does not answer
        may well have it.
        """
        if self.resource_id is not None:
            try:
                self.is_gone = self.director().deployments.get(
                    self.resource_id) is None
            except exceptions.CfOpenStackError as error:
                LOG.warning('Taking it that deployment %(name)s exists: '
                            '%(error)s',
                            {'name': self.resource_id, 'error': error})
        return False

    def is_unlike_template(self) -> bool:
        """Whether it is suspended, or was not deployed to the end.

        Heat looks at nothing but the template, and at the last action,
        which may be a check.
        """
        if self.resource_id is None or self.external_id is not None:
            return False
        return bool(self.journal.get(runs.SUSPENDED)) or (
            self.journal.get(runs.DEPLOYED) is None)

    def needs_replace_with_prop_diff(self, changed: set[str], after: Any,
                                     before: Any) -> bool:
        """Another name is another deployment."""
        if self.resource_id is None or not changed & set(self._SOURCES):
            return False
        try:
            name = deployment_manifest.deployment_name(
                after[self.MANIFEST], after[self.OPERATIONS] or [],
                after.reveal(self.VARIABLES) or {})
            return name != self.resource_id
        except exceptions.CfOpenStackError:
            return False      # the update will say what is wrong

    def handle_update(self, json_snippet: rsrc_defn.ResourceDefinition,
                      tmpl_diff: Any, prop_diff: dict[str, Any]
                      ) -> runs.Run:
        """Prepare to deploy again, if there is a reason to."""
        props = self.begin_update(json_snippet)
        if self.is_gone:
            self.journal.put(**{runs.SUSPENDED: None})
            self.report(_('The director has no deployment "%s" any more: it '
                          'is deployed anew.') % self.resource_id)
        if self.stack.action == self.stack.RESTORE:
            self.report(_('The manifest of the snapshot is deployed; the '
                          'contents of the disks stay as they are: no '
                          'director puts back snapshots of disks.'))
        return self._deploy_run(props, only_if_changed=not self.had_failed)

    check_update_complete = _go_on
    handle_update_cancel = _cancel

    def handle_preempt(self) -> None:
        """Have a deploy cancelled when a newer update wants another one.

        Heat calls it beside the update under way, such as to roll it back.
        That one fails then, and the newer one begins.
        """
        newer = (self.stack.UPDATE, self.stack.ROLLBACK, self.stack.RESTORE)
        noted = self.journal.get(action.ACTION)
        if self.stack.action not in newer or not noted or (
                noted['kind'] != runs.DEPLOY) or self._wants(noted):
            return
        tasks = self.director().tasks
        task_ids = [noted['task']] if noted.get('task') else [
            task.id for task in tasks.find(noted['context'])]
        for task_id in task_ids:
            tasks.cancel(task_id)

    def _wants(self, noted: dict[str, Any]) -> bool:
        """Whether the newest template asks for this very deploy."""
        try:
            definition = self.stack.defn.resource_definition(self.name)
        except KeyError:
            return False
        try:
            run = self._deploy_run(self.new_properties(definition))
        except exceptions.CfOpenStackError:
            return True      # nothing better to do
        return run.digest == noted['digest']

    def handle_suspend(self) -> runs.Run:
        """Prepare to delete the VMs and to keep the disks."""
        return states.SuspendRun(self)

    check_suspend_complete = _go_on
    handle_suspend_cancel = _cancel

    def handle_resume(self) -> runs.Run:
        """Prepare to make the VMs again."""
        return states.ResumeRun(self)

    check_resume_complete = _go_on
    handle_resume_cancel = _cancel

    def handle_snapshot(self) -> runs.Run:
        """Prepare to take a snapshot of each persistent disk."""
        return snapshots.SnapshotRun(self)

    check_snapshot_complete = _go_on
    handle_snapshot_cancel = _cancel

    def handle_delete_snapshot(self, data: Any) -> snapshots.DeletionRun:
        """Prepare to delete what one snapshot of the stack consists of."""
        return snapshots.DeletionRun(self, data)

    check_delete_snapshot_complete = _go_on
    handle_delete_snapshot_cancel = _cancel

    def handle_check(self) -> runs.Run:
        """Prepare to look for problems; nothing is changed."""
        return checking.CheckRun(self)

    check_check_complete = _go_on
    handle_check_cancel = _cancel

    def handle_delete(self) -> runs.DeleteRun | None:
        """Prepare the deletion; the first poll begins it.

        It has no cancel: whatever comes next deletes as well, and takes up
        the task of the director.
        """
        if self.journal.get(base.DIRECTOR_UUID) is None:
            return None      # the director was never reached
        if self.is_left_alone():
            return None
        return self._delete_run()

    def check_delete_complete(self, run: runs.Run | None) -> bool:
        """Go on with the deletion."""
        return run is None or run.poll()


def resource_mapping() -> dict[str, type[resource.Resource]]:
    """The resource types of this module."""
    return {'CloudFoundry::BOSH::Deployment': Deployment}
