# SPDX-License-Identifier: Apache-2.0
"""Stemcells of a director."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import tarballs


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


def _parse(document: Mapping[str, Any]) -> Stemcell:
    return Stemcell(
        name=str(document.get('name')), version=str(document.get('version')),
        operating_system=document.get('operating_system'),
        cid=document.get('cid'), cpi=document.get('cpi') or '',
        deployments=tuple(str(user.get('name')) for user
                          in document.get('deployments') or ()),
        api_version=document.get('api_version'))


class Stemcells(tarballs.Tarballs):
    """The stemcells of one director."""

    path = '/stemcells'
    description = 'create stemcell'

    def list(self) -> StemcellList:
        """List all stemcells, one entry for each CPI that has it."""
        response = self._session.request('GET', '/stemcells')
        return response.list_of(_parse)

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
