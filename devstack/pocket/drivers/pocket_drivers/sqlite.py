# SPDX-License-Identifier: Apache-2.0
"""SQLite files that many threads write: an SQLAlchemy engine plugin.

Switched on by ``?plugin=pocket`` in a database URL.  oslo.db begins every
transaction with a plain, deferred BEGIN.  One that reads and then writes
fails at once with "database is locked" when another committed in between
(SQLITE_BUSY_SNAPSHOT), whatever the time-out; BEGIN IMMEDIATE waits its
turn instead.
"""

import sqlite3
import threading
from typing import Any

import sqlalchemy
from sqlalchemy import engine as sqlalchemy_engine

BUSY_MS = 60000
# Which write transactions a thread has open: of the whole process, because
# several engines may be on one file.
_OPEN = threading.local()


class PocketPlugin(sqlalchemy_engine.CreateEnginePlugin):
    """Write-ahead log, long waits for locks taken at once, ids used once."""

    def update_url(self, url: sqlalchemy.URL) -> sqlalchemy.URL:
        """It takes no parameters."""
        return url

    def engine_created(self, engine: sqlalchemy_engine.Engine) -> None:
        """Listen to what the new engine does."""
        if not sqlalchemy.event.contains(sqlalchemy.Table, 'before_create',
                                         _on_create):
            sqlalchemy.event.listen(sqlalchemy.Table, 'before_create',
                                    _on_create)
        sqlalchemy.event.listen(engine, 'connect', _on_connect)
        sqlalchemy.event.listen(engine, 'before_cursor_execute', _on_execute,
                                retval=True)


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute('PRAGMA busy_timeout = %d' % BUSY_MS)
    cursor.execute('PRAGMA journal_mode = WAL')
    # In WAL mode this survives a kill -9 and loses nothing but the last
    # moments in a power failure, without ever damaging the file.
    cursor.execute('PRAGMA synchronous = NORMAL')
    cursor.close()


def _on_create(table: sqlalchemy.Table,
               connection: sqlalchemy_engine.Connection,
               **_more: Any) -> None:
    # SQLite gives the id of a table's last row again once that row is
    # deleted.  OpenStack is written for databases that do not: heat deletes a
    # resource's attributes a second time by their id, and takes the row of
    # properties that has it by then.
    keys = list(table.primary_key.columns)
    if (connection.dialect.name == 'sqlite' and len(keys) == 1
            # no more than this very type may have it: a BIGINT may not
            and type(keys[0].type) in (sqlalchemy.Integer,
                                       sqlalchemy.INTEGER)):
        table.dialect_options['sqlite']['autoincrement'] = True


def _on_execute(connection: sqlalchemy_engine.Connection, _cursor: Any,
                statement: str, parameters: Any, _context: Any,
                _many: bool) -> tuple[str, Any]:
    if statement == 'BEGIN':
        path = connection.engine.url.database or ''
        # A second transaction of the same thread on the same file (octavia
        # nests them) may read; waiting for the write lock, it would wait
        # for itself.
        if path not in _open_files():
            statement = 'BEGIN IMMEDIATE'
            _OPEN.held.append((path,
                               connection.connection.dbapi_connection))
    return statement, parameters


def _open_files() -> set[str]:
    """The files on which this thread holds the write lock."""
    _OPEN.held = [(path, connection)
                  for path, connection in getattr(_OPEN, 'held', ())
                  if _in_transaction(connection)]
    return {path for path, _connection in _OPEN.held}


def _in_transaction(connection: sqlite3.Connection) -> bool:
    try:
        return connection.in_transaction
    except sqlite3.ProgrammingError:  # it is closed
        return False
