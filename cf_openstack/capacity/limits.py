# SPDX-License-Identifier: Apache-2.0
"""Reads limits and usage of a project from the cloud.

What is asked, with the rights of a reader in the project:

============= ======================================================
Nova          limits, flavors, availability zones
Neutron       quota details, floating IPs; subnets and ports of the
              networks in question
Cinder        quotas with usage (or limits), availability zones,
              types, the default type
Octavia       quotas, load balancers, pools
============= ======================================================

The services are asked at the same time, each for one thing after the other.
"""

from collections.abc import Callable
from collections.abc import Iterable
from concurrent import futures
import typing
from typing import Any

from oslo_log import log as logging

from cf_openstack.capacity import amounts
from cf_openstack.capacity import errors
from cf_openstack.capacity import flavors as capacity_flavors
from cf_openstack.capacity import project as capacity_project
from cf_openstack.manifest import addresses

if typing.TYPE_CHECKING:
    from openstack import connection

LOG = logging.getLogger(__name__)

_NOVA = {
    amounts.INSTANCES: ('maxTotalInstances', 'totalInstancesUsed'),
    amounts.CORES: ('maxTotalCores', 'totalCoresUsed'),
    amounts.RAM: ('maxTotalRAMSize', 'totalRAMUsed'),
    amounts.SERVER_GROUPS: ('maxServerGroups', 'totalServerGroupsUsed'),
    amounts.SERVER_GROUP_MEMBERS: ('maxServerGroupMembers', None),
}
_NEUTRON = {amounts.PORTS: 'port', amounts.FLOATING_IPS: 'floatingip'}
_CINDER = {
    amounts.VOLUMES: ('maxTotalVolumes', 'totalVolumesUsed'),
    amounts.GIGABYTES: ('maxTotalVolumeGigabytes', 'totalGigabytesUsed'),
}
# The names of Octavia's quotas have changed.
_OCTAVIA = {
    amounts.LOAD_BALANCERS: ('load_balancer', 'loadbalancer'),
    amounts.LISTENERS: ('listener',), amounts.POOLS: ('pool',),
    amounts.MEMBERS: ('member',),
}


def read(conn: 'connection.Connection',
         network_ids: Iterable[str] = ()) -> capacity_project.Project:
    """Read what the project of a connection may use and uses.

    A part that cannot be read is left out and named in ``unknown``.

    :param network_ids: of the networks whose addresses matter.
    :raises LimitsUnknown: the cloud gives no token for a project.
    """
    # It takes a while to import, and Horizon has no need of it.
    from keystoneauth1 import exceptions as auth_exceptions
    from openstack import exceptions

    # The latter two where something else than the service answers
    failures = (exceptions.SDKException, auth_exceptions.ClientException,
                KeyError, ValueError)
    try:
        project_id = conn.current_project_id
    except failures as error:
        raise errors.LimitsUnknown(reason=_reason(error)) from error
    if not project_id:
        raise errors.LimitsUnknown(reason='the token has no project')
    reader = _Reader(conn, project_id, list(network_ids), failures)
    with futures.ThreadPoolExecutor(len(reader.services)) as pool:
        for _ in pool.map(lambda service: service(), reader.services):
            pass
    return capacity_project.Project(
        quotas=reader.quotas, unknown=reader.unknown, **reader.found)


def _reason(error: Exception) -> str:
    return '%s: %s' % (type(error).__name__, str(error).split('\n')[0])


