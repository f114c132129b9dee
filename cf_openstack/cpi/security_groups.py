# SPDX-License-Identifier: Apache-2.0
"""Which security groups a VM gets, and their ids."""

from collections.abc import Sequence

from openstack import connection

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

    :raises errors.CloudError: a group does not exist, or its name is
        not unique.
    """
    entries = list(dict.fromkeys(entries))
    if not entries:
        return []
    ids_by_name: dict[str, list[str]] = {}
    for group in conn.network.security_groups(
            name=entries, fields=['id', 'name']):
        ids_by_name.setdefault(group.name, []).append(group.id)
    left = [entry for entry in entries if entry not in ids_by_name]
    known_ids = set()
    if left:
        known_ids = {
            group.id for group in conn.network.security_groups(
                id=left, fields=['id', 'name'])}
    found = []
    for entry in entries:
        ids = ids_by_name.get(entry, [])
        if len(ids) > 1:
            raise errors.CloudError(
                f"Security group `{entry}' exists {len(ids)} times "
                f"({', '.join(sorted(ids))}). Name it by its id.")
        if not ids and entry not in known_ids:
            raise errors.CloudError(f"Security group `{entry}' not found")
        found.append(ids[0] if ids else entry)
    return found
