# SPDX-License-Identifier: Apache-2.0
"""Makes a service's database anew on the server that its configuration names.

Half a database is worth nothing, and a migration that was killed may not be
repeated.  Runs inside the venv: ``python -m devstack.pocket.recreate FILE``.
"""

import configparser
import sys

import sqlalchemy


def recreate(url: sqlalchemy.URL) -> None:
    """Drop the database of a URL, and create it."""
    name = url.database
    engine = sqlalchemy.create_engine(url.set(database=None))
    quoted = engine.dialect.identifier_preparer.quote(name or '')
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(
            'DROP DATABASE IF EXISTS %s' % quoted))
        connection.execute(sqlalchemy.text(
            'CREATE DATABASE %s CHARACTER SET utf8mb4' % quoted))
    engine.dispose()


def main(argv: list[str]) -> None:
    # as oslo.config has it: no interpolation, and a section [DEFAULT]
    parsed = configparser.ConfigParser(
        interpolation=None, default_section='none')
    with open(argv[0]) as stream:
        parsed.read_file(stream)
    recreate(sqlalchemy.make_url(parsed['database']['connection']))


if __name__ == '__main__':
    main(sys.argv[1:])
