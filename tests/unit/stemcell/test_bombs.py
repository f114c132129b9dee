# SPDX-License-Identifier: Apache-2.0
"""Stemcells that are made to harm who reads them."""

import gzip
import io
import tarfile
import tracemalloc

import ddt
import fixtures
from oslotest import base
from requests_mock.contrib import fixture
import yaml

from cf_openstack.stemcell import archive
from cf_openstack.stemcell import errors
from cf_openstack.stemcell import tarball
from tests.unit.stemcell import fakes

MIB = 1024 ** 2
MANIFEST = {'name': 'noble', 'version': '1', 'operating_system': 'noble',
            'api_version': 3, 'cloud_properties': {}}


def header(name='x', size=0, kind=tarfile.REGTYPE):
    """A tar header, whatever it says."""
    info = tarfile.TarInfo(name)
    info.type = kind
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    if size < 0:
        number = size.to_bytes(12, 'big', signed=True)
    else:
        number = b'\x80' + size.to_bytes(11, 'big')
    block[124:136] = number
    return sealed(block)


def sealed(block):
    """A header with its checksum."""
    block = bytearray(block)
    block[148:156] = b' ' * 8
    block[148:156] = b'%06o\0 ' % sum(block)
    return bytes(block)


def extended(kind, content, name='x'):
    """An extended header and the member it is for."""
    padding = -len(content) % tarfile.BLOCKSIZE
    return (header('ext', len(content), kind) + content + bytes(padding)
            + header(name))


def record(key, value):
    """A PAX record."""
    body = ' %s=%s\n' % (key, value)
    size = len(body) + 1
    while size != len(body) + len(str(size)):
        size = len(body) + len(str(size))
    return (str(size) + body).encode()


