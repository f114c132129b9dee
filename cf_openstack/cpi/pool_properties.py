# SPDX-License-Identifier: Apache-2.0
"""The cloud property ``loadbalancer_pools`` of VMs, read and checked."""

import dataclasses
from typing import Any

from cf_openstack.cpi import errors
from cf_openstack.cpi import protocol
from cf_openstack.cpi import schema

HIGHEST_PORT = 65535


@dataclasses.dataclass(frozen=True)
class PoolProperties:
    """A pool that a VM shall become a member of.

    :ivar name: the pool's name; None if it was forgotten.
    :ivar port: where the VM serves; None if it was forgotten.
    :ivar monitoring_port: where the VM's health is checked; None: at the
        port it serves at.
    :ivar id: the pool's id, which wins over its name.
    """

    name: str | None
    port: int | None
    monitoring_port: int | None
    id: str | None = None


def parse(value: Any) -> tuple[PoolProperties, ...]:
    """Read the pools, each of them once.

    Name and port may be missing here: that is said when the pool is
    looked for, together with the VM it was for.

    :param value: an Array of ``{name, port, monitoring_port}`` or
        ``{id, port, monitoring_port}``, or None.
    :raises errors.InvalidCall: a key is unknown, a value has the wrong
        type.
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        raise errors.InvalidVmProperty(
            "'loadbalancer_pools' must be an Array, got: "
            f'{protocol.type_name(value)}')
    found = [_pool(index, item) for index, item in enumerate(value)]
    return tuple(dict.fromkeys(found))


def _pool(index: int, item: Any) -> PoolProperties:
    where = f'loadbalancer_pools[{index}]'
    if not isinstance(item, dict):
        raise errors.InvalidVmProperty(
            f"'{where}' must be a Hash with name and port, got: "
            f'{protocol.type_name(item)}')
    schema.Schema({
        'id': schema.STRING,
        'name': schema.STRING,
        'port': schema.POSITIVE,
        'monitoring_port': schema.POSITIVE,
    }, prefix=f'{where}.').require(item, errors.InvalidVmProperty)
    for key in ('port', 'monitoring_port'):
        number = item.get(key)
        if number is not None and number > HIGHEST_PORT:
            raise errors.InvalidVmProperty(
                f"'{where}.{key}' must be a port, from 1 to "
                f'{HIGHEST_PORT}, got: {number}')
    return PoolProperties(
        item.get('name') or None, item.get('port'),
        item.get('monitoring_port'), item.get('id') or None)
