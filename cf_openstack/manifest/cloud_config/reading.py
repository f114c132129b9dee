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
from cf_openstack.manifest import fields

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
    """How packages are compiled; text is empty where nothing is said."""

    workers: int
    network: str
    az: str
    vm_type: str
    vm_extensions: tuple[str, ...]
    vm_resources: Mapping[str, Any]
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
                merged[key] = merged.get(key, []) + fields.items(
                    value, '"%s"' % key)
            elif key in merged:
                raise errors.CloudConfigError(
                    reason='"%s" is in more than one of the cloud configs: '
                           'leave it in one of them' % key)
            else:
                merged[key] = value
    return merged


def read(config: Any) -> CloudConfig:
    """Read a cloud config.

    :raises CloudConfigError: something contradicts something else.
    :raises FieldError: a part has another type.
    :raises AddressError: an address cannot be read.
    """
    config = fields.mapping(config, 'the document')
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


def _named(config: Mapping[str, Any],
           section: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for entry in fields.mappings(config.get(section), '"%s"' % section):
        name = fields.text(entry.get('name'), 'a name in "%s"' % section)
        if not name:
            raise errors.CloudConfigError(
                reason='an item of "%s" has no name' % section)
        if name in found:
            raise errors.CloudConfigError(
                reason='"%s" is twice in "%s"' % (name, section))
        found[name] = entry
    return found


def _properties(config: Mapping[str, Any],
                section: str) -> dict[str, Mapping[str, Any]]:
    return {
        name: fields.mapping(
            entry.get('cloud_properties'),
            'cloud_properties of "%s" in "%s"' % (name, section))
        for name, entry in _named(config, section).items()}


def _disk(name: str, entry: Mapping[str, Any]) -> Disk:
    size = entry.get('disk_size')
    if type(size) is not int or size < 0:
        raise errors.CloudConfigError(
            reason='the disk type "%s" has no disk_size in MiB' % name)
    return Disk(name, size, fields.mapping(
        entry.get('cloud_properties'), 'cloud_properties of "%s"' % name))


def _network(name: str, entry: Mapping[str, Any]) -> Network:
    kind = entry.get('type') or 'manual'
    if kind not in ('manual', 'dynamic', 'vip'):
        raise errors.CloudConfigError(
            reason='the network "%s" has the unknown type "%s"'
                   % (name, kind))
    subnets = fields.mappings(entry.get('subnets'),
                              '"subnets" of the network "%s"' % name)
    if not subnets and kind == 'dynamic':
        subnets = [entry]
    return Network(name, kind, tuple(
        _subnet(name, kind, subnet) for subnet in subnets))


def _subnet(name: str, kind: str, entry: Mapping[str, Any]) -> Subnet:
    one = fields.text(entry.get('az'), '"az" of the network "%s"' % name)
    azs = fields.texts(entry.get('azs'), '"azs" of the network "%s"' % name)
    properties = fields.mapping(entry.get('cloud_properties'),
                                'cloud_properties of "%s"' % name)
    static = addresses.parse(entry.get('static'))
    common = {'azs': azs or ((one,) if one else ()), 'static': static,
              'network_id': fields.text(properties.get('net_id'),
                                        '"net_id" of "%s"' % name) or None}
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
    entry = fields.mapping(entry, '"compilation"')
    workers = entry.get('workers')
    if type(workers) is not int or workers < 0:
        raise errors.CloudConfigError(
            reason='"compilation" does not say how many workers')
    if not entry.get('network'):
        raise errors.CloudConfigError(reason='"compilation" has no network')
    return Compilation(
        workers=workers, vm_extensions=fields.texts(
            entry.get('vm_extensions'), '"vm_extensions" of "compilation"'),
        vm_resources=fields.mapping(
            entry.get('vm_resources'), '"vm_resources" of "compilation"'),
        cloud_properties=fields.mapping(
            entry.get('cloud_properties'),
            'cloud_properties of "compilation"'),
        **{key: fields.text(entry.get(key), '"%s" of "compilation"' % key)
           for key in ('network', 'az', 'vm_type')})
