"""Whatever a writer does is found by key, in a book that is empty and in a large one.

A plan is made from what the server knows of a table: nothing at first.  So each statement is
explained on empty tables, on 700,000 lines that nobody has counted, and on the same counted.
"""

import numpy as np
import pytest
from tests.database import TEMPLATE, make_database
from tests.store.batches import BOOK, OPENED_ON, hashes, line, make_book, rows

from jiehuan.store import books, reading, sql, tables, wire
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session
from jiehuan.store.wire import BIGINT

LINES = 700_000
ASKED = 1_000
CHILDREN = (tables.DUE, tables.LOAN, tables.INSTALMENT, tables.HOLD)


def statements():
    """Every form of statement that runs for a batch, with parameters, by name."""
    ids = np.arange(1, ASKED + 1)
    sent = wire.array(ids, BIGINT)
    keys = rows(tables.COMMAND, client=1, key_hash=hashes(*map(str, ids)))
    changed = {
        tables.LINE: line(ids),
        tables.LOAN: rows(tables.LOAN, line=ids, no=ids),
        tables.DUE: rows(tables.DUE, line=ids, due_on=OPENED_ON),
        tables.INSTALMENT: rows(tables.INSTALMENT, line=ids, loan=ids, no=1),
        tables.HOLD: rows(tables.HOLD, line=ids, no=ids, amount_minor=1),
    }
    yield (
        "find keys",
        sql.select(tables.COMMAND, BOOK, books._AMONG),
        wire.arrays(keys[["client", "key_hash"]]),
    )
    for table, more in (
        (tables.LINE, ""),
        (tables.DUE, reading._IS_UNMET),
        (tables.LOAN, reading._IS_OPEN),
        (tables.HOLD, reading._IS_HELD),
        (tables.COMMAND, " AND t.outcome = 0"),
    ):
        _, where, values = reading._of(table, "id" if table is tables.LINE else "line", ids, more)
        yield f"load {table.name}", sql.select(table, BOOK, where), values
    yield "load instalment", sql.select(tables.INSTALMENT, BOOK, reading._OF_LOANS), [sent, sent]
    for table, given in changed.items():
        yield f"update {table.name}", sql.update(table, BOOK), wire.arrays(given)
    for table in CHILDREN:
        delete = f"DELETE FROM {table.name} WHERE book = {BOOK} AND line = ANY(%s)"
        yield f"delete {table.name}", delete, [sent]


NAMES = [name for name, _, _ in statements()]


@pytest.fixture(scope="module", params=["empty", "not counted", "counted"])
def book(request, server):
    """The address of a database with an empty or a large book."""
    dsn = make_database(server, TEMPLATE)
    make_book(dsn, BOOK)
    if request.param != "empty":
        with connect(dsn, Session.OWNER) as conn:
            conn.execute("ALTER TABLE line SET (autovacuum_enabled = off)")
            conn.execute("ALTER TABLE loan SET (autovacuum_enabled = off)")
            fill(conn, tables.LINE, line(np.arange(1, LINES + 1)))
            loans = np.arange(1, LINES // 7)
            fill(conn, tables.LOAN, rows(tables.LOAN, line=loans, no=loans, open=True))
            if request.param == "counted":
                conn.execute("ANALYZE")
    return dsn


def fill(conn, table, given):
    with conn.cursor() as cursor, cursor.copy(sql.copy_in(table)) as copy:
        copy.write(wire.copy_in(given, BOOK))


@pytest.mark.parametrize("session", [Session.WRITER, Session.DAY])
def test_every_statement_of_a_batch_goes_by_key(book, session):
    with connect(book, session) as conn:
        for name, statement, values in statements():
            plan = "\n".join(row[0] for row in conn.execute(f"EXPLAIN {statement}", values))

            assert "Seq Scan" not in plan, (name, plan)
            assert "Hash Join" not in plan, (name, plan)
            assert "Merge Join" not in plan, (name, plan)


def test_a_plan_made_for_an_empty_book_does_when_it_has_grown(fresh_database):
    """The server may keep the plan of a prepared statement; a simulation begins with nothing."""
    dsn = fresh_database()
    make_book(dsn, BOOK)
    few = wire.arrays(line(np.arange(1, 3)))
    update = sql.update(tables.LINE, BOOK)
    with connect(dsn, Session.DAY) as conn:
        for _ in range(10):
            conn.execute(update, few)
        with connect(dsn, Session.OWNER) as other:
            fill(other, tables.LINE, line(np.arange(1, 50_001)))

        began = conn.execute("SELECT clock_timestamp()").fetchone()[0]
        for _ in range(10):
            conn.execute(update, few)
        took = conn.execute("SELECT clock_timestamp()").fetchone()[0] - began

    assert took.total_seconds() < 0.5
