"""A book with a wallet beside it, and somebody with a phone."""

import pytest
from tests.serve.phone.phones import Phone, PhoneApi


@pytest.fixture
def book(an_api):
    """An empty book in CNY, on a virtual clock, with pages for phones."""
    return an_api(kind=PhoneApi)


@pytest.fixture
def stranger(book):
    """Somebody who has signed in and has no line."""
    return Phone(book).sign_in()


@pytest.fixture
def phone(book):
    """Somebody who has signed in and has a line of 10,000.00."""
    return Phone(book).sign_in().has_line()
