# SPDX-License-Identifier: Apache-2.0
"""Put a BOSH release together: manifest, jobs, package."""

from collections.abc import Callable
import json
import pathlib
import re
import subprocess
from typing import NamedTuple

from bosh_release import archive
from bosh_release import errors
from bosh_release import jobs
from bosh_release import work as release_work

NAME = 'cf-openstack-cpi'
PACKAGE = 'cf_openstack_cpi'
_PACKAGING = (release_work.REPOSITORY / 'bosh_release' / 'packages' / PACKAGE
              / 'packaging')
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')
_VERSION = re.compile(
    r'[A-Za-z0-9]+(\.[A-Za-z0-9]+)*([-+][A-Za-z0-9]+(\.[A-Za-z0-9]+)*){0,2}')


class Commit(NamedTuple):
    """What a release was built from.

    :ivar sha: of git, abbreviated.
    :ivar changed: whether there were changes that are not in it.
    """

    sha: str
    changed: bool


class Part(NamedTuple):
    """A tarball within the release.

    :ivar path: where it is.
    :ivar fingerprint: BOSH takes parts with the same one as the same.
    """

    path: pathlib.Path
    fingerprint: str

    def reference(self) -> dict[str, str]:
        """What release.MF says of each part."""
        return {
            'version': self.fingerprint,
            'fingerprint': self.fingerprint,
            # The key's name is from when there was nothing else.
            'sha1': f'sha256:{archive.checksum(self.path, "sha256")}'}


class Release:
    """A release that is being put together.

    :param folder: for its parts, empty.
    :raises BadName: the name is none for BOSH.
    :raises BadVersion: the version is none for BOSH.
    """

    def __init__(
        self, folder: pathlib.Path, name: str, version: str, commit: Commit
    ) -> None:
        if not _NAME.fullmatch(name):
            raise errors.BadName(name=name)
        if not _VERSION.fullmatch(version):
            raise errors.BadVersion(version=version)
        self._folder = folder
        self._name = name
        self._version = version
        self._commit = commit

    def write(
        self, output: pathlib.Path, tree: pathlib.Path,
        say: Callable[[str], None],
    ) -> pathlib.Path:
        """Write the tarball; returns its path.

        :param output: the folder for it, which is made if need be.
        :param tree: the frozen CPI.
        :param say: told what is being done.
        """
        say('Packing the package')
        package = self._part(
            'packages', PACKAGE, [
                archive.Entry('packaging', _PACKAGING, executable=True),
                *archive.tree(tree, PACKAGE)])
        say('Packing the jobs')
        templates = {
            name: self._part('jobs', name, jobs.entries(name))
            for name in jobs.NAMES}
        license_ = self._part('', 'license', [
            archive.Entry('LICENSE', release_work.REPOSITORY / 'LICENSE')])
        manifest = self._manifest(package, templates, license_)
        output.mkdir(parents=True, exist_ok=True)
        path = output / f'{self._name}-{self._version}.tgz'
        say('Packing the release')
        archive.write(path, [
            archive.Entry('release.MF', manifest.encode()),
            *(archive.Entry(f'jobs/{name}.tgz', part.path)
              for name, part in sorted(templates.items())),
            archive.Entry('license.tgz', license_.path),
            archive.Entry(f'packages/{PACKAGE}.tgz', package.path),
            # What is packed already does not get smaller.
        ], level=1)
        return path

    def _part(
        self, folder: str, name: str, entries: list[archive.Entry]
    ) -> Part:
        path = self._folder / folder / f'{name}.tgz'
        path.parent.mkdir(parents=True, exist_ok=True)
        archive.write(path, entries)
        return Part(path, archive.fingerprint(entries))

    def _manifest(
        self, package: Part, templates: dict[str, Part], license_: Part
    ) -> str:
        """The text of release.MF: JSON, which is YAML too."""
        return json.dumps({
            'name': self._name,
            'version': self._version,
            'commit_hash': self._commit.sha,
            'uncommitted_changes': self._commit.changed,
            'jobs': [
                {'name': name, **part.reference(), 'packages': [PACKAGE]}
                for name, part in sorted(templates.items())],
            'packages': [
                {'name': PACKAGE, **package.reference(), 'dependencies': []}],
            'license': license_.reference(),
        }, indent=2) + '\n'


def commit() -> Commit:
    """What the repository is at; "unknown" without git."""
    sha = _git('rev-parse', '--short=9', 'HEAD')
    if not sha:
        return Commit('unknown', False)
    return Commit(sha, bool(_git(
        'status', '--porcelain', '--', 'cf_openstack', 'bosh_release',
        'constraints.txt', 'requirements.txt')))


def default_version() -> str:
    """The tag that the repository is at, or else a version of development.

    :raises NoVersion: there is no git, or it does not know the folder.
    """
    tag = _git('describe', '--tags', '--exact-match')
    if tag:
        return tag.removeprefix('v')
    count = _git('rev-list', '--count', 'HEAD')
    if not count:
        raise errors.NoVersion(path=release_work.REPOSITORY)
    return f'0+dev.{count}'


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ['git', '-C', str(release_work.REPOSITORY), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=False)
    except OSError:
        return ''
    return done.stdout.strip() if done.returncode == 0 else ''
