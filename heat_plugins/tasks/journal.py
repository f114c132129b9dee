# SPDX-License-Identifier: Apache-2.0
"""What a resource must know after its engine has died."""

from collections.abc import Mapping
import dataclasses
import json
from typing import Any
import uuid

from heat.common import exception
from heat.engine import resource
from heat.objects import resource as resource_objects
from heat.objects import resource_data as resource_data_objects

_KEY = 'journal'
_OWNER = 'owner'


class Journal:
    """A small JSON document in the resource's own, encrypted data.

    Everything that would be lost with the engine's process goes here before
    the next step depends on it.  Heat limits it to 64 KiB.

    :param rsrc: the resource; its row must exist.
    """

    def __init__(self, rsrc: resource.Resource) -> None:
        self._resource = rsrc

    def _load(self) -> dict[str, Any]:
        document = parse(self._resource.data().get(_KEY))
        # The data belong to the number of the row.  A database that does
        # not delete them with the row, and gives the number anew, as SQLite
        # does, would hand them to another resource.
        if document.get(_OWNER) != self._resource.uuid:
            return {}
        return document

    def get(self, key: str, default: Any = None) -> Any:
        """Read one entry."""
        return self._load().get(key, default)

    def put(self, **entries: Any) -> None:
        """Write entries at once; None removes one."""
        document = self._load()
        changed = {**document, **entries, _OWNER: self._resource.uuid}
        changed = {key: value for key, value in changed.items()
                   if value is not None}
        if changed != document:
            self._resource.data_set(_KEY, json.dumps(changed), redact=True)


@dataclasses.dataclass(frozen=True)
class Kin:
    """A resource that this one replaces, or that replaces this one.

    :ivar resource_id: its physical id, None when it has made nothing.
    :ivar action: its last action.
    :ivar entries: its journal.
    """

    resource_id: str | None = None
    action: str | None = None
    entries: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def of_kin(rsrc: resource.Resource, row_id: int | None) -> Kin:
    """What another row of Heat's tells, such as ``rsrc.replaces``.

    :param rsrc: the resource that asks.
    :param row_id: the number of the row, None for none.
    """
    if row_id is None:
        return Kin()
    try:
        row = resource_objects.Resource.get_obj(rsrc.context, row_id)
    except exception.NotFound:
        return Kin()
    try:
        data = resource_data_objects.ResourceData.get_all(rsrc, row.data)
    except exception.NotFound:
        data = {}
    entries = parse(data.get(_KEY))
    if entries.get(_OWNER) != row.uuid:
        entries = {}
    return Kin(row.physical_resource_id, row.action, entries)


def of_abandoned(data: Any) -> dict[str, Any]:
    """The journal of a resource that was abandoned, to be adopted again.

    Its owner's row is gone.  It comes from a person: the one who takes an
    entry over checks it.

    :param data: ``resource_data`` within the data of ``stack abandon``.
    :returns: empty when there is none.
    """
    text = data.get(_KEY) if isinstance(data, Mapping) else None
    entries = parse(text)
    entries.pop(_OWNER, None)
    return entries


def parse(text: Any) -> dict[str, Any]:
    """Read a journal; empty when it is none."""
    try:
        document = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def new_context_id() -> str:
    """Make an id for one logical action, at most 64 characters.

    The director keeps it with the task, so that the task can be found even
    if the answer to the request was lost.
    """
    return 'heat-' + str(uuid.uuid4())
