# SPDX-License-Identifier: Apache-2.0
"""Checksums of stemcell tarballs, as bosh.io and the bosh CLI write them.

A checksum is ``sha1:…``, ``sha256:…`` or ``sha512:…``, a bare SHA-1, or
several of these joined by ``;`` (the multi-digest of bosh-utils).
"""

from collections.abc import Mapping
import dataclasses
import hashlib
import re
from typing import Self

from cf_openstack.stemcell import archive
from cf_openstack.stemcell import errors

_DIGITS = {'sha1': 40, 'sha256': 64, 'sha512': 128}
_HEX = re.compile(r'[0-9a-f]+', re.ASCII)

#: What is computed even if nobody asked.
DEFAULT = 'sha256'


@dataclasses.dataclass(frozen=True)
class Checksum:
    """What a file's digests are expected to be.

    :ivar digests: (algorithm, lower-case hex digits), as given.
    """

    digests: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read a checksum; None and the empty text expect nothing.

        :raises ChecksumInvalid: it is not in one of the forms above.
        """
        digests = []
        for part in (text or '').split(';') if text else ():
            algorithm, colon, digits = part.strip().lower().rpartition(':')
            algorithm = algorithm if colon else 'sha1'
            if (len(digits) != _DIGITS.get(algorithm)
                    or not _HEX.fullmatch(digits)):
                raise errors.ChecksumInvalid(checksum=text)
            digests.append((algorithm, digits))
        return cls(tuple(digests))

    def __str__(self) -> str:
        return ';'.join('%s:%s' % pair for pair in self.digests)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that are needed to verify it."""
        return tuple(algorithm for algorithm, _ in self.digests)

    def verify(self, computed: Mapping[str, str], what: str) -> None:
        """Compare; each digest that is expected has to be right.

        :param computed: hex digits by algorithm.
        :param what: the name of the file, for the error.
        :raises ChecksumMismatch: one differs.
        """
        for algorithm, digits in self.digests:
            if computed[algorithm] != digits:
                raise errors.ChecksumMismatch(
                    what=what, expected='%s:%s' % (algorithm, digits),
                    computed='%s:%s' % (algorithm, computed[algorithm]))


class DigestReader:
    """A source that is digested and counted while it is read.

    :param fileobj: the source.
    :param expected: its algorithms are computed, besides SHA-256.
    :param limit: how many bytes it may give.
    :param what: its name in error texts.
    """

    def __init__(self, fileobj: archive.Readable, expected: Checksum,
                 limit: int, what: str) -> None:
        self._fileobj = fileobj
        self._limit = limit
        self._what = what
        self._hashes = {
            algorithm: hashlib.new(algorithm, usedforsecurity=False)
            for algorithm in {DEFAULT, *expected.algorithms}}
        self.count = 0

    def read(self, size: int = -1, /) -> bytes:
        """At most size bytes of the source.

        :raises TooLarge: the source gave more than the limit.
        """
        data = self._fileobj.read(size)
        self.count += len(data)
        if self.count > self._limit:
            raise errors.TooLarge(what=self._what, limit=self._limit)
        for value in self._hashes.values():
            value.update(data)
        return data

    def drain(self) -> None:
        """Read whatever is left, so that the digests cover it all."""
        while self.read(archive.BLOCK_SIZE):
            pass

    def digests(self) -> dict[str, str]:
        """Hex digits by algorithm, of what was read so far."""
        return {algorithm: value.hexdigest()
                for algorithm, value in self._hashes.items()}
