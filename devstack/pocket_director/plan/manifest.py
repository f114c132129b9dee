# SPDX-License-Identifier: Apache-2.0
"""A deployment manifest, read against a cloud config."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import hashlib
import ipaddress
import json
from typing import Any

from devstack.pocket_director import errors
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import fields
from devstack.pocket_director.plan import networks
from devstack.pocket_director.plan import ranges
from devstack.pocket_director.plan import update_block

_REQUIRED_DEFAULTS = ('dns', 'gateway')


@dataclasses.dataclass(frozen=True)
class GroupNetwork:
    """A network as an instance group uses it."""

    network: networks.Network
    static_ips: tuple[ranges.Address, ...] | None
    default: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Disk:
    """The persistent disk that every instance of a group has; MiB."""

    size: int
    cloud_properties: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class InstanceGroup:
    """One group of a manifest."""

    name: str
    instances: int
    lifecycle: str
    azs: tuple[str, ...] | None
    networks: tuple[GroupNetwork, ...]
    vm_type: str | None
    vm_resources: Mapping[str, Any] | None
    vm_extensions: tuple[str, ...]
    stemcell: str
    disk: Disk | None
    env: Mapping[str, Any]
    jobs: tuple[Mapping[str, Any], ...]
    update: update_block.UpdateBlock
    migrated_from: tuple[str, ...]
    digest: str

    @property
    def is_errand(self) -> bool:
        """Whether its VMs exist only while it runs."""
        return self.lifecycle == 'errand'


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A deployment as it should be."""

    name: str
    stemcells: Mapping[str, Mapping[str, Any]]
    releases: Sequence[Mapping[str, str]]
    groups: tuple[InstanceGroup, ...]
    variables: tuple[str, ...]
    tags: Mapping[str, Any]


def parse(document: Mapping[str, Any], config: cloud_config.CloudConfig,
          overrides: Mapping[str, Any]) -> Manifest:
    """Check a manifest.

    :param overrides: ``canaries`` and ``max_in_flight`` asked for with the
        request.
    :raises: DirectorError.
    """
    stemcells: dict[str, Mapping[str, Any]] = {}
    for stemcell in fields.take(document, 'stemcells', list, []):
        alias = fields.text(stemcell, 'alias')
        if alias in stemcells:
            raise errors.DirectorError(
                50005, f"Duplicate stemcell alias '{alias}'")
        if stemcell.get('name') and stemcell.get('os'):
            raise errors.DirectorError(
                50006, "Properties 'os' and 'name' are both specified for "
                       'stemcell, choose one.')
        fields.text(stemcell, 'version')
        stemcells[alias] = stemcell
    if not stemcells:
        raise errors.DirectorError(
            190019, "'stemcells' needs to be specified")
    releases: dict[str, Mapping[str, str]] = {}
    for release in fields.take(document, 'releases', list):
        name = fields.text(release, 'name')
        if name in releases:
            raise errors.DirectorError(
                190002, f"Duplicate release name '{name}'")
        releases[name] = {
            'name': name, 'version': fields.text(release, 'version')}
    base = update_block.parse(
        fields.take(document, 'update', dict), update_block.UpdateBlock(),
        overrides)
    groups: dict[str, InstanceGroup] = {}
    for spec in fields.take(document, 'instance_groups', list, []):
        group = _group(spec, config, stemcells, releases, base, overrides)
        if group.name in groups:
            raise errors.DirectorError(
                190006, f"Invalid instance group name '{group.name}', "
                        'canonical name already taken')
        groups[group.name] = group
    variables = fields.named(document, 'variables', 190022, 'variable')
    return Manifest(
        fields.text(document, 'name'), stemcells, list(releases.values()),
        tuple(groups.values()), tuple(variables),
        fields.take(document, 'tags', dict, {}))


