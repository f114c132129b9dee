# SPDX-License-Identifier: Apache-2.0
"""The audit trail: who did what to which object."""

import time
from typing import Any

from devstack.pocket_director import store as stores


class Audit:
    """Events as ``GET /events`` shows them.

    :param store: where they are remembered.
    """

    def __init__(self, store: stores.Store) -> None:
        self._store = store

    def record(self, action: str, object_type: str, object_name: str | None,
               *, user: str = 'admin', task: int | None = None,
               deployment: str | None = None, instance: str | None = None,
               error: str | None = None, parent: int | None = None,
               context: dict[str, Any] | None = None) -> int:
        """Remember an event; its number."""
        return self._store.insert(
            'events', parent_id=parent, timestamp=int(time.time()),
            user=user, action=action, object_type=object_type,
            object_name=object_name, error=error,
            task=None if task is None else str(task),
            deployment=deployment, instance=instance, context=context or {})

    def show(self, row: stores.Row) -> dict[str, Any]:
        """An event as a client reads it: without what is empty."""
        shown = {**row, 'id': str(row['id']),
                 'parent_id': row['parent_id'] and str(row['parent_id'])}
        return {key: value for key, value in shown.items()
                if key == 'context' or value not in (None, '')}
