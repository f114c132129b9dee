# SPDX-License-Identifier: Apache-2.0
"""A cloud config, or several merged into one, in types.

Only what decides what a deployment takes from the cloud is read, see
https://bosh.io/docs/cloud-config/ for the whole; the director judges it.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import errors

_LISTS = ('azs', 'vm_types', 'vm_extensions', 'disk_types', 'networks')


@dataclasses.dataclass(frozen=True)
class Subnet:
    """A subnet of a network.

    :ivar azs: empty when it is for all.
    :ivar cidr: None on dynamic and VIP networks.
    :ivar dynamic: addresses that the director gives out.
    :ivar static: addresses that manifests may give to instances.
    """

    azs: tuple[str, ...]
    network_id: str | None
    cidr: str | None
    dynamic: addresses.AddressSet
    static: addresses.AddressSet

    def serves(self, az: str | None) -> bool:
        """Whether instances of an AZ may have an address here."""
        return az is None or not self.azs or az in self.azs


@dataclasses.dataclass(frozen=True)
class Network:
    """A network; ``kind`` is manual, dynamic or vip."""

    name: str
    kind: str
    subnets: tuple[Subnet, ...]


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk type; ``size_mib`` is MiB."""

    name: str
    size_mib: int
    cloud_properties: Mapping[str, Any] = dataclasses.field(
        default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Compilation:
    """How packages are compiled."""

    workers: int
    network: str
    az: str | None
    vm_type: str | None
    vm_extensions: tuple[str, ...]
    vm_resources: Mapping[str, Any] | None
    cloud_properties: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class CloudConfig:
    """A cloud config; the mappings are by name.

    :ivar azs: their cloud_properties.
    :ivar vm_types: their cloud_properties.
    :ivar vm_extensions: their cloud_properties.
    """

    azs: Mapping[str, Mapping[str, Any]]
    vm_types: Mapping[str, Mapping[str, Any]]
    vm_extensions: Mapping[str, Mapping[str, Any]]
    disk_types: Mapping[str, Disk]
    networks: Mapping[str, Network]
    compilation: Compilation | None


def merge(configs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The named cloud configs of a director as the one that counts.

    :raises CloudConfigError: two say how to compile packages.
    """
    merged: dict[str, Any] = {}
    for config in configs:
        for key, value in config.items():
            if key in _LISTS:
                merged[key] = merged.get(key, []) + list(value or [])
            elif key in merged:
                raise errors.CloudConfigError(
                    reason='"%s" is in more than one of the cloud configs: '
                           'leave it in one of them' % key)
            else:
                merged[key] = value
    return merged


def read(config: Any) -> CloudConfig:
    """Read a cloud config.

    :raises CloudConfigError: a part is not what it should be.
    :raises AddressError: an address cannot be read.
    """
    config = _mapping(config, 'the document')
    compilation = config.get('compilation')
    return CloudConfig(
        azs=_properties(config, 'azs'),
        vm_types=_properties(config, 'vm_types'),
        vm_extensions=_properties(config, 'vm_extensions'),
        disk_types={name: _disk(name, entry) for name, entry
                    in _named(config, 'disk_types').items()},
        networks={name: _network(name, entry) for name, entry
                  in _named(config, 'networks').items()},
        compilation=_compilation(compilation) if compilation else None)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise errors.CloudConfigError(reason='%s is no mapping' % what)
    return value


def _named(config: Mapping[str, Any],
           section: str) -> dict[str, Mapping[str, Any]]:
    entries = config.get(section) or []
    if not isinstance(entries, list):
        raise errors.CloudConfigError(reason='"%s" is no list' % section)
    found = {}
    for entry in entries:
        name = _mapping(entry, 'an entry of "%s"' % section).get('name')
        if not name:
            raise errors.CloudConfigError(
                reason='an entry of "%s" has no name' % section)
        if str(name) in found:
            raise errors.CloudConfigError(
                reason='"%s" is twice in "%s"' % (name, section))
        found[str(name)] = entry
    return found


def _properties(config: Mapping[str, Any],
                section: str) -> dict[str, Mapping[str, Any]]:
    return {
        name: _mapping(entry.get('cloud_properties'),
                       'cloud_properties of "%s" in "%s"' % (name, section))
        for name, entry in _named(config, section).items()}


def _disk(name: str, entry: Mapping[str, Any]) -> Disk:
    size = entry.get('disk_size')
    if type(size) is not int or size < 0:
        raise errors.CloudConfigError(
            reason='the disk type "%s" has no disk_size in MiB' % name)
    return Disk(name, size, _mapping(
        entry.get('cloud_properties'), 'cloud_properties of "%s"' % name))


def _network(name: str, entry: Mapping[str, Any]) -> Network:
    kind = entry.get('type') or 'manual'
    if kind not in ('manual', 'dynamic', 'vip'):
        raise errors.CloudConfigError(
            reason='the network "%s" has the unknown type "%s"'
                   % (name, kind))
    subnets = entry.get('subnets')
    if not subnets and kind == 'dynamic':
        subnets = [entry]
    return Network(name, kind, tuple(
        _subnet(name, kind, _mapping(subnet, 'a subnet of "%s"' % name))
        for subnet in subnets or []))


def _subnet(name: str, kind: str, entry: Mapping[str, Any]) -> Subnet:
    azs = entry.get('azs') or ([entry['az']] if entry.get('az') else [])
    properties = _mapping(entry.get('cloud_properties'),
                          'cloud_properties of "%s"' % name)
    network_id = properties.get('net_id')
    static = addresses.parse(entry.get('static'))
    common = {'azs': tuple(map(str, azs)), 'static': static,
              'network_id': None if network_id is None else str(network_id)}
    if kind != 'manual':
        return Subnet(cidr=None, dynamic=addresses.AddressSet(), **common)
    text = entry.get('range')
    if not isinstance(text, str):
        raise errors.CloudConfigError(
            reason='a subnet of the network "%s" has no range' % name)
    cidr = addresses.network(text)
    return Subnet(
        cidr=str(cidr), dynamic=addresses.whole(cidr) - static
        - addresses.parse([str(cidr[0]), str(cidr[-1])])
        - addresses.parse(entry.get('gateway'))
        - addresses.parse(entry.get('reserved')), **common)


def _compilation(entry: Any) -> Compilation:
    entry = _mapping(entry, '"compilation"')
    workers = entry.get('workers')
    if type(workers) is not int or workers < 0:
        raise errors.CloudConfigError(
            reason='"compilation" does not say how many workers')
    if not entry.get('network'):
        raise errors.CloudConfigError(reason='"compilation" has no network')
    return Compilation(
        workers=workers, network=str(entry['network']), az=entry.get('az'),
        vm_type=entry.get('vm_type'),
        vm_extensions=tuple(entry.get('vm_extensions') or ()),
        vm_resources=entry.get('vm_resources'),
        cloud_properties=_mapping(
            entry.get('cloud_properties'),
            'cloud_properties of "compilation"'))