def _group(spec: Mapping[str, Any], config: cloud_config.CloudConfig,
           stemcells: Mapping[str, Any], releases: Mapping[str, Any],
           base: update_block.UpdateBlock,
           overrides: Mapping[str, Any]) -> InstanceGroup:
    name = fields.text(spec, 'name')
    lifecycle = fields.take(spec, 'lifecycle', str, 'service')
    if lifecycle not in ('service', 'errand'):
        raise errors.DirectorError(
            140011, f"Invalid lifecycle '{lifecycle}' for '{name}', valid "
                    'lifecycle profiles are: service, errand')
    jobs = fields.take(spec, 'jobs', list)
    _check_jobs(name, jobs, releases)
    vm_type = fields.text(spec, 'vm_type', None)
    resources = fields.take(spec, 'vm_resources', dict, None)
    _check_vm(name, vm_type, resources, config)
    extensions = fields.take(spec, 'vm_extensions', list, [])
    for extension in extensions:
        if extension not in config.vm_extensions:
            raise errors.DirectorError(
                100, f"The vm_extension '{extension}' of instance group "
                     f"'{name}' has not been configured in cloud-config.")
    stemcell = fields.text(spec, 'stemcell')
    if stemcell not in stemcells:
        raise errors.DirectorError(
            140005, f"Instance group '{name}' references an unknown stemcell "
                    f"'{stemcell}'")
    group_networks = _networks(name, spec, config)
    azs = _azs(name, spec, config, group_networks)
    instances = fields.take(spec, 'instances', int)
    for used in group_networks:
        if used.static_ips is not None and len(used.static_ips) != instances:
            raise errors.DirectorError(
                150002, f"Instance group '{name}' has {instances} instances "
                        f'but was allocated {len(used.static_ips)} static '
                        f"IPs in network '{used.network.name}'")
    digest = hashlib.sha256(json.dumps(
        [jobs, spec.get('properties')], sort_keys=True, default=str,
    ).encode()).hexdigest()
    return InstanceGroup(
        name=name, instances=instances, lifecycle=lifecycle, azs=azs,
        networks=group_networks, vm_type=vm_type, vm_resources=resources,
        vm_extensions=tuple(extensions), stemcell=stemcell,
        disk=_disk(name, spec, config),
        env=fields.take(spec, 'env', dict, {}), jobs=tuple(jobs),
        update=update_block.parse(
            fields.take(spec, 'update', dict, {}), base, overrides),
        migrated_from=tuple(
            fields.text(old, 'name')
            for old in fields.take(spec, 'migrated_from', list, [])),
        digest=digest)


def _check_jobs(name: str, jobs: list[Any],
                releases: Mapping[str, Any]) -> None:
    seen = set()
    for job in jobs:
        job_name = fields.text(job, 'name')
        release = fields.text(job, 'release')
        if release not in releases:
            raise errors.DirectorError(
                140002, f"Job '{job_name}' (instance group '{name}') "
                        f"references an unknown release '{release}'")
        if job_name in seen:
            raise errors.DirectorError(
                140010, f"Colocated job '{job_name}' is already added to the "
                        f"instance group '{name}'")
        seen.add(job_name)


def _check_vm(name: str, vm_type: str | None, resources: Any,
              config: cloud_config.CloudConfig) -> None:
    if vm_type is None and resources is None:
        raise errors.DirectorError(
            140022, f"Instance group '{name}' is missing either 'vm_type' or "
                    "'vm_resources' section.")
    if vm_type is not None and resources is not None:
        raise errors.DirectorError(
            140022, f"Instance group '{name}' can only specify one of "
                    "'vm_type' or 'vm_resources' keys.")
    if vm_type is not None and vm_type not in config.vm_types:
        raise errors.DirectorError(
            140004, f"Instance group '{name}' references an unknown vm type "
                    f"'{vm_type}'")
    if resources is not None:
        for key in ('cpu', 'ram', 'ephemeral_disk_size'):
            fields.take(resources, key, int)


def _disk(name: str, spec: Mapping[str, Any],
          config: cloud_config.CloudConfig) -> Disk | None:
    size = fields.take(spec, 'persistent_disk', int, None)
    kind = fields.text(spec, 'persistent_disk_type', None)
    pool = fields.text(spec, 'persistent_disk_pool', None)
    if sum(value is not None for value in (size, kind, pool)) > 1:
        raise errors.DirectorError(
            140013, f"Instance group '{name}' specifies more than one of the "
                    "following keys: 'persistent_disk', "
                    "'persistent_disk_type' and 'persistent_disk_pool'. "
                    'Choose one.')
    if size is not None:
        if size < 0:
            raise errors.DirectorError(
                140013, f"Instance group '{name}' references an invalid "
                        f"persistent disk size '{size}'")
        return Disk(size, {}) if size else None
    wanted = kind or pool
    if wanted is None:
        return None
    if wanted not in config.disk_types:
        raise errors.DirectorError(
            140012, f"Instance group '{name}' references an unknown disk "
                    f"{'type' if kind else 'pool'} '{wanted}'")
    entry = config.disk_types[wanted]
    properties = fields.take(entry, 'cloud_properties', dict, {})
    fields.need_values(properties, f"disk type '{wanted}'")
    return (Disk(entry['disk_size'], properties)
            if entry['disk_size'] else None)


