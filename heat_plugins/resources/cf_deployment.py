# SPDX-License-Identifier: Apache-2.0
"""A Cloud Foundry."""

import dataclasses
import hashlib
from typing import Any

from cf_openstack.capacity import errors as capacity_errors
from cf_openstack.capacity import planning
from cf_openstack import exceptions
from cf_openstack.manifest.cloud_foundry import qualifying
from cf_openstack.manifest.cloud_foundry import reading
from cf_openstack.manifest import document

from heat.common import exception
from heat.engine import properties
from heat.engine import resource
from heat.engine import translation

from heat_plugins.cloud_foundry import attributes as cf_attributes
from heat_plugins.cloud_foundry import capacity
from heat_plugins.cloud_foundry import cloud_config
from heat_plugins.cloud_foundry import runs
from heat_plugins.cloud_foundry import schema
from heat_plugins.cloud_foundry import wishes
from heat_plugins.deploying import checking
from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.deploying import review
from heat_plugins.deploying import states
from heat_plugins.resources import deployment

_SYSTEM_DOMAIN = 'system_domain'


class CloudFoundry(deployment.Deployment):
    """A Cloud Foundry, from a manifest of cf-deployment.

    Before anything is created, the project is asked whether it has room for
    all instances, for the VMs that compile and for the next update; if not,
    the resource fails and lists everything that is short.  The cloud config
    is made of the networks, zones, security groups, load balancers and
    flavors that the project has, is a named one of this resource, and goes
    with it.  The manifest is fitted to OpenStack and to the availability
    that is asked for; operations files of one's own come after that.
    Everything else is as with CloudFoundry::BOSH::Deployment.
    """

    PROPERTIES = deployment.Deployment.PROPERTIES + schema.PROPERTIES

    _SOURCES = deployment.Deployment._SOURCES + (
        schema.SYSTEM_DOMAIN, schema.DEPLOYMENT_NAME, schema.AVAILABILITY,
        schema.LOAD_BALANCER)

    # The cloud config goes with the deployment.
    adopted_entries = frozenset([cloud_config.KEY, cf_attributes.APPS])

    slow_attributes = (deployment.Deployment.slow_attributes
                       | cf_attributes.SLOW)

    properties_schema = {
        **deployment.Deployment.properties_schema, **schema.SCHEMA}

    attributes_schema = {
        **deployment.Deployment.attributes_schema, **cf_attributes.SCHEMA}

    def translation_rules(
        self, props: properties.Properties,
    ) -> list[translation.TranslationRule]:
        """Names to ids, of what can be referred to by name."""
        neutron = self.client_plugin('neutron')

        def rule(path: list[str], **values: Any) -> Any:
            return translation.TranslationRule(
                props, translation.TranslationRule.RESOLVE, path, **values)

        def groups(*path: str) -> Any:
            return rule([*path], client_plugin=neutron,
                        finder='find_resourceid_by_name_or_id',
                        entity='security_group')

        rules = [
            rule([schema.NETWORKS, schema.NETWORK_SUBNETS],
                 client_plugin=neutron, entity='subnet',
                 finder='find_resourceid_by_name_or_id'),
            groups(schema.SECURITY_GROUPS)]
        for part in schema.BALANCED:
            where = [schema.LOAD_BALANCER, part]
            rules += [
                groups(*where, schema.BALANCED_GROUPS),
                rule([*where, schema.POOLS, schema.POOL],
                     client_plugin=self.client_plugin('octavia'),
                     finder='get_pool')]
        return rules

    def _plain(self, props: Any) -> deployment_manifest.Manifest:
        """The manifest with the names that the tenant knows.

        :raises CfOpenStackError: something does not fit.
        """
        doc = wishes.base_manifest(props[self.MANIFEST],
                                   props[schema.DEPLOYMENT_NAME])
        return deployment_manifest.render(
            doc, self._operations(doc, props), self._variables(props),
            props[self.STEMCELLS] or [], props[self.RELEASES] or [],
            props[self.CONFIGS] or [])

    def _operations(self, doc: Any, props: Any) -> list[Any]:
        return [*wishes.operations(doc, props),
                *wishes.numbered(props[self.OPERATIONS] or [])]

    def _variables(self, props: Any) -> dict[str, Any]:
        return {**(props.reveal(self.VARIABLES) or {}),
                _SYSTEM_DOMAIN: props[schema.SYSTEM_DOMAIN]}

    def _named(self, plain: deployment_manifest.Manifest,
               chosen: planning.Choices) -> deployment_manifest.Manifest:
        """The manifest with the names that the cloud config has."""
        own = cloud_config.CloudConfig(self)
        text = plain.text
        if own.prefix:
            doc = document.load(text, plain.name)
            text = document.dump(qualifying.Qualifier.of_manifest(
                own.prefix, doc).manifest(doc))
        digest = hashlib.sha256('\0'.join(
            [plain.digest, own.prefix, own.id or '',
             wishes.digest(chosen)]).encode())
        return dataclasses.replace(plain, text=text,
                                   digest=digest.hexdigest())

    def _render(self, props: Any) -> deployment_manifest.Manifest:
        return self._named(self._plain(props), wishes.choices(props))

    def validate(self) -> None:
        """Check the properties, and the capacity where that is possible.

        :raises StackValidationFailed: a property is not valid, or there is
            no room.
        """
        super().validate()
        if not (self.stack.strict_validate
                and self.is_resolvable(self.PROPERTIES)):
            return
        props = self.new_properties(self.t)
        try:
            plain = self._plain(props)
            doc = document.load(plain.text, plain.name)
            if props[schema.SMOKE_TEST]:
                reading.smoke_test(doc)
            capacity.validate(self, doc, wishes.choices(props), plain.name)
        except capacity_errors.CapacityExceeded as error:
            raise exception.StackValidationFailed(
                message='\n- '.join([
                    'This project has no room for the deployment.',
                    *error.shortages]))
        except exceptions.CfOpenStackError as error:
            raise exception.StackValidationFailed(message=str(error))

    def _deploy_run(self, props: Any, *,
                    only_if_changed: bool = False) -> runs.DeployRun:
        plain, chosen = self._plain(props), wishes.choices(props)
        doc = document.load(plain.text, plain.name)
        run = runs.DeployRun(
            self, lambda: self._named(plain, chosen), doc, chosen,
            errand=reading.smoke_test(doc) if props[schema.SMOKE_TEST]
            else None, only_if_changed=only_if_changed,
            reviewed=review.parse(props[self.REVIEWED_CONFIGS]))

        def note_domain() -> bool:
            self.journal.put(**{
                cf_attributes.APPS: reading.apps_domain(doc)})
            return True

        run.add_after(note_domain)
        return run

    def _delete_run(self) -> runs.DeleteRun:
        return runs.DeleteRun(self)

    def handle_check(self) -> checking.CheckRun:
        """Prepare to look for problems; nothing is changed."""
        return runs.check(self)

    def handle_resume(self) -> states.ResumeRun:
        """Prepare to make the VMs again, if there is room for them."""
        return runs.resume(self, wishes.options(self._deployed_properties()))

    def needs_replace_with_prop_diff(self, changed: set[str], after: Any,
                                     before: Any) -> bool:
        """Another name is another deployment."""
        if self.resource_id is None or not changed & set(self._SOURCES):
            return False
        try:
            doc = wishes.base_manifest(after[self.MANIFEST],
                                       after[schema.DEPLOYMENT_NAME])
            return self.resource_id != deployment_manifest.deployment_name(
                doc, self._operations(doc, after), self._variables(after))
        except exceptions.CfOpenStackError:
            return False      # the update will say what is wrong

    def _resolve_attribute(self, name: str) -> Any:
        if name in cf_attributes.SCHEMA:
            return cf_attributes.resolve(self, self._deployed_properties(),
                                         name)
        return super()._resolve_attribute(name)

    def _deployed_properties(self) -> dict[str, Any]:
        """The properties that attributes are made of, as they were stored.

        Whoever looks at one resource only, has no attributes of the others.
        """
        stored = self._stored_properties_data or {}
        return {name: stored[name] if stored.get(name) is not None
                else self.properties[name] for name in (
                    schema.SYSTEM_DOMAIN, schema.LOAD_BALANCER, schema.CPI)}


def resource_mapping() -> dict[str, type[resource.Resource]]:
    """The resource types of this module."""
    return {'CloudFoundry::CF::Deployment': CloudFoundry}
