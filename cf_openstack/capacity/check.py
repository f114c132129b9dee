# SPDX-License-Identifier: Apache-2.0
"""Need against limits; no request is made."""

from collections.abc import Iterator

from cf_openstack.capacity import amounts
from cf_openstack.capacity import demand as capacity_demand
from cf_openstack.capacity import need as capacity_need
from cf_openstack.capacity import project as capacity_project
from cf_openstack.capacity import report
from cf_openstack.capacity import room

# In this order they are told.
_PLAIN = (amounts.INSTANCES, amounts.CORES, amounts.RAM,
          amounts.SERVER_GROUPS, amounts.PORTS, amounts.FLOATING_IPS,
          amounts.LOAD_BALANCERS, amounts.LISTENERS, amounts.POOLS)
_TOLD = (amounts.FLAVOR, amounts.ROOT_DISK, amounts.EPHEMERAL_DISK)


def check(
    need: capacity_need.Need, project: capacity_project.Project,
    deployed: capacity_demand.Deployed | None = None,
) -> report.Report:
    """Compare what a deployment needs with what a project has.

    :param deployed: what the deployment is before an update.  What it uses
        is part of the project's usage and not needed again.
    """
    demand = capacity_demand.of(need, deployed)
    checks = _Check(demand, project)
    return report.Report(
        rows=tuple(checks.rows()), unknown=project.unknown,
        phases=tuple(
            (phase.name, {str(resource): number for resource, number
                          in sorted(phase.takes.items()) if number})
            for phase in demand.phases))


class _Check:

    def __init__(self, demand: capacity_demand.Demand,
                 project: capacity_project.Project) -> None:
        self._demand = demand
        self._need = demand.need
        self._project = project
        self._beyond = demand.beyond
        self._peak = demand.peak

    def rows(self) -> Iterator[report.Row]:
        """All rows, those of the same kind together."""
        for kind in _PLAIN:
            resource = amounts.Resource(kind)
            if self._peak[resource]:
                yield self._row(resource, self._beyond[resource],
                                self._peak[resource])
        if not self._need.knows_flavors:
            yield report.Row(amounts.CORES, state=report.UNKNOWN)
            yield report.Row(amounts.RAM, state=report.UNKNOWN)
        yield from self._volumes(amounts.VOLUMES)
        yield from self._volumes(amounts.GIGABYTES)
        yield from self._sizes()
        yield from self._members()
        yield from room.addresses(self._demand, self._project)
        yield from room.static_ips(self._demand, self._project)
        yield from room.floating_ips(self._demand, self._project)
        yield from self._existence()
        for problem in self._need.problems:
            yield report.Row(problem.kind, problem.name, need=1, total=1,
                             state=report.ABSENT, text=problem.text)
        for resource, number in sorted(self._peak.items()):
            if resource.kind in _TOLD and number:
                yield report.Row(
                    resource.kind, resource.name, total=number,
                    need=self._beyond[resource], state=report.INFO,
                    phase=self._demand.highest_in(resource))

    def _row(self, resource: amounts.Resource, need: int,
             total: int) -> report.Row:
        """A row against the quota of a resource."""
        quota = self._project.quotas.get(resource)
        state, limit, used = report.UNKNOWN, None, None
        if quota is not None:
            used = quota.used
            limit = None if quota.is_unlimited else quota.limit
            if limit is None:
                state = report.OK
            elif quota.free is not None:
                state = report.OK if need <= quota.free else report.SHORT
            elif need > limit:
                # Whatever is used, it is too much
                state, used = report.SHORT, 0
        return report.Row(
            resource.kind, resource.name, need, total, limit, used, state,
            phase=self._demand.highest_in(resource)
            if self._peak[resource] else '')

    def _volumes(self, kind: str) -> Iterator[report.Row]:
        """Of all types together, then of each that has a quota."""
        # The types need the most at different times; together, they need
        # what the time of most takes.
        whole = self._together(kind)
        if not whole[1]:
            return
        yield self._row(amounts.Resource(kind), *whole)
        need = self._by_volume_type(kind, self._beyond)
        for name, total in sorted(
                self._by_volume_type(kind, self._peak).items()):
            resource = amounts.Resource(kind, name)
            if name and resource in self._project.quotas:
                yield self._row(resource, need.get(name, 0), total)

    def _by_volume_type(self, kind: str,
                        part: amounts.Amounts) -> dict[str, int]:
        found: dict[str, int] = {}
        for resource, number in part.items():
            if resource.kind == kind:
                name = (resource.name or self._project.default_volume_type
                        or '')
                found[name] = found.get(name, 0) + number
        return found

    def _together(self, kind: str) -> tuple[int, int]:
        def whole(part: amounts.Amounts) -> int:
            return sum(number for resource, number in part.items()
                       if resource.kind == kind)

        peak = max(whole(phase.takes) for phase in self._demand.phases)
        return max(peak - whole(self._demand.in_use), 0), peak

    def _sizes(self) -> Iterator[report.Row]:
        """Limits of one thing, not of all together."""
        for kind, largest in (
                (capacity_project.VOLUME_SIZE, self._need.largest_disk),
                (amounts.SERVER_GROUP_MEMBERS, self._need.largest_group)):
            quota = self._project.quotas.get(amounts.Resource(kind))
            if largest and quota is not None and not quota.is_unlimited:
                yield report.Row(
                    kind, '', largest, largest, quota.limit, 0,
                    report.OK if largest <= quota.limit else report.SHORT)

    def _members(self) -> Iterator[report.Row]:
        """Members of all pools together."""
        need, total = self._together(amounts.MEMBERS)
        if total:
            yield self._row(amounts.Resource(amounts.MEMBERS), need, total)

    def _existence(self) -> Iterator[report.Row]:
        project, need = self._project, self._need
        pools: set[str] | None = None
        if project.pools is not None:
            pools = set(project.pools) | {
                name for name in project.pools.values() if name}
        members = {resource.name for resource in self._peak
                   if resource.kind == amounts.MEMBERS}
        for kind, wanted, known, text in (
                ('zone', need.zones, project.zones,
                 'the availability zone "%s" of Nova does not exist or is '
                 'not available'),
                ('volume_zone', need.volume_zones, project.volume_zones,
                 'Cinder has no availability zone "%s", and the disks of '
                 'servers there would be made in it: set '
                 'openstack.ignore_server_availability_zone of the CPI'),
                ('volume_type', need.volume_types, project.volume_types,
                 'the volume type "%s" does not exist in this project'),
                ('network', need.network_ids, project.networks,
                 'the network "%s" does not exist, or this project cannot '
                 'see it'),
                ('pool', members, pools,
                 'the load balancers of this project have no pool "%s"')):
            for name in sorted(wanted):
                row = report.Row(kind, name, need=1, total=1)
                if known is None:
                    yield self._changed(row, report.UNKNOWN)
                elif name in known:
                    yield row
                else:
                    yield self._changed(
                        row, report.ABSENT,
                        text % name + self._users(kind, name))

    def _users(self, kind: str, name: str) -> str:
        users = {'zone': self._need.zones,
                 'volume_zone': self._need.volume_zones,
                 'volume_type': self._need.volume_types}.get(kind, {})
        if name not in users:
            return ''
        return ' (for %s)' % ', '.join(users[name])

    def _changed(self, row: report.Row, state: str,
                 text: str = '') -> report.Row:
        return report.Row(row.kind, row.name, row.need, row.total,
                          state=state, text=text)