class _Reader:
    """One reading; each service has a thread of its own."""

    def __init__(self, conn: 'connection.Connection', project_id: str,
                 network_ids: list[str],
                 failures: tuple[type[Exception], ...]) -> None:
        self._conn = conn
        self._project_id = project_id
        self._network_ids = network_ids
        self._failures = failures
        self.quotas: dict[amounts.Resource, capacity_project.Quota] = {}
        self.found: dict[str, Any] = {}
        self.unknown: dict[str, str] = {}
        self.services = (self._compute, self._network, self._volume,
                         self._load_balancer)

    def _try(self, part: str, get: Callable[[], Any]) -> Any:
        """The result of a call, None and a note where it fails."""
        try:
            return get()
        except self._failures as error:
            LOG.info('Cannot read %s of the project: %s', part, error)
            self.unknown[part] = _reason(error)
            return None

    def _get(self, service: str, path: str, key: str,
             **params: Any) -> Any:
        """One member of what a service answers."""
        from openstack import exceptions

        response = getattr(self._conn, service).get(path, params=params)
        exceptions.raise_from_response(response)
        return response.json()[key]

    def _keep(self, name: str, part: str, get: Callable[[], Any]) -> None:
        value = self._try(part, get)
        if value is not None:
            self.found[name] = value

    def _compute(self) -> None:
        limits = self._try('compute limits', lambda: self._get(
            'compute', '/limits', 'limits')['absolute'])
        for kind, (limit, used) in _NOVA.items():
            if limits and limit in limits:
                self._quota(kind, limits[limit],
                            limits.get(used) if used else 0)
        self._keep('flavors', 'flavors', self._flavors)
        self._keep('zones', 'availability zones', lambda: frozenset(
            zone['zoneName'] for zone in self._get(
                'compute', '/os-availability-zone', 'availabilityZoneInfo')
            if zone['zoneState']['available']))

    def _quota(self, kind: str, limit: int, used: int | None,
               name: str = '') -> None:
        self.quotas[amounts.Resource(kind, name)] = (
            capacity_project.Quota(limit, used))

    def _flavors(self) -> tuple[capacity_flavors.Flavor, ...]:
        return tuple(
            capacity_flavors.Flavor(
                name=flavor.name, vcpus=flavor.vcpus, ram_mib=flavor.ram,
                root_gib=flavor.disk, ephemeral_gib=flavor.ephemeral or 0,
                disabled=bool(flavor.is_disabled),
                extra_specs=dict(flavor.extra_specs or {}), id=flavor.id)
            for flavor in self._conn.compute.flavors(details=True))

    def _network(self) -> None:
        quotas = self._try('network quotas', lambda: self._get(
            'network', '/quotas/%s/details.json' % self._project_id,
            'quota')) or {}
        for kind, name in _NEUTRON.items():
            if name in quotas:
                self._quota(kind, quotas[name]['limit'],
                            quotas[name]['used']
                            + quotas[name].get('reserved', 0))
        self._keep('floating_ips', 'floating IPs', lambda: {
            ip.floating_ip_address: ip.port_id
            for ip in self._conn.network.ips(project_id=self._project_id)})
        if self._network_ids:
            self._keep('networks', 'subnets and ports', self._networks)

    def _networks(self) -> dict[str, capacity_project.Network]:
        network = self._conn.network
        cidrs: dict[str, list[str]] = {}
        pools = dict.fromkeys(self._network_ids, addresses.AddressSet())
        used = dict(pools)
        for subnet in network.subnets(network_id=self._network_ids):
            owner = subnet.network_id
            cidrs.setdefault(owner, []).append(subnet.cidr)
            for pool in subnet.allocation_pools:
                pools[owner] |= addresses.between(pool['start'],
                                                  pool['end'])
        if cidrs:
            taken: dict[str, list[str]] = {}
            for port in network.ports(network_id=list(cidrs)):
                taken.setdefault(port.network_id, []).extend(
                    ip['ip_address'] for ip in port.fixed_ips)
            used.update((owner, addresses.parse(found))
                        for owner, found in taken.items())
        return {owner: capacity_project.Network(
            tuple(some), pools[owner], used[owner])
            for owner, some in cidrs.items()}

    def _volume(self) -> None:
        quotas = self._try('volume quotas', lambda: self._get(
            'block_storage', '/os-quota-sets/%s' % self._project_id,
            'quota_set', usage='True'))
        if quotas is None:
            self._volume_limits()
        else:
            self._volume_quotas(quotas)
        self._keep('volume_zones', 'volume availability zones',
                   lambda: frozenset(
                       zone['zoneName'] for zone in self._get(
                           'block_storage', '/os-availability-zone',
                           'availabilityZoneInfo')
                       if zone['zoneState']['available']))
        self._keep('volume_type_ids', 'volume types', lambda: {
            kind.id: kind.name
            for kind in self._conn.block_storage.types()})
        if 'volume_type_ids' in self.found:
            self.found['volume_types'] = frozenset(
                self.found['volume_type_ids'].values())
        self._keep('default_volume_type', 'default volume type',
                   lambda: self._get('block_storage', '/types/default',
                                     'volume_type')['name'])

    def _volume_quotas(self, quotas: dict[str, Any]) -> None:
        for key, quota in quotas.items():
            kind, _, name = key.partition('_')
            if key == 'per_volume_gigabytes':
                kind, name = capacity_project.VOLUME_SIZE, ''
            elif kind not in _CINDER:
                continue
            self._quota(kind, quota['limit'],
                        quota['in_use'] + quota.get('reserved', 0), name)

    def _volume_limits(self) -> None:
        """What everybody may see, without the quotas of single types."""
        limits = self._try('volume limits', lambda: self._get(
            'block_storage', '/limits', 'limits')['absolute'])
        for kind, (limit, used) in _CINDER.items():
            if limits and limit in limits:
                self._quota(kind, limits[limit], limits.get(used))

    def _load_balancer(self) -> None:
        quotas = self._try('load balancer quotas', lambda: self._get(
            'load_balancer', '/lbaas/quotas/%s' % self._project_id,
            'quota'))
        if quotas is None:
            return
        used: dict[str, int] = {}
        balancers = self._try('load balancers', lambda: list(
            self._conn.load_balancer.load_balancers(
                project_id=self._project_id)))
        if balancers is not None:
            used[amounts.LOAD_BALANCERS] = len(balancers)
            used[amounts.LISTENERS] = sum(
                len(balancer.listeners or ()) for balancer in balancers)
        pools = self._try('load balancer pools', lambda: list(
            self._conn.load_balancer.pools(project_id=self._project_id)))
        if pools is not None:
            used[amounts.POOLS] = len(pools)
            used[amounts.MEMBERS] = sum(
                len(pool.members or ()) for pool in pools)
            self.found['pools'] = {pool.id: pool.name for pool in pools}
        for kind, names in _OCTAVIA.items():
            for name in names:
                if name in quotas:
                    self._quota(kind, quotas[name], used.get(kind))
                    break
