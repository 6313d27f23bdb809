"""A real server for every test that needs one, and an empty database in a moment.

``tests/conftest.py`` makes the fixtures known everywhere.  Making a database costs a quarter of
a second and dropping one a checkpoint, so those with our schema are swept and used again.
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from jiehuan.store.database import connect
from jiehuan.store.migrate import prepare
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session

TEMPLATE = "template_jiehuan"
TRUNCATED_BYTES_MIN = 2**20
ROOM_BYTES_MIN = 4 * 2**30
_NUMBERS = itertools.count(1)
_SWEPT: list[str] = []


def named(dsn: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return conninfo.make_conninfo(dsn, dbname=database)


def roomy_place() -> Path:
    """Return where temporary data go: in memory if there is room, for then a sync costs nothing.

    Killing processes tells no more on a disk: what they wrote is the kernel's in either case.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free >= ROOM_BYTES_MIN:
        return memory
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of our own, for the whole session."""
    settings = {"shared_buffers": "64MB", "max_connections": "100", "max_wal_size": "256MB"}
    with Server.temporary(roomy_place(), settings=settings) as made:
        with psycopg.connect(made.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE} STRATEGY WAL_LOG")
        prepare(named(made.dsn, TEMPLATE))
        yield made
    _SWEPT.clear()


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The address of a database with our schema and no rows; its schema must not be changed."""
    dsn = _SWEPT.pop() if _SWEPT else make_database(server, TEMPLATE)
    yield dsn
    _sweep(dsn)
    _SWEPT.append(dsn)


@pytest.fixture
def empty_database(server: Server) -> str:
    """The address of a database with nothing in it."""
    return make_database(server, "template0")


@pytest.fixture
def fresh_database(server: Server) -> Callable[[], str]:
    """Make new databases with our schema, as many as are asked for, to do anything with."""
    return lambda: make_database(server, TEMPLATE)


def make_database(server: Server, template: str) -> str:
    """Make a database; it goes with the server."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG")
    return named(server.dsn, name)


def _sweep(dsn: str) -> None:
    """End whatever is still at work in a database, and empty its tables."""
    with connect(dsn, Session.OWNER) as connection, connection.transaction():
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        sizes = connection.execute(
            "SELECT relname, pg_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname <> 'schema_version'"
        ).fetchall()
        for name, size in sizes:
            truncate = size >= TRUNCATED_BYTES_MIN
            connection.execute(f"{'TRUNCATE' if truncate else 'DELETE FROM'} {name}".encode())
