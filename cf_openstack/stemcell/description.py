# SPDX-License-Identifier: Apache-2.0
"""``stemcell.MF``: what a stemcell says of itself.

Fields as the BOSH director reads them when a stemcell is uploaded
(bosh-director, ``jobs/update_stemcell.rb``).
"""

from collections.abc import Mapping
import dataclasses
from typing import Any
from typing import Self

import yaml

from cf_openstack.stemcell import errors

MEMBER = 'stemcell.MF'

#: More than this is no manifest.
MAX_SIZE = 1024 * 1024


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
            content = yaml.safe_load(data)
        except (yaml.YAMLError, UnicodeError, ValueError) as error:
            # The text of YAML's own error quotes the file.
            mark = getattr(error, 'problem_mark', None)
            raise errors.ManifestInvalid(
                reason='it is not YAML' + (
                    ' (line %d)' % (mark.line + 1) if mark else '')
            ) from error
        if not isinstance(content, dict):
            raise errors.ManifestInvalid(reason='it is not a mapping')
        name = _field(content, 'name', str)
        formats = _field(content, 'stemcell_formats', list, [])
        return cls(
            name=name,
            version=_field(content, 'version', str),
            operating_system=_field(content, 'operating_system', str, name),
            api_version=_field(content, 'api_version', int, None),
            stemcell_formats=tuple(str(item) for item in formats),
            cloud_properties=_field(content, 'cloud_properties', dict, {}))


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
        return str(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise errors.ManifestInvalid(
            reason='its "%s" is not of the type %s' % (key, kind.__name__))
    return value
