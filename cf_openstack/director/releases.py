# SPDX-License-Identifier: Apache-2.0
"""Releases of a director."""

from collections.abc import Mapping
import dataclasses
from typing import Any
from typing import BinaryIO

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import session as director_session
from cf_openstack.director import stemcells
from cf_openstack.director import tasks as director_tasks


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


class Releases:
    """The releases of one director.

    :param session: session with the director.
    :param tasks: its tasks.
    """

    def __init__(self, session: director_session.Session,
                 tasks: director_tasks.Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def list(self) -> ReleaseList:
        """List all versions of all releases."""
        response = self._session.request('GET', '/releases')
        return [_parse(str(release.get('name')), version)
                for release in response.json_list()
                for version in release.get('release_versions') or ()]

    def upload_url(self, location: str, checksum: str | None = None,
                   context_id: str | None = None, fix: bool = False) -> int:
        """Let the director download a release.

        :param location: URL of the tarball, reachable by the director.
        :param checksum: ``sha256:…``, ``sha1:…`` or bare SHA-1.
        :param fix: replace packages and jobs that are there already.
        :returns: id of the task.
        """
        document = {'location': location}
        sha = stemcells.bare_checksum(checksum)
        if sha:
            # In the body only: in query and body both, it is refused.
            document['sha1'] = sha
        return self._tasks.start(
            'POST', '/releases', json=document, context_id=context_id,
            params={'fix': 'true' if fix else None})

    def upload(self, fileobj: BinaryIO, length: int,
               checksum: str | None = None, context_id: str | None = None,
               fix: bool = False) -> int:
        """Send a release to the director.

        :param fileobj: stream of the tarball; read once.
        :param length: its size in bytes.
        :returns: id of the task.
        """
        return self._tasks.start(
            'POST', '/releases', body=connector.Upload(fileobj, length),
            content_type=director_session.TARBALL, context_id=context_id,
            params={'sha1': stemcells.bare_checksum(checksum),
                    'fix': 'true' if fix else None})

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
