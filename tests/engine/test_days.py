"""Days pass one by one, whoever stops in between; a line's own day comes before its requests."""

import datetime as dt

import psycopg
import pytest
from tests.engine.naming import named, unlike
from tests.engine.script import (
    OPENED_ON,
    Ask,
    Client,
    apply_for,
    contents,
    differences,
    new_book,
    writer_of,
)

from jiehuan.core.commands import Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.engine import day
from jiehuan.store import failpoints
from jiehuan.store.failpoints import Crash

APRIL = dt.date(2026, 4, 1).toordinal()
MAY = dt.date(2026, 5, 1).toordinal()


def begun(dsn):
    """Return a client of a new book with debts on four lines."""
    client = Client(writer_of(dsn, new_book(dsn)))
    client.ask(*(apply_for(f"line{k}") for k in range(4)))
    client.ask(*(Ask(f"buy{k}", Kind.PURCHASE, f"line{k}", 50_000 + k) for k in range(4)))
    client.ask(Ask("hold", Kind.HOLD, "line0", 7_000), Ask("draw", Kind.DRAW, "line1", 9_000))
    client.ask(Ask("paid out", Kind.DRAW_SUCCEEDED, "line1", 0, "draw"))
    return client


def ended(dsn, client):
    """Return the rows of a client's book, which is closed."""
    client.writer.close()
    return contents(dsn, client.writer.book)


def journal(client, line):
    """Return kind, day and booking day of a line's commands."""
    return client.writer.conn.execute(
        "SELECT kind, effective_on::text, booked_on::text FROM command"
        " WHERE book = %s AND line = %s ORDER BY seq",
        [client.writer.book, client.known[line].line],
    ).fetchall()


@pytest.fixture
def client(dsn):
    """A client of a book with debts, on its first day."""
    client = begun(dsn)
    yield client
    client.writer.close()


@pytest.fixture(scope="module")
def straight(dsn):
    """A book that went on to May without a stop."""
    client = begun(dsn)
    day.advance(client.writer, MAY)
    return ended(dsn, client)


def test_missed_days_are_caught_up_as_if_none_had_been_missed(client, straight, dsn):
    for on in range(OPENED_ON, MAY + 1, 7):
        day.advance(client.writer, min(on, MAY))
        if on % 2:  # by another program, the next time
            client.writer.close()
            client.writer = writer_of(dsn, client.writer.book, f"night {on}")
    day.advance(client.writer, MAY)

    assert {} == differences(straight, ended(dsn, client))


def test_a_night_of_many_small_batches_is_one_of_a_large(dsn):
    books = []
    for lines in (1, 3, 1_000):
        client = begun(dsn)
        day.advance(client.writer, MAY, lines_a_batch=lines)
        client.writer.close()
        books.append(named(dsn, client.writer.book))

    assert {} == unlike(books[0], books[2])
    assert {} == unlike(books[1], books[2])


def test_the_count_of_events_is_that_of_the_journal(client):
    played = day.advance(client.writer, MAY)
    [events] = client.writer.conn.execute(
        "SELECT count(*) FROM command WHERE book = %s AND kind BETWEEN %s AND %s",
        [client.writer.book, Kind.STATEMENT, Kind.WRITE_OFF],
    ).fetchone()

    assert events == played > 10


@pytest.mark.parametrize("keep", [True, False], ids=["same writer", "new writer"])
@pytest.mark.parametrize("name", failpoints.NAMES)
def test_a_night_cut_short_anywhere_goes_on_where_it_stopped(client, straight, name, keep, dsn):
    """At the first, third, fifth .. time that the place is reached since the last crash."""
    crashes = 0
    while client.writer.business_on < MAY or client.writer.closed_on < MAY - 1:
        failpoints.arm(name, 1 + 2 * (crashes % 23))
        try:
            day.advance(client.writer, MAY)
        except Crash:
            crashes += 1
            if not keep:
                client.writer = writer_of(dsn, client.writer.book)
    failpoints.arm("")

    assert crashes > 1
    assert {} == differences(straight, ended(dsn, client))


def test_a_night_whose_connection_is_cut_again_and_again_is_as_any_other(client, straight, dsn):

    def cut(on):
        if on % 3 == 0:
            with psycopg.connect(dsn, autocommit=True) as connection:
                pid = client.writer.conn.info.backend_pid
                connection.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])

    day.advance(client.writer, MAY, progress=cut)

    assert {} == differences(straight, ended(dsn, client))


def test_a_request_on_a_line_whose_day_is_still_open_comes_after_that_day(client):
    day.advance(client.writer, APRIL - 1)
    day.begin(client.writer, APRIL)

    [answer] = client.ask(Ask("repay", Kind.REPAY, "line2", 50_002))

    assert Outcome.DONE == answer.outcome
    assert [
        (Kind.STATEMENT, "2026-04-01", "2026-04-01"),
        (Kind.REPAY, "2026-04-01", "2026-04-01"),
    ] == journal(client, "line2")[-2:]
    # The others still wait, and their night goes on.
    assert Kind.PURCHASE == journal(client, "line3")[-1][0]
    assert 3 == day.advance(client.writer, APRIL)
    assert APRIL - 1 == client.writer.closed_on


def test_what_closes_a_day_comes_before_a_request_of_the_next(client):
    """The hold of 1 March ends with the 8th: on the 9th it is there no more."""
    expired = OPENED_ON + 8
    day.advance(client.writer, expired - 1)
    day.begin(client.writer, expired)

    [answer] = client.ask(Ask("capture", Kind.CAPTURE, "line0", 7_000, "hold"))

    assert Outcome.HOLD_NOT_OPEN == answer.outcome
    assert [
        (Kind.HOLD_EXPIRED, "2026-03-08", "2026-03-08"),
        (Kind.CAPTURE, "2026-03-09", "2026-03-09"),
    ] == journal(client, "line0")[-2:]


def test_a_day_that_has_begun_does_not_begin_again(client):
    day.begin(client.writer, OPENED_ON + 1)
    day.begin(client.writer, OPENED_ON + 1)

    assert OPENED_ON + 1 == client.writer.business_on
    assert 0 == day.advance(client.writer, OPENED_ON)  # no way back
    assert OPENED_ON + 1 == client.writer.business_on


def test_a_day_is_closed_once(client):
    for _ in range(3):
        day.advance(client.writer, OPENED_ON + 2)
    found = client.writer.conn.execute(
        "SELECT effective_on::text FROM command WHERE book = %s AND kind = %s ORDER BY seq",
        [client.writer.book, Kind.DAY_CLOSED],
    ).fetchall()

    assert [("2026-03-01",), ("2026-03-02",)] == found
