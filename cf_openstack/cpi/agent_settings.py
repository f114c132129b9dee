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
    data = base64.b64encode(json.dumps(settings).encode())
    if len(data) > LIMIT:
        raise errors.CloudError(
            f'The agent settings need {len(data)} bytes of user data, Nova '
            f'takes {LIMIT}. Make env.bosh of the manifest smaller '
            '(certificates, tags, blobstores).')
    return data.decode()


def _nameservers(networks: dict[str, dict[str, Any]]) -> Any:
    servers = None
    for spec in networks.values():
        if spec.get('dns'):
            servers = spec['dns']
    return servers
