# SPDX-License-Identifier: Apache-2.0
"""Operations that fit a manifest of Cloud Foundry to a cloud of OpenStack.

They are worked out from the manifest itself, by the rules behind the
operations files that cf-deployment keeps for the same ends, so that they fit
any version of it.  Operations files of others may follow.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import re
from typing import Any

from cf_openstack.manifest.cloud_config import vm_types
from cf_openstack.manifest.cloud_config import zones
from cf_openstack.manifest.cloud_foundry import errors
from cf_openstack.manifest import fields

Operations = list[dict[str, Any]]

#: VM extensions of what the world reaches: HTTP, TCP routes, SSH into
#: applications.
ROUTER = 'cf-router-network-properties'
TCP_ROUTER = 'cf-tcp-router-network-properties'
SSH_PROXY = 'diego-ssh-proxy-network-properties'

#: The network of floating IPs, in manifest and cloud config.
FLOATING = 'floating-ips'

_EPHEMERAL = re.compile(r'([1-9][0-9]*)GB_ephemeral_disk')
_PLAIN = re.compile(r'[A-Za-z0-9_.-]+')


def _groups(doc: Any) -> list[Mapping[str, Any]]:
    document = fields.mapping(doc, 'the manifest')
    return fields.mappings(document.get('instance_groups'),
                           '"instance_groups"')


def _path(index: int, group: Mapping[str, Any], *keys: Any) -> str:
    name = group.get('name')
    step = str(index)
    if isinstance(name, str) and _PLAIN.fullmatch(name):
        step = 'name=' + name
    return '/'.join(['', 'instance_groups', step, *map(str, keys)])


def _replace(path: str, value: Any) -> dict[str, Any]:
    return {'type': 'replace', 'path': path, 'value': value}


def for_openstack(doc: Any) -> Operations:
    """Ask for larger VM types in place of extensions of ephemeral disk.

    On OpenStack the ephemeral disk is part of the flavor: no VM extension
    can enlarge it.  Only VM types that cf-deployment has are chosen; other
    extensions stay for the cloud config.

    :param doc: the manifest, before its variables have values.
    :raises FieldError: a part of it has another type.
    """
    found: Operations = []
    for index, group in enumerate(_groups(doc)):
        extensions = fields.items(
            group.get('vm_extensions'), '"vm_extensions"')
        for extension in extensions:
            size = _EPHEMERAL.fullmatch(str(extension))
            larger = size and '%s-%sGB-ephemeral-disk' % (
                group.get('vm_type'), size[1])
            if larger not in vm_types.SIZES:
                continue
            rest = [other for other in extensions if other != extension]
            path = _path(index, group, 'vm_extensions')
            found += [
                _replace(path, rest) if rest
                else {'type': 'remove', 'path': path},
                _replace(_path(index, group, 'vm_type'), larger)]
            break
    return found


def one_az(doc: Any) -> Operations:
    """One instance of each group, all of them in one availability zone.

    It is the first that the manifest uses.  A number of instances that is a
    ``((variable))`` was chosen by somebody, and stays.

    :param doc: the manifest, before its variables have values.
    :raises FieldError: a part of it has another type.
    """
    groups = _groups(doc)
    names = [fields.items(group.get('azs'), '"azs"') for group in groups]
    known = zones.ordered(az for some in names for az in some
                          if isinstance(az, str) and '((' not in az)
    found: Operations = []
    for index, (group, azs) in enumerate(zip(groups, names)):
        instances = group.get('instances')
        if type(instances) is int and instances > 1:
            found.append(_replace(_path(index, group, 'instances'), 1))
            found += _first_addresses(index, group)
        if known and azs and azs != known[:1]:
            found.append(_replace(_path(index, group, 'azs'), known[:1]))
    return found


def _first_addresses(index: int, group: Mapping[str, Any]) -> Operations:
    """Static IPs for one instance in place of several."""
    found: Operations = []
    networks = fields.mappings(group.get('networks'), '"networks"')
    for number, network in enumerate(networks):
        given = network.get('static_ips')
        if isinstance(given, list) and len(given) > 1:
            found.append(_replace(
                _path(index, group, 'networks', number, 'static_ips'),
                given[:1]))
    return found


def floating_ips(doc: Any, extension: str,
                 addresses: Sequence[str]) -> Operations:
    """Give floating IPs to the instances that have a VM extension.

    :param doc: the manifest, after what changes numbers of instances.
    :param extension: such as :data:`ROUTER`; one group has it.
    :param addresses: one for each instance.
    :raises CloudFoundryError: there are more instances, or fewer, or none.
    """
    users = [(index, group) for index, group in enumerate(_groups(doc))
             if extension in fields.items(group.get('vm_extensions'),
                                          '"vm_extensions"')]
    if len(users) != 1:
        raise errors.CloudFoundryError(
            reason='floating IPs are given for the VM extension "%s", which '
                   '%d instance groups have, not one' % (
                       extension, len(users)))
    [(index, group)] = users
    instances = group.get('instances')
    if type(instances) is int and instances != len(addresses):
        raise errors.CloudFoundryError(
            reason='the instance group "%s" has %d instances, and there are '
                   '%d floating IPs for it: give one for each' % (
                       group.get('name'), instances, len(addresses)))
    networks = fields.mappings(group.get('networks'), '"networks"')
    found: Operations = []
    if networks and not any(network.get('default') for network in networks):
        found.append(_replace(_path(index, group, 'networks/0/default?'),
                              ['dns', 'gateway']))
    found.append(_replace(
        _path(index, group, 'networks/-'),
        {'name': FLOATING, 'static_ips': list(addresses)}))
    return found
