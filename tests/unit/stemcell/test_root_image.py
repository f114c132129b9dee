# SPDX-License-Identifier: Apache-2.0

import gzip
import io
import os
import tarfile

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.stemcell import errors
from cf_openstack.stemcell import root_image
from tests.unit.stemcell import fakes


@ddt.ddt
class TestSniff(base.BaseTestCase):

    @ddt.data(
        (b'QFI\xfb\x00\x00\x00\x03', 'qcow2'),
        (b'KDMV\x01\x00\x00\x00', 'vmdk'),
        (b'# Disk DescriptorFile\nversion=1\n', 'vmdk'),
        (b'conectix', 'vhd'),
        (b'vhdxfile', 'vhdx'),
        (b'<<< Oracle VM VirtualBox Disk Image >>>\n'.ljust(64, b'\0')
         + b'\x7f\x10\xda\xbe', 'vdi'),
        (b'\xeb\x63\x90GRUB', 'raw'),
        (b'QFI', 'raw'),
        (b'', 'raw'),
    )
    @ddt.unpack
    def test_sniff(self, head, expected):
        self.assertEqual(expected, root_image.sniff(head))


@ddt.ddt
class TestOpenRootImage(base.BaseTestCase):

    @ddt.data('root.img', './root.img')
    def test_content_and_format(self, name):
        root = fakes.QCOW2 + os.urandom(3000)
        source = fakes.Dribble(fakes.image(root, name))
        with root_image.open_root_image(source) as image:
            self.assertEqual('qcow2', image.disk_format)
            self.assertEqual(len(root), image.size)
            self.assertEqual(root[:3], image.read(3))
            self.assertEqual(b'', image.read(0))
            self.assertEqual(root[3:], image.read())
            self.assertEqual(b'', image.read(10))

    @ddt.data(0, 1, 511, 512, 513)
    def test_small_images(self, size):
        root = b'x' * size
        image = root_image.open_root_image(io.BytesIO(fakes.image(root)))
        self.assertEqual('raw', image.disk_format)
        self.assertEqual(size, image.size)
        self.assertEqual(root, image.read())

    @hypothesis.given(
        root=strategies.binary(max_size=4000),
        sizes=strategies.lists(strategies.integers(1, 3000), min_size=1),
        reads=strategies.lists(strategies.integers(1, 3000), min_size=1))
    @hypothesis.settings(max_examples=40, deadline=None)
    def test_any_chunking_gives_the_same_bytes(self, root, sizes, reads):
        source = fakes.Dribble(fakes.image(root), sizes)
        image = root_image.open_root_image(source)
        parts = []
        turn = 0
        while part := image.read(reads[turn % len(reads)]):
            self.assertLessEqual(len(part), reads[turn % len(reads)])
            parts.append(part)
            turn += 1
        self.assertEqual(root, b''.join(parts))

    def test_other_members_are_passed_over(self):
        data = fakes.tgz([('notes/root.img', b'no'), ('root.img', b'yes')])
        image = root_image.open_root_image(io.BytesIO(data))
        self.assertEqual(b'yes', image.read())

    def test_several_gzip_streams(self):
        plain = gzip.decompress(fakes.image(b'x' * 5000))
        data = gzip.compress(plain[:2000]) + gzip.compress(plain[2000:])
        image = root_image.open_root_image(io.BytesIO(data))
        self.assertEqual(b'x' * 5000, image.read())

    def test_missing_root_image(self):
        error = self.assertRaises(
            errors.RootImageMissing, root_image.open_root_image,
            io.BytesIO(fakes.tgz([('disk.img', b'x')])))
        self.assertEqual('Root image is missing from stemcell archive',
                         str(error))

    @ddt.data(
        (b'no archive at all', 'does not begin as gzip'),
        (b'', 'empty file'),
        (gzip.compress(b'no tar' * 500), 'invalid header'),
    )
    @ddt.unpack
    def test_no_archive(self, data, reason):
        error = self.assertRaises(
            errors.ArchiveInvalid, root_image.open_root_image,
            io.BytesIO(data))
        self.assertIn('image is not a gzip-compressed tar', str(error))
        self.assertIn(reason, str(error))

    def test_link_is_not_followed(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w:gz') as tar:
            info = tarfile.TarInfo('root.img')
            info.type = tarfile.SYMTYPE
            info.linkname = '/etc/passwd'
            tar.addfile(info)
        out.seek(0)
        error = self.assertRaises(
            errors.ArchiveInvalid, root_image.open_root_image, out)
        self.assertIn('"root.img" is not a regular file', str(error))

    def test_truncated(self):
        data = fakes.image(os.urandom(50000))[:30000]
        error = self.assertRaises(
            errors.ArchiveTruncated, self._read_all, data)
        self.assertIn('image is truncated', str(error))

    def test_damage_is_found_before_the_end_is_announced(self):
        size = 600 * 1024
        data = bytearray(fakes.image(os.urandom(size)))
        data[-8] ^= 1    # the CRC of gzip
        image = root_image.open_root_image(io.BytesIO(data))
        error = self.assertRaises(errors.ArchiveDamaged, image.read)
        self.assertIn('image is damaged', str(error))

    def test_size_limit(self):
        data = fakes.image(bytes(3000))
        self._read_all(data, max_size=3000)
        error = self.assertRaises(
            errors.TooLarge, self._read_all, data, max_size=2999)
        self.assertIn('3000 bytes', str(error))
        self.assertIn('2999', str(error))

    def test_decompression_bomb_before_the_root_image(self):
        data = fakes.tgz([('zeros', bytes(5 * 1024 ** 2)),
                          ('root.img', b'x')])
        self.assertRaises(errors.TooLarge, self._read_all, data,
                          max_size=1024 ** 2)

    def test_memory_bound_of_reads(self):
        source = fakes.Dribble(fakes.image(bytes(10 ** 6)), [10 ** 6])
        image = root_image.open_root_image(source)
        while image.read(65536):
            pass
        self.assertLess(source.largest, 512 * 1024)

    def _read_all(self, data, **kwargs):
        return root_image.open_root_image(io.BytesIO(data), **kwargs).read()
