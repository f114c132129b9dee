# SPDX-License-Identifier: Apache-2.0
"""Make a small stemcell in the real format, for the demo and the tests.

The tarball has the shape of those on bosh.io: ``image``, itself a gzip tar
with ``root.img``, comes before ``stemcell.MF``.  The disk is empty: servers
of the pocket cloud boot nothing.
"""

import gzip
import hashlib
import io
import os
import shutil
import struct
import tarfile
import tempfile
from typing import BinaryIO

_BLOCK = 1024 * 1024
_CLUSTER_BITS = 16
_CLUSTER = 1 << _CLUSTER_BITS
_MIB = 1024 * 1024

_MANIFEST = """\
---
name: {name}
version: '{version}'
bosh_protocol: 1
api_version: 3
sha1: {sha1}
operating_system: {operating_system}
stemcell_formats:
- openstack-{disk_format}
cloud_properties:
  name: {name}
  version: '{version}'
  infrastructure: openstack
  hypervisor: kvm
  disk: {disk}
  disk_format: {disk_format}
  container_format: bare
  os_type: linux
  os_distro: ubuntu
  architecture: x86_64
  auto_disk_config: true
"""


def _qcow2(out: BinaryIO, size: int) -> None:
    """Write an empty qcow2 image of a virtual size.

    Layout (docs/interop/qcow2.txt of QEMU), one cluster each: header,
    refcount table, refcount block, then the L1 table without an entry.
    """
    l1_entries = -(-size // (_CLUSTER * _CLUSTER // 8))
    l1_clusters = max(1, -(-l1_entries * 8 // _CLUSTER))
    header = struct.pack(
        '>4sIQIIQIIQQIIQQQQII', b'QFI\xfb', 3,
        0, 0,                       # no backing file
        _CLUSTER_BITS, size,
        0,                          # not encrypted
        l1_entries, 3 * _CLUSTER,
        _CLUSTER, 1,                # refcount table: offset, clusters
        0, 0,                       # no snapshots
        0, 0, 0,                    # feature bits
        4, 104)                     # 16-bit refcounts; header length
    used = 3 + l1_clusters
    for cluster in (header, struct.pack('>Q', 2 * _CLUSTER),
                    struct.pack('>%dH' % used, *[1] * used)):
        out.write(cluster.ljust(_CLUSTER, b'\0'))
    out.write(bytes(l1_clusters * _CLUSTER))


def _raw(out: BinaryIO, size: int) -> None:
    """Write a disk of zeros."""
    while size > 0:
        out.write(bytes(min(size, _BLOCK)))
        size -= _BLOCK


_WRITERS = {'qcow2': _qcow2, 'raw': _raw}


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO) -> None:
    """Append a member with no trace of when and by whom it was made."""
    info = tarfile.TarInfo(name)
    info.size = content.seek(0, os.SEEK_END)
    info.mode = 0o644
    content.seek(0)
    tar.addfile(info, content)


def _tgz(out: BinaryIO, members: list[tuple[str, BinaryIO]]) -> None:
    with gzip.GzipFile(filename='', fileobj=out, mode='wb', mtime=0,
                       compresslevel=1) as compressed:
        with tarfile.open(fileobj=compressed, mode='w|',
                          format=tarfile.GNU_FORMAT) as tar:
            for name, content in members:
                _add(tar, name, content)


def _digest(content: BinaryIO, algorithm: str) -> str:
    content.seek(0)
    return hashlib.file_digest(content, algorithm).hexdigest()


def build(path: str | os.PathLike[str], *,
          name: str = 'bosh-openstack-kvm-ubuntu-noble',
          operating_system: str = 'ubuntu-noble', version: str = '1.1',
          disk_format: str = 'qcow2', size: int = 64 * _MIB) -> str:
    """Write a stemcell; the same arguments give the same bytes.

    :param path: the ``.tgz`` to write; it appears when it is complete.
    :param disk_format: ``qcow2`` or ``raw``.
    :param size: bytes of the disk: the virtual size of a qcow2, which
        itself stays small, or the real size of a raw image.
    :returns: its checksum, ``sha256:`` and 64 hex digits.
    """
    folder = os.path.dirname(os.path.abspath(path))
    with (tempfile.TemporaryFile(dir=folder) as root,
          tempfile.TemporaryFile(dir=folder) as image):
        _WRITERS[disk_format](root, size)
        _tgz(image, [('root.img', root)])
        manifest = _MANIFEST.format(
            name=name, version=version, disk_format=disk_format,
            operating_system=operating_system, disk=-(-size // _MIB),
            sha1=_digest(image, 'sha1'))
        unfinished = '%s.part' % os.fspath(path)
        with open(unfinished, 'w+b') as out:
            _tgz(out, [('image', image),
                       ('stemcell.MF', io.BytesIO(manifest.encode()))])
            checksum = 'sha256:' + _digest(out, 'sha256')
    os.replace(unfinished, path)
    return checksum


def extract(tarball: str, name: str, folder: str) -> str:
    """Take one file out of a stemcell, or out of its ``image``.

    :returns: the path of the file in the folder.
    """
    path = os.path.join(folder, name)
    with tarfile.open(tarball) as archive, open(path, 'wb') as out:
        shutil.copyfileobj(archive.extractfile(name), out)
    return path


def build_image(folder: str) -> str:
    """Make the ``image`` of a small stemcell, as create_stemcell gets it.

    :returns: its path in the folder.
    """
    tarball = os.path.join(folder, 'stemcell.tgz')
    build(tarball)
    return extract(tarball, 'image', folder)
