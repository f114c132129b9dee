# SPDX-License-Identifier: Apache-2.0

import hashlib
import io
import os
import tarfile

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base
from requests_mock.contrib import fixture
import yaml

from cf_openstack.stemcell import errors
from cf_openstack.stemcell import light
from cf_openstack.stemcell import tarball
from tests.unit.stemcell import fakes

ROOT = fakes.QCOW2 + bytes(3000)
MANIFEST = {
    'name': 'bosh-openstack-kvm-ubuntu-noble',
    'version': '1.425',
    'bosh_protocol': 1,
    'api_version': 3,
    'sha1': 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'operating_system': 'ubuntu-noble',
    'stemcell_formats': ['openstack-qcow2'],
    'cloud_properties': {
        'name': 'bosh-openstack-kvm-ubuntu-noble', 'version': '1.425',
        'infrastructure': 'openstack', 'hypervisor': 'kvm', 'disk': 5120,
        'disk_format': 'qcow2', 'container_format': 'bare',
        'os_type': 'linux', 'os_distro': 'ubuntu',
        'architecture': 'x86_64', 'auto_disk_config': True,
        'hw_scsi_model': None},
}


def stemcell(root=ROOT, manifest=MANIFEST, order=('image', 'stemcell.MF'),
             **changes):
    if isinstance(manifest, dict):
        manifest = yaml.safe_dump({**manifest, **changes}).encode()
    content = {'image': fakes.image(root), 'stemcell.MF': manifest,
               'packages.txt': b'vim\n', './image': fakes.image(root),
               './stemcell.MF': manifest}
    return fakes.tgz([(name, content[name]) for name in order])


