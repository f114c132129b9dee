# SPDX-License-Identifier: Apache-2.0
"""Names and tags by which what we made can be found again.

Everything is tagged in the very request that creates it, so that what a
killed process leaves behind says which director it belongs to.
"""

from collections.abc import Mapping
import dataclasses
import json
import re
from typing import Any
import uuid

#: Nova's and Cinder's limit for keys and values of metadata.
LONGEST = 255

#: Key of a server's metadata: its name at birth, which names its ports.
VM_NAME = 'bosh_vm_name'

#: Nova's default quota is 128 items; the director adds some later.
MOST_TAGS = 64

_NOVA_KEY = re.compile(r'[^a-zA-Z0-9\-_:. ]')
_CINDER_KEY = re.compile(r'[^a-zA-Z0-9\-_:. /]')


@dataclasses.dataclass(frozen=True)
class Origin:
    """On whose behalf something is created.

    :ivar director_uuid: the director that asked.
    :ivar request_id: its id of this call.
    :ivar deployment: the deployment it is for, where known.
    """

    director_uuid: str
    request_id: str
    deployment: str | None = None

    def metadata(self) -> dict[str, str]:
        """Metadata for servers and volumes, properties for images."""
        found = {
            'bosh_director_uuid': self.director_uuid,
            'bosh_request_id': self.request_id,
            'bosh_deployment': self.deployment,
        }
        return stringify(found)

    def tags(self) -> list[str]:
        """Tags for Neutron and Glance, which know no keys.

        A comma would break the filter of Neutron's list calls, a slash
        its URLs.
        """
        return [
            f'{key}={re.sub("[,/]", "_", value)}'[:LONGEST]
            for key, value in self.metadata().items()
        ]


def server_name() -> str:
    """A new, unique name of a server, as upstream's."""
    return f'vm-{uuid.uuid4()}'


def volume_name() -> str:
    """A new, unique name of a volume, as upstream's."""
    return f'volume-{uuid.uuid4()}'


def snapshot_name() -> str:
    """A new, unique name of a snapshot, as upstream's."""
    return f'snapshot-{uuid.uuid4()}'


def network_name() -> str:
    """A new, unique name of a network that a director manages."""
    return f'bosh-network-{uuid.uuid4()}'


def port_name(server: str, index: int) -> str:
    """The name of a server's port: unique, as the server's is."""
    return f'bosh-{server}-{index}'


def is_port_of(name: str, server: str) -> bool:
    """Whether a port's name is one of :func:`port_name`."""
    prefix, _dash, index = name.rpartition('-')
    return prefix == f'bosh-{server}' and index.isdecimal()


def port_tag(cid: str) -> str:
    """The tag of a server's port: stays when the server is gone."""
    return f'bosh_vm_cid={cid}'


def member_name(server: str, number: int) -> str:
    """The name of a server's membership in a load balancer's pool."""
    return f'bosh-{server}-{number}'


def stringify(values: Mapping[Any, Any]) -> dict[str, str]:
    """Make metadata of a hash, as upstream does.

    Nulls are left out; keys and values are strings of at most 255
    characters.
    """
    return {
        _text(key)[:LONGEST]: _text(value)[:LONGEST]
        for key, value in values.items()
        if key is not None and value is not None
    }


def server_metadata(values: Mapping[Any, Any]) -> dict[str, str]:
    """:func:`stringify` with the characters Nova takes in a key."""
    return {
        _NOVA_KEY.sub('_', key): value
        for key, value in stringify(values).items() if key
    }


def volume_metadata(values: Mapping[Any, Any]) -> dict[str, str]:
    """:func:`stringify` with the characters Cinder takes in a key."""
    return {
        _CINDER_KEY.sub('_', key): value
        for key, value in stringify(values).items() if key
    }


def deployment_of(env: Mapping[str, Any] | None) -> str | None:
    """Find the deployment in the env of create_vm, or None.

    A director sends ``env.bosh.groups``: director, deployment, instance
    group, and combinations of them.
    """
    bosh = (env or {}).get('bosh')
    groups = bosh.get('groups') if isinstance(bosh, dict) else None
    if not isinstance(groups, list) or len(groups) < 3:
        return None
    if not all(isinstance(group, str) for group in groups):
        return None
    return groups[1] if '-'.join(groups[:3]) in groups[3:] else None


def tags_of(env: Mapping[str, Any] | None) -> dict[str, Any]:
    """The manifest's tags in the env of create_vm."""
    bosh = (env or {}).get('bosh')
    tags = bosh.get('tags') if isinstance(bosh, dict) else None
    if not isinstance(tags, dict):
        return {}
    return dict(list(tags.items())[:MOST_TAGS])


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)
