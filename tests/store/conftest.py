"""A book to write in."""

import pytest
from tests.store.batches import Pen, make_book


@pytest.fixture
def dsn(database):
    """The address of a database with one empty book."""
    make_book(database)
    return database


@pytest.fixture
def a_pen(dsn):
    """Make writers of that book."""
    made = []

    def make(**more):
        made.append(Pen(dsn, **more))
        return made[-1]

    yield make
    for pen in made:
        pen.close()


@pytest.fixture
def pen(a_pen):
    """A writer of that book."""
    return a_pen()
