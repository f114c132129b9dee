# SPDX-License-Identifier: Apache-2.0

import dataclasses
import json
import os
import stat
import threading
from typing import Any

import ddt
import fixtures
from oslotest import base

from cf_openstack.cloud import connection
from cf_openstack.cloud import token_cache

SETTINGS = connection.Settings(
    auth_url='http://keystone.test:5000/v3', username='u', password='pw-1',
    user_domain_name='d', project_name='p', project_domain_name='d')
CONTENT = {'auth': 'x', 'documents': {}}


class TokenFileCase(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.parent = self.useFixture(fixtures.TempDir()).path
        self.folder = os.path.join(self.parent, 'cache')
        self.path = os.path.join(self.folder, 'name')
        self.file = token_cache.TokenFile(self.folder, 'name')
        self.logger = self.useFixture(fixtures.FakeLogger(
            'cf_openstack.cloud.token_cache'))

    def written(self) -> Any:
        self.file.write(CONTENT)
        return self.file.read()


@ddt.ddt
class TestTokenFile(TokenFileCase):

    def test_nothing_there(self):
        self.assertEqual({}, self.file.read())
        self.file.remove()
        self.assertFalse(os.path.exists(self.folder))
        self.assertEqual('', self.logger.output)

    def test_what_was_written(self):
        self.assertEqual({'version': 1} | CONTENT, self.written())
        self.assertEqual(['name'], os.listdir(self.folder))
        self.file.remove()
        self.assertEqual({}, self.file.read())

    @ddt.data(0o000, 0o077, 0o022)
    def test_modes(self, mask):
        previous = os.umask(mask)
        self.addCleanup(os.umask, previous)
        self.written()
        self.assertEqual(0o700, stat.S_IMODE(os.stat(self.folder).st_mode))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.path).st_mode))

    @ddt.data(b'', b'{', b'null', b'[]', b'\xff', b'{"version": 1', b'{}',
              b'{"version": 2, "auth": "x"}', b'[' * 100000,
              json.dumps({'version': 1} | CONTENT).encode()[:-3])
    def test_damaged(self, data):
        self.written()
        with open(self.path, 'wb') as file:
            file.write(data)
        self.assertEqual({}, self.file.read())
        self.assertEqual({'version': 1} | CONTENT, self.written())

    @ddt.data(0o755, 0o770, 0o701)
    def test_folder_open_to_others(self, mode):
        os.mkdir(self.folder)
        os.chmod(self.folder, mode)
        self.assertEqual({}, self.written())
        self.assertEqual([], os.listdir(self.folder))
        self.assertIn('open to others', self.logger.output)

    @ddt.data(0o644, 0o660, 0o604)
    def test_file_open_to_others(self, mode):
        self.written()
        os.chmod(self.path, mode)
        self.assertEqual({}, self.file.read())
        self.assertIn('open to others', self.logger.output)

    def test_folder_of_another_user(self):
        os.mkdir(self.folder, 0o700)
        me = os.geteuid()
        self.useFixture(fixtures.MonkeyPatch('os.geteuid', lambda: me + 1))
        self.assertEqual({}, self.written())
        self.assertIn('belongs to another user', self.logger.output)

    def test_folder_that_is_a_link(self):
        target = os.path.join(self.parent, 'target')
        os.mkdir(target, 0o700)
        os.symlink(target, self.folder)
        self.assertEqual({}, self.written())
        self.assertEqual([], os.listdir(target))

    def test_file_that_is_a_link(self):
        target = os.path.join(self.parent, 'target')
        with open(target, 'w', encoding='utf-8') as file:
            json.dump({'version': 1} | CONTENT, file)
        os.chmod(target, 0o600)
        os.mkdir(self.folder, 0o700)
        os.symlink(target, self.path)
        self.assertEqual({}, self.file.read())
        # The link is replaced, its target is not touched.
        self.written()
        self.assertFalse(os.path.islink(self.path))

    def test_file_that_is_a_pipe(self):
        os.mkdir(self.folder, 0o700)
        os.mkfifo(self.path, 0o600)
        self.assertEqual({}, self.file.read())
        self.assertIn('no regular file', self.logger.output)

    def test_folder_that_is_a_file(self):
        with open(self.folder, 'w', encoding='utf-8'):
            pass
        self.assertEqual({}, self.written())

    def test_full_disk(self):
        self.written()

        def fail(*args: Any, **kwargs: Any) -> None:
            raise OSError(28, 'No space left on device')

        self.useFixture(fixtures.MonkeyPatch('os.replace', fail))
        self.file.write({'auth': 'y'})
        self.assertEqual(['name'], os.listdir(self.folder))
        self.assertEqual('x', self.file.read()['auth'])

    def test_many_at_once(self):
        long = 'x' * 100000
        wrong: list[Any] = []

        def work(number: int) -> None:
            for _round in range(20):
                self.file.write({'auth': f'{number}{long}'})
                found = self.file.read()
                if len(found.get('auth', '')) != len(long) + 1:
                    wrong.append(found)

        threads = [
            threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], wrong)
        self.assertEqual(['name'], os.listdir(self.folder))


@ddt.ddt
class TestName(base.BaseTestCase):

    def test_shows_nothing(self):
        name = token_cache.name_of(SETTINGS)
        self.assertRegex(name, '^[0-9a-f]{64}$')
        self.assertEqual(name, token_cache.name_of(SETTINGS))

    @ddt.data(*(field.name for field in dataclasses.fields(SETTINGS)
                if field.name not in (
                    'connect_timeout', 'read_timeout', 'write_timeout',
                    'token_cache')))
    def test_depends_on(self, key):
        other = dataclasses.replace(SETTINGS, **{key: 'other'})
        self.assertNotEqual(
            token_cache.name_of(SETTINGS), token_cache.name_of(other))

    @ddt.data({'connect_timeout': 1}, {'read_timeout': 1},
              {'write_timeout': 1}, {'token_cache': '/x'})
    def test_does_not_depend_on(self, changes):
        other = dataclasses.replace(SETTINGS, **changes)
        self.assertEqual(
            token_cache.name_of(SETTINGS), token_cache.name_of(other))

    def test_certificates_by_their_content(self):
        folder = self.useFixture(fixtures.TempDir()).path
        names = []
        for file, text in (('a', '1'), ('b', '1'), ('c', '2')):
            path = os.path.join(folder, file)
            with open(path, 'w', encoding='utf-8') as opened:
                opened.write(text)
            names.append(token_cache.name_of(
                dataclasses.replace(SETTINGS, verify=path)))
        self.assertEqual(names[0], names[1])
        self.assertNotEqual(names[0], names[2])
        unchecked = dataclasses.replace(SETTINGS, verify=False)
        self.assertNotIn(token_cache.name_of(unchecked), names)


class TestDefaultFolder(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path

    def _default(self, **environment: str | None) -> str | None:
        for name in ('TMPDIR', 'HOME'):
            self.useFixture(fixtures.EnvironmentVariable(
                name, environment.get(name)))
        return token_cache.default_folder()

    def test_temporary(self):
        self.assertEqual(
            f'{self.folder}/openstack_cpi-{os.geteuid()}',
            self._default(TMPDIR=self.folder, HOME='/'))

    def test_home(self):
        self.assertEqual(
            f'{self.folder}/.cache/openstack_cpi',
            self._default(TMPDIR='/no/such', HOME=self.folder))

    def test_neither(self):
        self.assertIsNone(self._default(HOME='/nonexistent'))
        self.assertIsNone(self._default(HOME='relative'))
