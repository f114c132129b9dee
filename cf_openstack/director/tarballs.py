# SPDX-License-Identifier: Apache-2.0
"""What a director takes as a tarball: stemcells and releases alike."""

from typing import BinaryIO

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import session as director_session
from cf_openstack.director import tasks as director_tasks


def bare_checksum(checksum: str | None) -> str | None:
    """Write a checksum the way the director does: SHA-1 has no prefix."""
    return checksum.removeprefix('sha1:') if checksum else None


class Tarballs:
    """The uploads of one kind to one director.

    :cvar path: where the director takes this kind.
    :cvar description: what the director calls the task of an upload
        (bosh-director jobs/update_stemcell.rb and update_release.rb).
    :param session: session with the director.
    :param tasks: its tasks.
    """

    path: str
    description: str

    def __init__(self, session: director_session.Session,
                 tasks: director_tasks.Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def unfinished(self) -> director_tasks.TaskList:
        """List the uploads of this kind that run or wait, whoever's.

        The director keeps no context id of an upload.  When the answer to
        one was lost, wait until there is none of these, then look whether
        the director has what was to be uploaded, and upload it again if
        not: without ``fix`` an upload of what is there does nothing.
        """
        states = ','.join(sorted(director_tasks.PROCESSING_STATES))
        found = []
        for listed in self._tasks.list(state=states):
            if listed.description != self.description:
                continue
            try:
                # Only who asks for one task learns that its worker died.
                task = self._tasks.get(listed.id)
            except exceptions.NotFound:
                continue
            if task.is_processing:
                found.append(task)
        return found

    def upload_url(self, location: str, checksum: str | None = None,
                   context_id: str | None = None, fix: bool = False) -> int:
        """Let the director download a tarball.

        :param location: URL of the tarball, reachable by the director.
        :param checksum: ``sha256:…``, ``sha1:…`` or bare SHA-1.
        :param fix: replace what is there already.
        :returns: id of the task.
        """
        document = {'location': location}
        sha = bare_checksum(checksum)
        if sha:
            # In the body only: in query and body both, it is refused.
            document['sha1'] = sha
        return self._tasks.start(
            'POST', self.path, json=document, context_id=context_id,
            params={'fix': 'true' if fix else None})

    def upload(self, fileobj: BinaryIO, length: int,
               checksum: str | None = None, context_id: str | None = None,
               fix: bool = False) -> int:
        """Send a tarball to the director.

        :param fileobj: stream of the tarball; read once.
        :param length: its size in bytes.
        :returns: id of the task.
        """
        return self._tasks.start(
            'POST', self.path, body=connector.Upload(fileobj, length),
            content_type=director_session.TARBALL, context_id=context_id,
            params={'sha1': bare_checksum(checksum),
                    'fix': 'true' if fix else None})
