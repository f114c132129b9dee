# SPDX-License-Identifier: Apache-2.0

import os
import sys

import ddt
import fixtures
from oslotest import base

from benchmarks import info


@ddt.ddt
class TestInterpreter(base.BaseTestCase):

    @ddt.data((b'#!/x/bin/python3\n', '/x/bin/python3'),
              (b'#! /x/python -I\n', '/x/python'),
              (b'#!/bin/bash\n', None), (b'\x7fELF', None), (b'#!', None))
    @ddt.unpack
    def test_of_a_script(self, first, expected):
        path = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'script')
        with open(path, 'wb') as file:
            file.write(first)
        self.assertEqual(expected, info.interpreter(path))

    def test_medians(self):
        found = info.medians([
            [sys.executable, '-I', '-S', '-c', 'pass'], ['true']], 1)
        self.assertEqual(2, len(found))
