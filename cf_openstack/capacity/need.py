# SPDX-License-Identifier: Apache-2.0
"""What a manifest needs of a project, by its cloud config and flavors."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import json
from typing import Any

from cf_openstack.capacity import amounts
from cf_openstack.capacity import flavors as capacity_flavors
from cf_openstack.capacity import groups as capacity_groups
from cf_openstack.capacity import placement
from cf_openstack.capacity import servers
from cf_openstack.manifest.cloud_config import names
from cf_openstack.manifest.cloud_config import reading

_SECTIONS = {'azs': 'availability zone', 'networks': 'network',
             'vm_types': 'VM type', 'vm_extensions': 'VM extension',
             'disk_types': 'disk type'}


@dataclasses.dataclass(frozen=True)
class GroupNeed:
    """What the instances of a group take.

    :ivar vms: of each VM, with its addresses.
    :ivar disks: of the persistent disks of each instance.
    :ivar disk_identity: differs when a deploy would make other disks.
    :ivar boot_volume: of one VM, as Cinder may count it for a while after
        the VM is gone.
    :ivar in_flight: how many are updated at once.
    """

    name: str
    is_errand: bool
    vms: tuple[amounts.Amounts, ...]
    disks: tuple[amounts.Amounts, ...]
    disk_identity: str
    boot_volume: amounts.Amounts
    swaps: bool
    serial: bool
    in_flight: int
    migrated_from: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Need:
    """What a deployment takes, and what must exist for it.

    :ivar compilation: of the VMs that compile packages, all together.
    :ivar beside: what else is made together with the deployment.
    :ivar address_pools: by their label.
    :ivar static_ips: addresses with the id of their network.
    :ivar floating_ips: addresses that must exist.
    :ivar zones: availability zones of Nova, with the groups in them.
    :ivar volume_zones: those that Cinder must have, with the groups.
    :ivar volume_types: with what uses them.
    :ivar largest_disk: GiB of the largest volume.
    :ivar largest_group: members of the largest server group.
    :ivar knows_flavors: whether vCPUs, RAM and local disks are counted.
    :ivar problems: what makes the deployment impossible.
    """

    groups: tuple[GroupNeed, ...]
    compilation: amounts.Amounts
    beside: amounts.Amounts
    address_pools: Mapping[str, placement.AddressPool]
    static_ips: Mapping[str, str | None]
    floating_ips: tuple[str, ...]
    zones: Mapping[str, tuple[str, ...]]
    volume_zones: Mapping[str, tuple[str, ...]]
    volume_types: Mapping[str, tuple[str, ...]]
    network_ids: frozenset[str]
    largest_disk: int
    largest_group: int
    knows_flavors: bool
    problems: tuple[servers.Problem, ...]

    @property
    def running(self) -> amounts.Amounts:
        """Of all that runs once it is deployed, disks included."""
        return self.beside + amounts.total(
            part for group in self.groups if not group.is_errand
            for part in (*group.vms, *group.disks))

    @property
    def errands(self) -> amounts.Amounts:
        """Of the VMs of all errands, disks included.

        The director runs one at a time, but they can be kept alive.
        """
        return amounts.total(
            part for group in self.groups if group.is_errand
            for part in (*group.vms, *group.disks))


class _Collector:
    """Gathers what the groups need beside amounts."""

    def __init__(self, config: reading.CloudConfig,
                 flavors: Iterable[capacity_flavors.Flavor] | None,
                 options: servers.Options) -> None:
        self.config = config
        self.flavors = None if flavors is None else tuple(flavors)
        self.options = options
        self.pools: dict[str, placement.AddressPool] = {}
        self.problems: dict[servers.Problem, None] = {}
        self.static_ips: dict[str, str | None] = {}
        self.floating_ips: list[str] = []
        self.zones: dict[str, dict[str, None]] = {}
        self.volume_zones: dict[str, dict[str, None]] = {}
        self.volume_types: dict[str, dict[str, None]] = {}
        self.largest_disk = 0
        self.compilation_groups = 0

    def server(self, who: str, group: str, az: str | None,
               vm_type: str | None, extensions: Iterable[str],
               resources: Mapping[str, Any] | None,
               own: Mapping[str, Any] | None = None) -> servers.Server:
        server = servers.Server(
            who, servers.merged(self.config, az, vm_type, extensions, own),
            resources, self.flavors, self.options)
        server.check_root()
        if not vm_type or vm_type in self.config.vm_types:
            # Of what is not defined, nothing else needs to be said.
            self.problems.update(dict.fromkeys(server.problems))
        for zone in server.zones:
            self.zones.setdefault(zone, {})[group] = None
        if server.from_volume:
            self.note_volume(group, server.volume_type, server.volume_gib)
        return server

    def note_volume(self, group: str, volume_type: str, gib: int) -> None:
        self.largest_disk = max(self.largest_disk, gib)
        if volume_type:
            self.volume_types.setdefault(volume_type, {})[group] = None

    def addresses(self, who: str, network_name: str,
                  az: str | None) -> amounts.Amounts:
        """One dynamic address; none where the network is not defined."""
        network = self.config.networks.get(network_name)
        if network is None or network.kind == 'vip':
            return amounts.Amounts()
        pool = placement.address_pool(network, az)
        if pool is None:
            problem = servers.Problem(
                'network', network_name, '%s: no subnet of the network "%s" '
                'is for the availability zone "%s"' % (who, network_name,
                                                       az))
            self.problems[problem] = None
            return amounts.Amounts()
        self.pools[pool.label] = pool
        return amounts.Amounts(
            {amounts.Resource(amounts.ADDRESSES, pool.label): 1})

    def ports(self, network_names: Iterable[str]) -> int:
        return sum(1 for name in network_names
                   if name not in self.config.networks
                   or self.config.networks[name].kind != 'vip')

    def group(self, group: capacity_groups.Group) -> GroupNeed:
        who = 'instance group "%s"' % group.name
        placed = placement.Placement(group, self.config.networks)
        self.problems.update(dict.fromkeys(placed.problems))
        self.static_ips.update(placed.static_ips)
        self.floating_ips += placed.floating_ips
        disks, identity = self._disks(group)
        ports = self.ports(network.name for network in group.networks)
        by_az = {}
        boot_volume = amounts.Amounts()
        for az in dict.fromkeys(placed.azs):
            server = self.server(
                who, group.name, az, group.vm_type, group.vm_extensions,
                group.vm_resources)
            boot_volume |= server.boot_volume
            one = server.takes(ports)
            for network in group.networks:
                if not network.static_ips:
                    one += self.addresses(who, network.name, az)
            by_az[az] = one
            if disks and not self.options.ignore_server_availability_zone:
                for zone in server.zones:
                    self.volume_zones.setdefault(
                        zone, {})[group.name] = None
        vms = [by_az[az] for az in placed.azs]
        if vms and self.options.auto_anti_affinity:
            vms[0] = vms[0] + amounts.of(server_groups=1)
        return GroupNeed(
            name=group.name, is_errand=group.is_errand, vms=tuple(vms),
            disks=(disks,) * group.instances if disks else (),
            disk_identity=identity, boot_volume=boot_volume,
            swaps=group.swaps, serial=group.update.serial,
            in_flight=group.update.in_flight(group.instances),
            migrated_from=group.migrated_from)

    def _disks(self, group: capacity_groups.Group,
               ) -> tuple[amounts.Amounts, str]:
        """What the disks of one instance take, and what identifies them."""
        specs: list[tuple[int, Mapping[str, Any]]] = []
        if group.disk_size:
            specs.append((group.disk_size, {}))
        for name in group.disk_types:
            disk = self.config.disk_types.get(name)
            if disk is not None and disk.size_mib:
                specs.append((disk.size_mib, disk.cloud_properties))
        volumes = [servers.disk_volume(size, properties, self.options)
                   for size, properties in specs]
        for volume in volumes:
            for resource, number in volume.items():
                if resource.kind == amounts.GIGABYTES:
                    self.note_volume(group.name, resource.name, number)
        return amounts.total(volumes), json.dumps(
            specs, sort_keys=True, default=str)

    def compilation(self) -> amounts.Amounts:
        wanted = self.config.compilation
        if wanted is None:
            return amounts.Amounts()
        who = 'compilation of packages'
        for section, name in (('vm_types', wanted.vm_type),
                              ('networks', wanted.network),
                              ('azs', wanted.az)):
            if name and name not in getattr(self.config, section):
                self.undefined(section, name, who)
        server = self.server(
            who, who, wanted.az, wanted.vm_type, wanted.vm_extensions,
            wanted.vm_resources, wanted.cloud_properties)
        one = server.takes(self.ports([wanted.network]))
        one += self.addresses(who, wanted.network, wanted.az)
        if self.options.auto_anti_affinity:
            # Each of them is a group of its own
            one += amounts.of(server_groups=1)
        return amounts.times(wanted.workers, one)

    def undefined(self, section: str, name: str, who: str) -> None:
        kind = section.removesuffix('s')
        self.problems[servers.Problem(
            kind, name, '%s: the cloud config defines no %s "%s"' % (
                who, _SECTIONS[section], name))] = None


def calculate(
    doc: Any, config: Mapping[str, Any],
    flavors: Iterable[capacity_flavors.Flavor] | None,
    options: servers.Options = servers.Options(),
    beside: amounts.Amounts | None = None,
) -> Need:
    """Work out what a deployment needs.

    :param doc: the manifest, after its operations files and with values for
        the variables that are numbers or names.
    :param config: the cloud config, or several merged into one.
    :param flavors: as Nova lists them; None if they are not known, which
        leaves open how many vCPUs and how much RAM are needed.
    :param options: settings of the CPI.
    :param beside: what else will be made at the same time, such as a load
        balancer or floating IPs.
    :raises NeedUnknown: a number in the manifest is not known.
    :raises ManifestError: manifest or cloud config cannot be read.
    """
    collector = _Collector(reading.read(config), flavors, options)
    for section, absent in names.missing(doc, config).items():
        for name in absent:
            collector.undefined(section, name, 'the manifest')
    found = [collector.group(group) for group in capacity_groups.read(doc)]
    compilation = amounts.Amounts()
    if capacity_groups.needs_compilation(doc):
        compilation = collector.compilation()
    largest_group = 0
    if options.auto_anti_affinity:
        largest_group = max((len(group.vms) for group in found), default=0)
    return Need(
        groups=tuple(found), compilation=compilation,
        beside=beside or amounts.Amounts(),
        address_pools=collector.pools, static_ips=collector.static_ips,
        floating_ips=tuple(collector.floating_ips),
        zones=_frozen(collector.zones),
        volume_zones=_frozen(collector.volume_zones),
        volume_types=_frozen(collector.volume_types),
        network_ids=_network_ids(collector),
        largest_disk=collector.largest_disk, largest_group=largest_group,
        knows_flavors=collector.flavors is not None,
        problems=tuple(collector.problems))


def _frozen(
    found: Mapping[str, dict[str, None]],
) -> dict[str, tuple[str, ...]]:
    return {name: tuple(users) for name, users in found.items()}


def _network_ids(collector: _Collector) -> frozenset[str]:
    ids = {network_id for pool in collector.pools.values()
           for network_id in pool.network_ids}
    ids.update(network_id for network_id in collector.static_ips.values()
               if network_id)
    return frozenset(ids)


def network_ids(config: Mapping[str, Any]) -> list[str]:
    """The networks of Neutron that a cloud config uses.

    :raises CloudConfigError: it cannot be read.
    """
    return sorted({subnet.network_id
                   for network in reading.read(config).networks.values()
                   for subnet in network.subnets if subnet.network_id})
