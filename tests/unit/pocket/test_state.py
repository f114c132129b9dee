# SPDX-License-Identifier: Apache-2.0

import json
import pathlib
import stat

import fixtures as fixture_library

from devstack.pocket import errors
from devstack.pocket import ports
from devstack.pocket import state as pocket_state
from tests.unit.pocket import fixtures


def mode(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class StateFolderTestCase(fixtures.StateTestCase):

    def again(self) -> pocket_state.State:
        return pocket_state.State(self.state.root)

    def test_only_its_owner_may_look(self) -> None:
        self.assertEqual(0o700, mode(self.state.root))
        self.assertEqual(0o600, mode(self.state.path('pocket.json')))
        for folder in pocket_state.FOLDERS:
            self.assertEqual(0o700, mode(self.state.path(folder)))

    def test_what_is_kept_is_read_again(self) -> None:
        again = self.again().load()
        self.assertEqual(self.state.ports, again.ports)
        self.assertEqual(self.state.passwords, again.passwords)
        self.assertEqual(self.state.secrets, again.secrets)

    def test_every_listener_has_a_port_of_its_own(self) -> None:
        self.assertEqual(set(ports.PREFERRED), set(self.state.ports))
        elsewhere = pocket_state.State(self.state.root.with_name('other'))
        elsewhere.make()
        self.assertEqual(len(ports.PREFERRED),
                         len(set(elsewhere.ports.values())))

    def test_every_password_differs_from_every_other(self) -> None:
        elsewhere = pocket_state.State(self.state.root.with_name('other'))
        elsewhere.make()
        known = [*self.state.passwords.values(),
                 *self.state.secrets.values(),
                 *elsewhere.passwords.values(),
                 *elsewhere.secrets.values()]
        self.assertEqual(len(known), len(set(known)))
        self.assertTrue(all(len(one) >= 32 for one in known))

    def test_a_second_make_changes_nothing(self) -> None:
        before = self.state.path('pocket.json').read_text()
        self.again().make()
        self.assertEqual(before, self.state.path('pocket.json').read_text())

    def test_features_are_added_and_remembered(self) -> None:
        self.again().make(['octavia'])
        self.again().make(['barbican'])
        self.assertEqual(['barbican', 'octavia'],
                         self.again().load().features)

    def test_engines_are_remembered_until_told_otherwise(self) -> None:
        self.assertEqual(0, self.again().load().engines)
        self.again().make(engines=3)
        self.again().make(['octavia'])
        again = self.again().load()
        self.assertEqual(3, again.engines)
        self.assertIn('heat-engine-3', [one.name for one in again.services])
        self.again().make(engines=0)
        self.assertEqual(0, self.again().load().engines)

    def test_a_file_from_before_there_were_engines(self) -> None:
        file = self.state.path('pocket.json')
        kept = json.loads(file.read_text())
        del kept['engines']
        file.write_text(json.dumps(kept))
        self.assertEqual(0, self.again().load().engines)

    def test_a_make_completes_an_older_file(self) -> None:
        file = self.state.path('pocket.json')
        kept = json.loads(file.read_text())
        del kept['ports']['octavia'], kept['passwords']['octavia']
        file.write_text(json.dumps(kept))
        again = self.again()
        again.make()
        self.assertIn('octavia', again.ports)
        self.assertIn('octavia', again.passwords)
        self.assertEqual(self.state.password('nova'), again.password('nova'))

    def test_no_cloud_here(self) -> None:
        state = pocket_state.State(self.state.root / 'nothing')
        error = self.assertRaises(errors.StateError, state.load)
        self.assertIn('up', str(error))

    def test_a_damaged_file_is_named(self) -> None:
        self.state.path('pocket.json').write_text('{"ver')
        error = self.assertRaises(errors.StateError, self.again().load)
        self.assertIn('pocket.json', str(error))

    def test_a_folder_that_was_moved(self) -> None:
        moved = self.state.root.with_name('moved')
        self.state.root.rename(moved)
        self.addCleanup(moved.rename, self.state.root)
        error = self.assertRaises(
            errors.StateError, pocket_state.State(moved).load)
        self.assertIn(str(self.state.root), str(error))

    def test_a_foreign_folder_is_left_alone(self) -> None:
        folder = self.state.root.with_name('mine')
        folder.mkdir(mode=0o755)
        (folder / 'thesis.txt').write_text('...')
        state = pocket_state.State(folder)
        self.assertFalse(state.is_ours)
        self.assertRaises(errors.StateError, state.make_root)
        self.assertEqual(0o755, mode(folder))

    def test_a_foreign_venv_is_left_alone(self) -> None:
        folder = self.state.root.with_name('mine')
        (folder / 'venv').mkdir(parents=True)
        self.assertFalse(pocket_state.State(folder).is_ours)
        (folder / 'venv' / 'pocket-stamp').touch()
        self.assertTrue(pocket_state.State(folder).is_ours)

    def test_an_empty_folder_will_do(self) -> None:
        folder = self.state.root.with_name('empty')
        folder.mkdir(mode=0o755)
        pocket_state.State(folder).make()
        self.assertEqual(0o700, mode(folder))

    def test_the_environment_names_the_folder(self) -> None:
        self.useFixture(fixture_library.EnvironmentVariable(
            'POCKET_STATE', '/elsewhere'))
        self.assertEqual(pathlib.Path('/elsewhere'),
                         pocket_state.State().root)

    def test_the_repository_is_where_it_is_otherwise(self) -> None:
        root = pocket_state.State().root
        self.assertEqual('.pocket', root.name)
        self.assertTrue((root.parent / 'setup.cfg').is_file())

    def test_urls(self) -> None:
        self.assertEqual(
            'http://127.0.0.1:%d/v3' % self.state.ports['keystone'],
            self.state.url('keystone'))
        self.assertEqual('http://127.0.0.1:%d' % self.state.ports['nova'],
                         self.state.url('nova'))

    def test_stamps(self) -> None:
        self.assertFalse(self.state.stamped('seed', 'a'))
        self.state.stamp('seed', 'a')
        self.assertTrue(self.state.stamped('seed', 'a'))
        self.assertFalse(self.state.stamped('seed', 'b'))

    def test_no_secret_in_its_repr(self) -> None:
        text = repr(self.state)
        for secret in self.state.passwords.values():
            self.assertNotIn(secret, text)
