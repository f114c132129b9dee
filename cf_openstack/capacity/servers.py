# SPDX-License-Identifier: Apache-2.0
"""What one VM or disk takes, and where the VMs of a group go."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import math
from typing import Any

from cf_openstack.capacity import amounts
from cf_openstack.capacity import flavors as capacity_flavors
from cf_openstack.manifest.cloud_config import reading
from cf_openstack.manifest import fields

_MIB = 1024


@dataclasses.dataclass(frozen=True)
class Options:
    """Settings of the CPI that matter here.

    :ivar boot_from_volume: whether VMs do so that say nothing of it.
    :ivar default_volume_type: of disks that say none; None for Cinder's.
    :ivar ignore_server_availability_zone: volumes need not be in the zone
        of their server.
    :ivar auto_anti_affinity: each instance group gets a server group.
    """

    boot_from_volume: bool = False
    default_volume_type: str | None = None
    ignore_server_availability_zone: bool = False
    auto_anti_affinity: bool = False


@dataclasses.dataclass(frozen=True)
class Problem:
    """Why a deployment cannot be made, whatever the limits.

    :ivar kind: such as ``flavor``, ``vm_type``, ``network``.
    """

    kind: str
    name: str
    text: str


class Server:
    """One VM of its kind.

    :param who: names its instance group, for problems.
    :param properties: its cloud_properties, merged.
    :param resources: ``vm_resources`` in place of a flavor's name.
    :param flavors: None where they are not known: then there is no flavor.
    """

    def __init__(self, who: str, properties: Mapping[str, Any],
                 resources: Mapping[str, Any] | None,
                 flavors: Iterable[capacity_flavors.Flavor] | None,
                 options: Options) -> None:
        self.problems: list[Problem] = []
        self._who = who
        self._properties = properties
        self._options = options
        boot = properties.get('boot_from_volume')
        self.from_volume = (options.boot_from_volume if boot is None
                            else bool(boot))
        self.flavor: capacity_flavors.Flavor | None = None
        if flavors is not None:
            self.flavor = (
                self._flavor_for(resources, flavors) if resources
                else self._flavor_named(properties.get('instance_type'),
                                        flavors))

    def _flavor_named(
        self, name: Any, flavors: Iterable[capacity_flavors.Flavor],
    ) -> capacity_flavors.Flavor | None:
        for flavor in flavors:
            if flavor.name == name:
                return flavor
        text = '%s: the flavor "%s" does not exist in this project' % (
            self._who, name)
        if not name:
            text = '%s has no instance_type in its cloud properties' % (
                self._who)
        self.problems.append(Problem('flavor', str(name or ''), text))
        return None

    def _flavor_for(
        self, resources: Mapping[str, Any],
        flavors: Iterable[capacity_flavors.Flavor],
    ) -> capacity_flavors.Flavor | None:
        cpu, ram, ephemeral = (
            fields.number(resources.get(key), '"%s" of "vm_resources" of %s'
                          % (key, self._who))
            for key in ('cpu', 'ram', 'ephemeral_disk_size'))
        size = capacity_flavors.Size(
            math.ceil(cpu), math.ceil(ram), math.ceil(ephemeral / _MIB))
        found = capacity_flavors.smallest(
            flavors, size, from_volume=self.from_volume)
        if found is None:
            self.problems.append(Problem(
                'flavor', str(size), '%s: no flavor has %s'
                % (self._who, size)))
        return found

    @property
    def _root_disk(self) -> Mapping[str, Any]:
        return fields.mapping(self._properties.get('root_disk'),
                              '"root_disk" of ' + self._who)

    @property
    def volume_gib(self) -> int:
        """GiB of the volume that it boots from; 0 without one."""
        if not self.from_volume:
            return 0
        size = fields.number(self._root_disk.get('size'),
                             '"root_disk.size" of ' + self._who)
        if not size and self.flavor:
            size = self.flavor.root_gib
        return math.ceil(size)

    @property
    def volume_type(self) -> str:
        """Of the volume that it boots from; empty for Cinder's default."""
        return fields.text(self._root_disk.get('type'),
                           '"root_disk.type" of ' + self._who)

    @property
    def boot_volume(self) -> amounts.Amounts:
        """What its boot volume takes."""
        if not self.from_volume:
            return amounts.Amounts()
        return volume(self.volume_type, self.volume_gib)

    @property
    def pools(self) -> list[str]:
        """Ids or names of the load balancers' pools that it joins."""
        return [str(pool.get('id') or pool.get('name'))
                for pool in fields.mappings(
                    self._properties.get('loadbalancer_pools'),
                    '"loadbalancer_pools" of ' + self._who)]

    @property
    def zones(self) -> list[str]:
        """Nova's availability zones, one of which it goes to."""
        one = fields.text(self._properties.get('availability_zone'),
                          '"availability_zone" of ' + self._who)
        several = fields.texts(self._properties.get('availability_zones'),
                               '"availability_zones" of ' + self._who)
        return [one] if one else list(several)

    def takes(self, ports: int) -> amounts.Amounts:
        """What it takes, except for its IP addresses.

        :param ports: how many it has.
        """
        result = amounts.of(instances=1, ports=ports)
        for pool in self.pools:
            result[amounts.Resource(amounts.MEMBERS, pool)] += 1
        result.update(self.boot_volume)
        flavor = self.flavor
        if flavor is None:
            return result
        result.update(amounts.of(cores=flavor.vcpus, ram=flavor.ram_mib))
        result[amounts.Resource(amounts.FLAVOR, flavor.name)] = 1
        result[amounts.Resource(
            amounts.EPHEMERAL_DISK, flavor.name)] = flavor.ephemeral_gib
        if not self.from_volume:
            result[amounts.Resource(
                amounts.ROOT_DISK, flavor.name)] = flavor.root_gib
        return +result

    def check_root(self) -> None:
        """Note a root disk that no stemcell fits on."""
        if self.flavor is None:
            return
        size = self.volume_gib if self.from_volume else self.flavor.root_gib
        if self.from_volume and not size:
            text = ('boots from a volume, but the flavor "%s" has no root '
                    'disk: set root_disk.size' % self.flavor.name)
        elif 0 < size < capacity_flavors.ROOT_GIB:
            text = ('has a root disk of %d GiB, less than the %d GiB that a '
                    'stemcell takes: choose another flavor than "%s"' % (
                        size, capacity_flavors.ROOT_GIB, self.flavor.name))
        else:
            return
        self.problems.append(Problem(
            'root_disk', self.flavor.name, '%s %s' % (self._who, text)))


def volume(volume_type: str, gib: int) -> amounts.Amounts:
    """What a volume takes; the CPI rounds a disk's MiB up to GiB."""
    return amounts.Amounts({
        amounts.Resource(amounts.VOLUMES, volume_type): 1,
        amounts.Resource(amounts.GIGABYTES, volume_type): gib})


def disk_volume(size_mib: int, properties: Mapping[str, Any],
                options: Options) -> amounts.Amounts:
    """What a persistent disk takes."""
    return volume(
        fields.text(properties.get('type'), '"type" of a disk')
        or options.default_volume_type or '',
        math.ceil(size_mib / _MIB))


def merged(config: reading.CloudConfig, az: str | None,
           vm_type: str | None, extensions: Iterable[str],
           own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The cloud_properties of a VM: the later ones win."""
    result = dict(config.azs.get(az or '', {}))
    result.update(config.vm_types.get(vm_type or '', {}))
    result.update(own or {})
    for name in extensions:
        result.update(config.vm_extensions.get(name, {}))
    return result
