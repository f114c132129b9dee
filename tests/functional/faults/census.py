# SPDX-License-Identifier: Apache-2.0
"""What of a call is in the cloud: by marks, by names and by addresses.

It is written without the product's sweep of leftovers, which it checks.
"""

from collections.abc import Iterable
from typing import Any

from openstack import connection

from tests.functional.faults import recording


def take(
    cloud: connection.Connection,
    director_uuid: str,
    sent: Iterable[recording.Recording] = (),
    network_id: str | None = None,
    address: str | None = None,
    pools: Iterable[str] = (),
) -> dict[str, list[str]]:
    """Ids by kind of what a director's calls have made; absent if none.

    :param sent: the requests of its calls, for the names in them.
    :param network_id: with address: a port there counts.
    :param pools: where members with the address count.
    """
    names = set()
    images = set()
    for one in sent:
        names |= _names(one)
        images |= {body.get('id') for body in one.sent('POST', '/images$')}
    tag = f'bosh_director_uuid={director_uuid}'

    def ours(found: Any) -> bool:
        return found.name in names or (
            (found.metadata or {}).get(
                'bosh_director_uuid') == director_uuid)

    storage = cloud.block_storage
    ports = {
        found.id for found in cloud.network.ports()
        if found.name in names or tag in (found.tags or ())
        or tag in (found.description or '')
        or (found.network_id == network_id and address in {
            fixed['ip_address'] for fixed in found.fixed_ips})}
    every = {
        'member': [
            m.id for pool in pools for m in cloud.load_balancer.members(pool)
            if tag in (m.tags or ()) or m.address == address],
        'server': [s.id for s in cloud.compute.servers() if ours(s)],
        'port': sorted(ports),
        'volume': [v.id for v in storage.volumes() if ours(v)],
        'snapshot': [s.id for s in storage.snapshots() if ours(s)],
        'image': [
            i.id for i in cloud.image.images()
            if i.id in images or tag in (i.tags or ())],
    }
    return {kind: found for kind, found in every.items() if found}


def _names(one: recording.Recording) -> set[str]:
    names = set()
    for key, pattern in (('server', '/servers$'), ('volume', '/volumes$'),
                         ('snapshot', '/snapshots$')):
        names |= {body.get(key, {}).get('name')
                  for body in one.sent('POST', pattern)}
    for body in one.sent('POST', '/ports$'):
        ports = body.get('ports') or [body.get('port', {})]
        names |= {port.get('name') for port in ports}
    # Servers may be renamed, and many things have no name.
    return names - {None, ''}
