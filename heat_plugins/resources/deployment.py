# SPDX-License-Identifier: Apache-2.0
"""A BOSH deployment."""

from typing import Any

from cf_openstack import exceptions

from heat.common import exception
from heat.common.i18n import _
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn

from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.deploying import review
from heat_plugins.deploying import runs
from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import signalled


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

    def handle_create(self) -> runs.DeployRun:
        """Prepare the deploy; the first poll begins it."""
        return self._deploy_run(self.properties)

    def check_create_complete(self, run: runs.Run) -> bool:
        """Go on with the deploy."""
        return run.poll()

    def handle_create_cancel(self, run: runs.Run) -> None:
        """Cancel what runs on the director."""
        run.cancel()

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
        props = self.new_properties(json_snippet)
        self.use_director(props[self.DIRECTOR])
        return self._deploy_run(props, only_if_changed=not self.had_failed)

    check_update_complete = check_create_complete
    handle_update_cancel = handle_create_cancel

    def handle_check(self) -> None:
        """Check that the deployment and its VMs are there.

        :raises Error: when they are not.
        :raises DirectorError: when the director does not answer.
        """
        view = deployment_view.View(self.director(), self.resource_id or '')
        self._verify_check_conditions([
            {'attr': 'exists', 'expected': True, 'current': view.exists()}])
        self._verify_check_conditions([
            {'attr': 'instances without VM', 'expected': '',
             'current': ', '.join(view.without_vm())}])

    def handle_delete(self) -> runs.DeleteRun | None:
        """Prepare the deletion; the first poll begins it."""
        if self.journal.get(base.DIRECTOR_UUID) is None:
            return None      # the director was never reached
        return self._delete_run()

    def check_delete_complete(self, run: runs.Run | None) -> bool:
        """Go on with the deletion."""
        return run is None or run.poll()


def resource_mapping() -> dict[str, type[resource.Resource]]:
    """The resource types of this module."""
    return {'CloudFoundry::BOSH::Deployment': Deployment}
