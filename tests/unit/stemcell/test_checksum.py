# SPDX-License-Identifier: Apache-2.0

import hashlib

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.stemcell import checksum
from cf_openstack.stemcell import errors
from tests.unit.stemcell import fakes

DATA = b'stemcell'
SHA1 = hashlib.sha1(DATA).hexdigest()
SHA256 = hashlib.sha256(DATA).hexdigest()
SHA512 = hashlib.sha512(DATA).hexdigest()


@ddt.ddt
class TestChecksum(base.BaseTestCase):

    @ddt.data(
        (SHA1, ['sha1']),
        ('sha1:' + SHA1, ['sha1']),
        ('SHA256:' + SHA256.upper(), ['sha256']),
        ('sha512:' + SHA512, ['sha512']),
        ('sha1:%s; sha256:%s' % (SHA1, SHA256), ['sha1', 'sha256']),
        (None, []),
        ('', []),
    )
    @ddt.unpack
    def test_right(self, text, algorithms):
        expected = checksum.Checksum.parse(text)
        self.assertEqual(algorithms, list(expected.algorithms))
        reader = checksum.DigestReader(
            fakes.Dribble(DATA), expected, 100, 'it')
        reader.drain()
        expected.verify(reader.digests(), 'it')
        self.assertEqual(expected, checksum.Checksum.parse(str(expected)))

    @ddt.data('md5:' + 32 * 'a', SHA256, 'sha256:' + SHA1, 'sha1:', ':',
              'sha1:' + 'g' * 40, SHA1 + ';', 'sha256', ' ')
    def test_no_checksum(self, text):
        error = self.assertRaises(
            errors.ChecksumInvalid, checksum.Checksum.parse, text)
        self.assertIn('"%s" is not a checksum' % text, str(error))

    @ddt.data('sha1:' + 40 * '0', 'sha256:' + 64 * '0',
              'sha256:%s;sha1:%s' % (SHA256, 40 * '0'))
    def test_mismatch_names_both(self, text):
        expected = checksum.Checksum.parse(text)
        reader = checksum.DigestReader(
            fakes.Dribble(DATA), expected, 100, 'it')
        reader.drain()
        error = self.assertRaises(
            errors.ChecksumMismatch, expected.verify, reader.digests(),
            'light.tgz')
        self.assertIn('light.tgz', str(error))
        self.assertIn('expected %s' % text.rpartition(';')[2], str(error))
        self.assertTrue(SHA1 in str(error) or SHA256 in str(error))


class TestDigestReader(base.BaseTestCase):

    @hypothesis.given(
        data=strategies.binary(max_size=500),
        sizes=strategies.lists(strategies.integers(1, 90), min_size=1),
        first=strategies.integers(0, 300))
    @hypothesis.settings(max_examples=50, deadline=None)
    def test_whatever_the_chunks(self, data, sizes, first):
        reader = checksum.DigestReader(
            fakes.Dribble(data, sizes), checksum.Checksum(), 500, 'it')
        reader.read(first)
        reader.drain()
        self.assertEqual(len(data), reader.count)
        self.assertEqual({'sha256': hashlib.sha256(data).hexdigest()},
                         reader.digests())

    def test_limit(self):
        reader = checksum.DigestReader(
            fakes.Dribble(bytes(101)), checksum.Checksum(), 100, 'It')
        error = self.assertRaises(errors.TooLarge, reader.drain)
        self.assertIn('It is too large', str(error))
