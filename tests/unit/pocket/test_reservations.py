# SPDX-License-Identifier: Apache-2.0

import os
import pathlib
import shutil
import stat
import tempfile
from unittest import mock

from devstack.pocket import errors
from devstack.pocket import ports
from devstack.pocket import reservations
from devstack.pocket import state as pocket_state
from tests.unit.pocket import fixtures


class ReservationsTestCase(fixtures.StateTestCase):

    def held(self, root: pathlib.Path) -> set[int]:
        with reservations.hold(root) as reserved:
            return reserved

    def test_another_cloud_that_is_down_keeps_its_ports(self) -> None:
        with mock.patch.object(ports, 'is_free', autospec=True,
                               return_value=True):
            first = pocket_state.State(self.state.root.with_name('first'))
            first.make()
            second = pocket_state.State(self.state.root.with_name('second'))
            second.make()
        self.assertEqual(
            set(), set(first.ports.values()) & set(second.ports.values()))

    def test_its_own_ports_are_not_anothers(self) -> None:
        mine = set(self.state.ports.values())
        self.assertEqual(mine, self.held(pathlib.Path('/elsewhere')))
        self.assertEqual(set(), self.held(self.state.root))

    def test_a_cloud_that_is_gone_keeps_nothing(self) -> None:
        shutil.rmtree(self.state.root)
        self.assertEqual(set(), self.held(pathlib.Path('/elsewhere')))

    def test_a_damaged_cloud_keeps_nothing(self) -> None:
        self.state.path('pocket.json').write_text('[]')
        self.assertEqual(set(), self.held(pathlib.Path('/elsewhere')))

    def test_only_its_owner_may_look(self) -> None:
        self.held(self.state.root)
        folder = pathlib.Path(tempfile.gettempdir(),
                              'pocket-clouds-%d' % os.getuid())
        self.assertEqual(0o700, stat.S_IMODE(folder.stat().st_mode))

    def test_a_folder_of_somebody_else_is_not_used(self) -> None:
        with mock.patch.object(os, 'getuid', autospec=True,
                               return_value=os.getuid() + 1):
            folder = pathlib.Path(tempfile.gettempdir(),
                                  'pocket-clouds-%d' % os.getuid())
            folder.mkdir()
            error = self.assertRaises(
                errors.StateError, self.held, self.state.root)
        self.assertIn(str(folder), str(error))
