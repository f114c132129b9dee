# SPDX-License-Identifier: Apache-2.0
"""Names of one's own, where other cloud configs have the usual ones.

A director merges all its cloud configs into one and refuses it when two of
them define the same name.  Two deployments of Cloud Foundry both want z1, a
network "default", a VM type "minimal" and so on: the second gets names that
begin with that of its deployment, in its cloud config and in its manifest.
"""

from collections.abc import Callable
from collections.abc import Mapping
import copy
import dataclasses
from typing import Any

from cf_openstack.manifest.cloud_config import names as cloud_names
from cf_openstack.manifest.cloud_foundry import reading
from cf_openstack.manifest import fields

_SECTIONS = ('azs', 'networks', 'vm_types', 'vm_extensions', 'disk_types')
_COMPILATION = 'compilation'
_ALIASES = 'bosh-dns-aliases'

Rename = Callable[[str], str]


@dataclasses.dataclass(frozen=True)
class Qualifier:
    """Turns the names that a cloud config defines into others.

    :ivar prefix: what they begin with; empty: they stay as they are.
    :ivar known: the names, by section.
    """

    prefix: str
    known: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, prefix: str, config: Mapping[str, Any]) -> 'Qualifier':
        """For the names of one cloud config."""
        return cls(prefix, {section: frozenset(names(config, section))
                            for section in _SECTIONS})

    @classmethod
    def of_manifest(cls, prefix: str,
                    doc: Mapping[str, Any]) -> 'Qualifier':
        """For the names that a manifest uses.

        :raises ManifestError: it is no manifest.
        """
        used = dataclasses.asdict(cloud_names.used(doc))
        return cls(prefix, {section: frozenset(used[section])
                            for section in _SECTIONS})

    def _rename(self, section: str) -> Rename:
        known = self.known[section]
        return lambda name: self.prefix + name if name in known else name

    def config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The cloud config with the other names."""
        made = copy.deepcopy(dict(config))
        for section in _SECTIONS:
            for entry in made.get(section, []):
                _set(entry, 'name', self._rename(section))
        for network in made.get('networks', []):
            for subnet in network.get('subnets', []):
                _set(subnet, 'az', self._rename('azs'))
                _set_each(subnet, 'azs', self._rename('azs'))
        self._vm(made.get(_COMPILATION) or {})
        if _COMPILATION in made:
            _set(made[_COMPILATION], 'az', self._rename('azs'))
            _set(made[_COMPILATION], 'network', self._rename('networks'))
        return made

    def _vm(self, holder: dict[str, Any]) -> None:
        _set(holder, 'vm_type', self._rename('vm_types'))
        _set_each(holder, 'vm_extensions', self._rename('vm_extensions'))

    def manifest(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        """The manifest with the other names."""
        made = copy.deepcopy(dict(doc))
        if not self.prefix:
            return made
        users = _network_users(made)
        for group in made.get('instance_groups') or []:
            self._group(group)
        for addon in made.get('addons') or []:
            for rule in ('include', 'exclude'):
                _set_each(addon.get(rule) or {}, 'azs', self._rename('azs'))
                _set_each(addon.get(rule) or {}, 'networks',
                          self._rename('networks'))
        for user in users:
            _set(user, 'network', self._rename('networks'))
        return made

    def _group(self, group: dict[str, Any]) -> None:
        azs, disks = self._rename('azs'), self._rename('disk_types')
        self._vm(group)
        _set_each(group, 'azs', azs)
        _set(group, 'persistent_disk_type', disks)
        _set(group, 'persistent_disk_pool', disks)
        for disk in group.get('persistent_disks') or []:
            _set(disk, 'type', disks)
        for network in group.get('networks') or []:
            _set(network, 'name', self._rename('networks'))
        for old in group.get('migrated_from') or []:
            _set(old, 'az', azs)


def _set(holder: Any, key: str, rename: Rename) -> None:
    if isinstance(holder, dict) and isinstance(holder.get(key), str):
        holder[key] = rename(holder[key])


def _set_each(holder: Any, key: str, rename: Rename) -> None:
    if isinstance(holder, dict) and isinstance(holder.get(key), list):
        holder[key] = [rename(item) if isinstance(item, str) else item
                       for item in holder[key]]


def _network_users(doc: Mapping[str, Any]) -> list[Any]:
    """What names a network or deployment outside of instance groups.

    Links that are consumed over another network, and the targets of the
    names that BOSH's DNS gives.
    """
    found: list[Any] = []
    for job in reading.jobs(doc):
        consumed = job.get('consumes')
        if isinstance(consumed, dict):
            found += consumed.values()
        if job.get('name') != _ALIASES:
            continue
        properties = job.get('properties')
        aliases = isinstance(properties, dict) and properties.get('aliases')
        for alias in aliases or []:
            found += alias.get('targets') or [] if isinstance(
                alias, dict) else []
    return found


def names(config: Mapping[str, Any], section: str) -> list[str]:
    """The names that a cloud config defines in a section.

    :raises FieldError: it has another type.
    """
    return [str(entry.get('name')) for entry in fields.mappings(
        config.get(section), '"%s"' % section)]


def taken(config: Mapping[str, Any],
          other: Mapping[str, Any]) -> list[str]:
    """The names that two cloud configs both define, with their section.

    :raises FieldError: a section has another type.
    """
    return ['%s of %s' % (name, section) for section in _SECTIONS
            for name in sorted(set(names(config, section))
                               & set(names(other, section)))]


def rename_deployment(doc: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The manifest under another name, for itself and for BOSH's DNS."""
    made = copy.deepcopy(dict(doc))
    old = made.get('name')
    made['name'] = name
    for target in _network_users(made):
        if isinstance(target, dict) and target.get('deployment') == old:
            target['deployment'] = name
    return made
