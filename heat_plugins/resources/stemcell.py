# SPDX-License-Identifier: Apache-2.0
"""A stemcell as an image in Glance."""

import dataclasses
import time
from typing import Any
import uuid

import openstack.connection
from openstack import exceptions as sdk_exceptions

from cf_openstack import exceptions
from cf_openstack.stemcell import glance

from heat.common import exception
from heat.common.i18n import _
from heat.engine import attributes
from heat.engine import constraints
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn
from heat.engine import translation

from heat_plugins.deploying import adoption
from heat_plugins.resources import base
from heat_plugins.resources import stemcell_upload
from heat_plugins.tasks import journal

#: Seconds between two events that tell how far an upload is.
PROGRESS_INTERVAL = 10.0


class NotAStemcell(exceptions.CfOpenStackError):
    """An image that does not tell what stemcell it is."""

    msg_fmt = ('The image %(image)s does not tell which stemcell it is '
               '(%(missing)s is missing): give the properties "name", '
               '"version" and "operating_system".')


class ImageNotActive(exceptions.CfOpenStackError):
    """An image that no server can be made of."""

    msg_fmt = 'The image %(image)s is %(status)s, not active.'


@dataclasses.dataclass
class _Work:
    """The upload of the action under way; None for a light stemcell."""

    upload: stemcell_upload.StemcellUpload | None
    told_at: float = dataclasses.field(default_factory=time.monotonic)
    told: int | None = None


