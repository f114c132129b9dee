# SPDX-License-Identifier: Apache-2.0
"""A gzip-compressed tar archive, read once from front to back."""

from collections.abc import Iterator
import gzip
import tarfile
from typing import BinaryIO
from typing import Protocol
import zlib

from cf_openstack.stemcell import errors

BLOCK_SIZE = 256 * 1024

# No more than this is held against an archive besides its limit: tar headers,
# the padding of members, the closing blocks.
_OVERHEAD = 1024 * 1024


class Readable(Protocol):
    """The one thing asked of a source of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most size bytes; an empty answer is the end."""


class _Whole:
    """A source whose reads are full, short only at the end.

    Sockets give what is there; gzip takes a short read for the end.
    """

    def __init__(self, fileobj: Readable) -> None:
        self._fileobj = fileobj

    def read(self, size: int) -> bytes:
        data = self._fileobj.read(size)
        if not data or len(data) == size:
            return data
        parts = [data]
        left = size - len(data)
        while left and (data := self._fileobj.read(left)):
            parts.append(data)
            left -= len(data)
        return b''.join(parts)


class Archive:
    """The members of a ``.tgz`` stream, in their order.

    Nothing is written to disk and nothing is sought: neither a member's
    path nor a link in it can reach anything outside the stream.  The
    checksums of gzip are verified, those of several concatenated gzip
    streams as well; :meth:`drain` reads up to the last of them.

    :param fileobj: the compressed bytes; ``read`` may give less than asked.
    :param what: the name of the archive in error texts.
    :param limit: how many uncompressed bytes it may hold.
    """

    def __init__(self, fileobj: Readable, what: str, limit: int) -> None:
        self._what = what
        self._limit = limit
        self._gzip = gzip.GzipFile(fileobj=_Whole(fileobj), mode='rb')
        self._count = 0
        self._tar: tarfile.TarFile | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Uncompressed bytes: the side that tarfile reads from.

        :raises ArchiveInvalid: these bytes were never compressed by gzip.
        :raises ArchiveDamaged: a checksum or code of gzip is wrong.
        :raises ArchiveTruncated: the end came too early.
        :raises TooLarge: there is more than the limit.
        """
        try:
            data = self._gzip.read(size)
        except EOFError as error:
            raise errors.ArchiveTruncated(
                archive=self._what, size=self._count) from error
        except (gzip.BadGzipFile, zlib.error, tarfile.TarError) as error:
            # BadGzipFile stands both for a wrong magic number and for a
            # wrong checksum; its text alone tells which, and quotes bytes
            # of a file that may not be the tenant's to see.
            if 'Not a gzipped file' in str(error) and not self._count:
                raise errors.ArchiveInvalid(
                    archive=self._what,
                    reason='it does not begin as gzip does') from error
            raise errors.ArchiveDamaged(
                archive=self._what,
                reason='data or checksum is wrong') from error
        self._count += len(data)
        if self._count > self._limit + _OVERHEAD:
            raise errors.TooLarge(what=self._what, limit=self._limit)
        return data

    def members(self) -> Iterator[tarfile.TarInfo]:
        """Each member in turn; open it before asking for the next.

        :raises ArchiveInvalid: this is no tar archive.
        :raises StemcellError: as :meth:`read`.
        """
        try:
            # A stream never goes back: members that were passed are gone.
            self._tar = tarfile.open(
                fileobj=self, mode='r|', bufsize=BLOCK_SIZE)
            yield from self._tar
        except tarfile.TarError as error:
            raise errors.ArchiveInvalid(
                archive=self._what, reason=error) from error

    def open(self, member: tarfile.TarInfo) -> BinaryIO:
        """The content of the member at hand.

        :raises ArchiveInvalid: the member is a link or a directory.
        """
        if not member.isreg():
            raise errors.ArchiveInvalid(
                archive=self._what,
                reason='its member "%s" is not a regular file' % member.name)
        return self._tar.extractfile(member)

    def drain(self) -> None:
        """Read to the very end, so that gzip's last checksum is verified.

        :raises StemcellError: as :meth:`read`.
        """
        while self.read(BLOCK_SIZE):
            pass

    def close(self) -> None:
        """Let go of the buffers; the source stays open."""
        if self._tar is not None:
            self._tar.close()
        self._gzip.close()


def base_name(member: tarfile.TarInfo) -> str:
    """A member's path as BOSH names it: ``./root.img`` is ``root.img``."""
    return member.name.removeprefix('./')
