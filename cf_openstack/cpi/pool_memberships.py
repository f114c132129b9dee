# SPDX-License-Identifier: Apache-2.0
"""What servers' metadata say of their pools, and how servers leave them.

``bosh_lb_pool_<n>`` = ``<pool id>/<port>``
    from birth.  By it the member is found if the CPI is killed between
    the member's creation and the next entry; a VM without pools has none
    and costs no request.
``lbaas_pool_<n>`` = ``<pool id>/<member id>``
    once the member is there, as the CPIs in Ruby and Go write and read
    it: either of them can delete our VMs, and we theirs.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import logging
import re

from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import pool_members
from cf_openstack.cpi import translation
from cf_openstack import exceptions

LOG = logging.getLogger(__name__)

_ID = '[A-Za-z0-9-]+'
_PLANNED = re.compile(r'bosh_lb_pool_(\d+)')
_JOINED = re.compile(r'lbaas_pool_(\d+)')


@dataclasses.dataclass(frozen=True)
class Membership:
    """What a server's metadata say about one of its pools.

    :ivar member_id: None if the CPI was killed before it wrote it down.
    :ivar port: where the VM serves, None if ``member_id`` is known.
    """

    number: int
    pool_id: str
    member_id: str | None
    port: int | None


def read(metadata: Mapping[str, str]) -> list[Membership]:
    """Read from a server's metadata what pools it is or may be in."""
    joined = _entries(metadata, _JOINED, _ID)
    planned = _entries(metadata, _PLANNED, r'\d{1,5}')
    found = [Membership(number, pool_id, member_id, None)
             for number, (pool_id, member_id) in joined.items()]
    found.extend(
        Membership(number, pool_id, None, int(port))
        for number, (pool_id, port) in planned.items()
        if joined.get(number, ('',))[0] != pool_id)
    return sorted(found, key=lambda membership: membership.number)


def leave(
    call: calls.Call,
    membership: Membership,
    vm_name: str,
    addresses: Sequence[str],
) -> None:
    """Remove a server from a pool; what is not there is removed already.

    :param vm_name: the server's name at birth.
    :param addresses: all of the server's.
    :raises errors.CloudError: the member is still there.
    """
    pool_id = membership.pool_id
    try:
        if membership.member_id:
            pool_members.delete(call, pool_id, membership.member_id)
            return
        name = naming.member_name(vm_name, membership.number)
        for member in pool_members.find(
                call, pool_id, protocol_port=membership.port):
            if member['name'] == name or member['address'] in addresses:
                pool_members.delete(call, pool_id, member['id'])
    except sdk_exceptions.ServiceDisabledException as exc:
        # For instance Neutron's own load balancers, which are no more.
        LOG.warning('Pool %s went with the load balancer service: %s',
                    pool_id, exc)
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        member = membership.member_id or (
            f'{", ".join(addresses)} port {membership.port}')
        raise errors.CloudError(
            f"Member '{member}' cannot be removed from pool '{pool_id}' and "
            f'has to be by hand: {translation.to_bosh(exc)}') from exc


def _entries(
    metadata: Mapping[str, str], key: re.Pattern[str], second: str
) -> dict[int, tuple[str, str]]:
    """The entries ``<id>/<second>`` by number; they become part of URLs."""
    found = {}
    for name, value in metadata.items():
        match = key.fullmatch(name)
        if not match:
            continue
        parts = re.fullmatch(f'({_ID})/({second})', value)
        if parts:
            found[int(match.group(1))] = (parts.group(1), parts.group(2))
        else:
            LOG.warning("The server's metadata '%s' name no pool and "
                        "member: '%s'", name, value)
    return found
