# SPDX-License-Identifier: Apache-2.0
"""The steps of adopting a deployment that a director has already.

It may be of an abandoned stack, whose data tell what was done to it, or of
somebody who deployed it by hand.
"""

from collections.abc import Mapping
from typing import Any

from cf_openstack import exceptions

from heat.common.i18n import _

from heat_plugins.deploying import artifacts
from heat_plugins.deploying import runs
from heat_plugins.resources import base
from heat_plugins.tasks import action
from heat_plugins.tasks import journal as journals

#: What DEPLOYED says when nobody knows what was deployed.
UNKNOWN = 'adopted'


class NothingToAdopt(exceptions.CfOpenStackError):
    """There is no such thing to adopt."""

    msg_fmt = ('The director at %(endpoint)s has no %(kind)s "%(name)s" '
               'to adopt.')


class NotAdoptable(exceptions.CfOpenStackError):
    """What is to be adopted does not fit the template."""

    msg_fmt = 'Resource "%(resource)s" cannot adopt "%(name)s": %(reason)s.'


def adopted_id(rsrc: base.BoshResource,
               data: Mapping[str, Any] | None) -> str:
    """What the data of an adoption say the resource is.

    :raises NotAdoptable: when they say nothing.
    """
    found = (data or {}).get('resource_id')
    if not found:
        raise NotAdoptable(
            resource=rsrc.name, name=None, reason=_(
                'the adoption data give no resource_id for it'))
    return str(found)


def check_director(rsrc: base.DirectorUser,
                   entries: Mapping[str, Any]) -> None:
    """Make sure that this is the director that the journal is about.

    :param entries: the journal of the abandoned resource.
    :raises AnotherDirector: when it is another one.
    """
    rsrc.claim_director()
    known = entries.get(base.DIRECTOR_UUID)
    mine = rsrc.journal.get(base.DIRECTOR_UUID)
    if known not in (None, mine):
        raise base.AnotherDirector(
            endpoint=rsrc.director().connection.endpoint, found=mine,
            known=known, name=rsrc.name)


class AdoptRun(runs.Run):
    """Take over a deployment as it is; nothing is deployed.

    :param name: name of the deployment.
    :param manifest_name: the name that the template gives it, None when the
        template gives no manifest.
    :param data: what Heat has of the abandoned resource.
    """

    def __init__(self, rsrc: base.DirectorUser, name: str,
                 manifest_name: str | None,
                 data: Mapping[str, Any] | None) -> None:
        super().__init__(rsrc)
        self._name = name
        self._manifest_name = manifest_name
        self._metadata = (data or {}).get('metadata')
        self._entries = journals.of_abandoned(
            (data or {}).get('resource_data'))

    def _steps(self) -> list[runs.Step]:
        return [self._look, *self._prepare, self._take_over]

    def _look(self) -> bool:
        """Find out whether it can be adopted."""
        rsrc = self._resource
        if self._manifest_name not in (None, self._name):
            raise NotAdoptable(
                resource=rsrc.name, name=self._name,
                reason=_('the manifest of the template is named "%s"')
                % self._manifest_name)
        check_director(rsrc, self._entries)
        director = rsrc.director()
        if director.deployments.get(self._name) is None:
            raise NothingToAdopt(endpoint=director.connection.endpoint,
                                 kind='deployment', name=self._name)
        return True

    def _take_over(self) -> bool:
        rsrc, entries = self._resource, self._entries
        deployed = entries.get(runs.DEPLOYED)
        if not entries:
            deployed = UNKNOWN
        rsrc.journal.put(**{
            **{key: entries.get(key) for key in rsrc.adopted_entries},
            base.ADOPTED: True,
            runs.DEPLOYED: deployed if isinstance(deployed, str) else None,
            runs.SUSPENDED: entries.get(runs.SUSPENDED) is True or None,
            action.ACTION: self._under_way()})
        for item in artifacts.read(entries):
            artifacts.Owned(rsrc).add(item)
        if self._metadata:
            rsrc.metadata_set(self._metadata)
        # The last step: a resource with an id is deleted at the director.
        rsrc.resource_id_set(self._name)
        return True

    def _under_way(self) -> dict[str, Any] | None:
        """The action that an abandoned stack has left, if it still runs."""
        noted = self._entries.get(action.ACTION)
        if not isinstance(noted, dict) or not isinstance(
                noted.get('kind'), str):
            return None
        found = self._resource.director().tasks.find(
            str(noted.get('context')))
        if not found or not found[0].is_processing:
            return None
        return {'kind': noted['kind'], 'digest': noted.get('digest'),
                'context': found[0].context_id, 'task': found[0].id}
