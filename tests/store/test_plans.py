"""Whatever a writer does is found by key, also where the server has not counted the rows yet.

A plan is made from what the server knows of a table: nothing at first.  So each statement is
explained on 700,000 lines that nobody has counted, and on the same lines counted.
"""

import numpy as np
import pytest
from tests.database import TEMPLATE, make_database
from tests.store.batches import BOOK, hashes, line, make_book, rows

from jiehuan.store import reading, saving, sql, tables, wire
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session
from jiehuan.store.wire import BIGINT

LINES = 700_000
ASKED = 1_000
ROWS_READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = %s"
CHILDREN = (tables.DUE, tables.LOAN, tables.INSTALMENT, tables.HOLD)


def reads():
    """Every read that runs for a batch."""
    ids = {"line": np.arange(1, ASKED + 1)}
    plans = ids | {"loan": ids["line"]}
    keys = {"client": np.ones(ASKED), "key_hash": hashes(*map(str, ids["line"]))}
    yield reading.by(tables.LINE, BOOK, {"id": ids["line"]})
    yield reading.by(tables.DUE, BOOK, ids, reading.IS_UNMET)
    yield reading.by(tables.LOAN, BOOK, ids, reading.IS_OPEN)
    yield reading.by(tables.HOLD, BOOK, ids, reading.IS_HELD)
    yield reading.by(tables.COMMAND, BOOK, ids, reading.IS_DONE)
    yield reading.by(tables.INSTALMENT, BOOK, plans)
    yield reading.by(tables.COMMAND, BOOK, keys)


@pytest.fixture(scope="module")
def large(server):
    """The address of a database with a large book that the server has not counted."""
    dsn = make_database(server, TEMPLATE)
    make_book(dsn, BOOK)
    few = np.arange(1, LINES // 7)
    keys = np.frombuffer(np.random.default_rng(1).bytes(16 * len(few)), "V16")
    with connect(dsn, Session.OWNER) as conn:
        for table in (tables.LINE, tables.LOAN, tables.COMMAND):
            conn.execute(f"ALTER TABLE {table.name} SET (autovacuum_enabled = off)")
        fill(conn, tables.LINE, line(np.arange(1, LINES + 1)))
        fill(conn, tables.LOAN, rows(tables.LOAN, line=few, no=few, open=True))
        fill(conn, tables.COMMAND, rows(tables.COMMAND, seq=few, line=few, key_hash=keys))
    return dsn


@pytest.fixture(scope="module", params=["not counted", "counted"])
def book(request, large):
    """The address of the large book, before and after it was counted."""
    if request.param == "counted":
        with connect(large, Session.OWNER) as conn:
            conn.execute("ANALYZE")
    return large


def fill(conn, table, given):
    with conn.cursor() as cursor, cursor.copy(sql.copy_in(table)) as copy:
        copy.write(wire.copy_in(given, BOOK))


def plan_of(conn, statement, values):
    return "\n".join(row[0][:200] for row in conn.execute(f"EXPLAIN {statement}", values))


def conditions(plan):
    """What the scans of a plan look up in an index."""
    return [line for line in plan.splitlines() if "Index Cond" in line]


@pytest.mark.parametrize("session", [Session.WRITER, Session.DAY])
def test_every_read_of_a_batch_goes_by_key(book, session):
    with connect(book, session) as conn:
        for _, statement, values in reads():
            plan = plan_of(conn, statement, values)

            assert "Seq Scan" not in plan, plan
            assert len(conditions(plan)) == 1, plan
            looked_up = conditions(plan)[0].count(" = ")
            assert looked_up == 1 + len(values), plan


@pytest.mark.parametrize("table", CHILDREN, ids=lambda table: table.name)
def test_every_delete_of_a_batch_goes_by_key(book, table):
    sent = wire.array(np.arange(1, ASKED + 1), BIGINT)
    with connect(book, Session.WRITER) as conn:
        plan = plan_of(conn, saving.delete_of_lines(table, BOOK), [sent])

        assert "Seq Scan" not in plan
        assert "line" in conditions(plan)[0], plan


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
            fill(other, tables.LINE, line(np.arange(3, 50_001)))

        with conn.transaction():
            conn.execute(update, few)
            [[read]] = conn.execute(ROWS_READ, [tables.LINE.name]).fetchall()

    assert read < 100  # two an update
