# SPDX-License-Identifier: Apache-2.0
"""What a resource must know after its engine has died."""

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
        text = self._resource.data().get(_KEY)
        document = json.loads(text) if text else {}
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


def of_replaced(rsrc: resource.Resource) -> dict[str, Any]:
    """The journal of the resource that another one was made to replace.

    :param rsrc: the replacement.
    :returns: empty when it replaces none.
    """
    if rsrc.replaces is None:
        return {}
    try:
        row = resource_objects.Resource.get_obj(rsrc.context, rsrc.replaces)
        data = resource_data_objects.ResourceData.get_all(rsrc, row.data)
    except exception.NotFound:
        return {}
    document = json.loads(data.get(_KEY) or '{}')
    return document if document.get(_OWNER) == row.uuid else {}


def new_context_id() -> str:
    """Make an id for one logical action, at most 64 characters.

    The director keeps it with the task, so that the task can be found even
    if the answer to the request was lost.
    """
    return 'heat-' + str(uuid.uuid4())
