# SPDX-License-Identifier: Apache-2.0
"""Releases of a director."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import tarballs


@dataclasses.dataclass(frozen=True)
class Release:
    """One version of a release.

    :ivar commit_hash: commit it was made from.
    :ivar uncommitted_changes: whether it was made from more than that.
    :ivar currently_deployed: whether a deployment uses it.
    :ivar jobs: names of its jobs.
    """

    name: str
    version: str
    commit_hash: str | None = None
    uncommitted_changes: bool = False
    currently_deployed: bool = False
    jobs: tuple[str, ...] = ()


ReleaseList = list[Release]


def _parse(name: str, document: Mapping[str, Any]) -> Release:
    return Release(
        name=name, version=str(document.get('version')),
        commit_hash=document.get('commit_hash'),
        uncommitted_changes=bool(document.get('uncommitted_changes')),
        currently_deployed=bool(document.get('currently_deployed')),
        jobs=tuple(map(str, document.get('job_names') or ())))


def _parse_versions(document: Mapping[str, Any]) -> ReleaseList:
    return [_parse(str(document.get('name')), version)
            for version in document.get('release_versions') or ()]


class Releases(tarballs.Tarballs):
    """The releases of one director."""

    path = '/releases'
    description = 'create release'

    def list(self) -> ReleaseList:
        """List all versions of all releases."""
        response = self._session.request('GET', '/releases')
        return [version for versions in response.list_of(_parse_versions)
                for version in versions]

    def delete(self, name: str, version: str | None = None,
               force: bool = False,
               context_id: str | None = None) -> int | None:
        """Delete a version of a release, or all of them.

        The task fails while a deployment uses it.

        :returns: id of the task, None when there is no such release.
        """
        try:
            return self._tasks.start(
                'DELETE', connector.quoted_path('releases', name),
                context_id=context_id,
                params={'version': version,
                        'force': 'true' if force else None})
        except exceptions.NotFound:
            return None
