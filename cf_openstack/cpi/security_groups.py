# SPDX-License-Identifier: Apache-2.0
"""Which security groups a VM gets, and their ids."""

from collections.abc import Sequence

from openstack import connection
from openstack.network.v2 import security_group as sdk_security_group

from cf_openstack.cpi import errors
from cf_openstack.cpi import networks


def choose(
    of_vm: Sequence[str],
    of_networks: networks.NetworkSet,
    default: Sequence[str],
) -> list[str]:
    """Choose: the VM's groups, else the networks', else the default."""
    return list(of_vm) or of_networks.security_groups() or list(default)


def resolve(
    conn: connection.Connection, entries: Sequence[str]
) -> list[str]:
    """Return the ids of groups given by name or id, a name first.

    An administrator sees the groups of all projects, ``default`` in each
    of them; as in Nova, a name means the group of the own project.

    :raises errors.CloudError: a group does not exist, or its name is
        not unique.
    """
    entries = list(dict.fromkeys(entries))
    if not entries:
        return []
    named: dict[str, list[sdk_security_group.SecurityGroup]] = {}
    for group in conn.network.security_groups(
            name=entries, fields=['id', 'name', 'project_id']):
        named.setdefault(group.name, []).append(group)
    left = [entry for entry in entries if entry not in named]
    known_ids = set()
    if left:
        known_ids = {
            group.id for group in conn.network.security_groups(
                id=left, fields=['id', 'name'])}
    found = []
    for entry in entries:
        if entry in named:
            found.append(_the_one(conn, entry, named[entry]))
        elif entry in known_ids:
            found.append(entry)
        else:
            raise errors.CloudError(f"Security group `{entry}' not found")
    return found


def _the_one(
    conn: connection.Connection, name: str,
    groups: Sequence[sdk_security_group.SecurityGroup],
) -> str:
    if len(groups) > 1:
        project_id = conn.session.get_project_id()
        own = [group for group in groups if group.project_id == project_id]
        if len(own) != 1:
            ids = ', '.join(sorted(group.id for group in groups))
            raise errors.CloudError(
                f"Security group `{name}' exists {len(groups)} times "
                f'({ids}). Name it by its id.')
        groups = own
    return groups[0].id
