"""A book to call."""

import pytest
from tests.serve.api import Api, make_book


@pytest.fixture
def an_api(fresh_database):
    """Open as many books as are asked for, each in a database of its own."""
    made = []

    def make(waiting_max=1_024, **more):
        dsn = fresh_database()
        make_book(dsn, **more)
        made.append(Api(dsn, waiting_max=waiting_max))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(an_api):
    """An empty book in CNY, on a virtual clock."""
    return an_api()
