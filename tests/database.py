"""A real server for every test that needs one, and a new database in a moment.

``tests/conftest.py`` makes the fixtures known everywhere.
"""

import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import conninfo

from jiehuan.store.database import connect
from jiehuan.store.migrate import prepare
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session

TEMPLATE = "template_jiehuan"
_NUMBERS = itertools.count(1)


def named(dsn: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return conninfo.make_conninfo(dsn, dbname=database)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of our own, for the whole session."""
    with Server.temporary(settings={"shared_buffers": "64MB", "max_connections": "100"}) as made:
        with connect(made.dsn, Session.OWNER) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        prepare(named(made.dsn, TEMPLATE))
        yield made


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """The address of a database with nothing in it."""
    yield from _made(server, "template0")


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The address of a new database with our schema and no book."""
    yield from _made(server, TEMPLATE)


@pytest.fixture
def fresh_database(server: Server) -> Iterator[Callable[[], str]]:
    """Make as many new databases with our schema as are asked for."""
    made: list[Iterator[str]] = []

    def make() -> str:
        made.append(_made(server, TEMPLATE))
        return next(made[-1])

    yield make
    for database in made:
        next(database, None)


def _made(server: Server, template: str) -> Iterator[str]:
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield named(server.dsn, name)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
