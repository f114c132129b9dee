# SPDX-License-Identifier: Apache-2.0
"""Compares a manifest with what exists: the steps that remain."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import ipaddress
import json
from typing import Any
import uuid

from devstack.pocket_director import errors
from devstack.pocket_director.plan import addresses
from devstack.pocket_director.plan import cloud_config
from devstack.pocket_director.plan import fields
from devstack.pocket_director.plan import manifest as manifests
from devstack.pocket_director.plan import networks
from devstack.pocket_director.plan import placement
from devstack.pocket_director import store as stores

ACTIONS = ('recreate', 'restart')
STATES = ('started', 'stopped', 'detached')


@dataclasses.dataclass(frozen=True)
class Wish:
    """A state that a person asked for: of one instance, group, or all."""

    state: str
    job: str = '*'
    instance: str | None = None  # uuid or index

    def concerns(self, row: stores.Row) -> bool:
        """Whether an instance is meant."""
        return self.job in ('*', row['job']) and self.instance in (
            None, row['uuid'], str(row['idx']))


@dataclasses.dataclass
class InstancePlan:
    """One instance: as it is (``row``) and as it should be."""

    group: manifests.InstanceGroup
    row: stores.Row
    spec: dict[str, Any]
    state: str
    recreate: bool = False
    recreate_disk: bool = False
    restart: bool = False
    disk_row: stores.Row | None = None

    @property
    def label(self) -> str:
        """As events name it."""
        return label(self.row)

    @property
    def vm_differs(self) -> bool:
        """Whether its VM is another than it should be."""
        return bool(self.row['vm_cid']) and _plain(
            self.row['spec']) != _plain(self.spec)

    @property
    def disk_differs(self) -> bool:
        """Whether its persistent disk is another than it should be."""
        wanted = self.group.disk
        if wanted is None or self.disk_row is None:
            return wanted is not self.disk_row
        return (wanted.size != self.disk_row['size'] or _plain(
            wanted.cloud_properties) != _plain(
                self.disk_row['cloud_properties']))

    @property
    def wants_vm(self) -> bool:
        """Whether it should have a VM."""
        return self.state != 'detached' and not self.group.is_errand

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        if self.row['ignored'] or self.group.is_errand:
            return False
        if self.state == 'detached':
            return bool(self.row['vm_cid']) or (
                self.row['state'] != 'detached')
        return (self.recreate or self.restart or self.vm_differs
                or self.disk_differs or self.recreate_disk
                or not self.row['vm_cid']
                or self.row['state'] != self.state
                or (self.row['config'] or {}).get(
                    'digest') != self.group.digest)


@dataclasses.dataclass
class Plan:
    """All that a deployment needs."""

    manifest: manifests.Manifest
    instances: list[InstancePlan]
    obsolete: list[stores.Row]
    stemcells: list[dict[str, str]]
    releases: list[dict[str, str]]

    def of(self, group: manifests.InstanceGroup) -> list[InstancePlan]:
        """The instances of a group, by index."""
        return sorted((p for p in self.instances if p.group is group),
                      key=lambda p: p.row['idx'])


class Planner:
    """Plans a deployment; call it within a store's transaction.

    :param store: what exists.
    :param wanted: the manifest.
    :param config: the cloud config.
    :param sizes: cloud properties for groups with ``vm_resources``.
    """

    def __init__(self, store: stores.Store, wanted: manifests.Manifest,
                 config: cloud_config.CloudConfig,
                 sizes: Mapping[str, Mapping[str, Any]]) -> None:
        self._store = store
        self._manifest = wanted
        self._config = config
        self._sizes = sizes
        self._book = addresses.AddressBook(store, wanted.name)

    def plan(self, wishes: Sequence[Wish] = ()) -> Plan:
        """Bind instances, addresses and stemcells.

        :raises: DirectorError.
        """
        _check(wishes)
        releases = self._releases()
        stemcells: dict[tuple[str, str], stores.Row] = {}
        instances: list[InstancePlan] = []
        rows = self._store.all(
            'SELECT * FROM instances WHERE deployment = ?',
            self._manifest.name)
        disks = {row['instance']: row for row in self._store.all(
            'SELECT * FROM disks WHERE deployment = ? AND active = 1',
            self._manifest.name)}
        left = {row['uuid']: row for row in rows}
        for group in self._manifest.groups:
            existing = [row for row in rows if row['job'] in (
                group.name, *group.migrated_from) and row['uuid'] in left]
            slots, _ = placement.Placement(
                group, existing, set(disks), self._book).place()
            for slot in slots:
                if slot.existing is not None:
                    del left[slot.existing['uuid']]
            for plan in self._bind(group, slots, wishes, stemcells):
                plan.disk_row = disks.get(plan.row['uuid'])
                instances.append(plan)
        unneeded = list(left.values())
        if any(row['ignored'] for row in unneeded):
            raise errors.DirectorError(
                190021, 'You are trying to delete instance groups that '
                        'contain ignored instances. Operation not allowed.')
        used = {(s['name'], s['version']) for s in stemcells.values()}
        return Plan(self._manifest, instances, unneeded,
                    [{'name': n, 'version': v} for n, v in sorted(used)],
                    releases)

    def bind_addresses(self, plan: InstancePlan) -> None:
        """Give an errand's instance its addresses, as it is about to run.

        :raises: DirectorError.
        """
        plan.spec['networks'] = self._networks(
            plan.group, placement.Slot(plan.row['az']), plan.row)

    def _bind(self, group: manifests.InstanceGroup,
              slots: list[placement.Slot], wishes: Sequence[Wish],
              stemcells: dict[tuple[str, str], stores.Row],
              ) -> list[InstancePlan]:
        taken = {slot.existing['idx'] for slot in slots if slot.existing}
        plans = []
        for slot in slots:
            row = slot.existing or self._create_row(
                group, slot, placement.next_index(taken))
            if row['job'] != group.name:
                row['job'] = group.name
                self._store.update(
                    'instances', {'uuid': row['uuid']}, job=group.name)
            wish = [w.state for w in wishes if w.concerns(row)][-1:]
            if wish and row['ignored']:
                raise errors.DirectorError(
                    140021, 'You are trying to change the state of the '
                            f"ignored instance '{label(row)}'. This "
                            'operation is not allowed. You need to unignore '
                            'it first.')
            state = row['state']
            if wish and wish[0] in STATES:
                state = wish[0]
            plans.append(InstancePlan(
                group, row, self._spec(group, slot, row, stemcells), state,
                recreate=wish == ['recreate'],
                restart=wish == ['restart']))
        bootstrap = min((p.row['idx'] for p in plans), default=0)
        for plan in plans:
            plan.row['bootstrap'] = int(plan.row['idx'] == bootstrap)
            self._store.update(
                'instances', {'uuid': plan.row['uuid']},
                bootstrap=plan.row['bootstrap'])
        return plans

    def _create_row(self, group: manifests.InstanceGroup,
                    slot: placement.Slot, index: int) -> stores.Row:
        key = str(uuid.uuid4())
        self._store.insert(
            'instances', uuid=key, deployment=self._manifest.name,
            job=group.name, idx=index, az=slot.az, lifecycle=group.lifecycle,
            state='started', bootstrap=0)
        row = self._store.one('SELECT * FROM instances WHERE uuid = ?', key)
        assert row is not None
        return row

    def _spec(self, group: manifests.InstanceGroup, slot: placement.Slot,
              row: stores.Row,
              stemcells: dict[tuple[str, str], stores.Row],
              ) -> dict[str, Any]:
        az = self._config.azs.get(slot.az or '') or {}
        cpi = fields.text(az, 'cpi', '')
        if (group.stemcell, cpi) not in stemcells:
            stemcells[group.stemcell, cpi] = find_stemcell(
                self._store, self._manifest.stemcells[group.stemcell], cpi)
        stemcell = stemcells[group.stemcell, cpi]
        return {
            'az': slot.az, 'cpi': cpi, 'vm_type': group.vm_type,
            'cloud_properties': self._cloud_properties(group, az),
            'env': dict(group.env),
            'stemcell': {key: stemcell[key] for key in (
                'name', 'version', 'cid', 'api_version')},
            'networks': ({} if group.is_errand else
                         self._networks(group, slot, row))}

    def _cloud_properties(self, group: manifests.InstanceGroup,
                          az: Mapping[str, Any]) -> dict[str, Any]:
        az_name = az.get('name')
        parts = [(f"availability zone '{az_name}'", az)]
        if group.vm_type is not None:
            parts.append((f"vm type '{group.vm_type}'",
                          self._config.vm_types[group.vm_type]))
        else:
            parts.append(('the calculated vm type', {
                'cloud_properties': self._sizes[group.name]}))
        for name in group.vm_extensions:
            parts.append((f"vm extension '{name}'",
                          self._config.vm_extensions[name]))
        merged: dict[str, Any] = {}
        for what, part in parts:
            properties = fields.take(part, 'cloud_properties', dict, {})
            fields.need_values(properties, what)
            merged.update(properties)
        return merged

    def _networks(self, group: manifests.InstanceGroup, slot: placement.Slot,
                  row: stores.Row) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for used in group.networks:
            network = used.network
            address = slot.static_ips.get(network.name)
            if address is not None:
                self._book.reserve(
                    network.name, address, row['uuid'], label(row))
            elif network.kind == networks.MANUAL:
                address = self._book.allocate(
                    network, slot.az, row['uuid'], label(row))
            subnet = (network.subnets_of(slot.az)[0] if address is None
                      else network.subnet_with(address))
            assert subnet is not None
            fields.need_values(
                dict(subnet.cloud_properties), f"network '{network.name}'")
            found[network.name] = _network_spec(used, subnet, address)
        return found

    def _releases(self) -> list[dict[str, str]]:
        found = []
        jobs: dict[str, set[str]] = {}
        for wanted in self._manifest.releases:
            row = find_release(
                self._store, wanted['name'], wanted['version'])
            found.append({'name': row['name'], 'version': row['version']})
            jobs[row['name']] = {j['name'] for j in row['data']['jobs']}
        for group in self._manifest.groups:
            for job in group.jobs:
                known = jobs[job['release']]
                # A release uploaded without a list of jobs has them all.
                if known and job['name'] not in known:
                    raise errors.DirectorError(
                        140029, f"Job '{job['name']}' not found in release "
                                f"'{job['release']}'")
        return found


def _check(wishes: Sequence[Wish]) -> None:
    for wish in wishes:
        if wish.state not in STATES + ACTIONS:
            raise errors.DirectorError(
                140008 if wish.instance is None else 140007,
                f"Instance group '{wish.job}' has an unknown state "
                f"'{wish.state}', valid states are: "
                f"{', '.join(STATES + ACTIONS)}")


def find_release(store: stores.Store, name: str, version: str) -> stores.Row:
    """An uploaded release; its version may be ``latest``.

    :raises: DirectorError 30005 or 30006.
    """
    rows = store.all(
        'SELECT * FROM releases WHERE name = ? ORDER BY id', name)
    if not rows:
        raise errors.DirectorError(30005, f"Release '{name}' doesn't exist")
    rows = [row for row in rows if version in ('latest', row['version'])]
    if not rows:
        raise errors.DirectorError(
            30006, f"Release version '{name}/{version}' doesn't exist")
    return rows[-1]


def find_stemcell(store: stores.Store, wanted: Mapping[str, Any],
                  cpi: str) -> stores.Row:
    """The uploaded stemcell that a manifest's entry means.

    :raises: DirectorError 50003.
    """
    column = 'operating_system' if wanted.get('os') else 'name'
    value = str(wanted.get('os') or fields.text(wanted, 'name'))
    version = str(wanted['version'])
    rows = [row for row in store.all(
        f'SELECT * FROM stemcells WHERE {column} = ? ORDER BY id', value)
        if version in ('latest', row['version'])]
    if not rows:
        what = (f"version '{version}' for OS '{value}'"
                if wanted.get('os') else f"'{value}/{version}'")
        raise errors.DirectorError(50003, f"Stemcell {what} doesn't exist")
    rows = [row for row in rows if row['cpi'] == cpi]
    if not rows:
        raise errors.DirectorError(
            50003, f"Required stemcell {value}/{version} not found for cpi "
                   f"{cpi}, please upload again")
    return rows[-1]


def label(row: stores.Row) -> str:
    """An instance as events name it: ``group/uuid (index)``."""
    return f"{row['job']}/{row['uuid']} ({row['idx']})"


def sizes(config: cloud_config.CloudConfig, wanted: manifests.Manifest,
          calculate: Callable[[str, Mapping[str, Any]], Any],
          ) -> dict[str, Mapping[str, Any]]:
    """Cloud properties of every group that asks by ``vm_resources``.

    :param calculate: asks the CPI of this name for such resources.
    """
    found = {}
    for group in wanted.groups:
        if group.vm_resources is not None:
            az = config.azs.get((group.azs or ('',))[0]) or {}
            found[group.name] = calculate(
                fields.text(az, 'cpi', ''), group.vm_resources)
    return found


def _network_spec(used: manifests.GroupNetwork, subnet: networks.Subnet,
                  address: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {
        'type': used.network.kind, 'prefix': '32',
        'cloud_properties': dict(subnet.cloud_properties)}
    if address is not None:
        spec['ip'] = str(address)
    if used.network.kind == networks.VIP:
        return spec
    if used.default:
        spec['default'] = list(used.default)
    if subnet.dns:
        spec['dns'] = list(subnet.dns)
    if subnet.range is not None:
        if isinstance(subnet.range, ipaddress.IPv6Network):
            spec['prefix'] = '128'
        spec['netmask'] = str(subnet.range.netmask)
        spec['gateway'] = str(subnet.gateway)
    return spec


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
