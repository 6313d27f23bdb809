"""What is read is what a batch needs: no more, and in the order of the key."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.database import TEMPLATE, make_database
from tests.store.batches import BOOK, OPENED_ON, Pen, journal, line, make_book, purchases, rows

from jiehuan.core.columns import NEVER
from jiehuan.core.line import HoldState, LoanKind
from jiehuan.store import reading, sql, tables, wire
from jiehuan.store.database import connect
from jiehuan.store.saving import Batch
from jiehuan.store.sessions import Session

ALL = np.array([1, 2, 3])


@pytest.fixture
def full(pen):
    """A book with rows that are open and rows that are not, on lines 1, 2 and 3."""
    lines = np.array([1, 1, 1, 2, 3, 3])
    numbers = np.array([11, 12, 13, 21, 31, 32])
    plan, cycle = int(LoanKind.PLAN), int(LoanKind.CYCLE)
    kinds = np.array([plan, plan, cycle, cycle, plan, cycle])
    is_open = np.array([1, 0, 1, 0, 1, 1], bool)
    held, void = int(HoldState.HELD), int(HoldState.VOIDED)
    pen.save(
        Batch(
            journal(),
            inserts={
                tables.LINE: line(ALL, next_event_at=np.array([30, 10, NEVER])),
                tables.LOAN: rows(tables.LOAN, line=lines, no=numbers, kind=kinds, open=is_open),
                tables.INSTALMENT: rows(
                    tables.INSTALMENT, line=lines, loan=numbers, no=1, due_on=OPENED_ON
                ),
                tables.DUE: rows(
                    tables.DUE, line=[1, 1, 3], due_on=[5, 6, 7], unmet_minor=[0, 9, 8]
                ),
                tables.HOLD: rows(
                    tables.HOLD,
                    line=[1, 1, 2],
                    no=[14, 15, 22],
                    state=[held, void, held],
                    amount_minor=5,
                    expires_on=[OPENED_ON, OPENED_ON, NEVER],
                ),
            },
        )
    )
    return pen


def test_lines_come_once_each_in_order_and_only_those_that_are_there(full):
    found = reading.lines(full.conn, BOOK, np.array([3, 1, 3, 99]))

    assert [1, 3] == found["id"].tolist()


def test_of_lines_all_that_is_open_comes_with_them(full):
    found = reading.children(full.conn, BOOK, np.array([3, 1]))

    assert [11, 13, 31, 32] == found[tables.LOAN]["no"].tolist()
    assert [11, 31] == found[tables.INSTALMENT]["loan"].tolist()
    assert [(1, 6, 9), (3, 7, 8)] == found[tables.DUE].tolist()
    assert [14] == found[tables.HOLD]["no"].tolist()


def test_lines_with_nothing_open_have_no_children(full):
    found = reading.children(full.conn, BOOK, np.array([99]))

    assert {table.name: 0 for table in found} == {t.name: len(r) for t, r in found.items()}


def test_holds_that_are_named_come_whatever_became_of_them(full):
    found = reading.holds(full.conn, BOOK, np.array([1]), np.array([15, 22]))

    # 22 is on another line.
    assert [14, 15] == found["no"].tolist()


def test_lines_with_an_event_come_in_pages(full):
    def page(until, after, limit):
        return reading.lines_with_events(full.conn, BOOK, until, after, limit).tolist()

    assert page(9, 0, 10) == []
    assert page(10, 0, 10) == [2]
    assert page(30, 0, 1) == [1]
    assert page(30, 1, 10) == [2]
    assert page(NEVER - 1, 0, 10) == [1, 2]


def test_lines_with_a_hold_that_expires(full):
    def page(on, after=0):
        return reading.lines_with_expiring_holds(full.conn, BOOK, on, after, 10).tolist()

    assert page(OPENED_ON - 1) == []
    assert page(OPENED_ON) == [1]
    assert page(OPENED_ON, after=1) == []


def test_the_journal_of_lines_has_what_was_accepted(pen):
    batch = purchases(0, ["a", "b", "c", "d"], line=[1, 2, 1, 3])
    batch.journal["command"]["outcome"] = [0, 0, 30, 0]
    pen.save(batch)

    assert [1, 4] == reading.journal(pen.conn, BOOK, np.array([3, 1])).seq.tolist()


def test_another_book_is_another_world(pen, dsn):
    make_book(dsn, BOOK + 1)
    other = Pen(dsn, book=BOOK + 1)
    other.buy("theirs")
    other.close()
    pen.buy("mine")

    assert 1 == len(reading.read(pen.conn, tables.COMMAND, BOOK))
    assert 0 == len(reading.read(pen.conn, tables.COMMAND, BOOK + 2))


@settings(max_examples=30)
@given(
    groups=st.lists(st.integers(1, 6), max_size=12),
    page=st.integers(1, 9),
)
def test_pages_put_together_are_the_table_and_tear_no_group(paged, groups, page):
    conn, books = paged
    book = next(books)
    lines = np.repeat(np.arange(1, len(groups) + 1), groups)
    numbers = np.concatenate([np.arange(1, n + 1) for n in groups] or [np.zeros(0)])
    given_rows = (
        rows(tables.LOAN, line=lines, no=numbers) if groups else np.zeros(0, tables.LOAN.dtype)
    )
    put(conn, book, given_rows)

    pages = list(reading.read_pages(conn, tables.LOAN, book, page))

    whole = np.concatenate(pages) if pages else np.zeros(0, tables.LOAN.dtype)
    assert (whole == given_rows).all()
    seen = [set(part["line"].tolist()) for part in pages]
    assert len(set().union(*seen)) == sum(map(len, seen))


def put(conn, book, given_rows):
    with conn.cursor() as cursor, cursor.copy(sql.copy_in(tables.LOAN)) as copy:
        copy.write(wire.copy_in(given_rows, book))


@pytest.fixture(scope="module")
def paged(server):
    with connect(make_database(server, TEMPLATE), Session.OWNER) as conn:
        yield conn, iter(range(1, 30_000))
