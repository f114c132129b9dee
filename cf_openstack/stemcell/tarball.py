# SPDX-License-Identifier: Apache-2.0
"""From a stemcell tarball to an image in Glance, in one pass.

The tarball is read once, from the network if need be; nothing is stored on
the way.  A published stemcell lists ``image`` before ``stemcell.MF``: the
image goes to Glance as what its first bytes show it to be, and is given its
name and properties when the manifest has been read.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import tarfile
from typing import Any
import uuid

import openstack

from cf_openstack.stemcell import archive
from cf_openstack.stemcell import checksum as stemcell_checksum
from cf_openstack.stemcell import description
from cf_openstack.stemcell import errors
from cf_openstack.stemcell import glance
from cf_openstack.stemcell import properties as stemcell_properties
from cf_openstack.stemcell import root_image

IMAGE = 'image'

_WHAT = 'The stemcell'


@dataclasses.dataclass(frozen=True)
class Published:
    """A stemcell that is an image in Glance now.

    :ivar image_id: the image's UUID, which is also the stemcell's CID.
    :ivar checksum: of the tarball, ``sha256:`` and 64 hex digits.
    :ivar size: bytes of the root image.
    """

    image_id: str
    name: str
    version: str
    operating_system: str
    api_version: int | None
    cloud_properties: Mapping[str, Any]
    checksum: str
    disk_format: str
    size: int


class _Publication:
    """The work of :func:`publish`; one object, one stemcell."""

    def __init__(self, conn: openstack.connection.Connection, name_hint: str,
                 properties: Mapping[str, str], image_id: str | None,
                 max_size: int, expansion: archive.Expansion,
                 options: Mapping[str, Any]) -> None:
        self._conn = conn
        self._name = name_hint
        self._extra = properties
        self._max_size = max_size
        self._expansion = expansion
        self._options = options
        self._id = image_id or str(uuid.uuid4())
        self._description: description.Description | None = None
        self._complete = False
        self._light = False
        self._size = 0
        self._disk_format = ''
        #: Whether there is an image that is ours to remove.
        self.uploaded = False

    @property
    def image_id(self) -> str:
        return self._id

    def member(self, outer: archive.Archive, member: tarfile.TarInfo) -> None:
        name = archive.base_name(member)
        if name == description.MEMBER and self._description is None:
            self._read_manifest(outer, member)
        elif name == IMAGE and not self.uploaded:
            if member.size:
                self._upload(outer, member)
            else:
                self._light = True

    def _read_manifest(self, outer: archive.Archive,
                       member: tarfile.TarInfo) -> None:
        self._description = description.Description.parse(
            outer.content(member, description.MAX_SIZE))
        if self._description.light_image is not None:
            raise self._no_image()
        if self.uploaded:
            self._description.check_format(self._disk_format)

    def _no_image(self) -> errors.ImageEmpty:
        image = self._description and self._description.light_image
        return errors.ImageEmpty(
            archive=_WHAT,
            image=' of the image %s' % image if image else '')

    def _properties(self) -> dict[str, str]:
        return {**stemcell_properties.from_cloud_properties(
            self._description.cloud_properties), **self._extra}

    def _upload(self, outer: archive.Archive,
                member: tarfile.TarInfo) -> None:
        properties = dict(self._extra)
        name = self._name
        root = root_image.open_root_image(
            outer.open(member), self._max_size, self._expansion)
        if self._description is not None:
            self._description.check_format(root.disk_format)
            properties = self._properties()
            name = self._description.image_name
            self._complete = True
        self._size, self._disk_format = root.size, root.disk_format
        with root:
            glance.upload(self._conn, name=name, reader=root, size=root.size,
                          disk_format=root.disk_format,
                          properties=properties, image_id=self._id,
                          **self._options)
        self.uploaded = True

    def finish(self, digests: Mapping[str, str]) -> Published:
        """What is left to do once the whole tarball was read."""
        manifest = self._description
        if self._light:
            raise self._no_image()
        if not self.uploaded:
            raise errors.ImageMissing(archive=_WHAT)
        if manifest is None:
            raise errors.ManifestMissing(archive=_WHAT)
        if not self._complete:
            glance.set_properties(self._conn, self._id, self._properties(),
                                  name=manifest.image_name)
        return Published(
            image_id=self._id, name=manifest.name, version=manifest.version,
            operating_system=manifest.operating_system,
            api_version=manifest.api_version,
            cloud_properties=manifest.cloud_properties,
            checksum='%s:%s' % (stemcell_checksum.DEFAULT,
                                digests[stemcell_checksum.DEFAULT]),
            disk_format=self._disk_format, size=self._size)


def publish(conn: openstack.connection.Connection,
            fileobj: archive.Readable, *, checksum: str | None = None,
            name_hint: str = 'stemcell', visibility: str = 'private',
            tags: Iterable[str] = (),
            properties: Mapping[str, str] | None = None,
            image_id: str | None = None,
            max_size: int = root_image.DEFAULT_MAX_SIZE,
            max_expansion: float | None = None,
            **options: Any) -> Published:
    """Make an image in Glance of a stemcell tarball.

    :param fileobj: the bytes of the tarball; read once, never sought.
    :param checksum: what they have to be, see
        :mod:`cf_openstack.stemcell.checksum`; known only at the end.
    :param name_hint: the image's name until the manifest has been read.
    :param properties: image properties beside those of the manifest; the
        image bears them from birth.
    :param image_id: the UUID that the image shall have.
    :param max_size: bytes that the tarball, what it holds, and the root
        image may each have.
    :param max_expansion: how many times as large as what was read of the
        tarball the rest may be.
    :param options: ``cancelled``, ``progress`` and ``timeout``, see
        :func:`cf_openstack.stemcell.glance.upload`.
    :raises StemcellError: for whatever reason it failed; there is then no
        image, unless it is an ImageLeftBehind.
    """
    expected = stemcell_checksum.Checksum.parse(checksum)
    source = stemcell_checksum.DigestReader(fileobj, expected, max_size,
                                            _WHAT)
    expansion = archive.Expansion(source, max_expansion)
    work = _Publication(
        conn, name_hint, dict(properties or {}), image_id, max_size,
        expansion, dict(options, visibility=visibility, tags=tags))
    outer = archive.Archive(source, _WHAT, max_size, expansion)
    try:
        for member in outer.members():
            work.member(outer, member)
        outer.drain()
        source.drain()
        digests = source.digests()
        expected.verify(digests, 'the stemcell')
        return work.finish(digests)
    except BaseException as error:
        if work.uploaded:
            glance.discard(conn, work.image_id, error)
        raise
    finally:
        outer.close()
