# SPDX-License-Identifier: Apache-2.0
"""The names of a cloud config that a manifest uses."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import re
from typing import Any

from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest import fields
from cf_openstack.manifest import reading

_VARIABLE = re.compile(r'\(\(.*\)\)')


@dataclasses.dataclass(frozen=True)
class Names:
    """Names by what they are of, each in the order of first use.

    :ivar vm_extensions: of whatever instance group.
    """

    azs: tuple[str, ...]
    networks: tuple[str, ...]
    vm_types: tuple[str, ...]
    vm_extensions: tuple[str, ...]
    disk_types: tuple[str, ...]


def used(doc: Any) -> Names:
    """What a manifest needs of a cloud config.

    :raises ManifestError: it is no manifest, or a name is still a
        ``((variable))``.
    """
    groups = reading.read(doc).instance_groups
    disks = [name for group, spec in zip(groups, specs(doc))
             for name in disk_types(group, spec)]
    return Names(
        azs=_unique(name for group in groups for name in group.azs),
        networks=_unique(name for group in groups
                         for name in group.networks),
        vm_types=_unique(group.vm_type for group in groups),
        vm_extensions=_unique(name for group in groups
                              for name in group.vm_extensions),
        disk_types=_unique(disks))


def specs(doc: Any) -> list[Mapping[str, Any]]:
    """The instance groups of a manifest as they are written."""
    return fields.mappings(doc.get('instance_groups'), '"instance_groups"')


def disk_types(group: reading.InstanceGroup,
               spec: Mapping[str, Any]) -> list[str]:
    """The disk types of an instance group, one for each disk.

    :param spec: the group as it is written.
    :raises FieldError: a part of it has another type.
    """
    where = ' of the instance group "%s"' % group.name
    several = fields.mappings(spec.get('persistent_disks'),
                              '"persistent_disks"' + where)
    found = [group.persistent_disk_type or '', fields.text(
        spec.get('persistent_disk_pool'), '"persistent_disk_pool"' + where)]
    found += [fields.text(disk.get('type'), '"type" of a disk' + where)
              for disk in several]
    return [name for name in found if name]


def _unique(names: Iterable[Any]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(str(name) for name in names if name))
    for name in found:
        if _VARIABLE.search(name):
            raise errors.CloudConfigError(
                reason='the manifest uses the name "%s": give the variable '
                       'a value' % name)
    return found


def extended(doc: Any) -> dict[str, tuple[str, ...]]:
    """The VM types that each VM extension is used with."""
    found: dict[str, dict[str, None]] = {}
    for group in reading.read(doc).instance_groups:
        for name in group.vm_extensions:
            types = found.setdefault(name, {})
            if group.vm_type:
                types[group.vm_type] = None
    return {name: tuple(types) for name, types in found.items()}


def missing(doc: Any, config: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a manifest uses and a cloud config does not define.

    :param config: any cloud config, or several merged into one.
    :returns: names by section: azs, networks, vm_types, ...
    """
    wanted = dataclasses.asdict(used(doc))
    config = fields.mapping(config, 'the cloud config')
    result = {}
    for section, names in wanted.items():
        defined = {str(entry.get('name')) for entry in fields.mappings(
            config.get(section), '"%s"' % section)}
        absent = [name for name in names if name not in defined]
        if absent:
            result[section] = absent
    return result


def check(doc: Any, config: Mapping[str, Any]) -> None:
    """See that a cloud config defines all that a manifest uses.

    :raises Incomplete: it does not; with every name.
    """
    absent = missing(doc, config)
    if absent:
        raise errors.Incomplete(missing='; '.join(
            '%s %s' % (section, ', '.join(names))
            for section, names in absent.items()))