class Stemcell(base.BoshResource):
    """A BOSH stemcell, as an image in Glance.

    Given the location of a published stemcell, its disk image is streamed
    into Glance in one pass, and is deleted with the resource.  Given an
    image that is there already, the resource describes it and leaves it
    alone.  In both cases any number of directors can use the image: see the
    attribute ``reference``.
    """

    default_client_name = 'glance'

    physical_resource_name_limit = 255

    PROPERTIES = (
        LOCATION, CHECKSUM, CA_CERTIFICATE, IMAGE, PUBLIC, TAGS,
        NAME, VERSION, OPERATING_SYSTEM, API_VERSION,
    ) = (
        'location', 'checksum', 'ca_certificate', 'image', 'public', 'tags',
        'name', 'version', 'operating_system', 'api_version',
    )

    ATTRIBUTES = (
        IMAGE_ATTR, CID_ATTR, NAME_ATTR, VERSION_ATTR,
        OPERATING_SYSTEM_ATTR, API_VERSION_ATTR, CHECKSUM_ATTR, SIZE_ATTR,
        REFERENCE_ATTR,
    ) = (
        'image', 'cid', 'name', 'version',
        'operating_system', 'api_version', 'checksum', 'size',
        'reference',
    )

    properties_schema = {
        LOCATION: properties.Schema(
            properties.Schema.STRING,
            _('The https URL of a stemcell tarball, as bosh.io publishes '
              'them. A change is harmless as long as the checksum stays.'),
            constraints=[constraints.AllowedPattern(
                'https://.+', description=_('It must be an https URL.')),
                constraints.CustomConstraint('cf_openstack.download_url')],
            update_allowed=True,
        ),
        CHECKSUM: properties.Schema(
            properties.Schema.STRING,
            _('The checksum of the tarball: sha256:<64 hex digits>, or '
              'sha1:<40 hex digits>. Required with location.'),
            constraints=[
                constraints.CustomConstraint('cf_openstack.checksum')],
        ),
        CA_CERTIFICATE: properties.Schema(
            properties.Schema.STRING,
            _('The certificate of the authority behind the location, in PEM '
              'format. Without it, those trusted by the operating system of '
              'the engine apply.'),
            default='',
            update_allowed=True,
        ),
        IMAGE: properties.Schema(
            properties.Schema.STRING,
            _('The name or id of an image that is a stemcell already, in '
              'place of location.'),
            constraints=[constraints.CustomConstraint('glance.image')],
        ),
        PUBLIC: properties.Schema(
            properties.Schema.BOOLEAN,
            _('Whether all projects may use the uploaded image. By default '
              'only administrators may publish images.'),
            default=False,
            update_allowed=True,
        ),
        TAGS: properties.Schema(
            properties.Schema.LIST,
            _('Tags of the uploaded image.'),
            schema=properties.Schema(
                properties.Schema.STRING,
                constraints=[constraints.Length(min=1, max=255)],
            ),
            default=[],
            update_allowed=True,
        ),
        NAME: properties.Schema(
            properties.Schema.STRING,
            _('The name of the stemcell, for an image that does not tell '
              'it.'),
            update_allowed=True,
        ),
        VERSION: properties.Schema(
            properties.Schema.STRING,
            _('The version of the stemcell, for an image that does not tell '
              'it.'),
            update_allowed=True,
        ),
        OPERATING_SYSTEM: properties.Schema(
            properties.Schema.STRING,
            _('The operating system of the stemcell, such as ubuntu-noble, '
              'for an image that does not tell it.'),
            update_allowed=True,
        ),
        API_VERSION: properties.Schema(
            properties.Schema.INTEGER,
            _('The API version of the stemcell, for an image that does not '
              'tell it.'),
            update_allowed=True,
        ),
    }

    attributes_schema = {
        IMAGE_ATTR: attributes.Schema(
            _('The id of the image.'),
            type=attributes.Schema.STRING,
        ),
        CID_ATTR: attributes.Schema(
            _('The cloud id under which a director that got the attribute '
              '"reference" knows the stemcell.'),
            type=attributes.Schema.STRING,
        ),
        NAME_ATTR: attributes.Schema(
            _('The name of the stemcell.'),
            type=attributes.Schema.STRING,
        ),
        VERSION_ATTR: attributes.Schema(
            _('The version of the stemcell.'),
            type=attributes.Schema.STRING,
        ),
        OPERATING_SYSTEM_ATTR: attributes.Schema(
            _('The operating system of the stemcell.'),
            type=attributes.Schema.STRING,
        ),
        API_VERSION_ATTR: attributes.Schema(
            _('The API version of the stemcell.'),
            type=attributes.Schema.INTEGER,
        ),
        CHECKSUM_ATTR: attributes.Schema(
            _('The SHA-256 checksum of the tarball.'),
            type=attributes.Schema.STRING,
        ),
        SIZE_ATTR: attributes.Schema(
            _('The size of the disk image in bytes.'),
            type=attributes.Schema.INTEGER,
        ),
        REFERENCE_ATTR: attributes.Schema(
            _('All that a deployment must know of the stemcell, for its '
              'property "stemcells".'),
            type=attributes.Schema.MAP,
        ),
    }

    _DESCRIPTION = (NAME, VERSION, OPERATING_SYSTEM, API_VERSION)

    def translation_rules(self, props: Any) -> list[Any]:
        """Names of images become ids."""
        return [translation.TranslationRule(
            props, translation.TranslationRule.RESOLVE, [self.IMAGE],
            client_plugin=self.client_plugin('glance'),
            finder='find_image_by_name_or_id')]

    def validate(self) -> None:
        """Check that there is one source, and a checksum.

        :raises StackValidationFailed: when a property is not valid.
        """
        super().validate()
        self.require_one_of(self.LOCATION, self.IMAGE)
        if self.is_given(self.LOCATION):
            if not self.is_given(self.CHECKSUM):
                raise exception.ResourcePropertyDependency(
                    prop1=self.LOCATION, prop2=self.CHECKSUM)
        elif self.is_given(self.PUBLIC) or self.is_given(self.TAGS):
            raise exception.StackValidationFailed(
                message=_('The properties public and tags apply to an image '
                          'that this resource uploads, not to a given '
                          'one.'))

    def _cloud(self) -> openstack.connection.Connection:
        return self.client('openstack')

    def _is_light(self) -> bool:
        return self.is_given(self.IMAGE)

    def _visibility(self, props: Any) -> str:
        return 'public' if props[self.PUBLIC] else 'private'

    def handle_create(self) -> _Work:
        """Begin the upload."""
        if self._is_light():
            return _Work(None)
        image_id = str(uuid.uuid4())
        # Before there is an image: it is found by this id after a crash.
        self.resource_id_set(image_id)
        self.journal.put(uploaded=True)
        props = self.properties
        upload = stemcell_upload.StemcellUpload(
            stemcell_upload.Order(
                location=props[self.LOCATION],
                checksum=props[self.CHECKSUM],
                ca_certificate=props[self.CA_CERTIFICATE] or '',
                image_id=image_id, name=self.physical_resource_name(),
                visibility=self._visibility(props),
                tags=self._tags(props)),
            self._cloud(), self.context)
        upload.start()
        return _Work(upload)

    def _tags(self, props: Any) -> list[str]:
        return [self.physical_resource_name(), *(props[self.TAGS] or ())]

    def check_create_complete(self, work: _Work) -> bool:
        """Wait for the upload."""
        if work.upload is None:
            self._describe(self.properties[self.IMAGE], self.properties)
            return True
        published = work.upload.result()
        if published is None:
            self._report_progress(work)
            return False
        self.journal.put(stemcell={
            'name': published.name, 'version': published.version,
            'operating_system': published.operating_system,
            'api_version': published.api_version,
            'checksum': published.checksum, 'size': published.size})
        return True

    def _report_progress(self, work: _Work) -> None:
        now, percent = time.monotonic(), work.upload.percent
        if percent is None or percent == work.told or (
                now - work.told_at < PROGRESS_INTERVAL):
            return
        work.told_at, work.told = now, percent
        self.report(_('%d %% of the stemcell read') % percent)

    def _describe(self, image_id: str, props: Any) -> None:
        """Find out which stemcell an image is, and stand for it.

        :raises ImageNotActive: when no server can be made of it.
        :raises NotAStemcell: when neither image nor template tell.
        """
        image = self._cloud().image.get_image(image_id)
        if image.status != 'active':
            raise ImageNotActive(image=image.id, status=image.status)
        told = image.properties or {}
        name, _sep, version = (image.name or '').rpartition('/')
        known = {
            self.NAME: told.get(stemcell_upload.NAME) or name,
            self.VERSION: told.get(stemcell_upload.VERSION) or (
                version if name else None),
            self.OPERATING_SYSTEM: told.get(stemcell_upload.OPERATING_SYSTEM),
            self.API_VERSION: told.get(stemcell_upload.API_VERSION),
        }
        known.update({key: props[key] for key in self._DESCRIPTION
                      if props[key] not in (None, '')})
        for key in (self.NAME, self.VERSION, self.OPERATING_SYSTEM):
            if not known[key]:
                raise NotAStemcell(image=image.id, missing=key)
        if known[self.API_VERSION] is not None:
            known[self.API_VERSION] = int(known[self.API_VERSION])
        self.resource_id_set(image.id)
        self.journal.put(stemcell={**known, 'size': image.size})

    def handle_create_cancel(self, work: _Work) -> None:
        """Stop the upload; its thread removes the image."""
        if work.upload is not None:
            work.upload.cancel()

    def needs_replace_with_prop_diff(self, changed: set[str], after: Any,
                                     before: Any) -> bool:
        """Another checksum is another stemcell, another image too."""
        return bool(changed & {self.CHECKSUM, self.IMAGE})

    def needs_replace_failed(self) -> bool:
        """Upload again unless the image is there and complete."""
        if self._is_light():
            return False
        if self.resource_id is None or self.journal.get('stemcell') is None:
            return True
        with self.client_plugin('openstack').ignore_not_found:
            image = self._cloud().image.get_image(self.resource_id)
            return image.status != 'active'
        return True

    def prepare_for_replace(self) -> None:
        """Remove an image whose upload ended with its engine.

        After an update with an unchanged template, Heat takes the replaced
        resource for one of that template, and would delete it with the next
        update only.
        """
        if self.journal.get('stemcell') is None:
            self.handle_delete()

    def handle_update(self, json_snippet: rsrc_defn.ResourceDefinition,
                      tmpl_diff: Any, prop_diff: dict[str, Any]) -> None:
        """Change tags, visibility and description in place."""
        props = self.new_properties(json_snippet)
        self.journal.put(**{base.ADOPTED: None})
        if self._is_light():
            self._describe(props[self.IMAGE], props)
        elif prop_diff.keys() & {self.PUBLIC, self.TAGS}:
            self._cloud().image.update_image(
                self.resource_id, visibility=self._visibility(props),
                tags=self._tags(props))

    def handle_check(self) -> None:
        """Check that the image is there and active.

        :raises Error: when it is not.
        """
        image = self._cloud().image.get_image(self.resource_id)
        self._verify_check_conditions([
            {'attr': 'status', 'expected': 'active',
             'current': image.status}])

    def handle_adopt(self, resource_data: Any = None) -> tuple[str, Any]:
        """Begin to take over an image."""
        # Heat has not looked up the id of a given image yet.
        self.reparse()
        self._update_stored_properties()
        return (adoption.adopted_id(self, resource_data),
                journal.of_abandoned(
                    (resource_data or {}).get('resource_data')))

    def check_adopt_complete(self, token: tuple[str, dict[str, Any]]
                             ) -> bool:
        """Take over an image as it is; nothing is uploaded.

        It is deleted with the resource if the abandoned one uploaded it.

        :raises NotAdoptable: when the template is about another image.
        :raises ImageNotActive: when it is not complete.
        :raises NotAStemcell: when there is no telling what it is.
        """
        image_id, entries = token
        if self._is_light() and image_id != self.properties[self.IMAGE]:
            raise adoption.NotAdoptable(
                resource=self.name, name=image_id,
                reason=_('the template names the image %s')
                % self.properties[self.IMAGE])
        self._describe(image_id, self.properties)
        known = entries.get('stemcell')
        if isinstance(known, dict):
            self.journal.put(stemcell={
                **known, **self.journal.get('stemcell')})
        uploaded = not self._is_light() and entries.get('uploaded') is True
        self.journal.put(**{base.ADOPTED: True,
                            'uploaded': uploaded or None})
        return True

    def handle_delete(self) -> None:
        """Delete an uploaded image; leave a given one."""
        if self.resource_id is None or not self.journal.get('uploaded'):
            return
        if self.is_left_alone():
            return
        try:
            glance.delete(self._cloud(), self.resource_id)
        except sdk_exceptions.NotFoundException:
            return

    def _resolve_attribute(self, name: str) -> Any:
        stemcell = self.journal.get('stemcell')
        if self.resource_id is None or stemcell is None:
            return None
        if name == self.IMAGE_ATTR:
            return self.resource_id
        if name == self.CID_ATTR:
            # The CPI's mark of an image that is not the director's own.
            return f'{self.resource_id} light'
        if name == self.REFERENCE_ATTR:
            return {**{key: stemcell[key] for key in self._DESCRIPTION},
                    'image': self.resource_id}
        return stemcell.get(name)


def resource_mapping() -> dict[str, type[resource.Resource]]:
    """The resource types of this module."""
    return {'CloudFoundry::BOSH::Stemcell': Stemcell}
