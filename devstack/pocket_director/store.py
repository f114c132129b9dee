# SPDX-License-Identifier: Apache-2.0
"""The director's database: SQLite, one file, survives a restart."""

from collections.abc import Iterator
import contextlib
import json
import pathlib
import sqlite3
import threading
from typing import Any

Row = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, state TEXT,
  description TEXT, timestamp INTEGER, started_at INTEGER, result TEXT,
  user TEXT, deployment TEXT, context_id TEXT);
CREATE TABLE IF NOT EXISTS stemcells (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, version TEXT,
  operating_system TEXT, cid TEXT, cpi TEXT, api_version INTEGER,
  UNIQUE (name, version, cpi));
CREATE TABLE IF NOT EXISTS releases (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, version TEXT,
  commit_hash TEXT, uncommitted_changes INTEGER, data TEXT,
  UNIQUE (name, version));
CREATE TABLE IF NOT EXISTS configs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, name TEXT, content TEXT,
  created_at TEXT, deleted INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS deployments (
  name TEXT PRIMARY KEY, manifest TEXT, configs TEXT, stemcells TEXT,
  releases TEXT, variables TEXT);
CREATE TABLE IF NOT EXISTS instances (
  uuid TEXT PRIMARY KEY, deployment TEXT, job TEXT, idx INTEGER, az TEXT,
  lifecycle TEXT, state TEXT, bootstrap INTEGER, ignored INTEGER DEFAULT 0,
  vm_cid TEXT, agent_id TEXT, vm_created_at TEXT, spec TEXT, config TEXT);
CREATE TABLE IF NOT EXISTS addresses (
  address TEXT PRIMARY KEY, network TEXT, instance TEXT, deployment TEXT,
  static INTEGER);
CREATE TABLE IF NOT EXISTS disks (
  cid TEXT PRIMARY KEY, deployment TEXT, instance TEXT, name TEXT,
  size INTEGER, cloud_properties TEXT, active INTEGER, cpi TEXT,
  orphaned_at TEXT, instance_name TEXT, az TEXT);
CREATE TABLE IF NOT EXISTS snapshots (
  cid TEXT PRIMARY KEY, disk TEXT, deployment TEXT, instance TEXT,
  job TEXT, idx INTEGER, created_at TEXT, clean INTEGER);
CREATE TABLE IF NOT EXISTS problems (
  id INTEGER PRIMARY KEY AUTOINCREMENT, deployment TEXT, instance TEXT,
  type TEXT, data TEXT, description TEXT, job TEXT, state TEXT);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER,
  timestamp INTEGER, user TEXT, action TEXT, object_type TEXT,
  object_name TEXT, error TEXT, task TEXT, deployment TEXT, instance TEXT,
  context TEXT);
"""

# Columns whose value is any JSON document.
_JSON = frozenset((
    'configs', 'stemcells', 'releases', 'variables', 'spec',
    'config', 'cloud_properties', 'data', 'context'))


class Store:
    """Rows as dictionaries; every method may be called by any thread.

    :param path: the database file; created when absent.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute('PRAGMA journal_mode = WAL')
        self._connection.execute('PRAGMA synchronous = NORMAL')
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self, keep: bool = True) -> Iterator[None]:
        """All or nothing; other threads wait.

        :param keep: False throws the changes away at the end: a dry run.
        """
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._connection.execute('BEGIN IMMEDIATE')
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute('ROLLBACK')
                raise
            else:
                if self._depth == 1:
                    self._connection.execute(
                        'COMMIT' if keep else 'ROLLBACK')
            finally:
                self._depth -= 1

    def all(self, sql: str, *parameters: Any) -> list[Row]:
        """Every row of a query."""
        with self._lock:
            return [_decode(row) for row in
                    self._connection.execute(sql, parameters)]

    def one(self, sql: str, *parameters: Any) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            row = self._connection.execute(sql, parameters).fetchone()
            return None if row is None else _decode(row)

    def execute(self, sql: str, *parameters: Any) -> int:
        """Run a statement; how many rows it changed."""
        with self._lock:
            return self._connection.execute(sql, parameters).rowcount

    def insert(self, table: str, **values: Any) -> int:
        """Add a row; its number."""
        names = ', '.join(values)
        marks = ', '.join('?' * len(values))
        with self._lock:
            cursor = self._connection.execute(
                f'INSERT INTO {table} ({names}) VALUES ({marks})',
                [_encode(k, v) for k, v in values.items()])
            return cursor.lastrowid or 0

    def update(self, table: str, where: Row, **values: Any) -> int:
        """Change the rows whose columns equal ``where``; their number."""
        sets = ', '.join(f'{name} = ?' for name in values)
        conditions = ' AND '.join(f'{name} = ?' for name in where)
        with self._lock:
            return self._connection.execute(
                f'UPDATE {table} SET {sets} WHERE {conditions}',
                [_encode(k, v) for k, v in values.items()]
                + list(where.values())).rowcount

    def meta(self, key: str, default: str | None = None) -> str | None:
        """A single remembered value; ``default`` is kept when given."""
        with self.transaction():
            row = self.one('SELECT value FROM meta WHERE key = ?', key)
            if row is not None:
                return row['value']
            if default is not None:
                self.insert('meta', key=key, value=default)
            return default

    def set_meta(self, key: str, value: str) -> None:
        """Remember a single value."""
        with self.transaction():
            self.execute('DELETE FROM meta WHERE key = ?', key)
            self.insert('meta', key=key, value=value)


def _encode(name: str, value: Any) -> Any:
    return json.dumps(value) if name in _JSON else value


def _decode(row: sqlite3.Row) -> Row:
    return {key: json.loads(row[key])
            if key in _JSON and row[key] is not None else row[key]
            for key in row.keys()}
