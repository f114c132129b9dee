# SPDX-License-Identifier: Apache-2.0
"""What a cloud check finds wrong with a deployment, and mending it."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.director import connector
from cf_openstack.director import session as director_session
from cf_openstack.director import tasks as director_tasks

#: A resolution that leaves a problem as it is; every type of problem has it.
IGNORE = 'ignore'

_DELETES = 'delete_'


@dataclasses.dataclass(frozen=True)
class Resolution:
    """One way to deal with a problem.

    :ivar name: what the director calls it, such as ``recreate_vm``.
    :ivar plan: what it does, for people.
    """

    name: str
    plan: str = ''

    @property
    def deletes_data(self) -> bool:
        """Whether a VM, a disk, or what is known of one, is deleted."""
        return self.name.startswith(_DELETES)


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something that the last scan has found.

    :ivar type: such as ``missing_vm`` or ``unresponsive_agent``.
    :ivar description: what is wrong, for people.
    :ivar group: the instance group, None when not told.
    """

    id: str
    type: str
    description: str = ''
    group: str | None = None
    resolutions: tuple[Resolution, ...] = ()

    def offers(self, resolution: str) -> bool:
        """Whether the director knows this way to deal with it."""
        return any(item.name == resolution for item in self.resolutions)


ProblemList = list[Problem]


def _parse(document: Mapping[str, Any]) -> Problem:
    return Problem(
        id=str(document.get('id')), type=str(document.get('type')),
        description=str(document.get('description') or ''),
        group=document.get('instance_group'),
        resolutions=tuple(
            Resolution(str(item.get('name')), str(item.get('plan') or ''))
            for item in document.get('resolutions') or ()
            if isinstance(item, dict)))


class Problems:
    """The problems of the deployments of one director.

    :param session: session with the director.
    :param tasks: its tasks.
    """

    def __init__(self, session: director_session.Session,
                 tasks: director_tasks.Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def scan(self, name: str) -> int:
        """Look for problems of a deployment.

        :returns: id of the task.
        :raises NotFound: when there is no such deployment.
        """
        return self._tasks.start(
            'POST', connector.quoted_path('deployments', name, 'scans'))

    def list(self, name: str) -> ProblemList:
        """List what the last scan of a deployment has found.

        :raises NotFound: when there is no such deployment.
        """
        response = self._session.request(
            'GET', connector.quoted_path('deployments', name, 'problems'))
        return response.list_of(_parse)

    def resolve(self, name: str, resolutions: Mapping[str, str],
                max_in_flight: Mapping[str, Any] | None = None) -> int:
        """Mend.

        :param resolutions: name of a resolution by problem id; a director
            wants one for each problem it knows.
        :param max_in_flight: VMs to mend at once, by instance group.
        :returns: id of the task.
        :raises NotFound: when there is no such deployment.
        """
        document: dict[str, Any] = {'resolutions': dict(resolutions)}
        if max_in_flight:
            document['max_in_flight_overrides'] = dict(max_in_flight)
        return self._tasks.start(
            'PUT', connector.quoted_path('deployments', name, 'problems'),
            json=document)