def _networks(name: str, spec: Mapping[str, Any],
              config: cloud_config.CloudConfig) -> tuple[GroupNetwork, ...]:
    entries = fields.take(spec, 'networks', list)
    if not entries:
        raise errors.DirectorError(
            140009, f"Instance group '{name}' must specify at least one "
                    'network')
    found = []
    for entry in entries:
        network_name = fields.text(entry, 'name')
        network = config.networks.get(network_name)
        if network is None:
            raise errors.DirectorError(
                150001, f"Instance group '{name}' references an unknown "
                        f"network '{network_name}'")
        default = fields.take(entry, 'default', list, [])
        for item in default:
            if item not in (*_REQUIRED_DEFAULTS, 'addressable'):
                raise errors.DirectorError(
                    150003, f"Instance group '{name}' specified an invalid "
                            f"default network property '{item}', valid "
                            'properties are: dns, gateway')
        found.append(GroupNetwork(
            network, _static_ips(name, entry, network), tuple(default)))
    private = [n for n in found if n.network.kind != networks.VIP]
    if len(private) == 1 and not private[0].default:
        only = found.index(private[0])
        found[only] = dataclasses.replace(
            private[0], default=_REQUIRED_DEFAULTS)
    for item in _REQUIRED_DEFAULTS:
        owners = [n.network.name for n in found if item in n.default]
        if not owners:
            raise errors.DirectorError(
                150005, f"Instance group '{name}' must specify which network "
                        f'is default for {item}, since it has more than one '
                        'network configured')
        if len(owners) > 1:
            raise errors.DirectorError(
                150004, f"Instance group '{name}' specified more than one "
                        f"network to contain default. '{item}' has default "
                        f"networks: {', '.join(owners)}.")
    return tuple(found)


def _static_ips(group: str, entry: Mapping[str, Any],
                network: networks.Network,
                ) -> tuple[ranges.Address, ...] | None:
    given = entry.get('static_ips')
    if given is None:
        if network.kind == networks.VIP and not any(
                list(s.static.ends()) for s in network.subnets):
            raise errors.DirectorError(
                130014, f"Instance group '{group}' with network "
                        f"'{network.name}' needs 'static_ips': a vip network "
                        'gives no addresses of its own')
        return None
    if network.kind == networks.DYNAMIC:
        raise errors.DirectorError(
            150008, f"Instance group '{group}' using dynamic network "
                    f"'{network.name}' cannot specify static IP(s)")
    found = list(ranges.Ranges(given))
    if len(set(found)) != len(found):
        raise errors.DirectorError(
            150009, f"Instance group '{group}' specifies a static IP more "
                    'than once')
    for address in found:
        _check_static(group, address, network)
    return tuple(found)


def _check_static(group: str, address: ranges.Address,
                  network: networks.Network) -> None:
    subnet = network.subnet_with(ipaddress.ip_address(address))
    if subnet is None:
        raise errors.DirectorError(
            140016, f"Instance group '{group}' with network "
                    f"'{network.name}' declares static ip '{address}', which "
                    'belongs to no subnet')
    if network.kind == networks.MANUAL and address not in subnet.static:
        raise errors.DirectorError(
            130009, f"Failed to reserve IP '{address}' for instance group "
                    f"'{group}': IP does not belong to static pool of "
                    f"network '{network.name}'")


def _azs(name: str, spec: Mapping[str, Any],
         config: cloud_config.CloudConfig,
         group_networks: tuple[GroupNetwork, ...],
         ) -> tuple[str, ...] | None:
    azs = fields.take(spec, 'azs', list, None)
    if azs is not None and not azs:
        raise errors.DirectorError(
            140017, f"Instance group '{name}' has empty availability zones")
    for az in azs or ():
        if az not in config.azs:
            raise errors.DirectorError(
                140018, f"Instance group '{name}' references unknown "
                        f"availability zone '{az}'")
    for used in group_networks:
        zoned = [s for s in used.network.subnets if s.azs]
        if used.network.kind == networks.VIP or not zoned:
            continue
        if azs is None or not all(
                used.network.subnets_of(az) for az in azs):
            raise errors.DirectorError(
                150006, f"Instance group '{name}' must specify availability "
                        'zone that matches availability zones of network '
                        f"'{used.network.name}'")
    return None if azs is None else tuple(azs)
