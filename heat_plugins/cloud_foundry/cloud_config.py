# SPDX-License-Identifier: Apache-2.0
"""The cloud config on the director that belongs to a deployment."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import configs as director_configs
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.manifest.cloud_foundry import errors
from cf_openstack.manifest.cloud_foundry import qualifying
from cf_openstack.manifest import document

from heat.common.i18n import _

from heat_plugins.resources import base
from heat_plugins.resources import config as config_resource

_TYPE = 'cloud'
_COMPILATION = 'compilation'

#: Journal key; the entry has the keys
#: ``name``: of the config, ``id``: of the version written last, or None,
#: ``prefix``: what its names begin with, ``settled``: whether these names
#: are sure not to change any more.
KEY = 'cloud_config'

# How often to look again whether somebody else makes way.
_MOST_WAITS = 20


class CloudConfig:
    """A named cloud config; the resource owns it from its first write.

    The director merges all its cloud configs.  Where others define the same
    names, the names of this one begin with the name of the deployment; that
    is decided before the first deploy, and stays.

    :param rsrc: the resource; it keeps in its journal what it wrote.
    """

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc
        self._waits = 0

    @property
    def _noted(self) -> dict[str, Any]:
        return self._resource.journal.get(KEY, {})

    def _note(self, **entries: Any) -> None:
        self._resource.journal.put(**{KEY: {**self._noted, **entries}})

    @property
    def name(self) -> str:
        """The name of the config."""
        return (self._noted.get('name')
                or self._resource.physical_resource_name())

    @property
    def id(self) -> str | None:
        """The id of the version that was written last."""
        return self._noted.get('id')

    @property
    def prefix(self) -> str:
        """What the names within begin with; empty where they are plain."""
        return self._noted.get('prefix', '')

    def _latest(self, director: client.Director | None,
                ) -> director_configs.Config | None:
        if not self._noted:
            return None
        return (director or self._resource.director()).configs.latest(
            _TYPE, self.name)

    def content(self, director: client.Director | None = None,
                ) -> dict[str, Any] | None:
        """The content as the director has it, None when it has none.

        :param director: None for the resource's.
        """
        found = self._latest(director)
        return None if found is None else document.load(
            found.content, self.name)

    def is_current(self, director: client.Director | None = None) -> bool:
        """Whether the director has the version that was written last.

        :param director: None for the resource's.
        """
        found = self._latest(director)
        return found is not None and str(found.id) == self.id

    def write(self, config: Mapping[str, Any], deployment: str) -> bool:
        """Write the content by compare-and-swap, under names of its own.

        :param config: the content, with plain names.
        :param deployment: the name of the deployment.
        :returns: whether it is written and nobody else has the same names;
            False to be called again in a moment.
        :raises NamesTaken: others have the same names, and stay there.
        :raises ConfigTaken: a config of this name belongs to somebody else.
        :raises ConfigChanged: somebody else changed it.
        :raises DirectorError: the director refuses it.
        """
        rivals = self._others()
        if not self._noted.get('settled'):
            # Who wrote later makes way.
            rivals = {name: other for name, other in rivals.items()
                      if self.id is None or _precedes(other, self.id)}
            if _taken(config, rivals):
                self._note(prefix=deployment + '-')
        own = self._own(config, rivals)
        taken = _taken(own, rivals)
        if taken:
            raise errors.NamesTaken(taken)
        self._put(document.dump(own))
        return bool(self._noted.get('settled')) or self._settle(own)

    def has(self, config: Mapping[str, Any]) -> bool:
        """Whether this is what was written last, and still there."""
        own = self._own(config, self._others())
        return self.is_current() and self.content() == own

    def _own(self, config: Mapping[str, Any],
             others: Mapping[str, director_configs.Config],
             ) -> dict[str, Any]:
        """The content as it is to be written beside others."""
        own = qualifying.Qualifier.of(self.prefix, config).config(config)
        if any(_COMPILATION in _content(other)
               for other in others.values()):
            own.pop(_COMPILATION, None)
        return own

    def _settle(self, own: Mapping[str, Any]) -> bool:
        """See whether somebody wrote the same names at the same time."""
        others = self._others()
        clash = _taken(own, others)
        both = [name for name, other in others.items()
                if _COMPILATION in own and _COMPILATION in _content(other)]
        if not clash and not both:
            self._note(settled=True)
            return True
        self._waits += 1
        if self._waits > _MOST_WAITS:
            raise errors.NamesTaken({
                **{name: [_COMPILATION] for name in both}, **clash})
        return False

    def _others(self) -> dict[str, director_configs.Config]:
        return {found.name: found for found
                in self._resource.director().configs.list(_TYPE)
                if found.name != self.name}

    def _put(self, text: str) -> None:
        configs = self._resource.director().configs
        found = configs.latest(_TYPE, self.name)
        if 'name' not in self._noted:
            if found is not None:
                raise config_resource.ConfigTaken(
                    type=_TYPE, name=self.name, id=found.id)
            # From here on, a config of this name is taken for ours.
            self._note(name=self.name)
        expected = director_configs.NONE_YET
        if found is not None:
            # Without a known id, the answer to the first write was lost.
            expected = self.id or str(found.id)
        try:
            written = configs.put(_TYPE, self.name, text,
                                  expected_latest_id=expected)
        except director_exceptions.ConfigConflict as error:
            self._note(id=str(error.latest_id))
            raise config_resource.ConfigChanged(
                type=_TYPE, name=self.name, latest=error.latest_id,
                expected=expected) from error
        if str(written.id) != self.id:
            self._note(id=str(written.id))
            self._resource.report(
                _('Wrote the cloud config "%s"') % self.name)

    def delete(self) -> None:
        """Delete the config; it may be gone."""
        if self._noted:
            self._resource.director().configs.delete(_TYPE, self.name)
            self._resource.journal.put(**{KEY: None})


def _precedes(other: director_configs.Config, config_id: str) -> bool:
    try:
        return int(other.id) < int(config_id)
    except ValueError:      # no numbers: then nobody knows
        return True


def _content(config: director_configs.Config) -> Mapping[str, Any]:
    content = document.load(config.content, config.name)
    return content if isinstance(content, Mapping) else {}


def _taken(own: Mapping[str, Any],
           others: Mapping[str, director_configs.Config],
           ) -> dict[str, list[str]]:
    """The names that others define too, by their configs' names."""
    found = {name: qualifying.taken(own, _content(other))
             for name, other in others.items()}
    return {name: names for name, names in found.items() if names}
