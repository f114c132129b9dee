# SPDX-License-Identifier: Apache-2.0
"""The disk image inside a stemcell's ``image``.

``image`` is a gzip-compressed tar archive with one member, ``root.img``; see
https://bosh.io/docs/build-stemcell/ for the format.
"""

import tarfile
from types import TracebackType
from typing import BinaryIO
from typing import Self

from cf_openstack.stemcell import archive
from cf_openstack.stemcell import errors

MEMBER = 'root.img'

#: Bytes that one root image may have where nobody says otherwise.
DEFAULT_MAX_SIZE = 64 * 1024 ** 3

_HEAD_SIZE = 512

# (offset, magic bytes, Glance's disk_format)
_MAGIC = (
    (0, b'QFI\xfb', 'qcow2'),
    (0, b'KDMV', 'vmdk'),
    (0, b'# Disk DescriptorFile', 'vmdk'),
    (0, b'conectix', 'vhd'),
    (0, b'vhdxfile', 'vhdx'),
    (64, b'\x7f\x10\xda\xbe', 'vdi'),
)


def sniff(head: bytes) -> str:
    """The Glance ``disk_format`` of an image, from its first 512 bytes.

    What bears no known mark is ``raw``.
    """
    for offset, magic, disk_format in _MAGIC:
        if head.startswith(magic, offset):
            return disk_format
    return 'raw'


class RootImage:
    """A disk image that is read once, front to back.

    :ivar size: bytes, from the header of the tar member.
    :ivar disk_format: ``qcow2``, ``raw``, ``vmdk``, ``vhd`` …, from the
        first bytes.
    """

    def __init__(self, outer: archive.Archive, member: tarfile.TarInfo,
                 data: BinaryIO) -> None:
        self._outer = outer
        self._data = data
        self.size = member.size
        self._left = member.size
        self._head = self._take(_HEAD_SIZE)
        self.disk_format = sniff(self._head)

    def _take(self, size: int) -> bytes:
        if not self._left:
            # Only now is gzip's own checksum of the image at hand; the end
            # is not announced before it has been found right.
            self._outer.drain()
            return b''
        try:
            data = self._data.read(min(size, self._left))
        except tarfile.TarError as error:
            raise errors.ArchiveInvalid(
                archive='image', reason=error) from error
        self._left -= len(data)
        return data

    def read(self, size: int = -1, /) -> bytes:
        """At most size bytes (all that is left, if negative).

        The empty answer at the end comes only after the rest of the archive
        was read and its checksum found right.

        :raises StemcellError: the archive is truncated, damaged or too
            large.
        """
        if size < 0:
            return b''.join(iter(lambda: self.read(archive.BLOCK_SIZE), b''))
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._take(size) if size else b''

    def close(self) -> None:
        """Let go of the buffers; the source stays open."""
        self._data.close()
        self._outer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def open_root_image(fileobj: archive.Readable,
                    max_size: int = DEFAULT_MAX_SIZE,
                    expansion: archive.Expansion | None = None) -> RootImage:
    """Find the disk image in a stemcell's ``image``.

    :param fileobj: the bytes of ``image``; read once, never sought.
    :param max_size: how many bytes the disk image may have.
    :param expansion: what it is held against besides.
    :raises RootImageMissing: the archive is sound, but has no ``root.img``.
    :raises ArchiveInvalid: this is no gzip-compressed tar archive.
    :raises TooLarge: the image is larger than max_size.
    """
    outer = archive.Archive(fileobj, 'image', max_size, expansion)
    for member in outer.members():
        if archive.base_name(member) != MEMBER:
            continue
        data = outer.open(member)
        if member.size > max_size:
            raise errors.TooLarge(
                what='The root image (%d bytes)' % member.size,
                limit=max_size)
        return RootImage(outer, member, data)
    raise errors.RootImageMissing()
