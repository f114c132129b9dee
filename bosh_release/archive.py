# SPDX-License-Identifier: Apache-2.0
"""Tarballs that are the same bytes whenever their content is the same."""

from collections.abc import Iterable
from collections.abc import Iterator
import gzip
import hashlib
import io
import os
import pathlib
import tarfile
from typing import NamedTuple

#: 1980-01-01: before 1970-01-02, GNU tar finds times implausible.
EPOCH = 315532800


class Entry(NamedTuple):
    """A file of a tarball.

    :ivar name: its path in the tarball.
    :ivar content: its bytes, or where to read them.
    :ivar executable: whether it may be executed.
    """

    name: str
    content: bytes | pathlib.Path
    executable: bool = False

    def read(self) -> bytes:
        """Its bytes."""
        if isinstance(self.content, bytes):
            return self.content
        return self.content.read_bytes()


def tree(folder: pathlib.Path, prefix: str) -> Iterator[Entry]:
    """All files below a folder, links resolved.

    :param prefix: what their names begin with.
    """
    for path in sorted(folder.rglob('*')):
        if path.is_file():
            yield Entry(
                f'{prefix}/{path.relative_to(folder).as_posix()}', path,
                os.access(path, os.X_OK))


def fingerprint(entries: Iterable[Entry]) -> str:
    """A hash of names, contents and modes: BOSH's idea of what is new."""
    total = hashlib.sha256()
    for entry in sorted(entries):
        content = hashlib.sha256(entry.read()).hexdigest()
        total.update(
            f'{entry.name}\0{content}\0{entry.executable:d}\n'.encode())
    return total.hexdigest()


def write(
    path: pathlib.Path, entries: Iterable[Entry], level: int = 6
) -> None:
    """Write a gzipped tarball in the shape of those of the bosh CLI.

    Names begin with ``./``, folders come before what is in them, and all
    belongs to root.

    :param path: appears when it is complete.
    :param entries: in the order that they are to have.
    :param level: of compression, 1 to 9.
    """
    part = path.with_name(f'{path.name}.part')
    folders: set[str] = set()
    with open(part, 'wb') as out, gzip.GzipFile(
            filename='', fileobj=out, mode='wb', mtime=0,
            compresslevel=level) as packed, tarfile.open(
            fileobj=packed, mode='w|', format=tarfile.GNU_FORMAT) as tar:
        _folder(tar, folders, '.')
        for entry in entries:
            name = pathlib.PurePosixPath('.', entry.name)
            for parent in reversed(name.parents[:-1]):
                _folder(tar, folders, f'./{parent}')
            content = entry.read()
            info = _info(f'./{name}', 0o755 if entry.executable else 0o644)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    os.replace(part, path)


def checksum(path: pathlib.Path, algorithm: str) -> str:
    """The hash of a file, in hex."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _folder(tar: tarfile.TarFile, seen: set[str], name: str) -> None:
    if name in seen:
        return
    seen.add(name)
    info = _info(name, 0o755)
    info.type = tarfile.DIRTYPE
    tar.addfile(info)


def _info(name: str, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode = mode
    info.mtime = EPOCH
    info.uname = info.gname = 'root'
    return info
