"""A database where books can be made, for all tests of the engine."""

import pytest
from tests.engine.script import Client, make_ready, new_book, writer_of
from tests.torture.lives import PRODUCTS


@pytest.fixture(scope="session")
def dsn(server):
    """The address of a database with terms and clients."""
    return make_ready(server.dsn, PRODUCTS)


@pytest.fixture
def book(dsn):
    """The number of an empty book."""
    return new_book(dsn)


@pytest.fixture
def client(dsn, book):
    """A client of an empty book, on its first day."""
    client = Client(writer_of(dsn, book))
    yield client
    client.writer.close()
