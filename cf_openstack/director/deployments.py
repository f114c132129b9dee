# SPDX-License-Identifier: Apache-2.0
"""Deployments of a director."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import json
from typing import Any

from cf_openstack.director import certificates as director_certificates
from cf_openstack.director import connector
from cf_openstack.director import exceptions
from cf_openstack.director import instances as director_instances
from cf_openstack.director import response as director_response
from cf_openstack.director import session as director_session
from cf_openstack.director import tasks as director_tasks

#: States that instances can be brought to.
STATES = ('started', 'stopped', 'detached', 'restart', 'recreate')


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A deployment.

    :ivar config_status: ``latest`` or ``outdated``, as its cloud config was
        or was not changed since it was deployed; ``none`` without one.
    :ivar stemcells: ``name/version`` of each.
    :ivar releases: ``name/version`` of each.
    :ivar locked: whether a task is at it; None when not told.
    """

    name: str
    config_status: str | None = None
    stemcells: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    locked: bool | None = None


@dataclasses.dataclass(frozen=True)
class Errand:
    """An errand that can be run.

    :ivar name: name of the errand.
    """

    name: str


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable whose value the config server holds.

    :ivar id: id of the value.
    :ivar name: full name, with director and deployment.
    """

    id: str
    name: str


@dataclasses.dataclass(frozen=True)
class Diff:
    """What a deploy would change.

    :ivar lines: pairs of a line and ``added``, ``removed`` or None.
    :ivar context: the config versions it was made with.  A deploy with the
        same context does what was shown.
    """

    lines: tuple[tuple[str, str | None], ...] = dataclasses.field(repr=False)
    context: Mapping[str, Any]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not any(change for _line, change in self.lines)


DeploymentList = list[Deployment]
ErrandList = list[Errand]
VariableList = list[Variable]


def _labels(entries: Any) -> tuple[str, ...]:
    return tuple(f'{entry.get("name")}/{entry.get("version")}'
                 for entry in entries or ())


def _parse(document: Mapping[str, Any]) -> Deployment:
    return Deployment(
        name=str(document.get('name')),
        config_status=document.get('cloud_config'),
        stemcells=_labels(document.get('stemcells')),
        releases=_labels(document.get('releases')),
        teams=tuple(map(str, document.get('teams') or ())),
        locked=document.get('locked'))


def _parse_diff(document: Mapping[str, Any]) -> Diff:
    return Diff(lines=tuple((str(line[0]), line[1])
                            for line in document.get('diff') or ()),
                context=dict(document.get('context') or {}))


def _flag(value: bool) -> str | None:
    return 'true' if value else None


class Deployments:
    """The deployments of one director.

    :param session: session with the director.
    :param tasks: its tasks.
    """

    def __init__(self, session: director_session.Session,
                 tasks: director_tasks.Tasks) -> None:
        self._session = session
        self._tasks = tasks

    def list(self) -> DeploymentList:
        """List all deployments."""
        response = self._session.request('GET', '/deployments')
        return response.list_of(_parse)

    def get(self, name: str) -> Deployment | None:
        """Find a deployment, None when there is none.

        One that failed to deploy for the first time is there nonetheless.
        """
        for deployment in self.list():
            if deployment.name == name:
                return deployment
        return None

    def manifest(self, name: str) -> str | None:
        """Get the manifest as it was deployed.

        :returns: YAML text; None when the deployment does not exist, or has
            never been deployed with success.
        """
        try:
            document = self._get(name).json_object()
        except exceptions.NotFound:
            return None
        manifest = document.get('manifest')
        return None if manifest is None else str(manifest)

    def create(self, manifest: str, context_id: str | None = None,
               recreate: bool = False, fix: bool = False,
               context: Mapping[str, Any] | None = None) -> int:
        """Deploy a manifest; an existing deployment is updated.

        :param manifest: YAML text; its ``name`` names the deployment.
        :param context_id: marks the task.
        :param recreate: make all VMs anew.
        :param fix: make VMs anew whose agents do not answer.
        :param context: the context of a :class:`Diff`, to deploy with the
            same config versions.
        :returns: id of the task.
        """
        return self._tasks.start(
            'POST', '/deployments', body=manifest,
            content_type=director_session.YAML, context_id=context_id,
            params={'recreate': _flag(recreate), 'fix': _flag(fix),
                    'context': json.dumps(context) if context else None})

    def delete(self, name: str, force: bool = False,
               context_id: str | None = None) -> int | None:
        """Delete a deployment with its VMs; disks are orphaned.

        :param force: go on when the cloud refuses to delete something.
        :returns: id of the task, None when there is no such deployment.
        """
        try:
            return self._tasks.start(
                'DELETE', connector.quoted_path('deployments', name),
                context_id=context_id, params={'force': _flag(force)})
        except exceptions.NotFound:
            return None

    def diff(self, name: str, manifest: str, redact: bool = True) -> Diff:
        """Compare a manifest with what is deployed.

        :param redact: leave out the values of properties.
        :raises DiffFailed: when the director cannot compare them.
        """
        response = self._session.request(
            'POST', connector.quoted_path('deployments', name, 'diff'),
            body=manifest, content_type=director_session.YAML,
            params={'redact': None if redact else 'false'})
        # A failure comes with status 200 as well.
        error = response.json_object().get('error')
        if error:
            raise exceptions.DiffFailed(name=name, reason=str(error))
        return response.object_of(_parse_diff)

    def instances(self, name: str) -> director_instances.InstanceList:
        """List the instances as the director has noted them.

        :raises NotFound: when there is no such deployment.
        """
        return self._get(name, 'instances').list_of(
            director_instances.parse)

    def vitals(self, name: str) -> int:
        """Ask the agents of all instances how they fare.

        It waits behind no deploy.  The result output of its task is read by
        :meth:`parse_vitals`.

        :returns: id of the task.
        """
        return self._tasks.start(
            'GET', connector.quoted_path('deployments', name, 'instances'),
            params={'format': 'full'})

    @staticmethod
    def parse_vitals(text: str) -> director_instances.VitalsList:
        """Read the result output of a task of :meth:`vitals`."""
        return director_instances.parse_vitals(text)

    def change_state(self, name: str, state: str, group: str = '*',
                     context_id: str | None = None,
                     skip_drain: bool = False) -> int:
        """Bring instances to a state, keeping manifest and configs.

        ``detached`` deletes the VMs and keeps persistent disks.

        :param state: one of :data:`STATES`.
        :param group: an instance group, ``*`` for all.
        :returns: id of the task.
        """
        if state not in STATES:
            raise exceptions.InvalidRequest(
                reason=f'"{state}" is none of {", ".join(STATES)}')
        return self._tasks.start(
            'PUT', connector.quoted_path('deployments', name, 'jobs', group),
            body='', content_type=director_session.YAML,
            context_id=context_id,
            params={'state': state, 'skip_drain': _flag(skip_drain)})

    def errands(self, name: str) -> ErrandList:
        """List the errands that can be run."""
        return self._get(name, 'errands').list_of(
            lambda document: Errand(name=str(document.get('name'))))

    def run_errand(self, name: str, errand: str,
                   context_id: str | None = None,
                   keep_alive: bool = False, when_changed: bool = False,
                   instances: Sequence[Mapping[str, str]] = ()) -> int:
        """Run an errand.

        The task succeeds even when the errand does not: look at the
        ``exit_code`` of each line of its result output.

        :param keep_alive: keep the errand's VM afterwards.
        :param when_changed: do nothing if the last run was a success and
            nothing has changed since.
        :param instances: where to run it, each a map with ``group`` and
            maybe ``id``; everywhere when empty.
        :returns: id of the task.
        """
        return self._tasks.start(
            'POST', connector.quoted_path('deployments', name, 'errands',
                                          errand, 'runs'),
            context_id=context_id,
            json={'keep-alive': keep_alive, 'when-changed': when_changed,
                  'instances': [dict(item) for item in instances]})

    def variables(self, name: str) -> VariableList:
        """List the variables, without their values."""
        return self._get(name, 'variables').list_of(
            lambda document: Variable(id=str(document.get('id')),
                                      name=str(document.get('name'))))

    def certificates(self,
                     name: str) -> director_certificates.CertificateList:
        """List the certificates; only a director with CredHub knows them."""
        return self._get(name, 'certificate_expiry').list_of(
            director_certificates.parse)

    def _get(self, *segments: str) -> director_response.Response:
        return self._session.request(
            'GET', connector.quoted_path('deployments', *segments))
