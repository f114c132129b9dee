# SPDX-License-Identifier: Apache-2.0
"""What a person wants to see at the end: outputs, and BOSH beside Nova."""

from collections.abc import Mapping, Sequence
from typing import Any

import openstack.connection
import prettytable


def outputs(values: Mapping[str, Any]) -> str:
    """The stack's outputs that are a line each, as a table."""
    table = _table('Output', 'Value')
    for key, value in sorted(values.items()):
        if not isinstance(value, (list, dict)):
            table.add_row([key, value])
    return table.get_string()


def instances(cloud: openstack.connection.Connection,
              found: Sequence[Mapping[str, Any]]) -> str:
    """BOSH's instances beside the Nova servers they are.

    :param found: the deployment's ``instances`` attribute: maps with
        ``group``, ``index``, ``az``, ``ips``, ``cid`` and ``expects_vm``.
    """
    servers = {s.id: s for s in cloud.compute.servers()}
    table = _table('Instance', 'AZ', 'Addresses', 'Nova server', 'Status',
                   'Flavor', 'Volumes', 'Server id')
    for one in sorted(found, key=lambda i: (i['group'], i['index'] or 0)):
        server = servers.get(one['cid'])
        volumes = server.attached_volumes if server else []
        table.add_row([
            f'{one["group"]}/{one["index"] or 0}', one['az'],
            ', '.join(one['ips']),
            server.name if server else (
                'no server' if one['expects_vm'] else 'errand'),
            server.status if server else '-',
            server.flavor.original_name if server else '-',
            len(volumes) or '', one['cid'] or '-'])
    return table.get_string()


def _table(*names: str) -> prettytable.PrettyTable:
    table = prettytable.PrettyTable(names)
    table.align = 'l'
    return table
