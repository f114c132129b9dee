# SPDX-License-Identifier: Apache-2.0
"""Named configs of a director: cloud, runtime, cpi, resurrection."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.director import exceptions
from cf_openstack.director import session as director_session


@dataclasses.dataclass(frozen=True)
class Config:
    """One version of a config; the director merges all names of a type.

    :ivar id: id of this version.
    :ivar content: YAML text.
    :ivar current: whether it is the latest of its name.
    """

    id: str
    type: str
    name: str
    content: str = dataclasses.field(repr=False)
    team: str | None = None
    created_at: str | None = None
    current: bool = True


ConfigList = list[Config]

#: What stands for "there is none yet" as the expected latest id.
NONE_YET = '0'


def _parse(document: Mapping[str, Any]) -> Config:
    return Config(
        id=str(document.get('id')), type=str(document.get('type')),
        name=str(document.get('name')),
        content=str(document.get('content') or ''),
        team=document.get('team'), created_at=document.get('created_at'),
        current=bool(document.get('current', True)))


class Configs:
    """The configs of one director.

    :param session: session with the director.
    """

    def __init__(self, session: director_session.Session) -> None:
        self._session = session

    def list(self, type: str | None = None,
             name: str | None = None) -> ConfigList:
        """List the latest version of each config.

        :param type: only those of a type.
        :param name: only those of a name.
        """
        response = self._session.request(
            'GET', '/configs',
            params={'type': type, 'name': name, 'latest': 'true'})
        return response.list_of(_parse)

    def latest(self, type: str, name: str) -> Config | None:
        """Get the latest version of a config, None when there is none."""
        response = self._session.request(
            'GET', '/configs',
            params={'type': type, 'name': name, 'limit': 1})
        found = response.list_of(_parse)
        return found[0] if found else None

    def put(self, type: str, name: str, content: str,
            expected_latest_id: str | None = None) -> Config:
        """Store a new version of a config.

        The same content again makes no new version.

        :param content: YAML text.
        :param expected_latest_id: id of the version the new one was made
            from, :data:`NONE_YET` when there is none; None to overwrite
            whatever is there.
        :raises ConfigConflict: when another version came in between.
        """
        document = {'type': type, 'name': name, 'content': content}
        if expected_latest_id is not None:
            document['expected_latest_id'] = str(expected_latest_id)
        response = self._session.request(
            'POST', '/configs', json=document, accept=(200, 201, 412))
        if response.status == 412:
            answer = response.json_object()
            raise exceptions.ConfigConflict(
                endpoint=self._session.endpoint, status=412, type=type,
                name=name, latest_id=str(answer.get('latest_id')),
                expected_latest_id=str(expected_latest_id))
        return response.object_of(_parse)

    def delete(self, type: str, name: str) -> bool:
        """Delete a config; deployments keep the version they use.

        :returns: False when there is none.
        """
        try:
            self._session.request(
                'DELETE', '/configs', params={'type': type, 'name': name},
                accept=(200, 204))
        except exceptions.NotFound:
            return False
        return True
