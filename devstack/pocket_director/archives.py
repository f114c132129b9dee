# SPDX-License-Identifier: Apache-2.0
"""Uploaded archives: fetched, verified, unpacked."""

from collections.abc import Iterator
import contextlib
import hashlib
import pathlib
import posixpath
import shutil
import tarfile
import tempfile
from typing import Any
from typing import IO
from urllib import parse

import requests
import yaml

from devstack.pocket_director import errors

_BLOCK = 1024 * 1024
_TIMEOUT = (10, 120)  # seconds: to connect, between two reads
_ALGORITHMS = ('sha1', 'sha256', 'sha512')


def save(source: IO[bytes], folder: pathlib.Path) -> pathlib.Path:
    """Store a request's body as a temporary file."""
    with tempfile.NamedTemporaryFile(
            dir=folder, suffix='.tgz', delete=False) as file:
        shutil.copyfileobj(source, file, _BLOCK)
    return pathlib.Path(file.name)


def download(location: str, folder: pathlib.Path,
             bundle: pathlib.Path) -> pathlib.Path:
    """Fetch a URL into a temporary file.

    :param bundle: the certificate authorities that are trusted.
    :raises: DirectorError 100002 when there is nothing, 100001 for any
        other failure.
    """
    shown = _without_password(location)
    with tempfile.NamedTemporaryFile(
            dir=folder, suffix='.tgz', delete=False) as file:
        path = pathlib.Path(file.name)
        try:
            # As it is: a digest is of the file, not of what is in it.
            with requests.get(location, stream=True, timeout=_TIMEOUT,
                              headers={'Accept-Encoding': 'identity'},
                              verify=str(bundle)) as answer:
                if answer.status_code == 404:
                    raise errors.DirectorError(
                        100002, f"No resource found at '{shown}'.")
                answer.raise_for_status()
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
        except requests.RequestException as error:
            path.unlink()
            cause = str(error).replace(location, shown)
            raise errors.DirectorError(
                100001, f"Downloading remote resource '{shown}' failed: "
                        f'{cause}') from error
        except errors.DirectorError:
            path.unlink()
            raise
    return path


def verify(path: pathlib.Path, checksum: str | None, code: int) -> None:
    """Compare a file with its digest.

    :param checksum: ``<sha1>``, ``sha256:<digest>``, or several with ``;``
        between, of which the strongest counts.
    :param code: of the error when they differ.
    :raises: DirectorError.
    """
    if not checksum:
        return
    digests = {}
    for part in checksum.split(';'):
        algorithm, _, digest = part.strip().rpartition(':')
        digests[algorithm or 'sha1'] = digest
    known = [name for name in _ALGORITHMS if name in digests]
    if not known:
        raise errors.DirectorError(
            code, f"No digest of '{checksum}' is known: use sha1, sha256 "
                  'or sha512')
    strongest = known[-1]
    with path.open('rb') as file:
        found = hashlib.file_digest(file, strongest).hexdigest()
    if found != digests[strongest]:
        raise errors.DirectorError(
            code, f"Expected stream to have digest '{strongest}:"
                  f"{digests[strongest]}' but was '{strongest}:{found}'")


@contextlib.contextmanager
def unpacked(path: pathlib.Path, folder: pathlib.Path,
             invalid: int) -> Iterator[pathlib.Path]:
    """The files at the top of a gzipped tar, in a temporary folder.

    :param invalid: code of the error when it is none.
    :raises: DirectorError.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        target = pathlib.Path(name)
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    plain = posixpath.normpath(member.name)
                    if member.isfile() and '/' not in plain:
                        _extract(archive, member, target / plain)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise errors.DirectorError(
                invalid, 'Extracting archive failed. It is no gzipped tar: '
                         f'{error}') from error
        yield target


def document(path: pathlib.Path, invalid: int) -> dict[str, Any]:
    """A YAML file of an archive as a mapping.

    :param invalid: code of the error when it is none.
    :raises: DirectorError.
    """
    try:
        content = yaml.safe_load(path.read_bytes())
        if not isinstance(content, dict):
            raise ValueError('it holds no mapping')
    except (ValueError, OSError, yaml.YAMLError) as error:
        raise errors.DirectorError(
            invalid, f'Cannot read {path.name} of the archive: '
                     f'{error}') from error
    return content


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo,
             target: pathlib.Path) -> None:
    source = archive.extractfile(member)
    assert source is not None
    with source, target.open('wb') as file:
        shutil.copyfileobj(source, file, _BLOCK)


def _without_password(location: str) -> str:
    parts = parse.urlsplit(location)
    host = parts.netloc.rpartition('@')[2]
    return parse.urlunsplit(parts._replace(netloc=host, query=''))