def zeros(size):
    """A compressed tar of a disk image of zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode='wb', compresslevel=1) as packed:
        packed.write(header('root.img', size))
        for _chunk in range(size // MIB):
            packed.write(bytes(MIB))
        packed.write(bytes(1024))
    return out.getvalue()


def compressed(data):
    return gzip.compress(data + bytes(1024), compresslevel=1)


@ddt.ddt
class TestHeaders(base.BaseTestCase):
    """An archive whose headers lie."""

    def read(self, packed, limit=64 * MIB):
        outer = archive.Archive(io.BytesIO(packed), 'It', limit)
        self.addCleanup(outer.close)
        return [(member.name, outer.open(member).read(100))
                for member in outer.members()]

    def fails(self, data):
        packed = compressed(data)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        error = self.assertRaises(errors.ArchiveInvalid, self.read, packed)
        self.assertLess(tracemalloc.get_traced_memory()[1], 2 * MIB)
        return str(error)

    @ddt.data(*range(10))
    def test_too_large(self, number):
        data = [
            # tarfile would read all of it at once.
            extended(tarfile.GNUTYPE_LONGNAME, b'n' * 4 * MIB),
            extended(tarfile.GNUTYPE_LONGLINK, b'n' * 4 * MIB),
            extended(tarfile.XHDTYPE, record('comment', 'x' * 4 * MIB)),
            extended(tarfile.XGLTYPE, record('comment', 'x' * 4 * MIB)),
            extended(tarfile.SOLARIS_XHDTYPE, record('a', 'x' * 4 * MIB)),
            # It only says so.
            header('ext', 2 ** 62, tarfile.GNUTYPE_LONGNAME),
            header('ext', -512, tarfile.XHDTYPE),
            # Each is for the next one.
            5000 * (header('ext', 512, tarfile.XHDTYPE) + bytes(512)),
            # A little for each member, kept for all that follow.
            b''.join(extended(tarfile.XGLTYPE, record(
                'k%d' % number, 'x' * 9000)) for number in range(50)),
            # The map of a sparse file, of blocks without end.
            sealed(header('s', 0, tarfile.GNUTYPE_SPARSE)[:482] + b'\1'
                   + bytes(29)) + (bytes(504) + b'\1' + bytes(7)) * 5000,
        ][number]
        self.assertRegex(self.fails(data), 'headers are too large|header')

    def test_slow_to_search(self):
        # Quadratic in the number of digits, for the tarfile of Python 3.11.
        self.assertIn('too long', self.fails(
            extended(tarfile.XHDTYPE, b'1' * 12000) * 50))

    def test_members_without_end(self):
        self.assertIn('more than 200 members', self.fails(
            b''.join(header('m%d' % number) for number in range(201))))

    @ddt.data(
        (header('neg', -1024), 'has no size|leads back'),
        (header('d', 0, tarfile.DIRTYPE), 'not a regular file'),
        (header('/etc/passwd', 0, tarfile.SYMTYPE), 'not a regular file'),
        (header('../x', 0, tarfile.LNKTYPE), 'not a regular file'),
        (header('dev', 0, tarfile.CHRTYPE), 'not a regular file'),
        (extended(tarfile.XHDTYPE, record('GNU.sparse.size', '99999999999')
                  + record('GNU.sparse.map', '0,0')), 'not a regular file'),
        (extended(tarfile.XHDTYPE, record('size', '-512')),
         'has no size|leads back|header'),
        (extended(tarfile.XHDTYPE, record('GNU.sparse.size', 'hunter2')
                  + record('GNU.sparse.map', '0,0')), 'a number'),
    )
    @ddt.unpack
    def test_refused(self, data, reason):
        text = self.fails(data)
        self.assertRegex(text, reason)
        self.assertNotIn('hunter2', text)

    def test_path_of_a_member_leads_nowhere(self):
        self.assertEqual(
            [('../../etc/passwd', b'')],
            self.read(compressed(header('../../etc/passwd'))))

    @ddt.data(tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    def test_long_names_and_times_are_fine(self, form):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w', format=form) as tar:
            for number in range(50):
                info = tarfile.TarInfo('dir/' * 50 + 'é%d' % number)
                info.size, info.mtime = 3, 1.5
                tar.addfile(info, io.BytesIO(b'abc'))
        found = self.read(compressed(out.getvalue()))
        self.assertEqual(50, len(found))
        self.assertEqual(b'abc', found[49][1])


@ddt.ddt
class TestBombs(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.glance = fakes.Glance(self.useFixture(fixture.Fixture()))

    def fails(self, kind, members, **kwargs):
        error = self.assertRaises(
            kind, tarball.publish, self.glance.connection(),
            io.BytesIO(fakes.tgz(members)), **kwargs)
        self.assertEqual({}, self.glance.images)
        return str(error)

    def test_expands_too_far(self):
        # A hundredfold is allowed; packed twice, it is more.
        self.useFixture(fixtures.MonkeyPatch(
            'cf_openstack.stemcell.archive._FREE_EXPANSION', 4 * MIB))
        text = self.fails(errors.Bomb, [('image', zeros(20 * MIB))],
                          max_expansion=100)
        self.assertIn('expand', text)

    def test_says_that_it_is_huge(self):
        image = gzip.compress(header('root.img', 2 ** 50) + bytes(512))
        self.assertIn('too large', self.fails(
            errors.TooLarge, [('image', image)], max_size=MIB))

    def test_hole_in_place_of_an_image(self):
        hole = extended(
            tarfile.XHDTYPE, record('GNU.sparse.size', str(900 * MIB))
            + record('GNU.sparse.map', '0,0'), 'root.img')
        self.assertIn('not a regular file', self.fails(
            errors.ArchiveInvalid, [('image', compressed(hole))]))

    @ddt.data(
        {'name': 'x' * 300}, {'name': 'a\nb'}, {'name': ''},
        {'version': '1' * 200}, {'operating_system': 'x' * 200},
        {'stemcell_formats': ['x'] * 99}, {'stemcell_formats': [[1]]},
        {'cloud_properties': {'os_type': 'x' * 999}},
        {'cloud_properties': {'os_type': ['linux']}},
        {'cloud_properties': {'image_id': 'x' * 999}},
    )
    def test_description(self, changes):
        text = self.fails(errors.ManifestInvalid, [
            ('stemcell.MF', yaml.safe_dump({**MANIFEST, **changes}).encode()),
            ('image', fakes.image())])
        self.assertLess(len(text), 200)

    @ddt.data('laughs', 'deep', 'tag', 'zero', 'twice')
    def test_yaml(self, name):
        text = {
            'laughs': '\n'.join(['a0: &a0 [x, x]'] + [
                'a%d: &a%d [%s]' % (n, n, ', '.join(['*a%d' % (n - 1)] * 9))
                for n in range(1, 9)] + ['stemcell_formats: *a8']),
            'deep': '[' * 500000,
            'tag': 'a: !!python/object/apply:os.system [hunter2]\n'
                   'b: [hunter2',
            'zero': 'a: \x00',
            'twice': 'hunter2: 1\nhunter2: 1\n'}[name]
        self.assertNotIn('hunter2', self.fails(errors.ManifestInvalid, [
            ('stemcell.MF', text.encode()), ('image', fakes.image())]))

    def test_properties_that_are_not_for_stemcells(self):
        tarball.publish(self.glance.connection(), io.BytesIO(fakes.tgz([
            ('stemcell.MF', yaml.safe_dump({**MANIFEST, 'cloud_properties': {
                'visibility': 'public', 'owner': 'admin', 'os_type': 'linux',
                'min_ram': 1, 'hw_mem_encryption': True, 'protected': True,
                'signature_verified': True}}).encode()),
            ('image', fakes.image())])))
        (image,) = self.glance.images.values()
        self.assertEqual('private', image['visibility'])
        self.assertEqual('linux', image['os_type'])
        self.assertEqual(set(), set(image) & {
            'owner', 'min_ram', 'hw_mem_encryption', 'protected',
            'signature_verified'})
