# SPDX-License-Identifier: Apache-2.0
"""What the pocket cloud's SQLite plugin changes in an engine."""

import importlib.util
import pathlib
import threading

from oslo_db.sqlalchemy import engines
from oslotest import base
import sqlalchemy
from sqlalchemy import orm

SOURCE = (pathlib.Path(__file__).resolve().parents[3] / 'devstack' / 'pocket'
          / 'drivers' / 'pocket_drivers' / 'sqlite.py')


def load():
    spec = importlib.util.spec_from_file_location('pocket_sqlite', SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class SQLitePluginTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        name = 'pocket_test_%x' % id(self)
        plugin = load()
        sqlalchemy.dialects.plugins.impls[name] = (
            lambda: plugin.PocketPlugin)
        path = self.create_tempfiles([('db', '')], '.sqlite')[0]
        self.engine = engines.create_engine(
            f'sqlite:///{path}?plugin={name}')
        self.addCleanup(self.engine.dispose)
        self.table = sqlalchemy.Table(
            'thing', sqlalchemy.MetaData(),
            sqlalchemy.Column('id', sqlalchemy.Integer, primary_key=True),
            sqlalchemy.Column('name', sqlalchemy.String(20)))
        self.table.create(self.engine)

    def insert(self, connection, name):
        return connection.execute(
            self.table.insert().values(name=name)).inserted_primary_key[0]

    def test_the_id_of_a_deleted_row_is_not_given_again(self):
        with self.engine.begin() as connection:
            first = self.insert(connection, 'first')
            connection.execute(self.table.delete())
            self.assertGreater(self.insert(connection, 'second'), first)

    def test_bigint_keys_still_make_a_table(self):
        table = sqlalchemy.Table(
            'large', sqlalchemy.MetaData(), sqlalchemy.Column(
                'id', sqlalchemy.BigInteger, primary_key=True))
        table.create(self.engine)
        self.assertIn('large', sqlalchemy.inspect(
            self.engine).get_table_names())

    def test_readers_that_then_write_wait_for_each_other(self):
        failed = []

        def count_up(name):
            try:
                for _turn in range(10):
                    with orm.Session(self.engine) as session, session.begin():
                        session.connection().exec_driver_sql(
                            'SELECT count(*) FROM thing').fetchall()
                        self.insert(session.connection(), name)
            except Exception as exc:  # whatever oslo.db makes of it
                failed.append(exc)

        threads = [threading.Thread(target=count_up, args=(str(n),))
                   for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)
        with self.engine.connect() as connection:
            self.assertEqual(40, connection.scalar(sqlalchemy.select(
                sqlalchemy.func.count()).select_from(self.table)))
