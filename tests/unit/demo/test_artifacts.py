# SPDX-License-Identifier: Apache-2.0
"""Stemcells and releases of the demo."""

import hashlib
import pathlib
import tarfile

import fixtures
from oslotest import base
import yaml

from cf_openstack.manifest import document
from cf_openstack.manifest import operations
from devstack.demo import artifacts
from devstack.demo import run

MANIFEST = '''
name: cf
stemcells:
- {alias: default, os: ubuntu-noble, version: "1.425"}
releases:
- {name: capi, version: 1.2, url: "https://far.example.com/capi", sha1: old}
- {name: bpm, version: "3"}
addons:
- name: everywhere
  jobs:
  - {name: bpm, release: bpm}
instance_groups:
- name: api
  jobs:
  - {name: cloud_controller, release: capi}
  - {name: bpm, release: bpm}
- name: worker
  jobs:
  - {name: worker, release: capi}
'''


class ArtifactsTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.parts = artifacts.ManifestParts(MANIFEST, 'cf.yml')

    def release(self, path):
        with tarfile.open(path) as tar:
            return yaml.safe_load(tar.extractfile('./release.MF'))

    def test_names_in_the_manifest(self):
        self.assertEqual(('ubuntu-noble', '1.425'), self.parts.stemcell())
        self.assertEqual([('capi', '1.2'), ('bpm', '3')],
                         self.parts.releases())
        self.assertEqual(['cloud_controller', 'worker'],
                         self.parts.jobs('capi'))
        self.assertEqual(['bpm'], self.parts.jobs('bpm'))

    def test_release_is_a_manifest_and_always_the_same(self):
        one = artifacts.make_release(self.folder, 'capi', '1.2', ['worker'])
        manifest = self.release(one.path)
        self.assertEqual(('capi', '1.2', ['worker']), (
            manifest['name'], manifest['version'],
            [job['name'] for job in manifest['jobs']]))
        digest = hashlib.sha256(one.path.read_bytes()).hexdigest()
        self.assertEqual('sha256:' + digest, one.checksum)
        again = artifacts.make_release(self.folder, 'capi', '1.2', ['worker'])
        self.assertEqual(one.checksum, again.checksum)

    def test_stemcell_is_the_one_that_the_manifest_asks_for(self):
        made = artifacts.make_stemcell(self.folder, self.parts)
        with tarfile.open(made.path) as tar:
            manifest = yaml.safe_load(tar.extractfile('stemcell.MF'))
        self.assertEqual('1.425', str(manifest['version']))
        self.assertEqual('ubuntu-noble', manifest['operating_system'])
        self.assertEqual('sha256:' + hashlib.sha256(
            made.path.read_bytes()).hexdigest(), made.checksum)

    def test_every_release_is_taken_from_this_machine(self):
        text = artifacts.local_releases(self.folder, self.parts,
                                        'https://here/files')
        changed = operations.apply(
            document.load(MANIFEST, 'cf.yml'),
            [operations.OperationsFile('local.yml', text)])
        for release in changed['releases']:
            path = self.folder / release['url'].removeprefix(
                'https://here/files/')
            self.assertEqual(release['name'], self.release(path)['name'])
            self.assertEqual('sha256:' + hashlib.sha256(
                path.read_bytes()).hexdigest(), release['sha1'])

    def test_the_example_has_one_release_for_all_its_jobs(self):
        text = run.MANIFEST.read_text()
        parts = artifacts.ManifestParts(text, str(run.MANIFEST))
        [(name, _version)] = parts.releases()
        groups = document.load(text, 'example')['instance_groups']
        self.assertEqual(
            sorted({job['name'] for g in groups for job in g['jobs']}),
            parts.jobs(name))
