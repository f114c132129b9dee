# SPDX-License-Identifier: Apache-2.0
"""The networks of a cloud config.

On a manual network the director chooses the addresses, and the CPI makes
ports with them.  Neutron allows that for any address of the subnet, but
does not know of addresses that the director has only planned: it may give
one from its allocation pools to another port meanwhile.  So BOSH must keep
off the allocation pools, and what they leave is for BOSH.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from cf_openstack.manifest import addresses
from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs as cloud_inputs
from cf_openstack.manifest.cloud_config import zones

MANUAL, DYNAMIC, VIP = 'manual', 'dynamic', 'vip'

# Of a subnet, what to suggest for Neutron's own use
_SHARE = 16


def reserved(subnet: cloud_inputs.Subnet) -> addresses.AddressSet:
    """What BOSH must not use: what Neutron gives out, and what is taken.

    :raises AddressError: an address cannot be read.
    """
    found = addresses.parse(list(subnet.taken))
    for first, last in subnet.allocation_pools:
        found |= addresses.between(first, last)
    return found & addresses.whole(addresses.network(subnet.cidr))


def usable(subnet: cloud_inputs.Subnet) -> addresses.AddressSet:
    """What BOSH may use, static addresses included.

    :raises AddressError: an address cannot be read.
    """
    cidr = addresses.network(subnet.cidr)
    ends = addresses.parse([str(cidr[0]), str(cidr[-1])])
    return (addresses.whole(cidr) - ends - addresses.parse(subnet.gateway)
            - reserved(subnet))


def suggested_pool(cidr: str, gateway: str | None = None) -> str:
    """A small allocation pool, as text, that leaves most to BOSH."""
    network = addresses.network(cidr)
    first = int(network[0]) + 1
    if gateway == str(network[0] + 1):
        first += 1
    last = max(first, int(network[0])
               + min(50, max(2, network.num_addresses // _SHARE)))
    return addresses.AddressSet([(network.version, first, last)]).texts()[0]


def networks(inputs: cloud_inputs.Inputs, azs: Sequence[str],
             static: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """The section ``networks``.

    :param azs: of the director, that instances may be in.
    :param static: addresses that the manifest gives to instances itself,
        by network.
    :raises InputError: the subnets do not fit one another or the manifest.
    :raises AddressError: an address cannot be read.
    """
    result: list[dict[str, Any]] = []
    for name, subnets in inputs.networks.items():
        if not subnets:
            raise errors.InputError(
                reason='the network "%s" has no subnet' % name)
        _check_overlaps(name, subnets)
        made = []
        for subnet, own in zip(subnets, _azs(name, subnets, azs)):
            if own or not azs:
                made.append((subnet, _subnet(name, subnet, own, inputs)))
        _assign_static(name, made, static.get(name, ()))
        result.append({'name': name, 'type': MANUAL,
                       'subnets': [entry for _, entry in made]})
    for name in inputs.vip_networks:
        result.append({'name': name, 'type': VIP})
    return result


def _subnet(name: str, subnet: cloud_inputs.Subnet, azs: Sequence[str],
            inputs: cloud_inputs.Inputs) -> dict[str, Any]:
    cidr = addresses.network(subnet.cidr)
    where = 'the subnet %s of the network "%s"' % (cidr, name)
    if not subnet.gateway:
        raise errors.InputError(
            reason='%s has no gateway, which BOSH needs: set its '
                   'gateway_ip' % where)
    gateway = addresses.parse(subnet.gateway)
    if gateway.count != 1 or not gateway & addresses.whole(cidr):
        raise errors.InputError(
            reason='the gateway %s is no address of %s'
                   % (subnet.gateway, where))
    if not usable(subnet):
        raise errors.InputError(
            reason='Neutron gives out all addresses of %s by itself, so '
                   'that none is left for BOSH: give it a smaller '
                   'allocation pool, such as %s' % (
                       where, suggested_pool(subnet.cidr, subnet.gateway)))
    properties: dict[str, Any] = {'net_id': subnet.network_id}
    if inputs.security_groups:
        properties['security_groups'] = list(inputs.security_groups)
    made: dict[str, Any] = {}
    if len(azs) == 1:
        made['az'] = azs[0]
    elif azs:
        made['azs'] = list(azs)
    made.update(range=str(cidr), gateway=subnet.gateway)
    keep_off = reserved(subnet)
    if keep_off:
        made['reserved'] = keep_off.texts()
    if subnet.dns:
        made['dns'] = list(subnet.dns)
    made['cloud_properties'] = properties
    return made


def _check_overlaps(name: str,
                    subnets: Sequence[cloud_inputs.Subnet]) -> None:
    known: list[Any] = []
    for subnet in subnets:
        cidr = addresses.network(subnet.cidr)
        for other in known:
            if addresses.whole(cidr) & addresses.whole(other):
                raise errors.InputError(
                    reason='the subnets %s and %s of the network "%s" '
                           'overlap' % (other, cidr, name))
        known.append(cidr)


def _azs(name: str, subnets: Sequence[cloud_inputs.Subnet],
         azs: Sequence[str]) -> list[list[str]]:
    """The AZs of each subnet; none for one that is not needed."""
    chosen = [list(subnet.azs) for subnet in subnets]
    if not any(chosen):
        for position, az in enumerate(azs):
            index = zones.number(az)
            if index is None:
                index = position
            chosen[index % len(subnets)].append(az)
    served = {az for some in chosen for az in some}
    absent = [az for az in azs if az not in served]
    if absent:
        raise errors.InputError(
            reason='no subnet of the network "%s" is for the availability '
                   'zones %s' % (name, ', '.join(absent)))
    return chosen


def _assign_static(
    name: str, made: Sequence[tuple[cloud_inputs.Subnet, dict[str, Any]]],
    static: Iterable[str],
) -> None:
    for text in static:
        wanted = addresses.parse(text)
        for subnet, entry in made:
            if not wanted & addresses.whole(
                    addresses.network(subnet.cidr)):
                continue
            if wanted - usable(subnet):
                raise errors.InputError(
                    reason='the static IP %s of the manifest may be given '
                           'to others by Neutron, or is taken: choose one '
                           'of %s' % (text, ', '.join(
                               usable(subnet).texts())))
            known = addresses.parse(entry.get('static')) | wanted
            entry['static'] = known.texts()
            break
        else:
            raise errors.InputError(
                reason='the static IP %s of the manifest is in no subnet of '
                       'the network "%s"' % (text, name))
