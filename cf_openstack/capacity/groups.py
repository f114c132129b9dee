# SPDX-License-Identifier: Apache-2.0
"""Instance groups of a manifest, with what decides how much they take."""

from collections.abc import Mapping
import dataclasses
import re
from typing import Any

from cf_openstack.capacity import errors
from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import names
from cf_openstack.manifest import fields
from cf_openstack.manifest import reading

_SWAP = 'create-swap-delete'
_PERCENT = re.compile(r'([0-9]+)%')
_NUMBER = re.compile(r'[-+]?[0-9]+')


@dataclasses.dataclass(frozen=True)
class GroupNetwork:
    """A network of an instance group.

    :ivar static_ips: None inside where a variable has no value yet.
    """

    name: str
    static_ips: tuple[str | None, ...] = ()


@dataclasses.dataclass(frozen=True)
class UpdateBlock:
    """How the instances of a group are updated.

    :ivar max_in_flight: a number, or a share such as ``20%``.
    :ivar serial: whether before and after all others.
    :ivar swaps: whether a new VM exists before the old one goes.
    """

    max_in_flight: str = '1'
    serial: bool = True
    swaps: bool = False

    def in_flight(self, instances: int) -> int:
        """How many of so many instances are updated at once.

        As the director counts: a share is rounded down, and it is at least
        one.  Canaries are updated by the same threads: there are never
        more of them at once.
        """
        percent = _PERCENT.fullmatch(self.max_in_flight)
        number = (int(percent[1]) * instances // 100 if percent
                  else int(self.max_in_flight))
        return min(max(number, 1), instances)


@dataclasses.dataclass(frozen=True)
class Group:
    """An instance group.

    :ivar disk_types: names of disk types, one for each disk.
    :ivar disk_size: MiB of a disk without type, or None.
    :ivar vm_resources: sizes in place of a VM type, or empty.
    """

    name: str
    instances: int
    is_errand: bool
    azs: tuple[str, ...]
    vm_type: str | None
    vm_extensions: tuple[str, ...]
    vm_resources: Mapping[str, Any]
    networks: tuple[GroupNetwork, ...]
    disk_types: tuple[str, ...]
    disk_size: int | None
    update: UpdateBlock
    migrated_from: tuple[str, ...]

    @property
    def swaps(self) -> bool:
        """Whether old and new VMs exist at once; not with static IPs."""
        return self.update.swaps and not any(
            network.static_ips for network in self.networks)


def read(doc: Any) -> list[Group]:
    """Read the instance groups of a manifest.

    :raises NeedUnknown: a number is still a ``((variable))``.
    :raises ManifestError: it is no manifest.
    """
    manifest = reading.read(doc)
    whole = fields.mapping(doc.get('update'), '"update"')
    return [_group(group, spec, whole) for group, spec in zip(
        manifest.instance_groups, names.specs(doc))]


def needs_compilation(doc: Any) -> bool:
    """Whether any release of a manifest is not compiled already."""
    releases = doc.get('releases') or []
    return any(not release.get('stemcell') for release in releases)


def _group(group: reading.InstanceGroup, spec: Mapping[str, Any],
           whole: Mapping[str, Any]) -> Group:
    size = group.persistent_disk
    if isinstance(group.instances, str) or isinstance(size, str):
        raise errors.NeedUnknown(
            reason='the instance group "%s" has %s instances and a '
                   'persistent disk of %s MiB: give the variables values'
                   % (group.name, group.instances, size or 0))
    where = ' of the instance group "%s"' % group.name
    return Group(
        name=group.name, instances=group.instances,
        is_errand=group.is_errand, azs=group.azs, vm_type=group.vm_type,
        vm_extensions=group.vm_extensions,
        vm_resources=fields.mapping(
            spec.get('vm_resources'), '"vm_resources"' + where),
        networks=tuple(_network(network, group.instances)
                       for network in spec.get('networks') or []),
        disk_types=tuple(names.disk_types(group, spec)),
        disk_size=size or None,
        update=_update(group.name, {**whole, **fields.mapping(
            spec.get('update'), '"update"' + where)}),
        migrated_from=tuple(
            str(old.get('name')) for old in fields.mappings(
                spec.get('migrated_from'), '"migrated_from"' + where)))


def _network(spec: Mapping[str, Any], instances: int) -> GroupNetwork:
    given = spec.get('static_ips')
    if isinstance(given, str) and '((' in given:
        return GroupNetwork(str(spec['name']), (None,) * instances)
    found: list[str | None] = []
    for text in given if isinstance(given, list) else [given]:
        if isinstance(text, str) and '((' in text:
            found.append(None)
        else:
            found += [str(address) for address in addresses.parse(text)]
    return GroupNetwork(str(spec['name']), tuple(found))


def _update(name: str, spec: Mapping[str, Any]) -> UpdateBlock:
    in_flight = str(spec.get('max_in_flight', 1))
    if not (_PERCENT.fullmatch(in_flight) or _NUMBER.fullmatch(in_flight)):
        raise errors.NeedUnknown(
            reason='max_in_flight of the instance group "%s" is "%s", '
                   'neither a number nor a percentage' % (name, in_flight))
    return UpdateBlock(in_flight, spec.get('serial', True) is not False,
                       spec.get('vm_strategy') == _SWAP)
