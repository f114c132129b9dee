# SPDX-License-Identifier: Apache-2.0
"""A BOSH release on a director."""

from typing import Any

from cf_openstack.director import client
from cf_openstack import exceptions

from heat.common import exception
from heat.common.i18n import _
from heat.engine import attributes
from heat.engine import constraints
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn

from heat_plugins.deploying import adoption
from heat_plugins.deploying import artifacts
from heat_plugins.deploying import unnamed
from heat_plugins.resources import base
from heat_plugins.tasks import journal


class WrongRelease(exceptions.CfOpenStackError):
    """The tarball holds another release than the template says."""

    msg_fmt = ('%(location)s holds the release %(found)s, not %(wanted)s: '
               'correct the properties "name" and "version", or the '
               'location.')


class ReleaseUnknown(exceptions.CfOpenStackError):
    """The director did not say what it was given."""

    msg_fmt = ('The director did not tell which release it got from '
               '%(location)s: give the properties "name" and "version".')


class Release(base.DirectorUser):
    """A BOSH release on a director.

    The director fetches it from its location, unless it has it already.  A
    release that was there before is left there on deletion, and so is one
    that deployments still use.  When an update changes the version, the
    older one is removed as soon as no deployment uses it: at the next
    update or at deletion.
    """

    PROPERTIES = (
        DIRECTOR, LOCATION, CHECKSUM, NAME, VERSION,
    ) = (
        'director', 'location', 'checksum', 'name', 'version',
    )

    ATTRIBUTES = (
        NAME_ATTR, VERSION_ATTR, REFERENCE_ATTR,
    ) = (
        'name', 'version', 'reference',
    )

    properties_schema = {
        DIRECTOR: base.DirectorUser.director_schema(),
        LOCATION: properties.Schema(
            properties.Schema.STRING,
            _('The URL of the tarball of the release, as the director '
              'reaches it.'),
            required=True,
            constraints=[constraints.AllowedPattern(
                'https?://.+',
                description=_('It must be an http or https URL.'))],
            update_allowed=True,
        ),
        CHECKSUM: properties.Schema(
            properties.Schema.STRING,
            _('The checksum of the tarball: sha256:<64 hex digits>, or '
              'sha1:<40 hex digits>.'),
            constraints=[
                constraints.CustomConstraint('cf_openstack.checksum')],
            update_allowed=True,
        ),
        NAME: properties.Schema(
            properties.Schema.STRING,
            _('The name of the release. With name and version, nothing is '
              'fetched when the director has the release.'),
            constraints=[constraints.Length(min=1)],
            update_allowed=True,
        ),
        VERSION: properties.Schema(
            properties.Schema.STRING,
            _('The version of the release.'),
            constraints=[constraints.Length(min=1)],
            update_allowed=True,
        ),
    }

    attributes_schema = {
        NAME_ATTR: attributes.Schema(
            _('The name of the release.'),
            type=attributes.Schema.STRING,
        ),
        VERSION_ATTR: attributes.Schema(
            _('The version of the release.'),
            type=attributes.Schema.STRING,
        ),
        REFERENCE_ATTR: attributes.Schema(
            _('A map with name and version, for the property "releases" of '
              'a deployment.'),
            type=attributes.Schema.MAP,
        ),
    }

    #: The upload or removal of the action under way.
    _work: artifacts.Uploads | artifacts.Removal | None = None

    def validate(self) -> None:
        """Check that name and version come together.

        :raises StackValidationFailed: when a property is not valid.
        """
        super().validate()
        if self.is_given(self.NAME) != self.is_given(self.VERSION):
            raise exception.StackValidationFailed(
                message=_('The properties name and version of a release go '
                          'together: give both or none.'))

    def handle_create(self) -> Any:
        """Begin the upload; the first poll starts it."""
        self._work = None
        return self.properties

    def check_create_complete(self, props: Any) -> bool:
        """Upload the release if absent, and follow the task."""
        if isinstance(self._work, artifacts.Removal):
            return self._poll()
        if self._work is None:
            self.claim_director()
            wanted = [self._upload(props)]
            if not artifacts.settle_uploads(self, wanted):
                self.poll_later(1)
            self._begin_unnamed(wanted[0])
            self._work = artifacts.Uploads(self, wanted, verbose=True)
        if self._poll():
            self._note(props, self._work)
            self._work = artifacts.Removal(
                self, keep=[self._artifact(self.resource_id)])
            return self._poll()
        return False

    def _begin_unnamed(self, upload: artifacts.Upload) -> None:
        """Have it known after a crash what an upload has brought."""
        notes = unnamed.Unnamed(self)
        notes.settle(upload.label)
        if upload.artifact is None:
            notes.begin(upload.label)

    def _poll(self) -> bool:
        if self._work.poll():
            return True
        self.poll_later(self._work.next_wait)
        return False

    def _upload(self, props: Any) -> artifacts.Upload:
        wanted = None
        if props[self.NAME]:
            wanted = artifacts.Artifact(artifacts.RELEASE, props[self.NAME],
                                        props[self.VERSION])

        def start(director: client.Director) -> int:
            return director.releases.upload_url(
                props[self.LOCATION], checksum=props[self.CHECKSUM] or None)

        return artifacts.Upload(props[self.LOCATION], wanted, start)

    @staticmethod
    def _artifact(text: str) -> artifacts.Artifact:
        name, _sep, version = text.rpartition('/')
        return artifacts.Artifact(artifacts.RELEASE, name, version)

    def _note(self, props: Any, uploads: artifacts.Uploads) -> None:
        """Take note of what the director has got.

        :raises WrongRelease: when it is not what the template says.
        :raises ReleaseUnknown: when there is no telling what it is.
        """
        wanted = self._upload(props).artifact
        task = uploads.finished.get(props[self.LOCATION])
        if task is None:      # it was there
            unnamed.Unnamed(self).end()
            self.resource_id_set(f'{wanted.name}/{wanted.version}')
            return
        now = artifacts.present(self.director())
        notes = unnamed.Unnamed(self)
        before = (uploads.before if wanted
                  else notes.begin(props[self.LOCATION]))
        new = sorted(item for item in now - before
                     if item.kind == artifacts.RELEASE)
        found = unnamed.created(task.result)
        if found is None and len(new) == 1:
            found = new[0]
        if found in new:
            artifacts.Owned(self).add(found)
        notes.end()
        if wanted is not None and wanted in now:
            found = wanted
        elif wanted is not None:
            raise WrongRelease(location=props[self.LOCATION],
                               found=found and f'{found.name}/{found.version}',
                               wanted=f'{wanted.name}/{wanted.version}')
        if found is None:
            raise ReleaseUnknown(location=props[self.LOCATION])
        self.resource_id_set(f'{found.name}/{found.version}')

    def handle_update(self, json_snippet: rsrc_defn.ResourceDefinition,
                      tmpl_diff: Any, prop_diff: dict[str, Any]) -> Any:
        """Begin to make sure that the release is there."""
        self._work = None
        return self.begin_update(json_snippet)

    def check_update_complete(self, props: Any) -> bool:
        """Upload the release if absent, and remove an older one."""
        return self.check_create_complete(props)

    def handle_create_cancel(self, token: Any) -> None:
        """Cancel the director's task."""
        if isinstance(self._work, artifacts.Uploads):
            self._work.cancel()

    handle_update_cancel = handle_create_cancel

    def handle_check(self) -> None:
        """Check that the director has the release.

        :raises Error: when it has not.
        :raises DirectorError: when the director does not answer.
        """
        self.verify_director()
        wanted = self._artifact(self.resource_id or '')
        self._verify_check_conditions([
            {'attr': 'present', 'expected': True,
             'current': wanted in artifacts.present(self.director())}])

    def handle_adopt(self, resource_data: Any = None) -> Any:
        """Begin to take over a release that the director has."""
        return (adoption.adopted_id(self, resource_data),
                journal.of_abandoned(
                    (resource_data or {}).get('resource_data')))

    def check_adopt_complete(self, token: tuple[str, dict[str, Any]]
                             ) -> bool:
        """Take over a release as it is; nothing is fetched.

        What the abandoned resource brought to the director is deleted with
        this one; a release that was there before is not.

        :raises NotAdoptable: when the template is about another one.
        :raises NothingToAdopt: when the director has none.
        :raises AnotherDirector: when it was on another director.
        """
        name, entries = token
        adopted = self._artifact(name)
        wanted = self._upload(self.properties).artifact
        if wanted not in (None, adopted):
            raise adoption.NotAdoptable(
                resource=self.name, name=name,
                reason=_('the template names the %s') % wanted)
        adoption.check_director(self, entries)
        if adopted not in artifacts.present(self.director()):
            raise adoption.NothingToAdopt(
                endpoint=self.director().connection.endpoint,
                kind=artifacts.RELEASE, name=name)
        for item in artifacts.read(entries):
            artifacts.Owned(self).add(item)
        self.journal.put(**{base.ADOPTED: True})
        self.resource_id_set(name)
        return True

    def handle_delete(self) -> None:
        """Begin to remove what this resource brought to the director."""
        self._work = None

    def check_delete_complete(self, token: Any) -> bool:
        """See a left upload end, and remove what nobody uses.

        :raises TaskFailed: when the director cannot remove it.
        """
        if self.journal.get(base.DIRECTOR_UUID) is None:
            return True      # the director was never reached
        if self.is_left_alone():
            return True
        if self._work is None:
            self.verify_director()
            if not artifacts.settle_uploads(self):
                self.poll_later(1)
            unnamed.Unnamed(self).settle()
            self._work = artifacts.Removal(self)
        return self._poll()

    def _resolve_attribute(self, name: str) -> Any:
        if self.resource_id is None:
            return None
        release = self._artifact(self.resource_id)
        return {
            self.NAME_ATTR: release.name,
            self.VERSION_ATTR: release.version,
            self.REFERENCE_ATTR: {'name': release.name,
                                  'version': release.version},
        }.get(name)


def resource_mapping() -> dict[str, type[resource.Resource]]:
    """The resource types of this module."""
    return {'CloudFoundry::BOSH::Release': Release}