@ddt.ddt
class TestPublish(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        mock = self.useFixture(fixture.Fixture())
        self.glance = fakes.Glance(mock)
        self.conn = self.glance.connection()

    def publish(self, data=None, **kwargs):
        data = stemcell() if data is None else data
        return tarball.publish(self.conn, fakes.Dribble(data, [700]),
                               **kwargs)

    def fails(self, kind, data=None, **kwargs):
        error = self.assertRaises(kind, self.publish, data, **kwargs)
        self.assertEqual({}, self.glance.images)
        return str(error)

    @ddt.data(
        ('image', 'stemcell.MF'), ('stemcell.MF', 'image'),
        ('packages.txt', './image', 'packages.txt', './stemcell.MF'),
    )
    def test_in_any_order(self, order):
        data = stemcell(order=order)
        result = self.publish(data, tags=['cf'], visibility='public',
                              properties={'owner_stack': 's'})
        self.assertEqual(
            ('bosh-openstack-kvm-ubuntu-noble', '1.425', 'ubuntu-noble', 3),
            (result.name, result.version, result.operating_system,
             result.api_version))
        self.assertEqual('sha256:' + hashlib.sha256(data).hexdigest(),
                         result.checksum)
        self.assertEqual(('qcow2', len(ROOT)),
                         (result.disk_format, result.size))
        self.assertEqual(ROOT, self.glance.data[result.image_id])
        self.assertEqual(
            {'id': result.image_id, 'status': 'active',
             'name': 'bosh-openstack-kvm-ubuntu-noble/1.425',
             'disk_format': 'qcow2', 'container_format': 'bare',
             'visibility': 'public', 'tags': ['cf'], 'owner_stack': 's',
             'version': '1.425', 'os_type': 'linux', 'os_distro': 'ubuntu',
             'architecture': 'x86_64', 'auto_disk_config': 'true',
             'hypervisor_type': 'kvm'},
            self.glance.images[result.image_id])

    def test_no_second_call_when_the_manifest_comes_first(self):
        self.publish(stemcell(order=('stemcell.MF', 'image')))
        self.assertNotIn('PATCH', [r.method for r in self.glance.requests])

    def test_tags_and_hint_from_birth(self):
        self.publish(tags=['cf'], name_hint='stack-stemcell',
                     properties={'a': 'b'})
        record = self.glance.requests[0].json()
        self.assertEqual(('stack-stemcell', ['cf'], 'b'),
                         (record['name'], record['tags'], record['a']))

    @ddt.data('sha1', 'sha256', 'sha512')
    def test_right_checksum(self, algorithm):
        data = stemcell()
        self.publish(data, checksum='%s:%s' % (
            algorithm, hashlib.new(algorithm, data).hexdigest()))
        self.assertEqual(1, len(self.glance.images))

    def test_bytes_behind_the_archive_count(self):
        # Padding of zeros after the last gzip stream is allowed by gzip.
        data = stemcell() + bytes(5000)
        result = self.publish(data)
        self.assertEqual('sha256:' + hashlib.sha256(data).hexdigest(),
                         result.checksum)

    def test_wrong_checksum(self):
        data = stemcell()
        text = self.fails(errors.ChecksumMismatch, data,
                          checksum='sha256:' + 64 * '0')
        self.assertIn('expected sha256:' + 64 * '0', text)
        self.assertIn('computed sha256:' + hashlib.sha256(data).hexdigest(),
                      text)
        self.assertEqual(1, len(self.glance.deleted))

    def test_checksum_that_is_none_costs_nothing(self):
        self.fails(errors.ChecksumInvalid, checksum='md5:0')
        self.assertEqual([], self.glance.requests)

    @ddt.data(
        (b'<html>not found</html>', errors.ArchiveInvalid, 'gzip'),
        (b'', errors.ArchiveInvalid, 'not a gzip-compressed tar'),
        (stemcell(order=['stemcell.MF']), errors.ImageMissing, '"image"'),
        (stemcell(order=['image']), errors.ManifestMissing,
         '"stemcell.MF"'),
        (stemcell(order=['packages.txt']), errors.ImageMissing, '"image"'),
        (stemcell(os.urandom(9000))[:6000], errors.ArchiveTruncated,
         'The stemcell is truncated'),
        (fakes.tgz([('image', fakes.tgz([('disk', b'x')])),
                    ('stemcell.MF', b'')]), errors.RootImageMissing,
         'Root image is missing'),
        (fakes.tgz([('image', b'raw disk')]), errors.ArchiveInvalid,
         'image is not a gzip'),
        (fakes.tgz([('image', fakes.image(os.urandom(5000))[:3000])]),
         errors.ArchiveTruncated, 'image is truncated'),
        (stemcell(manifest=b'a: [b'), errors.ManifestInvalid, 'not YAML'),
        (stemcell(manifest=b'- a'), errors.ManifestInvalid, 'a mapping'),
        (stemcell(name=None), errors.ManifestInvalid, 'no "name"'),
        (stemcell(version=[1]), errors.ManifestInvalid, '"version"'),
        (stemcell(api_version='3'), errors.ManifestInvalid, 'api_version'),
        (stemcell(api_version=True), errors.ManifestInvalid, 'api_version'),
        (stemcell(cloud_properties='x'), errors.ManifestInvalid,
         'cloud_properties'),
        (stemcell(manifest=b'#' * 2 * 1024 ** 2), errors.TooLarge,
         'stemcell.MF'),
        (light.build(name='n', version='1', operating_system='o',
                     api_version=3, image_id='the-image'),
         errors.ImageEmpty, 'of the image the-image'),
        (stemcell(cloud_properties={'image_id': 'the-image'}),
         errors.ImageEmpty, 'of the image the-image'),
    )
    @ddt.unpack
    def test_unusable(self, data, kind, text):
        self.assertIn(text, self.fails(kind, data))

    @ddt.data(('image', 'stemcell.MF'), ('stemcell.MF', 'image'))
    def test_manifest_contradicts_the_image(self, order):
        text = self.fails(errors.ManifestInvalid,
                          stemcell(root=b'raw disk', order=order))
        self.assertIn('disk_format is "qcow2", but the image is "raw"', text)

    def test_unquoted_version_and_old_manifest(self):
        result = self.publish(stemcell(
            manifest={'name': 'old', 'version': 3.5}))
        self.assertEqual(
            ('3.5', 'old', None),
            (result.version, result.operating_system, result.api_version))

    @ddt.data('PATCH', 'PUT', 'POST')
    def test_glance_refuses(self, method):
        self.glance.refusals[method] = (403, 'quota')
        self.assertIn('quota', self.fails(errors.UploadFailed))

    def test_interrupted_between_image_and_manifest(self):
        data = stemcell(fakes.QCOW2 + os.urandom(9000))

        class Source(io.BytesIO):
            def read(inner, size=-1):
                if self.glance.data:
                    raise KeyboardInterrupt()
                return super().read(min(size, 100))

        self.assertRaises(KeyboardInterrupt, tarball.publish, self.conn,
                          Source(data + bytes(10 ** 5)))
        self.assertEqual({}, self.glance.images)

    @ddt.data(1000, 12000)
    def test_limit(self, limit):
        data = stemcell(os.urandom(5000) + bytes(10000))
        self.fails(errors.TooLarge, data, max_size=limit)

    @hypothesis.given(sizes=strategies.lists(
        strategies.integers(1, 2000), min_size=1, max_size=20))
    @hypothesis.settings(max_examples=15, deadline=None)
    def test_whatever_the_chunks(self, sizes):
        result = tarball.publish(
            self.conn, fakes.Dribble(stemcell(), sizes))
        self.assertEqual(ROOT, self.glance.data[result.image_id])


class TestLight(base.BaseTestCase):

    ARGUMENTS = {'name': 'bosh-noble', 'version': '1.10',
                 'operating_system': 'ubuntu-noble', 'api_version': 3,
                 'image_id': 'f00'}

    def test_what_a_director_reads(self):
        data = light.build(**self.ARGUMENTS)
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            self.assertEqual(b'', tar.extractfile('image').read())
            manifest = yaml.safe_load(tar.extractfile('stemcell.MF'))
        self.assertEqual(
            {'name': 'bosh-noble', 'version': '1.10', 'bosh_protocol': 1,
             'sha1': hashlib.sha1(b'').hexdigest(), 'api_version': 3,
             'operating_system': 'ubuntu-noble',
             'stemcell_formats': ['openstack-light'],
             'cloud_properties': {
                 'name': 'bosh-noble', 'version': '1.10',
                 'infrastructure': 'openstack', 'hypervisor': 'kvm',
                 'image_id': 'f00'}},
            manifest)

    def test_same_bytes_each_time(self):
        self.assertEqual(light.build(**self.ARGUMENTS),
                         light.build(**self.ARGUMENTS))
