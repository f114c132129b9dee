# SPDX-License-Identifier: Apache-2.0
"""``stemcell.MF``: what a stemcell says of itself.

Fields as the BOSH director reads them when a stemcell is uploaded
(bosh-director, ``jobs/update_stemcell.rb``).
"""

from collections.abc import Mapping
import dataclasses
from typing import Any
from typing import Self

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import document
from cf_openstack.manifest import errors as manifest_errors
from cf_openstack.stemcell import errors
from cf_openstack.stemcell import properties as stemcell_properties

MEMBER = 'stemcell.MF'

#: More than this is no manifest.
MAX_SIZE = 1024 * 1024

_BOUNDS = manifest_bounds.Bounds(characters=MAX_SIZE, nodes=10000, depth=20)

# Glance takes 255 as the name of an image: name, slash and version.
_MAX_TEXT = {'name': 150, 'version': 100, 'operating_system': 150}
_MAX_PROPERTY = 255
_MAX_FORMATS = 20


@dataclasses.dataclass(frozen=True)
class Description:
    """The content of ``stemcell.MF``.

    :ivar name: such as ``bosh-openstack-kvm-ubuntu-noble``.
    :ivar version: such as ``1.425``; always text.
    :ivar operating_system: such as ``ubuntu-noble``; the name, where the
        stemcell is too old to say.
    :ivar api_version: of the contract between agent and CPI, or None.
    """

    name: str
    version: str
    operating_system: str
    api_version: int | None
    stemcell_formats: tuple[str, ...] = ()
    cloud_properties: Mapping[str, Any] = dataclasses.field(
        default_factory=dict)

    @property
    def image_name(self) -> str:
        """The name that the CPI gives to the image in Glance."""
        return '%s/%s' % (self.name, self.version)

    @property
    def light_image(self) -> str | None:
        """The Glance image that a light stemcell stands for."""
        image_id = self.cloud_properties.get('image_id')
        return None if image_id is None else str(image_id)

    def check_format(self, disk_format: str,
                     container_format: str = 'bare') -> None:
        """Compare what the manifest says with what the image is.

        :raises ManifestInvalid: they contradict each other.
        """
        for key, actual in (('disk_format', disk_format),
                            ('container_format', container_format)):
            said = self.cloud_properties.get(key)
            if said is not None and said != actual:
                raise errors.ManifestInvalid(
                    reason='it says that the %s is "%s", but the image is '
                           '"%s"' % (key, said, actual))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the file.

        :raises ManifestInvalid: it is not YAML, or lacks a field.
        """
        try:
            content = document.load(data.decode('utf-8'), MEMBER, _BOUNDS)
        except manifest_errors.DocumentError as error:
            # Its text quotes the file, which may not be the tenant's to
            # see.
            raise errors.ManifestInvalid(
                reason='it is not YAML, or far too large' + (
                    ' (line %d)' % error.line if error.line else '')
            ) from error
        except UnicodeError as error:
            raise errors.ManifestInvalid(reason='it is not YAML') from error
        if not isinstance(content, dict):
            raise errors.ManifestInvalid(reason='it is not a mapping')
        name = _field(content, 'name', str)
        formats = _field(content, 'stemcell_formats', list, [])
        cloud_properties = _field(content, 'cloud_properties', dict, {})
        _check_properties(cloud_properties)
        return cls(
            name=name,
            version=_field(content, 'version', str),
            operating_system=_field(content, 'operating_system', str, name),
            api_version=_field(content, 'api_version', int, None),
            stemcell_formats=tuple(str(item) for item in formats),
            cloud_properties=cloud_properties)


def _check_properties(cloud_properties: Mapping[Any, Any]) -> None:
    """Check what becomes properties of the image.

    :raises ManifestInvalid: Glance would not take it.
    """
    for key in (*stemcell_properties.KEYS, 'image_id'):
        value = cloud_properties.get(key)
        if isinstance(value, (dict, list)) or (
                len(str(value)) > _MAX_PROPERTY):
            raise errors.ManifestInvalid(
                reason='the "%s" of its cloud_properties is not a text of '
                       'at most %d characters' % (key, _MAX_PROPERTY))


_REQUIRED = object()


def _field(content: Mapping[str, Any], key: str, kind: type,
           default: Any = _REQUIRED) -> Any:
    value = content.get(key)
    if value is None:
        if default is _REQUIRED:
            raise errors.ManifestInvalid(reason='it has no "%s"' % key)
        return default
    if kind is str and type(value) in (int, float):
        # An unquoted version; the director takes it as text, too.
        value = str(value)
    if kind is str and isinstance(value, str) and not (
            0 < len(value) <= _MAX_TEXT[key] and value.isprintable()):
        raise errors.ManifestInvalid(
            reason='its "%s" is not a text of 1 to %d printable characters'
                   % (key, _MAX_TEXT[key]))
    if kind is list and isinstance(value, list) and (
            len(value) > _MAX_FORMATS
            or any(isinstance(item, (dict, list)) for item in value)):
        raise errors.ManifestInvalid(
            reason='its "%s" is not a list of at most %d texts'
                   % (key, _MAX_FORMATS))
    if not isinstance(value, kind) or isinstance(value, bool):
        raise errors.ManifestInvalid(
            reason='its "%s" is not of the type %s' % (key, kind.__name__))
    return value
