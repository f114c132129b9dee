# SPDX-License-Identifier: Apache-2.0
"""What a deployment needs besides its manifest: a stemcell and releases.

Both are small but real in format.  The pocket director runs no job and
compiles no package, so that a release needs no more than its manifest.
"""

import dataclasses
import gzip
import hashlib
import io
import pathlib
import tarfile
from typing import Any

import yaml

from cf_openstack.manifest import document
from devstack.pocket import stemcell_builder

STEMCELL_NAME = 'bosh-openstack-kvm-%s'
ROOT_DISK_SIZE = 8 << 20


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A file that a director or Heat can fetch.

    :ivar path: where the file is.
    :ivar checksum: ``sha256:`` and the hexadecimal digest.
    """

    path: pathlib.Path
    checksum: str


class ManifestParts:
    """The names in a manifest that its artifacts must match.

    :param text: the manifest, as YAML.
    :param name: what error messages call it.
    """

    def __init__(self, text: str, name: str) -> None:
        self._doc = document.load(text, name)

    def stemcell(self) -> tuple[str, str]:
        """Operating system and version of the first stemcell."""
        wanted = self._doc['stemcells'][0]
        return wanted['os'], str(wanted['version'])

    def releases(self) -> list[tuple[str, str]]:
        """Name and version of each release."""
        return [(r['name'], str(r['version']))
                for r in self._doc['releases']]

    def jobs(self, release: str) -> list[str]:
        """The jobs that the manifest takes from a release, sorted."""
        holders = [*self._doc.get('instance_groups', ()),
                   *self._doc.get('addons', ())]
        return sorted({job['name'] for holder in holders
                       for job in holder.get('jobs', ())
                       if job['release'] == release})


def make_stemcell(folder: pathlib.Path, parts: ManifestParts) -> Artifact:
    """Build the stemcell that the manifest asks for."""
    system, version = parts.stemcell()
    name = STEMCELL_NAME % system
    path = folder / f'stemcell-{name}-{version}.tgz'
    checksum = stemcell_builder.build(
        path, name=name, operating_system=system, version=version,
        size=ROOT_DISK_SIZE)
    return Artifact(path, checksum)


def make_release(folder: pathlib.Path, name: str, version: str,
                 jobs: list[str]) -> Artifact:
    """Build a release of nothing but its manifest, always the same bytes."""
    manifest: dict[str, Any] = {
        'name': name, 'version': version, 'commit_hash': '0' * 8,
        'uncommitted_changes': False, 'packages': [],
        'jobs': [{'name': job, 'packages': [], **_identity(name, job)}
                 for job in jobs]}
    body = yaml.safe_dump(manifest, sort_keys=False).encode()
    member = tarfile.TarInfo('./release.MF')
    member.size = len(body)
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode='wb', mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode='w') as tar:
            tar.addfile(member, io.BytesIO(body))
    path = folder / f'release-{name}-{version}.tgz'
    path.write_bytes(data.getvalue())
    return Artifact(
        path, 'sha256:' + hashlib.sha256(data.getvalue()).hexdigest())


def _identity(release: str, job: str) -> dict[str, str]:
    digest = hashlib.sha1(f'{release}/{job}'.encode(),
                          usedforsecurity=False).hexdigest()
    return {'version': digest, 'fingerprint': digest, 'sha1': digest}


def local_releases(folder: pathlib.Path, parts: ManifestParts,
                   base_url: str) -> str:
    """An operations file that takes every release from this machine.

    :param folder: where ``base_url`` serves files from.
    :returns: the operations file's text.
    """
    operations = []
    for name, version in parts.releases():
        artifact = make_release(folder, name, version, parts.jobs(name))
        where = f'/releases/name={name}'
        operations += [
            {'type': 'replace', 'path': f'{where}/url?',
             'value': f'{base_url}/{artifact.path.name}'},
            {'type': 'replace', 'path': f'{where}/sha1?',
             'value': artifact.checksum}]
    return yaml.safe_dump(operations, sort_keys=False)
