# SPDX-License-Identifier: Apache-2.0
"""Load balancers, pools and their members."""

from typing import Any
import uuid

from tests.unit.cpi import fake_service

#: How many requests a load balancer is busy with a change.
BUSY = 1


class Octavia(fake_service.Service):
    """Load balancers, pools and their members.

    As in the real one a load balancer is PENDING_UPDATE after a change,
    and refuses others meanwhile; here until it has been asked for its
    state, or for a change, ``BUSY`` times.

    :ivar balancers: provisioning status by id.
    :ivar busy: how many more requests a load balancer is busy, by id.
    """

    def __init__(self) -> None:
        super().__init__()
        self.balancers: dict[str, str] = {}
        self.busy: dict[str, int] = {}
        self.pools: dict[str, dict[str, Any]] = {}
        self.members: dict[str, dict[str, Any]] = {}
        self._ending: set[str] = set()

    def routes(self) -> list[fake_service.Route]:
        members = 'load-balancer/lbaas/pools/([^/]+)/members'
        return super().routes() + [
            ('GET load-balancer/lbaas/pools', self._list_pools),
            ('GET load-balancer/lbaas/listeners/([^/]+)',
             self._get_listener),
            ('GET load-balancer/lbaas/loadbalancers/([^/]+)',
             self._get_balancer),
            (f'GET {members}', self._list_members),
            (f'POST {members}', self._create_member),
            (f'DELETE {members}/([^/]+)', self._delete_member),
        ]

    def add_pool(self, name: str, balancer: str = 'lb-1') -> dict[str, Any]:
        """Put a pool there and return it."""
        self.balancers.setdefault(balancer, 'ACTIVE')
        pool = {
            'id': str(uuid.uuid4()), 'name': name, 'balancer': balancer,
            'loadbalancers': [{'id': balancer}], 'listeners': []}
        self.pools[pool['id']] = pool
        return pool

    def add_member(self, pool_id: str, **member: Any) -> dict[str, Any]:
        """Put a member into a pool and return it."""
        member = {
            'id': str(uuid.uuid4()), 'pool': pool_id, 'name': '',
            'subnet_id': 'subnet-1', 'monitor_port': None, 'tags': [],
        } | member
        self.members[member['id']] = member
        return member

    def _list_pools(self, request: Any) -> Any:
        # requests_mock has queries in lower case
        (key, (value,)), = request.qs.items()
        return 200, {'pools': [
            pool for pool in self.pools.values()
            if pool[key].lower() == value]}

    def _get_listener(self, request: Any, cid: str) -> Any:
        return 200, {'listener': {'id': cid, 'loadbalancers': [
            {'id': cid.replace('listener', 'lb')}]}}

    def _get_balancer(self, request: Any, cid: str) -> Any:
        status = self.balancers[cid]
        if status == 'ACTIVE' and self._is_busy(cid):
            status = 'PENDING_UPDATE'
        return 200, {'loadbalancer': {
            'id': cid, 'provisioning_status': status}}

    def _list_members(self, request: Any, pool_id: str) -> Any:
        if pool_id not in self.pools:
            return fake_service.missing(pool_id)
        found = [m for m in self.members.values() if m['pool'] == pool_id]
        for key in ('address', 'protocol_port'):
            if key in request.qs:
                found = [m for m in found
                         if str(m[key]) == request.qs[key][0]]
        return 200, {'members': found}

    def _create_member(self, request: Any, pool_id: str) -> Any:
        refusal = self._refusal(pool_id)
        if refusal:
            return refusal
        wanted = request.json()['member']
        for member in self.members.values():
            if (member['pool'], member['address'],
                    member['protocol_port']) == (
                        pool_id, wanted['address'],
                        wanted['protocol_port']):
                return 409, _fault('Another member on this pool is already '
                                   'using ip and port')
        self.busy[self.pools[pool_id]['balancer']] = BUSY
        return 201, {'member': self.add_member(pool_id, **wanted)}

    def _delete_member(self, request: Any, pool_id: str, cid: str) -> Any:
        if pool_id not in self.pools or cid not in self.members:
            return fake_service.missing(cid)
        refusal = self._refusal(pool_id)
        if refusal:
            return refusal
        self._ending.add(cid)
        self.busy[self.pools[pool_id]['balancer']] = BUSY
        return 204, None

    def _refusal(self, pool_id: str) -> tuple[int, Any] | None:
        if pool_id not in self.pools:
            return fake_service.missing(pool_id)
        balancer = self.pools[pool_id]['balancer']
        if self.balancers[balancer] != 'ACTIVE' or self._is_busy(balancer):
            return 409, _fault(f'Load Balancer {balancer} is immutable and '
                               'cannot be updated.')
        return None

    def _is_busy(self, balancer: str) -> bool:
        left = self.busy.get(balancer, 0)
        self.busy[balancer] = max(0, left - 1)
        if left <= 1:
            for cid in list(self._ending):
                pool = self.pools[self.members[cid]['pool']]
                if pool['balancer'] == balancer:
                    del self.members[cid]
                    self._ending.remove(cid)
        return left > 0


def _fault(text: str) -> dict[str, Any]:
    return {'faultcode': 'Client', 'faultstring': text, 'debuginfo': None}
