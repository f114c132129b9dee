# SPDX-License-Identifier: Apache-2.0

import io
from typing import Any

import ddt
import fixtures

from cf_openstack.leftovers import command
from tests.unit.cpi import fake_cloud
from tests.unit.leftovers import case


@ddt.ddt
class TestCommand(case.LeftoverCase):

    def setUp(self) -> None:
        super().setUp()
        self.stdout = io.StringIO()
        self.useFixture(fixtures.MonkeyPatch('sys.stdout', self.stdout))

    def run_(self, *arguments: str) -> int:
        return command.main([
            self.config, '--director', case.DIRECTOR, *arguments])

    def _left(self, **more: Any) -> str:
        return self.cloud.add_volume(
            metadata=self.origin().metadata(),
            **{'status': 'error'} | more)['id']

    def test_nothing(self):
        self.assertEqual(command.CLEAN, self.run_())
        self.assertEqual('Nothing is left over\n', self.stdout.getvalue())

    def test_only_shows(self):
        volume = self._left()
        self.assertEqual(command.FOUND, self.run_())
        self.assertIn(f'volume {volume}: its state is error; ',
                      self.stdout.getvalue())
        self.assertIn('1 left over; --delete removes',
                      self.stdout.getvalue())
        self.assertIn(volume, self.cloud.volumes)

    def test_delete(self):
        volume = self._left()
        self.assertEqual(command.CLEAN, self.run_('--delete'))
        self.assertEqual(f'volume {volume}: removed\n',
                         self.stdout.getvalue())
        self.assertEqual({}, self.cloud.volumes)

    def test_not_all_can_be_deleted(self):
        self._left()
        self.cloud.fail_route('DELETE volume', fake_cloud.Fault(403))
        self.assertEqual(command.FOUND, self.run_('--delete'))

    def test_request(self):
        self._left(status='available')
        self.assertEqual(command.CLEAN, self.run_())
        self.assertEqual(command.FOUND, self.run_(
            '--request', case.REQUEST))

    def test_known(self):
        known, unknown = self._left(), self._left(status='available')
        path = self.useFixture(fixtures.TempDir()).join('known')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(f'{known}\nother light\n')
        self.assertEqual(command.CLEAN, self.run_(
            '--known', path, '--delete'))
        self.assertEqual([known], list(self.cloud.volumes))
        self.assertIn(unknown, self.stdout.getvalue())

    def test_age(self):
        self._left()
        self.assertEqual(command.CLEAN, self.run_(
            '--older-than', '99999d'))
        self.assertEqual(command.FOUND, self.run_('--older-than', '2d'))

    def test_a_cloud_that_refuses(self):
        self.cloud.fail_route('identity', fake_cloud.Fault(401))
        self.assertEqual(command.FAILED, self.run_())
        self.assertIn('Unauthorized', self.log())
        self.assertNotIn('pw-secret', self.log())

    def test_configuration_that_is_wrong(self):
        self.config = self.write_config(username=None)
        self.assertEqual(command.USAGE, self.run_())
        self.assertIn('username', self.log())

    @ddt.data(
        [], ['--director'], ['--director', 'd', '--older-than', 'soon'],
        ['--director', 'd', '--known', '/does/not/exist'],
        ['--request', 'cpi-1'])
    def test_usage(self, arguments):
        error = self.assertRaises(
            SystemExit, command.main, [self.config, *arguments])
        self.assertEqual(command.USAGE, error.code)

    @ddt.data(('90s', 90), ('30m', 1800), ('1h', 3600), ('2d', 172800),
              ('7', 7))
    @ddt.unpack
    def test_durations(self, text, seconds):
        args = command.parse([
            'c.json', '--director', 'd', '--older-than', text])
        self.assertEqual(seconds, args.older_than)
