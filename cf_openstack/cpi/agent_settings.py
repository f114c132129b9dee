# SPDX-License-Identifier: Apache-2.0
"""The user data of a VM: what the BOSH agent reads at its first boot.

The format is that of upstream's CPI without a registry.
"""

import base64
import json
from typing import Any

from cf_openstack.cpi import errors

#: Nova's limit for base64-encoded user data, in bytes.
LIMIT = 65535


def build(
    *,
    vm_name: str,
    agent_id: str,
    networks: dict[str, dict[str, Any]],
    env: dict[str, Any] | None,
    has_ephemeral_disk: bool,
    agent: dict[str, Any],
) -> dict[str, Any]:
    """Return the agent's settings.

    :param vm_name: name of the server.
    :param agent_id: the director's id of the agent.
    :param networks: specs with ``mac`` and ``use_dhcp``.
    :param env: the env of create_vm, left out if null.
    :param has_ephemeral_disk: whether the flavor has one.
    :param agent: the CPI's agent properties (mbus, ntp, ...); they win.
    """
    settings: dict[str, Any] = {
        'server': {'name': vm_name},
        'networks': networks,
    }
    servers = _nameservers(networks)
    if servers:
        settings['dns'] = {'nameserver': servers}
    settings.update({
        'vm': {'name': vm_name},
        'agent_id': agent_id,
        'disks': {
            'system': '/dev/sda',
            'persistent': {},
            'ephemeral': '/dev/sdb' if has_ephemeral_disk else None,
        },
    })
    if env is not None:
        settings['env'] = env
    settings.update(agent)
    return settings


def encode(settings: dict[str, Any]) -> str:
    """Return settings as Nova takes user data.

    :raises errors.CloudError: Nova would refuse them as too long.
    """
    data = base64.b64encode(_compact(settings))
    if len(data) > LIMIT:
        raise errors.CloudError(
            f'The agent settings need {len(data)} bytes of user data, Nova '
            f'takes {LIMIT} (both in base64). What fills them, in bytes: '
            f'{_largest(settings)}. Make it smaller: env comes from the '
            "manifest, the director and the director's runtime config, "
            'other keys from the properties of the CPI job.')
    return data.decode()


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(',', ':')).encode()


def _largest(settings: dict[str, Any]) -> str:
    """The keys that need most bytes of base64, without their values."""
    sizes: dict[str, int] = {}

    def measure(prefix: str, values: dict[str, Any]) -> None:
        for key, value in values.items():
            path = f'{prefix}{key}'
            if path in ('env', 'env.bosh') and isinstance(value, dict):
                measure(f'{path}.', value)
            else:
                sizes[path] = len(base64.b64encode(_compact(value)))

    measure('', settings)
    order = sorted(sizes, key=sizes.__getitem__, reverse=True)
    return ', '.join(f'{path[:80]} {sizes[path]}' for path in order[:5])


def _nameservers(networks: dict[str, dict[str, Any]]) -> Any:
    servers = None
    for spec in networks.values():
        if spec.get('dns'):
            servers = spec['dns']
    return servers
