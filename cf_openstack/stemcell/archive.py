# SPDX-License-Identifier: Apache-2.0
"""A gzip-compressed tar archive, read once from front to back."""

from collections.abc import Iterator
import gzip
import re
import tarfile
from typing import BinaryIO
from typing import Protocol
import zlib

from cf_openstack.stemcell import errors

BLOCK_SIZE = 256 * 1024

#: Members that an archive may have; a published stemcell has less than ten.
MAX_MEMBERS = 200

# No more than this is held against an archive besides its limit: tar headers,
# the padding of members, the closing blocks.
_OVERHEAD = 1024 * 1024

# Bytes that anything may expand to.
_FREE_EXPANSION = 64 * 1024 * 1024

# Bytes of headers before one member, and of extended headers in all: long
# names, PAX records, maps of sparse files.  tarfile reads each of them into
# memory, as large as it says it is.
_MAX_HEADERS = 16 * 1024
_MAX_ALL_HEADERS = 128 * 1024

# No number there is longer; tarfile needs a time that grows with the square
# of their length.
_DIGITS = re.compile(rb'[0-9]{100}')


class Readable(Protocol):
    """The one thing asked of a source of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most size bytes; an empty answer is the end."""


class Counted(Protocol):
    """A source that knows how much was read of it."""

    count: int


class Expansion:
    """How far a download may expand.

    :param source: the compressed bytes.
    :param limit: how many times as many they may become; None: any number.
    """

    def __init__(self, source: Counted, limit: float | None) -> None:
        self._source = source
        self._limit = limit

    def check(self, size: int, what: str) -> None:
        """Look at what became of the bytes that were read so far.

        :param size: the uncompressed bytes.
        :param what: what they are, for the error.
        :raises Bomb: that is too much.
        """
        if (self._limit is not None and size > _FREE_EXPANSION
                and size > self._limit * self._source.count):
            raise errors.Bomb(what=what, size=size, read=self._source.count)


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


class _Forward:
    """A file as tarfile wants it, which goes forward only.

    :param source: the uncompressed archive.
    :param what: its name in error texts.
    """

    def __init__(self, source: Readable, what: str) -> None:
        self._source = source
        self._what = what
        self._position = 0
        self._headers = _MAX_HEADERS
        self._all_headers = _MAX_ALL_HEADERS
        #: Whether tarfile is about to read headers.
        self.in_headers = True

    def next_member(self) -> None:
        """Allow for the headers of another member."""
        self._headers = _MAX_HEADERS
        self._all_headers += tarfile.BLOCKSIZE
        self.in_headers = True

    def tell(self) -> int:
        """Where in the archive the next byte is."""
        return self._position

    def seek(self, position: int) -> int:
        """Skip up to a position.

        :raises StreamError: that would be back.
        """
        if position < self._position:
            message = 'it leads back to what was read before'
            raise tarfile.StreamError(message)
        while self._position < position:
            size = min(BLOCK_SIZE, position - self._position)
            data = self._source.read(size)
            if not data:
                break
            self._position += len(data)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Exactly so many bytes, less at the end.

        :raises ArchiveInvalid: there are too many headers.
        """
        if self.in_headers:
            # Before it is read: this is what may not fit into memory.
            if not 0 <= size <= min(self._headers, self._all_headers):
                raise errors.ArchiveInvalid(
                    archive=self._what,
                    reason='its headers are too large')
            self._headers -= size
            self._all_headers -= size
        data = self._source.read(size)
        self._position += len(data)
        if self.in_headers and _DIGITS.search(data):
            raise errors.ArchiveInvalid(
                archive=self._what,
                reason='a number in its headers is too long')
        return data


class Archive:
    """The members of a ``.tgz`` stream, in their order.

    Nothing is written to disk and nothing is sought: neither a member's
    path nor a link in it can reach anything outside the stream.  The
    checksums of gzip are verified, those of several concatenated gzip
    streams as well; :meth:`drain` reads up to the last of them.

    :param fileobj: the compressed bytes; ``read`` may give less than asked.
    :param what: the name of the archive in error texts.
    :param limit: how many uncompressed bytes it may hold.
    :param expansion: what it is held against besides.
    """

    def __init__(self, fileobj: Readable, what: str, limit: int,
                 expansion: Expansion | None = None) -> None:
        self._what = what
        self._limit = limit
        self._expansion = expansion
        self._gzip = gzip.GzipFile(fileobj=_Whole(fileobj), mode='rb')
        self._count = 0
        self._forward = _Forward(self, what)
        self._tar: tarfile.TarFile | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Uncompressed bytes: the side that tarfile reads from.

        :raises ArchiveInvalid: these bytes were never compressed by gzip.
        :raises ArchiveDamaged: a checksum or code of gzip is wrong.
        :raises ArchiveTruncated: the end came too early.
        :raises TooLarge: there is more than the limit.
        :raises Bomb: it expands too far.
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
        if self._expansion is not None:
            self._expansion.check(self._count, self._what)
        return data

    def members(self) -> Iterator[tarfile.TarInfo]:
        """Each member in turn; open it before asking for the next.

        :raises ArchiveInvalid: this is no tar archive, or one that is made
            to occupy who reads it.
        :raises StemcellError: as :meth:`read`.
        """
        try:
            self._tar = tarfile.open(fileobj=self._forward, mode='r:')
            count = 0
            while (member := self._tar.next()) is not None:
                count += 1
                if count > MAX_MEMBERS:
                    raise self._invalid('it has more than %d members'
                                        % MAX_MEMBERS)
                # tarfile would keep them all.
                self._tar.members.clear()
                self._forward.in_headers = False
                yield member
                self._forward.next_member()
        except tarfile.TarError as error:
            raise self._invalid(error) from error
        except (ValueError, OverflowError) as error:
            # Its text quotes a file that may not be the tenant's to see.
            raise self._invalid('a number in its headers is none') from error
        finally:
            # What remains is read to verify it.
            self._forward.in_headers = False

    def _invalid(self, reason: object) -> errors.ArchiveInvalid:
        return errors.ArchiveInvalid(archive=self._what, reason=reason)

    def open(self, member: tarfile.TarInfo) -> BinaryIO:
        """The content of the member at hand.

        :raises ArchiveInvalid: the member is a link or a directory, or a
            sparse file: that holds more than there is in the archive.
        """
        name = member.name[:100]
        if not member.isreg() or member.issparse():
            raise self._invalid('its member "%s" is not a regular file'
                                % name)
        if member.size < 0:
            raise self._invalid('its member "%s" has no size' % name)
        return self._tar.extractfile(member)

    def content(self, member: tarfile.TarInfo, limit: int) -> bytes:
        """The whole content of the member at hand.

        :param limit: bytes that it may have.
        :raises TooLarge: it has more.
        :raises StemcellError: as :meth:`open` and :meth:`read`.
        """
        if member.size > limit:
            raise errors.TooLarge(what=base_name(member)[:100], limit=limit)
        try:
            return self.open(member).read()
        except tarfile.TarError as error:
            raise self._invalid(error) from error

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
