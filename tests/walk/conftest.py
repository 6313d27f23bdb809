"""Fixtures of the tests in a browser: each visitor has a browser of their own."""

import pytest
from tests.walk import browser
from tests.walk.demo import Borrower, Demo
from tests.walk.sandbox import Sandbox


@pytest.fixture(scope="module")
def chromium():
    """The browser, for a module: while it runs its loop does, and others could not run theirs."""
    browser.needed()
    with browser.chromium() as one:
        yield one


@pytest.fixture
def a_visitor(chromium):
    """Send in visitors; at the end none of their pages may have done anything wrong."""
    visitors = []

    def enter(language="zh", width=browser.PHONE, scripts=True):
        visitors.append(browser.Visitor(chromium, language, width, scripts))
        return visitors[-1]

    yield enter
    for one in visitors:
        one.close()
    assert [] == [wrong for one in visitors for wrong in one.wrong]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """A running `jiehuan sandbox wechat` that these tests share, and a merchant of it."""
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as one:
        yield one


@pytest.fixture(scope="session")
def demo():
    """A running `jiehuan demo --people 0` that these tests share; its clock only goes forward."""
    with Demo() as one:
        yield one


@pytest.fixture
def a_borrower(demo, a_visitor):
    """Give a phone to one of the wallet's people: nobody else's in the same process."""

    def enter(person, language="zh", *, scripts=True):
        demo.fifth()
        return Borrower(demo, a_visitor(language, scripts=scripts), person)

    return enter
