"""The Taiwan book through engine and database: as rehearsed, and as if never cut short."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from tests.database import TEMPLATE, make_database
from tests.simulate.lives import people, rehearsed
from tests.simulate.test_plan import some

from jiehuan.core.apply import order_of
from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.errors import UsageError
from jiehuan.engine.post import Writer
from jiehuan.reports.audit import audit
from jiehuan.simulate import demo
from jiehuan.simulate.figures import Figures, look, statements_off
from jiehuan.simulate.plan import FIRST_ON, first_of
from jiehuan.simulate.run import BOOK, Taiwan
from jiehuan.store import lookup, reading, tables
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

FEW, MONTHS = 40, 3

# What tells two runs of the same book apart.
APART = {"booked_at"}


class Stopped(Exception):
    """The run was stopped by the test."""


def writer_of(dsn: str) -> Writer:
    return Writer(partial(connect, dsn, Session.DAY), BOOK, "test")


def quiet(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


def lived(dsn: str, months: int = MONTHS, tell=quiet, clients=None) -> Figures:
    """Run a book to its end, review it and look at it."""
    demo.prepare(dsn, keep=True)
    with writer_of(dsn) as writer:
        run = Taiwan(writer, people(FEW) if clients is None else clients, months, tell)
        run.run()
        seen = run.follow()
        run.review(seen)
        return look(writer.conn, run, seen)


@pytest.fixture(scope="module")
def book(server) -> tuple[str, Figures]:
    """A book that was never disturbed."""
    dsn = make_database(server, TEMPLATE)
    return dsn, lived(dsn)


def rows(dsn: str, table):
    with connect(dsn, Session.READER) as conn:
        return reading.read(conn, table, BOOK)


def test_no_statement_differs_from_the_data(book):
    found = book[1]
    said = found.to_json("clean", 1.0)

    assert (FEW, FEW * MONTHS, 0) == (found.clients, found.statements, found.statements_off)
    assert (0, 0) == (found.refused, found.balances.difference_minor)
    assert FEW == sum(found.buckets.values())
    assert found.commands == found.posted.commands + FEW  # the reviews come after the last close
    assert said["commands_per_s"] > 0
    assert said["interest_minor"] > 0


def test_the_audit_finds_nothing(book):
    with connect(book[0], Session.READER) as conn:
        assert [] == audit(conn, BOOK)


def test_statements_are_as_rehearsed(book):
    expected = rehearsed(FEW, MONTHS).statements.to_rows()
    names = [name for name in expected.dtype.names or () if name != "no"]

    found = rows(book[0], tables.STATEMENT)

    found = found[np.lexsort((found["line"], found["cut_on"]))]
    assert expected[names].tolist() == found[names].tolist()


def test_the_journal_is_as_rehearsed(book):
    """Line by line; numbers are given in another order."""
    found = rows(book[0], tables.COMMAND)
    found = Commands.from_rows(found[(found["line"] > 0) & (found["kind"] != Kind.REVIEW)])
    expected = rehearsed(FEW, MONTHS).journal
    numbers = {"seq", "ref", "applied_minor", "booked_on"}
    names = [name for name in Commands.DTYPE.names or () if name not in numbers]

    def told(commands: Commands):
        ordered = commands.to_rows(order_of(commands))
        ordered["line"][ordered["kind"] == Kind.OPEN] = 0
        ordered["terms"][ordered["kind"] >= Kind.STATEMENT] = 0
        return ordered[names].tolist()

    assert told(expected) == told(found)


def test_each_client_is_a_party_with_two_decisions(book):
    dsn, found = book
    lines = rows(dsn, tables.LINE)
    with connect(dsn, Session.READER) as conn:
        first = lookup.decision(conn, BOOK, int(lines["id"][-1]))
        parties = conn.execute("SELECT id FROM party WHERE book = %s ORDER BY id", (BOOK,))
        assert people(FEW).id.tolist() == [row[0] for row in parties.fetchall()]
        decided = conn.execute("SELECT kind, count(*) FROM decision GROUP BY kind ORDER BY kind")
        assert [(Kind.OPEN, FEW), (Kind.REVIEW, FEW)] == decided.fetchall()
    assert first is not None
    assert (int(lines["id"][-1]), Kind.OPEN) == (first.id, first.kind)
    assert {"application", "behaviour"} == set(found.auc)


KEPT = (
    tables.LINE,
    tables.DUE,
    tables.LOAN,
    tables.INSTALMENT,
    tables.HOLD,
    tables.COMMAND,
    tables.TRANSFER,
    tables.STATEMENT,
    tables.STATEMENT_ITEM,
    tables.OUTBOX,
    tables.DAY_TOTAL,
)


def assert_same_book(expected: str, actual: str):
    """Row by row, and the day they stand on."""
    for table in KEPT:
        names = [name for name in table.columns if name not in APART]
        one, two = rows(expected, table)[names], rows(actual, table)[names]
        assert len(one) == len(two), table.name
        assert (one == two).all(), table.name


def stop_at(done_on: int):
    """Stop a run when it comes to a day."""

    def tell(done: int, _total: int, _what: str) -> None:
        if FIRST_ON + done == done_on:
            raise Stopped

    return tell


# The applications, a day amid them, the day before and of the draws, a statement day, the last.
@pytest.mark.parametrize(
    "days", [(0, 17), (61, 62, 63), (66, 91)], ids=["april", "draws", "the end"]
)
def test_a_run_that_was_stopped_goes_on_to_the_same_book(book, fresh_database, days):
    dsn = fresh_database()
    for day in days:
        with pytest.raises(Stopped):
            lived(dsn, tell=stop_at(FIRST_ON + day))

    lived(dsn)

    assert_same_book(book[0], dsn)


@pytest.mark.parametrize("posts", [1, 2, 30, 61, 62])
def test_a_run_that_was_stopped_after_a_batch_goes_on_to_the_same_book(
    book, fresh_database, monkeypatch, posts
):
    """What was posted of a day is known by its key."""
    dsn, post = fresh_database(), Writer.post
    left = [posts]

    def post_some(writer, requests):
        answers = post(writer, requests)
        left[0] -= 1
        if not left[0]:
            raise Stopped
        return answers

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "post", post_some)
        with pytest.raises(Stopped):
            lived(dsn)

    lived(dsn)

    assert_same_book(book[0], dsn)


def test_a_book_of_a_month_can_be_gone_on_with(book, fresh_database):
    """But for its reviews it is the book that was run in one go."""
    dsn = fresh_database()
    lived(dsn, months=1)

    assert 0 == lived(dsn).statements_off

    with connect(dsn, Session.READER) as conn:
        assert [] == audit(conn, BOOK)
    one, two = (rows(each, tables.STATEMENT)["balance_minor"] for each in (book[0], dsn))
    assert sorted(one.tolist()) == sorted(two.tolist())


def test_a_finished_book_is_left_as_it_is(book):
    before = rows(book[0], tables.COMMAND)

    found = lived(book[0])

    assert 0 == found.posted.commands == found.posted.rows
    assert (before == rows(book[0], tables.COMMAND)).all()


def test_others_cannot_move_into_a_book(book):
    with pytest.raises(UsageError, match="40 clients who are not the 41 asked for"):
        lived(book[0], clients=people(FEW + 1))
    with pytest.raises(UsageError, match="are not the 39 asked for"):
        lived(book[0], clients=people(FEW - 1))


def test_a_month_is_not_gone_on_with_from_other_data(fresh_database):
    dsn = fresh_database()
    with pytest.raises(Stopped):
        lived(dsn, tell=stop_at(FIRST_ON + 40))
    paid = tuple(amount + 100 * (amount > 0) for amount in people(FEW).paid_minor)

    with pytest.raises(UsageError, match=r"2005-05 has in store .* another --input"):
        lived(dsn, clients=dataclasses.replace(people(FEW), paid_minor=paid))


@pytest.mark.parametrize("months", [0, 7])
def test_months_are_one_to_six(fresh_database, months):
    with pytest.raises(UsageError, match=f"--months {months} is out of range; 1 .. 6"):
        lived(fresh_database(), months=months)


def test_a_book_without_clients_stays_on_its_first_day(fresh_database):
    dsn = fresh_database()

    found = lived(dsn, clients=some(people(), people().id < 0))

    with connect(dsn, Session.READER) as conn:
        row = lookup.book(conn, BOOK)
        assert [] == audit(conn, BOOK)
    assert (0, 0, 0) == (found.clients, found.commands, found.statements_off)
    assert row is not None
    assert FIRST_ON == row.business_on


def test_a_statement_that_differs_is_counted(book):
    lines, cuts = rows(book[0], tables.LINE), rows(book[0], tables.STATEMENT)
    few = people(FEW)
    assert 0 == statements_off(cuts, lines, few, MONTHS)

    cuts["balance_minor"][[0, 5]] += 1
    assert 2 == statements_off(cuts, lines, few, MONTHS)
    cuts["balance_minor"][[0, 5]] -= 1
    some_owe = cuts["balance_minor"] != 0
    assert 1 == statements_off(np.delete(cuts, np.flatnonzero(some_owe)[3]), lines, few, MONTHS)
    cuts["cut_on"][7] = first_of(5)
    assert statements_off(cuts, lines, few, MONTHS) >= 1
