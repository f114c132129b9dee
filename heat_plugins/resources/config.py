# SPDX-License-Identifier: Apache-2.0
"""A named config of a BOSH director."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from oslo_log import log as logging

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

from heat_plugins.deploying import adoption
from heat_plugins.resources import base
from heat_plugins.tasks import journal

LOG = logging.getLogger(__name__)

_NONE_YET = '0'      # as an expected id: there must be no such config

#: Journal key: the ids of the versions that were written, by type and name.
_OWNED = 'configs'


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
    Another name or type is written first, then the old one is deleted.
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
            update_allowed=True,
        ),
        NAME: properties.Schema(
            properties.Schema.STRING,
            _('The name of the config. Without it, one is made of the names '
              'of stack and resource.'),
            constraints=[constraints.Length(min=1, max=255)],
            update_allowed=True,
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

    def _wanted(self, props: Any) -> str:
        """Type and name that the properties ask for, as one text."""
        name = props[self.NAME]
        if not name and self.resource_id is not None:
            name = self.resource_id.partition('/')[2]
        return f'{props[self.TYPE]}/{name or self.physical_resource_name()}'

    @property
    def _owned(self) -> dict[str, str]:
        """The ids that we wrote last, by type and name; '' when not known.

        There is more than one entry only while a config is renamed.
        """
        return self.journal.get(_OWNED, {})

    def _own(self, key: str, config_id: str | None) -> None:
        owned = {**self._owned, key: config_id}
        self.journal.put(**{_OWNED: {
            name: value for name, value in owned.items()
            if value is not None} or None})

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
        return self.begin_update(json_snippet)

    def check_update_complete(self, props: Any) -> bool:
        """Write the config, unless somebody else did in between."""
        self._write(props)
        return True

    def _write(self, props: Any) -> None:
        """Write the config by compare-and-swap, and delete a former one.

        Directors merge configs, so that two with the same content would
        clash: a rename is done here and not by a replacement.

        :raises ConfigTaken: when the name is in use.
        :raises ConfigChanged: when somebody else changed it.
        :raises DirectorError: when the director refuses it.
        """
        text = self._text(props)
        self.claim_director()
        wanted = self._wanted(props)
        config_type, _sep, name = wanted.partition('/')
        configs = self.director().configs
        found = configs.latest(config_type, name)
        if wanted not in self._owned:
            if found is not None:
                raise ConfigTaken(type=config_type, name=name, id=found.id)
            # From here on, a config of this name is taken for ours.
            self._own(wanted, '')
            self.resource_id_set(wanted)
        if found is None:
            expected = _NONE_YET
        else:
            # Without a known id, the answer to the first write was lost.
            expected = self._owned[wanted] or str(found.id)
        try:
            config = configs.put(config_type, name, text,
                                 expected_latest_id=expected)
        except director_exceptions.ConfigConflict as error:
            self._own(wanted, str(error.latest_id))
            raise ConfigChanged(type=config_type, name=name,
                                latest=error.latest_id, expected=expected)
        self._own(wanted, str(config.id))
        self.resource_id_set(wanted)
        for former in self._owned:
            if former != wanted:
                self._delete(former)

    def _delete(self, key: str) -> None:
        config_type, _sep, name = key.partition('/')
        try:
            self.director().configs.delete(config_type, name)
        except director_exceptions.NotFound as error:
            LOG.debug('Config %(key)s is gone already: %(error)s',
                      {'key': key, 'error': error})
        self._own(key, None)

    def handle_check(self) -> None:
        """Check that the director has the config as it was written.

        :raises Error: when it has not.
        :raises DirectorError: when the director does not answer.
        """
        key = self.resource_id or ''
        self.verify_director()
        config_type, _sep, name = key.partition('/')
        found = self.director().configs.latest(config_type, name)
        self._verify_check_conditions([
            {'attr': 'id', 'expected': self._owned.get(key),
             'current': None if found is None else str(found.id)}])

    def handle_adopt(self, resource_data: Any = None) -> Any:
        """Begin to take over a config that exists."""
        return (adoption.adopted_id(self, resource_data),
                journal.of_abandoned(
                    (resource_data or {}).get('resource_data')))

    def check_adopt_complete(self, token: tuple[str, dict[str, Any]]
                             ) -> bool:
        """Take over a config as it is; nothing is written.

        :raises NotAdoptable: when the template is about another one.
        :raises NothingToAdopt: when the director has none.
        :raises AnotherDirector: when it was on another director.
        """
        key, entries = token
        config_type, _sep, name = key.partition('/')
        props = self.properties
        if config_type != props[self.TYPE] or (
                props[self.NAME] not in (None, '', name)):
            raise adoption.NotAdoptable(
                resource=self.name, name=key,
                reason=_('the template names the %(type)s config '
                         '"%(name)s"') % {'type': props[self.TYPE],
                                          'name': props[self.NAME] or ''})
        adoption.check_director(self, entries)
        found = self.director().configs.latest(config_type, name)
        if found is None:
            raise adoption.NothingToAdopt(
                endpoint=self.director().connection.endpoint,
                kind='config', name=key)
        written = (entries.get(_OWNED) or {}).get(key)
        self._own(key, str(written or found.id))
        self.journal.put(**{base.ADOPTED: True})
        self.resource_id_set(key)
        return True

    def handle_delete(self) -> None:
        """Delete the config; it may be gone.

        :raises AnotherDirector: when another director answers.
        """
        if self.resource_id is None or self.is_left_alone():
            return
        self.verify_director()
        for key in self._owned or {self.resource_id: ''}:
            self._delete(key)

    def _resolve_attribute(self, name: str) -> Any:
        if self.resource_id is None:
            return None
        config_id = self._owned.get(self.resource_id)
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
