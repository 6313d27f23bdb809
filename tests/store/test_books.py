"""One writer a book, and a late one cannot commit."""

import contextlib
import datetime as dt
import threading

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.database import TEMPLATE, make_database
from tests.store.batches import BOOK, OPENED_ON, Pen, keys_of, make_book
from tests.store.children import Child

from jiehuan.core.errors import BookTaken, FenceLost, KeyTaken, Postponed, UsageError
from jiehuan.store import books, saving
from jiehuan.store.database import connect
from jiehuan.store.failpoints import NAMES
from jiehuan.store.sessions import Session


@pytest.fixture
def conn(dsn):
    with connect(dsn) as connection:
        yield connection


def expire(dsn):
    """Let the lease of the book run out now."""
    with connect(dsn, Session.OWNER) as connection:
        connection.execute("UPDATE book SET expires_at = now() - interval '1 second'")


def test_a_book_is_made_once(dsn):
    with pytest.raises(UsageError, match="book 7 exists already"):
        make_book(dsn)


def test_a_new_book_stands_at_its_first_day(conn):
    lease = books.claim(conn, BOOK, "a")

    assert (BOOK, "a", 1, 0, OPENED_ON) == (
        lease.book,
        lease.owner,
        lease.epoch,
        lease.seq,
        lease.business_on,
    )
    assert OPENED_ON - 1 == books.closed_on(conn, BOOK)


def test_a_book_that_is_not_there(conn):
    with pytest.raises(UsageError, match="there is no book 8"):
        books.claim(conn, 8, "a")


def test_a_lease_keeps_others_out_until_it_runs_out(conn, dsn):
    books.claim(conn, BOOK, "a")
    with pytest.raises(BookTaken, match=r"held by a for [0-6]\.\d s more"):
        books.claim(conn, BOOK, "b")
    expire(dsn)

    assert books.claim(conn, BOOK, "b").epoch == 2


def test_a_lease_that_was_given_back_can_be_had_at_once(conn):
    lease = books.claim(conn, BOOK, "a")
    books.release(conn, lease)

    assert books.claim(conn, BOOK, "b").epoch == 2


def test_who_gives_back_what_another_has_takes_nothing(conn):
    lease = books.claim(conn, BOOK, "a")
    books.release(conn, lease)
    books.claim(conn, BOOK, "b")

    books.release(conn, lease)

    with pytest.raises(BookTaken, match="held by b"):
        books.claim(conn, BOOK, "c")


def test_the_owner_may_claim_again_and_the_epoch_moves_on(conn):
    first = books.claim(conn, BOOK, "a")

    assert first.epoch + 1 == books.claim(conn, BOOK, "a").epoch


def test_renewing_what_another_had_meanwhile_is_a_loss(conn, dsn):
    lease = books.claim(conn, BOOK, "a")
    expire(dsn)
    books.release(conn, books.claim(conn, BOOK, "b"))

    with pytest.raises(FenceLost):
        books.renew(conn, lease)


def test_a_late_writer_cannot_commit_once_another_has_the_book(a_pen, dsn):
    late = a_pen(owner="late")
    late.buy("one")
    expire(dsn)
    other = a_pen(owner="other")

    with pytest.raises(FenceLost):
        late.buy("two")

    other.buy("three")
    with pytest.raises(FenceLost):
        late.buy("four")
    assert ["one", "three"] == keys_of(dsn)


def test_a_claim_waits_for_the_lease_to_run_out(conn, dsn):
    books.claim(conn, BOOK, "a")
    timer = threading.Timer(0.2, expire, [dsn])
    timer.start()

    lease = books.claim(conn, BOOK, "b", wait_seconds=10)

    timer.join()
    assert lease.epoch == 2


