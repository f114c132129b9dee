# SPDX-License-Identifier: Apache-2.0

import hashlib
import os
import tarfile

import ddt
import fixtures
from oslo_utils.imageutils import format_inspector
from oslotest import base
from requests_mock.contrib import fixture

from cf_openstack.stemcell import tarball
from devstack.pocket import stemcell_builder
from tests.unit.stemcell import fakes


@ddt.ddt
class TestBuilder(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.path = os.path.join(self.folder, 'stemcell.tgz')

    @ddt.data(('qcow2', 5 * 1024 ** 3, 256 * 1024),
              ('raw', 3 * 1024 ** 2 + 5, 3 * 1024 ** 2 + 5))
    @ddt.unpack
    def test_publishes(self, disk_format, size, stored):
        checksum = stemcell_builder.build(
            self.path, name='bosh-small', operating_system='ubuntu-noble',
            version='1.10', disk_format=disk_format, size=size)
        self.assertEqual([self.path], [os.path.join(self.folder, name)
                                       for name in os.listdir(self.folder)])
        glance = fakes.Glance(self.useFixture(fixture.Fixture()))
        with open(self.path, 'rb') as source:
            result = tarball.publish(glance.connection(), source,
                                     checksum=checksum)
        self.assertEqual(('bosh-small', '1.10', disk_format, checksum),
                         (result.name, result.version, result.disk_format,
                          result.checksum))
        self.assertEqual(stored, result.size)

    def test_image_comes_first_and_has_the_sha1_it_says(self):
        stemcell_builder.build(self.path)
        with tarfile.open(self.path) as tar:
            self.assertEqual(['image', 'stemcell.MF'], tar.getnames())
            digest = hashlib.sha1(tar.extractfile('image').read())
            self.assertIn(digest.hexdigest().encode(),
                          tar.extractfile('stemcell.MF').read())

    def test_qcow2_is_one(self):
        stemcell_builder.build(self.path, size=5 * 1024 ** 3)
        with tarfile.open(self.path) as tar, tarfile.open(
                fileobj=tar.extractfile('image')) as image:
            root = image.extractfile('root.img').read()
        inspector = format_inspector.QcowInspector()
        inspector.eat_chunk(root)
        inspector.safety_check()
        self.assertTrue(inspector.format_match)
        self.assertEqual(5 * 1024 ** 3, inspector.virtual_size)

    def test_same_bytes_each_time(self):
        self.assertEqual(stemcell_builder.build(self.path),
                         stemcell_builder.build(self.path))
