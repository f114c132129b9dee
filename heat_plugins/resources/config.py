# SPDX-License-Identifier: Apache-2.0
"""A named config of a BOSH director."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from cf_openstack.director import exceptions as director_exceptions
from cf_openstack import exceptions
from cf_openstack.manifest import document

from heat.common import exception
from heat.common.i18n import _
from heat.engine import attributes
from heat.engine import constraints
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn

from heat_plugins.resources import base

_NONE_YET = '0'      # as an expected id: there must be no such config


class ConfigTaken(exceptions.CfOpenStackError):
    """A config of this name belongs to somebody else."""

    msg_fmt = ('The director has a %(type)s config named "%(name)s" already '
               '(id %(id)s), which this stack did not make. Choose another '
               'name, or leave the property "name" out: named configs of '
               'one type are merged.')


class ConfigChanged(exceptions.CfOpenStackError):
    """Somebody else changed a config of ours."""

    msg_fmt = ('The %(type)s config "%(name)s" was changed outside of this '
               'stack: its latest id is %(latest)s, this stack wrote '
               '%(expected)s. It was left as it is; update the stack again '
               'to overwrite it.')


class Config(base.DirectorUser):
    """A named config of a BOSH director.

    A director merges all its configs of one type, so each resource owns one
    of its own name.  It is written by compare-and-swap: what somebody else
    wrote in between is not overwritten unseen.  A deployment takes note of
    a changed config when it is deployed the next time; give it the
    attribute ``id`` in its property ``configs`` to deploy it at once.
    """

    PROPERTIES = (
        DIRECTOR, TYPE, NAME, CONTENT,
    ) = (
        'director', 'type', 'name', 'content',
    )

    ATTRIBUTES = (
        ID_ATTR, NAME_ATTR, CURRENT_ATTR,
    ) = (
        'id', 'name', 'current',
    )

    properties_schema = {
        DIRECTOR: base.DirectorUser.director_schema(),
        TYPE: properties.Schema(
            properties.Schema.STRING,
            _('The type of the config. Directors know cloud, runtime, cpi '
              'and resurrection.'),
            default='cloud',
            constraints=[constraints.Length(min=1, max=255)],
        ),
        NAME: properties.Schema(
            properties.Schema.STRING,
            _('The name of the config. Without it, one is made of the names '
              'of stack and resource.'),
            constraints=[constraints.Length(min=1, max=255)],
        ),
        CONTENT: properties.Schema(
            properties.Schema.MAP,
            _('The content: a map, or the text of a YAML document.'),
            required=True,
            allow_conversion=True,      # takes text as well
            update_allowed=True,
        ),
    }

    attributes_schema = {
        ID_ATTR: attributes.Schema(
            _('The id of the version that this resource wrote. Each change '
              'of the content gives a new one.'),
            type=attributes.Schema.STRING,
        ),
        NAME_ATTR: attributes.Schema(
            _('The name of the config.'),
            type=attributes.Schema.STRING,
        ),
        CURRENT_ATTR: attributes.Schema(
            _('Whether the latest version at the director is the one that '
              'this resource wrote.'),
            type=attributes.Schema.BOOLEAN,
            cache_mode=attributes.Schema.CACHE_NONE,
        ),
    }

    def _name(self) -> str:
        return self.properties[self.NAME] or self.physical_resource_name()

    def _text(self, props: Any) -> str:
        """The content as one YAML document.

        :raises CfOpenStackError: when it is none.
        """
        content = props[self.CONTENT]
        if isinstance(content, (Mapping, Sequence)) and not isinstance(
                content, str):
            return document.dump(content)
        parsed = document.load(content or '', self.CONTENT)
        if not isinstance(parsed, Mapping):
            raise exception.Error(_('The content of a config is a map.'))
        return content

    def validate(self) -> None:
        """Check the content, if it is known yet.

        :raises StackValidationFailed: when a property is not valid.
        """
        super().validate()
        if not self.is_resolvable([self.CONTENT]):
            return
        try:
            self._text(self.properties)
        except (exceptions.CfOpenStackError, exception.Error) as error:
            raise exception.StackValidationFailed(message=str(error))

    def handle_create(self) -> None:
        """Begin to write the config."""

    def check_create_complete(self, token: Any) -> bool:
        """Write the config, which must not exist."""
        self._write(self.properties)
        return True

    def handle_update(self, json_snippet: rsrc_defn.ResourceDefinition,
                      tmpl_diff: Any, prop_diff: dict[str, Any]) -> Any:
        """Begin to write the config anew."""
        props = self.new_properties(json_snippet)
        self.use_director(props[self.DIRECTOR])
        return props

    def check_update_complete(self, props: Any) -> bool:
        """Write the config, unless somebody else did in between."""
        self._write(props)
        return True

    def _write(self, props: Any) -> None:
        """Write the config by compare-and-swap.

        :raises ConfigTaken: when the name is in use.
        :raises ConfigChanged: when somebody else changed it.
        :raises DirectorError: when the director refuses it.
        """
        text = self._text(props)
        self.claim_director()
        config_type, name = self.properties[self.TYPE], self._name()
        configs = self.director().configs
        found = configs.latest(config_type, name)
        if self.journal.get('state') is None:
            if found is not None:
                raise ConfigTaken(type=config_type, name=name, id=found.id)
            # From here on, a config of this name is taken for ours.
            self.resource_id_set(f'{config_type}/{name}')
            self.journal.put(state='claimed')
        if found is None:
            expected = _NONE_YET
        else:
            # Without a known id, the answer to the first write was lost.
            expected = self.journal.get('config_id') or str(found.id)
        try:
            config = configs.put(config_type, name, text,
                                 expected_latest_id=expected)
        except director_exceptions.ConfigConflict as error:
            self.journal.put(config_id=str(error.latest_id))
            raise ConfigChanged(type=config_type, name=name,
                                latest=error.latest_id, expected=expected)
        self.journal.put(state='written', config_id=str(config.id))

    def handle_check(self) -> None:
        """Check that the director has the config as it was written.

        :raises Error: when it has not.
        :raises DirectorError: when the director does not answer.
        """
        config_type, name = self.properties[self.TYPE], self._name()
        found = self.director().configs.latest(config_type, name)
        self._verify_check_conditions([
            {'attr': 'id', 'expected': self.journal.get('config_id'),
             'current': None if found is None else str(found.id)}])

    def handle_delete(self) -> None:
        """Delete the config; it may be gone."""
        if self.resource_id is None:
            return
        config_type, _sep, name = self.resource_id.partition('/')
        try:
            self.director().configs.delete(config_type, name)
        except director_exceptions.NotFound:
            return

    def _resolve_attribute(self, name: str) -> Any:
        if self.resource_id is None:
            return None
        config_id = self.journal.get('config_id')
        if name == self.ID_ATTR:
            return config_id
        config_type, _sep, config_name = self.resource_id.partition('/')
        if name == self.NAME_ATTR:
            return config_name
        if name == self.CURRENT_ATTR:
            found = self.director().configs.latest(config_type, config_name)
            return found is not None and str(found.id) == config_id
        return None

    def get_reference_id(self) -> str:
        """The name of the config."""
        if self.resource_id is None:
            return str(self.name)
        return self.resource_id.partition('/')[2]


def resource_mapping() -> dict[str, type[resource.Resource]]:
    """The resource types of this module."""
    return {'CloudFoundry::BOSH::Config': Config}
