# SPDX-License-Identifier: Apache-2.0
"""Uploads of releases whose names only the director can tell.

When an engine dies during such an upload, the next action must know which
release of the director is the one that it brought.
"""

import re

from heat_plugins.deploying import artifacts
from heat_plugins.resources import base

#: How a director words the result of an upload.
_CREATED = re.compile(r"Created release '([^']+)/([^'/]+)'")

_KEY = 'unnamed'
_DESCRIPTION = 'create release'

# Tasks of the director that are looked through, the newest first.
_RECENT = 100


def created(result: str | None) -> artifacts.Artifact | None:
    """The release that a task has brought, by its result."""
    match = _CREATED.search(result or '')
    return match and artifacts.Artifact(artifacts.RELEASE, *match.groups())


class Unnamed:
    """What the director had before an upload, kept with a resource.

    :param rsrc: the resource; it keeps the list in its journal.
    """

    def __init__(self, rsrc: base.DirectorUser) -> None:
        self._resource = rsrc

    def begin(self, label: str) -> set[artifacts.Artifact]:
        """Take note of what is there, before an upload is begun.

        :param label: of the upload; what an earlier engine has noted for
            the same one stays.
        :returns: the releases that were there before.
        """
        noted = self._resource.journal.get(_KEY)
        if noted is None or noted['label'] != label:
            before = sorted((item.name, item.version) for item in (
                artifacts.present(self._resource.director()))
                if item.kind == artifacts.RELEASE)
            noted = {'label': label, 'before': before}
            self._resource.journal.put(**{_KEY: noted})
        return {artifacts.Artifact(artifacts.RELEASE, *item)
                for item in noted['before']}

    def end(self) -> None:
        """The upload has ended, and what it brought is known."""
        self._resource.journal.put(**{_KEY: None})

    def settle(self, label: str | None = None) -> None:
        """Take note of what an upload brought that nobody saw end.

        It is the one release that is new and that a recent upload has
        brought; of several, none is taken for ours.

        :param label: of the upload that is wanted, which is left alone.
        """
        noted = self._resource.journal.get(_KEY)
        if noted is None or noted['label'] == label:
            return
        director = self._resource.director()
        before = self.begin(noted['label'])
        brought = {created(task.result) for task in director.tasks.list(
            state='done', limit=_RECENT)
            if task.description == _DESCRIPTION}
        new = (artifacts.present(director) & brought) - before
        if len(new) == 1:
            artifacts.Owned(self._resource).add(new.pop())
        self.end()
