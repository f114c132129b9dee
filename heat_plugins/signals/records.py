# SPDX-License-Identifier: Apache-2.0
"""The last signals of a resource, and what is known of their ends."""

import dataclasses
import datetime
import json
import time
from typing import Any
import uuid

from heat.common import exception
from heat.objects import resource_data as resource_data_objects

from heat_plugins.resources import base
from heat_plugins.tasks import journal

#: Signals that are remembered.
KEEP = 10

#: States of a record: received, its task was started, it has ended, and it
#: came to nothing.
ACCEPTED, STARTED, ENDED, FAILED = 'accepted', 'started', 'ended', 'failed'

_PREFIX = 'signal-'
_LENGTH = 4000      # characters of a text
_OWNER = 'owner'


@dataclasses.dataclass(frozen=True)
class Record:
    """One signal.

    :ivar key: under which it is stored; later ones are greater.
    :ivar id: what the sender calls it, or a random one.
    :ivar target: what it acts on, for people.
    :ivar at: when it was received, RFC 3339.
    :ivar context: marks the task of the director.
    :ivar final: the state that the task had in the end.
    """

    key: str
    id: str
    action: str
    target: str
    at: str
    context: str
    state: str = ACCEPTED
    task: int | None = None
    final: str | None = None
    result: str | None = None
    error: str | None = None

    @property
    def age(self) -> float:
        """Seconds since it was received."""
        return time.time() - int(self.key) / 1e9


class Records:
    """The last signals of one resource, in its own data.

    Each has a row of its own, and so does the journal: a signal comes while
    another engine is busy with the resource, and neither must overwrite
    what the other one writes.

    :param rsrc: the resource.
    """

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc

    def list(self) -> list[Record]:
        """All that are remembered, the newest first."""
        try:
            # Not data(), which remembers what it has read.
            data = resource_data_objects.ResourceData.get_all(self._resource)
        except exception.NotFound:
            return []
        found = []
        for name, text in data.items():
            if not name.startswith(_PREFIX):
                continue
            document = json.loads(text)
            # Rows may outlive their resource; see journal.Journal.
            if document.pop(_OWNER, None) == self._resource.uuid:
                found.append(Record(**document))
        return sorted(found, key=lambda record: record.key, reverse=True)

    def add(self, action: str, target: str,
            signal_id: str | None) -> Record:
        """Take note of a signal, and forget the oldest."""
        key = f'{time.time_ns():020d}'
        now = datetime.datetime.now(datetime.timezone.utc)
        record = Record(
            key=key, id=signal_id or str(uuid.uuid4()), action=action,
            target=target, at=now.strftime('%Y-%m-%dT%H:%M:%SZ'),
            context=journal.new_context_id())
        self._store(record)
        for old in self.list()[KEEP:]:
            self._resource.data_delete(_PREFIX + old.key)
        return record

    def change(self, record: Record, **changes: Any) -> Record:
        """Take note of what has become of a signal."""
        record = dataclasses.replace(record, **changes)
        self._store(record)
        return record

    def _store(self, record: Record) -> None:
        # Heat's database keeps 64 KiB, and a director may be talkative.
        record = dataclasses.replace(
            record, target=record.target[:_LENGTH],
            **{name: text[:_LENGTH] for name in ('result', 'error')
               if (text := getattr(record, name)) is not None})
        self._resource.data_set(
            _PREFIX + record.key, json.dumps({
                **dataclasses.asdict(record),
                _OWNER: self._resource.uuid}), redact=True)
