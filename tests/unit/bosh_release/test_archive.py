# SPDX-License-Identifier: Apache-2.0

import os
import pathlib
import tarfile

import fixtures
from oslotest import base

from bosh_release import archive


class ArchiveTest(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.tree = self.folder / 'tree'
        (self.tree / 'b').mkdir(parents=True)
        (self.tree / 'b' / 'program').write_bytes(b'\0' * 10000)
        (self.tree / 'b' / 'program').chmod(0o700)
        (self.tree / 'a').write_text('text')
        (self.tree / 'link').symlink_to('b/program')

    def write(self, name: str) -> pathlib.Path:
        path = self.folder / name
        archive.write(path, [
            archive.Entry('first', b'1'), *archive.tree(self.tree, 'x')])
        return path

    def test_members(self) -> None:
        with tarfile.open(self.write('a.tgz')) as tar:
            members = tar.getmembers()
            self.assertEqual(
                ['.', './first', './x', './x/a', './x/b', './x/b/program',
                 './x/link'], [one.name for one in members])
            for one in members:
                self.assertEqual(
                    (0, 0, 'root', 'root', archive.EPOCH),
                    (one.uid, one.gid, one.uname, one.gname, one.mtime))
            self.assertEqual(
                [0o755, 0o644, 0o755, 0o644, 0o755, 0o755, 0o755],
                [one.mode for one in members])
            self.assertEqual(b'text', tar.extractfile('./x/a').read())
            self.assertEqual(
                b'\0' * 10000, tar.extractfile('./x/link').read())

    def test_the_same_content_is_the_same_bytes(self) -> None:
        first = self.write('a.tgz').read_bytes()
        for path in self.tree.rglob('*'):
            os.utime(path, (1, 1))
        (self.tree / 'a').chmod(0o600)
        self.assertEqual(first, self.write('other-name.tgz').read_bytes())

    def test_nothing_half_written_appears(self) -> None:
        path = self.folder / 'a.tgz'
        self.assertRaises(
            FileNotFoundError, archive.write, path,
            [archive.Entry('gone', self.folder / 'gone')])
        self.assertFalse(path.exists())

    def test_fingerprint(self) -> None:
        one = archive.Entry('a', b'1')
        two = archive.Entry('b', b'2')
        same = archive.fingerprint([one, two])
        self.assertRegex(same, '^[0-9a-f]{64}$')
        self.assertEqual(same, archive.fingerprint([two, one]))
        for other in ([one], [one, archive.Entry('b', b'3')],
                      [one, archive.Entry('c', b'2')],
                      [one, archive.Entry('b', b'2', True)]):
            self.assertNotEqual(same, archive.fingerprint(other))
