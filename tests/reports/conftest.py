"""The small book that everything happens to, made once."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.database import TEMPLATE, make_database
from tests.reports.life import live

from jiehuan.store.database import connect
from jiehuan.store.server import Server
from jiehuan.store.sessions import Session


@pytest.fixture(scope="package")
def lived(server: Server) -> tuple[str, int]:
    """Address and number of a book; what a test does is rolled back, or only adds to it."""
    dsn = make_database(server, TEMPLATE)
    return dsn, live(dsn)


@pytest.fixture
def book(lived: tuple[str, int]) -> int:
    """The number of the small book."""
    return lived[1]


@pytest.fixture
def conn(lived: tuple[str, int]) -> Iterator[psycopg.Connection]:
    """A connection in a transaction that is rolled back."""
    with connect(lived[0], Session.OWNER) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("ROLLBACK")
