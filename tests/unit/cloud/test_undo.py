# SPDX-License-Identifier: Apache-2.0

import os

from oslotest import base

from cf_openstack.cloud import undo
from cf_openstack.cpi import errors


class TestUndoStack(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.done: list[str] = []

    def _run(self, failure: BaseException | None) -> None:
        def break_down() -> None:
            self.done.append('broken')
            os.rmdir('')

        with undo.UndoStack() as stack:
            stack.push('first', lambda: self.done.append('first'))
            stack.push('broken', break_down)
            stack.push('last', lambda: self.done.append('last'))
            if failure is not None:
                raise failure

    def test_nothing_to_undo(self):
        self._run(None)
        self.assertEqual([], self.done)

    def test_in_reverse_and_the_first_error_is_raised(self):
        self.assertRaises(KeyError, self._run, KeyError('first error'))
        self.assertEqual(['last', 'broken', 'first'], self.done)

    def test_after_a_signal(self):
        self.assertRaises(
            errors.Terminated, self._run, errors.Terminated('SIGTERM'))
        self.assertEqual(['last', 'broken', 'first'], self.done)
