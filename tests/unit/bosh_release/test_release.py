# SPDX-License-Identifier: Apache-2.0
"""The release of a small tree: manifest, jobs, package, digests."""

import io
import pathlib
import subprocess
import tarfile
from typing import Any

import ddt
import fixtures
from oslotest import base
import yaml

from bosh_release import archive
from bosh_release import errors
from bosh_release import jobs
from bosh_release import release

COMMIT = release.Commit('abc123456', True)


@ddt.ddt
class ReleaseTest(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.tree = self.folder / 'tree'
        (self.tree / '_internal').mkdir(parents=True)
        (self.tree / 'openstack_cpi').write_text('#!/bin/sh\necho it runs\n')
        (self.tree / 'openstack_cpi').chmod(0o755)
        (self.tree / '_internal' / 'data').write_text('data')
        self.said: list[str] = []

    def build(self, parts: str = 'parts', **other: Any) -> pathlib.Path:
        given = {'name': 'a-release', 'version': '1.2.3+dev.4',
                 'commit': COMMIT}
        (self.folder / parts).mkdir()
        return release.Release(self.folder / parts, **given | other).write(
            self.folder / f'{parts}-output', self.tree, self.said.append)

    def unpack(self, path: pathlib.Path) -> pathlib.Path:
        folder = path.with_suffix('')
        folder.mkdir()
        # As a director does.
        subprocess.run(['tar', '-xzf', path, '-C', folder], check=True)
        return folder

    def test_manifest_and_digests(self) -> None:
        path = self.build()
        self.assertEqual('a-release-1.2.3+dev.4.tgz', path.name)
        folder = self.unpack(path)
        manifest = yaml.safe_load((folder / 'release.MF').read_text())
        self.assertEqual(
            ['a-release', '1.2.3+dev.4', 'abc123456', True],
            [manifest.pop(key) for key in (
                'name', 'version', 'commit_hash', 'uncommitted_changes')])
        self.assertEqual({'jobs', 'packages', 'license'}, set(manifest))
        self.assertEqual(
            list(jobs.NAMES), [job['name'] for job in manifest['jobs']])
        for job in manifest['jobs']:
            self.assertEqual([release.PACKAGE], job['packages'])
            self.check(folder / 'jobs' / f'{job["name"]}.tgz', job)
        package, = manifest['packages']
        self.assertEqual([], package['dependencies'])
        self.check(folder / 'packages' / f'{package["name"]}.tgz', package)
        self.check(folder / 'license.tgz', manifest['license'])

    def check(self, path: pathlib.Path, told: dict[str, Any]) -> None:
        self.assertEqual(
            'sha256:' + archive.checksum(path, 'sha256'), told['sha1'])
        self.assertEqual(told['fingerprint'], told['version'])

    @ddt.data(*jobs.NAMES)
    def test_jobs(self, name: str) -> None:
        folder = self.unpack(
            self.unpack(self.build()) / 'jobs' / f'{name}.tgz')
        spec = yaml.safe_load((folder / 'job.MF').read_text())
        self.assertEqual(name, spec['name'])
        self.assertEqual(
            {'cpi.erb': 'bin/cpi', 'cpi.json.erb': 'config/cpi.json',
             'cacert.pem.erb': 'config/cacert.pem',
             'environment.erb': 'config/environment',
             'sweep.erb': 'bin/sweep'}, spec['templates'])
        self.assertEqual([release.PACKAGE], spec['packages'])
        self.assertEqual('', (folder / 'monit').read_text())
        self.assertEqual(
            set(spec['templates']),
            {path.name for path in (folder / 'templates').iterdir()})

    def test_packaging_installs_the_tree(self) -> None:
        folder = self.unpack(
            self.unpack(self.build()) / 'packages'
            / f'{release.PACKAGE}.tgz')
        target = self.folder / 'installed here'
        target.mkdir()
        subprocess.run(
            ['bash', 'packaging'], cwd=folder, check=True,
            env={'PATH': '/usr/bin:/bin', 'BOSH_INSTALL_TARGET': str(target)})
        self.assertEqual('it runs\n', subprocess.run(
            [target / 'openstack_cpi'], stdout=subprocess.PIPE, check=True,
            text=True).stdout)
        self.assertEqual(
            'data', (target / '_internal' / 'data').read_text())

    def test_the_same_input_gives_the_same_bytes(self) -> None:
        self.assertEqual(
            self.build('one').read_bytes(), self.build('two').read_bytes())

    def test_fingerprints_tell_what_changed(self) -> None:
        def references(parts: str) -> dict[str, Any]:
            with tarfile.open(self.build(parts)) as tar:
                manifest = yaml.safe_load(
                    io.BytesIO(tar.extractfile('./release.MF').read()))
            return {one['name']: one['fingerprint']
                    for one in manifest['jobs'] + manifest['packages']}

        before = references('one')
        (self.tree / '_internal' / 'data').write_text('other')
        after = references('two')
        self.assertEqual(set(before), set(after))
        self.assertEqual(
            {release.PACKAGE},
            {name for name in before if before[name] != after[name]})

    @ddt.data('1.2', '0+dev.17', '1.2.3-rc.1+build.5', '55.0.4')
    def test_versions(self, version: str) -> None:
        self.assertIn(version, str(self.build(version=version)))

    @ddt.data('', 'a b', '../1', '1.', '1+2+3+4', '1/2')
    def test_bad_versions(self, version: str) -> None:
        exc = self.assertRaises(
            errors.BadVersion, self.build, version=version)
        self.assertIn(f'"{version}"', str(exc))

    @ddt.data('', '../x', 'a b', '-x')
    def test_bad_names(self, name: str) -> None:
        self.assertRaises(errors.BadName, self.build, name=name)
