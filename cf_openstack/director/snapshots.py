# SPDX-License-Identifier: Apache-2.0
"""Snapshots of the persistent disks of deployments."""

from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import session as director_session
from cf_openstack.director import tasks as director_tasks

#: The director's code for a snapshot that is not there.
NOT_FOUND = 70008

#: How the director describes the task that takes snapshots of all disks.
TAKING = 'snapshot deployment'

_FORMATS = ('%Y-%m-%d %H:%M:%S %Z', '%Y-%m-%d %H:%M:%S %z',
            '%Y-%m-%dT%H:%M:%S%z')


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A snapshot of one persistent disk.

    :ivar group: instance group of the instance.
    :ivar created_at: seconds since the epoch; None when not told.
    :ivar clean: whether the instance was stopped when it was taken.
    """

    cid: str
    group: str
    index: int | None = None
    instance: str | None = None
    created_at: int | None = None
    clean: bool = False


SnapshotList = list[Snapshot]


def _seconds(text: Any) -> int | None:
    for form in _FORMATS:
        try:
            moment = datetime.datetime.strptime(str(text), form)
        except ValueError:
            continue
        return int(moment.replace(
            tzinfo=moment.tzinfo or datetime.timezone.utc).timestamp())
    return None


def _parse(document: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        cid=str(document['snapshot_cid']), group=str(document.get('job')),
        index=document.get('index'), instance=document.get('uuid'),
        created_at=_seconds(document.get('created_at')),
        clean=bool(document.get('clean')))


class Snapshots:
    """The snapshots of the deployments of one director.

    :param session: session with the director.
    :param tasks: its tasks.
    """

    def __init__(self, session: director_session.Session,
                 tasks: director_tasks.Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def list(self, name: str) -> SnapshotList:
        """List the snapshots of a deployment.

        :raises NotFound: when there is no such deployment.
        """
        return self._session.request(
            'GET', connector.quoted_path('deployments', name, 'snapshots'),
        ).list_of(_parse)

    def take(self, name: str) -> int:
        """Take a snapshot of each persistent disk of a deployment.

        A director whose snapshots are switched off takes none, and its task
        succeeds.  The task succeeds as well when some of them fail; its
        result counts these then.

        :returns: id of the task.
        :raises NotFound: when there is no such deployment.
        """
        return self._tasks.start(
            'POST', connector.quoted_path('deployments', name, 'snapshots'))

    def delete(self, name: str, cid: str) -> int | None:
        """Delete one snapshot.

        :returns: id of the task, None when there is no such snapshot.
        """
        try:
            return self._tasks.start(
                'DELETE', connector.quoted_path('deployments', name,
                                                'snapshots', cid))
        except exceptions.NotFound:
            return None
        except exceptions.BadRequest as error:
            if error.code != NOT_FOUND:
                raise
            return None
