# SPDX-License-Identifier: Apache-2.0
"""How much of the story of each task people have been told."""

import json

from heat.engine import resource

from heat_plugins.tasks import progress

_KEY = 'told'
_OWNER = 'owner'
_TASKS = 'tasks'

# Tasks that are remembered; a resource follows a few at a time.
_MOST = 4

# Heat keeps 64 KiB of it.
_LENGTH = 60000


class Told:
    """Places in the stories of tasks, kept with a resource.

    They are no part of the journal: they are written often, and what is
    written to the journal meanwhile must not be lost.

    :param rsrc: the resource; its row must exist.
    """

    def __init__(self, rsrc: resource.Resource) -> None:
        self._resource = rsrc

    def _load(self) -> dict[str, tuple[int, progress.State]]:
        try:
            document = json.loads(self._resource.data().get(_KEY) or '{}')
        except ValueError:
            return {}
        # As for the journal, the number of the row is not enough.
        if document.get(_OWNER) != self._resource.uuid:
            return {}
        return document.get(_TASKS, {})

    def get(self, task_id: int) -> tuple[int, progress.State]:
        """Up to where a task has been told.

        :returns: the next byte of its stream, and the stages before it.
        """
        offset, stages = self._load().get(str(task_id), (0, []))
        return offset, stages

    def put(self, task_id: int, offset: int, stages: progress.State) -> None:
        """Take note of how far a task has been told."""
        tasks = self._load()
        tasks.pop(str(task_id), None)
        tasks[str(task_id)] = offset, stages
        text = ''
        while not text or (len(text) > _LENGTH and tasks):
            if text:
                tasks.pop(next(iter(tasks)))
            text = json.dumps({
                _OWNER: self._resource.uuid,
                _TASKS: dict(list(tasks.items())[-_MOST:])})
        self._resource.data_set(_KEY, text)
