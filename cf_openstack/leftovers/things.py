# SPDX-License-Identifier: Apache-2.0
"""What a CPI has made in OpenStack, whatever its kind."""

from collections.abc import Mapping
import dataclasses
import datetime
import re
from typing import Any
from typing import Self

#: What can be left over, in the order in which it has to go.
KINDS = (
    'member', 'server', 'port', 'snapshot', 'volume', 'image', 'network')

# What a director writes metadata to, later on; a snapshot gets them at birth.
_TAKEN = ('server', 'volume')

# Only a director sends these, with set_vm_metadata and set_disk_metadata
# right after it has taken note of the cid.
_OF_A_DIRECTOR = frozenset((
    'attached_at', 'compiling', 'created_at', 'director', 'instance_id'))

_TAG = re.compile(r'(?:^|\s)(bosh_[a-z_]+)=(\S+)')


@dataclasses.dataclass(frozen=True)
class Thing:
    """An object in OpenStack that bears the marks of a CPI's call.

    :ivar kind: one of :data:`KINDS`.
    :ivar id: in OpenStack.
    :ivar parent: the pool of a member.
    :ivar status: as OpenStack says it, in lower case.
    :ivar created: when; None if OpenStack does not say.
    :ivar director_uuid: on whose behalf.
    :ivar request_id: by which call.
    :ivar deployment: for which deployment, where known.
    :ivar owner: the server that has it, '' for none.
    :ivar taken: whether the director has written its own metadata.
    :ivar reason: why it is a leftover, None if it is not (known to be).
    """

    kind: str
    id: str
    name: str
    status: str
    created: datetime.datetime | None
    director_uuid: str
    request_id: str
    deployment: str | None = None
    owner: str = ''
    parent: str | None = None
    taken: bool = False
    reason: str | None = None

    @classmethod
    def of(cls, kind: str, found: Any, **more: Any) -> Self | None:
        """Read a resource of openstacksdk; None without our marks."""
        own = _metadata(found)
        marks = _marks(found, own)
        director = marks.get('bosh_director_uuid')
        if not director:
            return None
        return cls(
            kind=kind,
            id=found.id,
            name=found.name or '',
            status=str(_get(found, 'status', 'provisioning_status')
                       or '').lower(),
            created=_moment(_get(found, 'created_at')),
            director_uuid=director,
            request_id=marks.get('bosh_request_id', ''),
            deployment=marks.get('bosh_deployment'),
            taken=kind in _TAKEN and bool(_OF_A_DIRECTOR & own.keys()),
            **more)

    def because(self, reason: str) -> 'Thing':
        """The same, now a leftover."""
        return dataclasses.replace(self, reason=reason)

    def __str__(self) -> str:
        name = f' ({self.name})' if self.name else ''
        return f'{self.kind} {self.id}{name}'


def as_tag(value: str) -> str:
    """A mark as tags bear it; see :meth:`naming.Origin.tags`."""
    return re.sub('[,/]', '_', value)


def _get(found: Any, *names: str) -> Any:
    for name in names:
        value = getattr(found, name, None)
        if value is not None:
            return value
    return None


def _metadata(found: Any) -> Mapping[str, Any]:
    metadata = getattr(found, 'metadata', None)
    return metadata if isinstance(metadata, Mapping) else {}


def _marks(found: Any, own: Mapping[str, Any]) -> dict[str, str]:
    marks = {key: str(value) for key, value in own.items()
             if key.startswith('bosh_')}
    for tag in getattr(found, 'tags', None) or ():
        marks.update(_TAG.findall(tag))
    # A port has its description from birth, its tags from some Neutrons
    # only a moment later.
    return dict(_TAG.findall(
        getattr(found, 'description', None) or '')) | marks


def _moment(text: str | None) -> datetime.datetime | None:
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment
