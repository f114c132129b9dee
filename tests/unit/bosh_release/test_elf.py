# SPDX-License-Identifier: Apache-2.0
"""Which stemcells a tree runs on."""

import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import ddt
import fixtures
from oslotest import base

from bosh_release import elf
from bosh_release import errors
from bosh_release import stemcells

TREE = {
    'program': {'glibc': '2.9', 'needs': ['libz.so.1', 'libc.so.6']},
    'lib/libz.so.1': {'glibc': '2.35', 'needs': [
        'libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2']},
    'lib/plain.so': {'glibc': None, 'needs': []}}


@ddt.ddt
class StemcellsTest(base.BaseTestCase):

    def test_the_newest_that_is_needed(self) -> None:
        self.assertEqual('2.35', stemcells.check(TREE, '2.35'))
        self.assertEqual('2.35', stemcells.check(TREE, '2.100'))

    def test_too_new(self) -> None:
        exc = self.assertRaises(
            errors.TooNew, stemcells.check, TREE, '2.34')
        self.assertIn('lib/libz.so.1 needs 2.35', str(exc))
        self.assertIn('--max-glibc', str(exc))
        self.assertNotIn('program', str(exc))

    @ddt.data('libfoo.so.1', 'libc.so.6.bak', 'libcrypt.so.1')
    def test_missing(self, library: str) -> None:
        tree = TREE | {'other': {'glibc': '2.4', 'needs': [library]}}
        exc = self.assertRaises(
            errors.Missing, stemcells.check, tree, '2.35')
        self.assertIn(f'other needs {library}', str(exc))


@ddt.ddt
class ElfTest(base.BaseTestCase):

    def scan(self) -> dict[str, Any]:
        """A tree with this interpreter, a link and other files in it."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'bin').mkdir()
        shutil.copy(sys.executable, folder / 'bin' / 'python')
        (folder / 'text').write_text('text')
        (folder / 'empty').touch()
        return elf.scan(folder)

    def test_an_interpreter(self) -> None:
        found = self.scan()
        self.assertEqual({'bin/python'}, set(found))
        self.assertIn('libc.so.6', found['bin/python']['needs'])
        self.assertGreaterEqual(
            elf.parse(found['bin/python']['glibc']), (2, 2))

    def test_a_damaged_file_is_named(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'broken').write_bytes(b'\x7fELF\2\1\1')
        exc = self.assertRaises(ValueError, elf.scan, folder)
        self.assertIn('broken', str(exc))

    def test_as_a_command(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        done = subprocess.run(
            [sys.executable, '-m', 'bosh_release.elf', folder], check=True,
            stdout=subprocess.PIPE)
        self.assertEqual({}, json.loads(done.stdout))

    @ddt.data(('GLIBC_2.35', (2, 35)), ('GLIBC_2.2.5', (2, 2, 5)),
              ('GLIBC_PRIVATE', (0,)))
    @ddt.unpack
    def test_versions(self, name: str, expected: tuple[int, ...]) -> None:
        self.assertEqual(expected, elf.parse(name))
