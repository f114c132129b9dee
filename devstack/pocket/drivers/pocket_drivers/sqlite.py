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
    """Write-ahead log, a long wait for locks, locks taken at once."""

    def update_url(self, url: sqlalchemy.URL) -> sqlalchemy.URL:
        """It takes no parameters."""
        return url

    def engine_created(self, engine: sqlalchemy_engine.Engine) -> None:
        """Listen to what the new engine does."""
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
