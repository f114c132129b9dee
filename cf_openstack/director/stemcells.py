# SPDX-License-Identifier: Apache-2.0
"""Stemcells of a director."""

from collections.abc import Mapping
import dataclasses
from typing import Any
from typing import BinaryIO

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import session as director_session
from cf_openstack.director import tasks as director_tasks


@dataclasses.dataclass(frozen=True)
class Stemcell:
    """A stemcell as one CPI of the director knows it.

    :ivar cid: the image of the cloud.
    :ivar cpi: name of the CPI in a cpi config, empty for the default one.
    :ivar deployments: names of the deployments that use it.
    """

    name: str
    version: str
    operating_system: str | None = None
    cid: str | None = None
    cpi: str = ''
    deployments: tuple[str, ...] = ()
    api_version: int | None = None


StemcellList = list[Stemcell]


def bare_checksum(checksum: str | None) -> str | None:
    """Write a checksum the way the director does: SHA-1 has no prefix."""
    return checksum.removeprefix('sha1:') if checksum else None


def _parse(document: Mapping[str, Any]) -> Stemcell:
    return Stemcell(
        name=str(document.get('name')), version=str(document.get('version')),
        operating_system=document.get('operating_system'),
        cid=document.get('cid'), cpi=document.get('cpi') or '',
        deployments=tuple(str(user.get('name')) for user
                          in document.get('deployments') or ()),
        api_version=document.get('api_version'))


class Stemcells:
    """The stemcells of one director.

    :param session: session with the director.
    :param tasks: its tasks.
    """

    def __init__(self, session: director_session.Session,
                 tasks: director_tasks.Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def list(self) -> StemcellList:
        """List all stemcells, one entry for each CPI that has it."""
        response = self._session.request('GET', '/stemcells')
        return [_parse(document) for document in response.json_list()]

    def upload_url(self, location: str, checksum: str | None = None,
                   context_id: str | None = None, fix: bool = False) -> int:
        """Let the director download a stemcell.

        :param location: URL of the tarball, reachable by the director.
        :param checksum: ``sha256:…``, ``sha1:…`` or bare SHA-1.
        :param fix: replace a stemcell that is there already.
        :returns: id of the task.
        """
        document = {'location': location}
        sha = bare_checksum(checksum)
        if sha:
            document['sha1'] = sha
        return self._tasks.start(
            'POST', '/stemcells', json=document, context_id=context_id,
            params={'fix': 'true' if fix else None})

    def upload(self, fileobj: BinaryIO, length: int,
               checksum: str | None = None, context_id: str | None = None,
               fix: bool = False) -> int:
        """Send a stemcell to the director.

        :param fileobj: stream of the tarball; read once.
        :param length: its size in bytes.
        :returns: id of the task.
        """
        return self._tasks.start(
            'POST', '/stemcells', body=connector.Upload(fileobj, length),
            content_type=director_session.TARBALL, context_id=context_id,
            params={'sha1': bare_checksum(checksum),
                    'fix': 'true' if fix else None})

    def delete(self, name: str, version: str, force: bool = False,
               context_id: str | None = None) -> int | None:
        """Delete a stemcell; the task fails while a deployment uses it.

        :returns: id of the task, None when there is no such stemcell.
        """
        try:
            return self._tasks.start(
                'DELETE', connector.quoted_path('stemcells', name, version),
                context_id=context_id,
                params={'force': 'true' if force else None})
        except exceptions.NotFound:
            return None
