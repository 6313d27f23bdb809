"""A book to call: each test has its own, in a database that all share."""

import itertools

import pytest
from tests.database import TEMPLATE, named
from tests.serve.api import Api, make_book
from tests.serve.partner import WalletApi

from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def shared_database(server):
    """The address of one database for all books of these tests."""
    with connect(server.dsn, Session.OWNER) as conn:
        conn.execute(f"CREATE DATABASE test_serve TEMPLATE {TEMPLATE}")
    return named(server.dsn, "test_serve")


@pytest.fixture
def an_api(shared_database):
    """Open as many books as are asked for."""
    made = []

    def make(dsn=shared_database, waiting_max=1_024, kind=Api, **more):
        number = next(_NUMBERS)
        make_book(dsn, number=number, **more)
        made.append(kind(dsn, number, waiting_max=waiting_max))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(an_api):
    """An empty book in CNY, on a virtual clock."""
    return an_api()


@pytest.fixture
def beside(an_api):
    """An empty book in CNY, on a virtual clock, and a wallet beside it."""
    return an_api(kind=WalletApi)