def test_a_claim_waits_for_a_transaction_that_holds_the_book(a_pen, conn, dsn):
    """A ghost: its COMMIT may be under way, so its end is waited for and then seen."""
    pen = a_pen()
    expire(dsn)
    ghost = psycopg.connect(dsn)
    ghost.execute("UPDATE book SET seq = 5")
    timer = threading.Timer(0.2, ghost.commit)
    timer.start()

    lease = books.claim(conn, BOOK, "b")

    timer.join()
    ghost.close()
    assert lease.seq == 5
    with pytest.raises(FenceLost):
        pen.buy("late")


def test_a_transaction_that_holds_the_book_for_too_long_postpones_a_claim(conn, dsn):
    with psycopg.connect(dsn) as other:
        other.execute("SELECT FROM book FOR UPDATE")

        with pytest.raises(Postponed):
            books.claim(conn, BOOK, "a")


@pytest.mark.parametrize("where", ["before_fence", "after_fence", "before_commit", "commit_sent"])
def test_nobody_takes_a_book_between_the_fence_and_the_commit(a_pen, dsn, monkeypatch, where):
    """Another claims in the middle of a save; it waits, or the save comes to nothing."""
    pen = a_pen()
    expire(dsn)
    claimed = []

    def reach(name):
        if name == where:
            with connect(dsn) as other, contextlib.suppress(Postponed):
                claimed.append(books.claim(other, BOOK, "other").seq)

    monkeypatch.setattr(saving, "reach", reach)
    with contextlib.suppress(FenceLost):
        pen.buy("mine")

    # Whoever has claimed has seen all that will ever be there from before.
    assert len(keys_of(dsn)) == (claimed[0] if claimed else 1)


# --- Writers that are killed (tests/torture/test_stopped.py stops them) -------------------------

WRITES = """
    import sys
    from tests.store.batches import Pen
    pen = Pen(sys.argv[1], owner="killed")
    print("ready", flush=True)
    pen.buy("one", "two", "three")
"""
KILLS = [
    name
    for name in NAMES
    if name in ("before_fence", "after_fence", "before_commit", "commit_sent", "after_commit")
]


@pytest.mark.parametrize("where", KILLS)
def test_a_writer_that_was_killed_has_written_all_or_nothing(dsn, where):
    with Child(WRITES, dsn, JIEHUAN_FAILPOINT=f"{where}:1:kill") as child:
        assert child.hear() == "ready"
        assert child.hear() == ""
    with connect(dsn) as connection:
        lease = books.claim(connection, BOOK, "killed")

    kept = keys_of(dsn)
    assert lease.seq == len(kept)
    assert len(kept) in ({3} if where == "after_commit" else {0, 3})
    assert len(kept) == 0 or where in {"commit_sent", "after_commit"}


@settings(max_examples=20)
@given(steps=st.lists(st.sampled_from(["write a", "write b", "claim a", "claim b"]), max_size=12))
def test_whoever_claimed_last_writes_and_nobody_else(server_book, steps):
    dsn, number = server_book
    book = next(number)
    make_book(dsn, book)
    pens = {name: Pen(dsn, owner=name, book=book) for name in ("a",)}
    books.release(pens["a"].conn, pens["a"].lease)
    pens["b"] = Pen(dsn, owner="b", book=book)
    holder, written = "b", []
    for at, step in enumerate(steps):
        what, who = step.split()
        pen = pens[who]
        if what == "claim":
            books.release(pens[holder].conn, pens[holder].lease)
            pen.lease, holder = books.claim(pen.conn, book, who), who
        elif who == holder:
            pen.buy(f"{at}")
            written.append(f"{at}")
        else:
            with pytest.raises((FenceLost, KeyTaken)):
                pen.buy(f"{at}")
    for pen in pens.values():
        pen.close()

    assert written == keys_of(dsn, book)


@pytest.fixture(scope="module")
def server_book(server):
    """A database for many books, and numbers for them."""
    return make_database(server, TEMPLATE), iter(range(1, 30_000))


def test_the_date_of_a_book_is_kept_by_its_row(conn):
    row = conn.execute("SELECT business_date, opened_on, clock FROM book").fetchone()

    first = dt.date.fromordinal(OPENED_ON)
    assert (first, first, "virtual") == row
