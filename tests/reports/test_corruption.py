"""Change one value anywhere in the books, and audit sees it."""

import psycopg
import pytest
from psycopg import sql

from jiehuan.core.errors import JiehuanError
from jiehuan.reports.audit import audit
from jiehuan.store.database import connect
from jiehuan.store.sessions import Session

# What may be changed without a trace, and why.
EXEMPT = {
    ("command", "booked_at"): "real time of our machine: nothing follows from it",
    ("book", "epoch"): "the fence of today's writer: changes with every claim",
    ("book", "owner"): "the fence of today's writer",
    ("book", "expires_at"): "the fence of today's writer",
    ("book", "clock"): "how days will pass from here on; what was booked does not depend on it",
    **{
        ("outbox", name): "how the courier goes about it; what became of it is in the journal"
        for name in ("attempts", "wanted", "due_at", "sent_at", "partner", "reason")
    },
    ("client", "name"): "a name for people; the journal knows clients by number",
}
# Tables that hold nothing yet that the books depend on, or that are checked elsewhere.
APART = {
    "party": "numbers of people that callers choose; a line keeps its own",
    "vault": "sealed: who has the key sees what was changed",
    "inbox": "a copy of what others said; that it was booked is checked where messages are",
    "schema_version": "compared with the program's own steps whenever it starts",
}
NEVER_EXEMPT = {
    "line",
    "loan",
    "instalment",
    "statement",
    "hold",
    "command",
    "transfer",
    "batch",
    "decision",
    "terms",
    "policy",
    "model",
}

# Of these every value follows from the commands, so a change is seen without the hash chain.
DERIVED = {"transfer", "statement", "statement_item"}

# Another value of each type.
OTHER = {
    "smallint": "{0} + 1",
    "integer": "CASE WHEN {0} < 2147483647 THEN {0} + 1 ELSE 0 END",
    "bigint": "{0} + 1",
    "boolean": "NOT {0}",
    "date": "CASE WHEN isfinite({0}) THEN {0} + 1 ELSE DATE '2026-03-02' END",
    "text": "{0} || 'x'",
    "json": "'{{\"x\": 1}}'::json",
    "bytea": "CASE WHEN length({0}) > 0 THEN set_byte({0}, 0, 255 - get_byte({0}, 0))"
    " ELSE '\\x00'::bytea END",
    "uuid": "md5({0}::text)::uuid",
}


def columns(conn):
    """List table, column and type of every column of our schema."""
    return conn.execute(
        "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        " ORDER BY c.table_name, c.ordinal_position"
    ).fetchall()


def middle(conn, table):
    """Return where the row in the middle of a table is."""
    return conn.execute(
        sql.SQL(
            "SELECT ctid FROM {0} ORDER BY ctid OFFSET (SELECT count(*) / 2 FROM {0}) LIMIT 1"
        ).format(sql.Identifier(table))
    ).fetchone()


def is_seen(conn, book, table, column, kind):
    """Change a column of one row and say whether anything objects: database or audit."""
    row = middle(conn, table)
    assert row is not None, f"{table} is empty"
    conn.execute("SAVEPOINT before")
    try:
        conn.execute(
            sql.SQL("UPDATE {} SET {} = {} WHERE ctid = %s").format(
                sql.Identifier(table),
                sql.Identifier(column),
                sql.SQL(OTHER[kind]).format(sql.Identifier(column)),
            ),
            row,
        )
        checks = {breach.check for breach in audit(conn, book)}
        return bool(checks - ({"chain"} if table in DERIVED else set()))
    except (psycopg.IntegrityError, JiehuanError):
        return True
    finally:
        conn.execute("ROLLBACK TO before")


def test_a_book_in_which_everything_happened_is_clean(conn, book):
    assert [] == audit(conn, book)


def test_any_value_that_is_changed_is_seen(conn, book):
    unseen = [
        (table, column)
        for table, column, kind in columns(conn)
        if table not in APART
        and (table, column) not in EXEMPT
        and not is_seen(conn, book, table, column, kind)
    ]

    assert [] == unseen


def test_exempt_columns_exist_and_none_is_of_the_journal_or_of_what_is_owed(conn):
    every = {(table, column) for table, column, _ in columns(conn)}

    assert set() == set(EXEMPT) - every
    assert set() == set(APART) - {table for table, _ in every}
    assert {("command", "booked_at")} == {at for at in EXEMPT if at[0] in NEVER_EXEMPT}
    assert set() == set(APART) & NEVER_EXEMPT


ROWS = [
    *("line", "due", "loan", "instalment", "hold", "command", "transfer", "statement"),
    *("statement_item", "batch", "decision", "day", "day_total", "outbox"),
]


@pytest.mark.parametrize("table", ROWS)
def test_a_row_that_is_missing_is_seen(conn, book, table):
    conn.execute(
        sql.SQL("DELETE FROM {} WHERE ctid = %s").format(sql.Identifier(table)),
        middle(conn, table),
    )

    assert [] != audit(conn, book)


@pytest.mark.parametrize("table", ["line", "loan", "transfer", "statement_item", "due"])
def test_a_row_that_is_too_many_is_seen(conn, book, table):
    key = {"line": "id", "loan": "no", "transfer": "leg", "statement_item": "item"}
    conn.execute(
        sql.SQL(
            "CREATE TEMP TABLE extra ON COMMIT DROP AS SELECT * FROM {} WHERE ctid = %s"
        ).format(sql.Identifier(table)),
        middle(conn, table),
    )
    name = sql.Identifier(key.get(table, "due_on"))
    conn.execute(sql.SQL("UPDATE extra SET {0} = {0} + 300").format(name))
    conn.execute(sql.SQL("INSERT INTO {} SELECT * FROM extra").format(sql.Identifier(table)))

    assert [] != audit(conn, book)


def test_audit_ends_the_transaction_that_it_began(lived, book):
    with connect(lived[0], Session.READER) as connection:
        assert [] == audit(connection, book)
        assert psycopg.pq.TransactionStatus.IDLE == connection.info.transaction_status
