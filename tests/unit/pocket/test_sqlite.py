# SPDX-License-Identifier: Apache-2.0

from concurrent import futures
import pathlib

import fixtures as fixture_library
from oslo_db.sqlalchemy import engines
from oslotest import base
import sqlalchemy
from sqlalchemy import dialects
from sqlalchemy import exc

from devstack.pocket.drivers.pocket_drivers import sqlite

NAME = 'pocket_under_test'
WRITERS = 8
ROUNDS = 5


class SqliteTestCase(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        dialects.plugins.register(NAME, sqlite.__name__, 'PocketPlugin')
        folder = self.useFixture(fixture_library.TempDir()).path
        self.path = pathlib.Path(folder, 'test.sqlite')
        with self.engine(NAME).begin() as connection:
            connection.execute(sqlalchemy.text('CREATE TABLE t (n INTEGER)'))
            connection.execute(sqlalchemy.text('INSERT INTO t VALUES (0)'))

    def engine(self, plugin: str = '') -> sqlalchemy.Engine:
        """An engine as OpenStack's projects make theirs."""
        engine = engines.create_engine('sqlite:///%s?timeout=5%s' % (
            self.path, '&plugin=' + plugin if plugin else ''))
        self.addCleanup(engine.dispose)
        return engine

    def read(self, connection: sqlalchemy.Connection) -> int:
        return connection.execute(
            sqlalchemy.text('SELECT n FROM t')).scalar_one()

    def write(self, connection: sqlalchemy.Connection, number: int) -> None:
        connection.execute(sqlalchemy.text('UPDATE t SET n = :n'),
                           {'n': number})

    def test_reading_and_then_writing_waits_its_turn(self) -> None:
        engine = self.engine(NAME)

        def add(_number: int) -> None:
            for _round in range(ROUNDS):
                with engine.begin() as connection:
                    self.write(connection, self.read(connection) + 1)

        with futures.ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(add, range(WRITERS)))
        with engine.begin() as connection:
            self.assertEqual(WRITERS * ROUNDS, self.read(connection))

    def test_it_would_fail_without(self) -> None:
        # or this plugin would have no reason to be
        engine = self.engine()
        with engine.begin() as first:
            number = self.read(first)
            with futures.ThreadPoolExecutor(1) as pool:
                pool.submit(self.add_one, engine).result()
            self.assertRaises(exc.OperationalError, self.write, first,
                              number + 1)
            first.rollback()

    def add_one(self, engine: sqlalchemy.Engine) -> None:
        with engine.begin() as connection:
            self.write(connection, self.read(connection) + 1)

    def test_a_nested_transaction_of_the_same_thread_may_read(self) -> None:
        engine = self.engine(NAME)
        with engine.begin() as outer:
            self.write(outer, 7)
            with engine.begin() as inner:
                # what was committed before
                self.assertEqual(0, self.read(inner))
        with engine.begin() as later:
            self.assertEqual(7, self.read(later))

    def test_modes(self) -> None:
        with self.engine(NAME).connect() as connection:
            def pragma(name: str) -> object:
                return connection.execute(
                    sqlalchemy.text('PRAGMA ' + name)).scalar_one()

            self.assertEqual('wal', pragma('journal_mode'))
            self.assertEqual(sqlite.BUSY_MS, pragma('busy_timeout'))
