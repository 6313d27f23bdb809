"""What a batch reads before it is decided, and what audit reads, as whole columns.

Rows come as arrays of the dtype of their table, in the order of its key.  Arrays of ids are of
shape (n,) and need not be sorted.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg

from jiehuan.core.columns import Commands, Ids, Int64s, Rows
from jiehuan.core.line import HoldState, LoanKind
from jiehuan.core.outcomes import Outcome
from jiehuan.store import sql, wire
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.tables import (
    COMMAND,
    DAY_TOTAL,
    DUE,
    HOLD,
    INSTALMENT,
    LINE,
    LOAN,
    OUTBOX,
    TABLES,
    Table,
)

PAGE_ROWS = 50_000

Query = tuple[Table, str, Sequence[Any]]
"""What is read, the statement and its parameters."""


def read(conn: psycopg.Connection, table: Table, book: int, where: str = "") -> Rows:
    """Return the rows of a book's table, in the order of its key.

    Args:
        conn: A connection.
        table: What to read; its dtype is that of the rows.
        book: Whose rows.
        where: A condition on ``t`` that begins with AND; without it the whole table is read.
    """
    if where:
        return _ask(conn, (table, sql.select(table, book, where), ()))
    pages = list(read_pages(conn, table, book))
    return np.concatenate(pages) if pages else np.empty(0, table.dtype)


def read_pages(
    conn: psycopg.Connection, table: Table, book: int, rows: int = PAGE_ROWS
) -> Iterator[Rows]:
    """Yield the rows of a book's table, about ``rows`` at a time, in the order of its key.

    Rows that agree in the first column of the key stay together.
    """
    first = table.key[0]
    if table.dtype[first] != np.int64:  # a day a row: such a table is small
        yield _ask(conn, (table, sql.select(table, book, ""), ()))
        return
    after = -(2**63)
    while True:
        page = _page(conn, table, book, after, rows)
        if len(page) < rows:
            if len(page):
                yield page
            return
        # The rest of the last group may be on the next page.
        whole = page[: np.searchsorted(page[first], page[first][-1])]
        if len(whole):
            after = int(whole[first][-1])
            yield whole
        else:
            rows *= 2


def _page(conn: psycopg.Connection, table: Table, book: int, after: int, rows: int) -> Rows:
    """Return the first rows whose first key column is above a number."""
    answer = conn.execute(sql.page(table, book).encode(), (after, rows), binary=True).fetchone()
    assert answer is not None
    return wire.records(answer[0], table.dtype)


def _ask(conn: psycopg.Connection, query: Query) -> Rows:
    """Return the rows that a query finds."""
    table, statement, values = query
    answer = conn.execute(statement.encode(), values, binary=True).fetchone()
    assert answer is not None
    return wire.records(answer[0], table.dtype)


def _ask_all(conn: psycopg.Connection, queries: Sequence[Query]) -> list[Rows]:
    """Return what several queries find, in one round trip."""
    with conn.pipeline():
        cursors = [
            conn.execute(statement.encode(), values, binary=True)
            for _, statement, values in queries
        ]
    answers = [cursor.fetchone() for cursor in cursors]
    return [
        wire.records(answer[0] if answer else b"", table.dtype)
        for answer, (table, _, _) in zip(answers, queries, strict=True)
    ]


def by(table: Table, book: int, keys: Mapping[str, np.ndarray], where: str = "") -> Query:
    """Ask for the rows that have one of several keys, each given once.

    Args:
        table: What to read.
        book: Whose rows.
        keys: Columns of the key, all of shape (n,), by their names in the table.
        where: A further condition on ``t`` that begins with AND.
    """
    dtype = table.dtype
    sent = [
        wire.array(np.asarray(values, dtype[name]), wire.wire_type(name, dtype[name]))
        for name, values in keys.items()
    ]
    return table, sql.select_by(table, book, tuple(keys), where), sent


# --- What a batch needs -------------------------------------------------------------------------

IS_OPEN = " AND t.open"
IS_UNMET = " AND t.unmet_minor > 0"
IS_HELD = f" AND t.state = {HoldState.HELD:d}"
IS_DONE = f" AND t.outcome = {Outcome.DONE:d}"


def lines(conn: psycopg.Connection, book: int, ids: Int64s) -> Rows:
    """Return the lines that exist among ``ids``."""
    return _ask(conn, by(LINE, book, {"id": np.unique(ids)}))


def children(conn: psycopg.Connection, book: int, ids: Int64s) -> dict[Table, Rows]:
    """Return all that is open on lines: one round trip, two where there are plans.

    These are their unmet minimums, open loans, the instalments of those that are plans, and
    what is held.
    """
    of_lines = {"line": np.unique(ids)}
    queries = [
        by(DUE, book, of_lines, IS_UNMET),
        by(LOAN, book, of_lines, IS_OPEN),
        by(HOLD, book, of_lines, IS_HELD),
    ]
    due, loan, hold = _ask_all(conn, queries)
    plans = loan[loan["kind"] == LoanKind.PLAN]
    parts = np.zeros(0, INSTALMENT.dtype)
    if len(plans):
        of_plans = {"line": plans["line"], "loan": plans["no"]}
        parts = _ask(conn, by(INSTALMENT, book, of_plans))
    return {DUE: due, LOAN: loan, INSTALMENT: parts, HOLD: hold}


def holds(conn: psycopg.Connection, book: int, ids: Int64s, refs: Int64s) -> Rows:
    """Return what is held on lines, and their holds numbered ``refs`` whatever became of them."""
    named = f" AND (t.state = {HoldState.HELD:d} OR t.no = ANY(%s::bigint[]))"
    table, statement, values = by(HOLD, book, {"line": np.unique(ids)}, named)
    sent = wire.array(np.asarray(refs, np.int64), wire.BIGINT)
    return _ask(conn, (table, statement, (*values, sent)))


def journal(conn: psycopg.Connection, book: int, ids: Int64s) -> Commands:
    """Return the accepted commands of lines, in journal order."""
    rows = _ask(conn, by(COMMAND, book, {"line": np.unique(ids)}, IS_DONE))
    return Commands.from_rows(rows)


def keyed(conn: psycopg.Connection, book: int, clients: Ids, keys: np.ndarray) -> Rows:
    """Return the commands that were journalled under keys, each given once, shape (n,)."""
    return _ask(conn, by(COMMAND, book, {"client": clients, "key_hash": keys}))


def commands_after(conn: psycopg.Connection, book: int, seq: int) -> Rows:
    """Return the next page of the journal after ``seq``, whatever the outcomes; none: the end."""
    return _page(conn, COMMAND, book, seq, PAGE_ROWS)


# --- What a day needs ---------------------------------------------------------------------------


def _numbers(conn: psycopg.Connection, statement: str, values: Sequence[Any]) -> Int64s:
    """Return the numbers that a statement finds, in its order."""
    rows = conn.execute(statement.encode(), values).fetchall()
    return np.fromiter((row[0] for row in rows), np.int64, len(rows))


def lines_with_events(
    conn: psycopg.Connection, book: int, until: int, after: int, limit: int
) -> Int64s:
    """Return the next lines with an event at or before a position, in order of their ids.

    Args:
        conn: A connection.
        book: Whose lines.
        until: The position: day x 3 + moment.
        after: The line done last.
        limit: At most so many.
    """
    return _numbers(
        conn,
        f"SELECT id FROM line WHERE book = {book:d} AND next_event_at <= %s AND id > %s"
        " ORDER BY id LIMIT %s",
        (until, after, limit),
    )


def lines_with_expiring_holds(
    conn: psycopg.Connection, book: int, until_on: int, after: int, limit: int
) -> Int64s:
    """Return the next lines with a hold that expires on a day or before, in order of ids."""
    return _numbers(
        conn,
        f"SELECT DISTINCT line FROM hold WHERE book = {book:d} AND state = {HoldState.HELD:d}"
        " AND expires_on <= %s AND line > %s ORDER BY line LIMIT %s",
        (dt.date.fromordinal(until_on), after, limit),
    )


def day_totals(conn: psycopg.Connection, book: int, until_on: int) -> Rows:
    """Return what every day up to ``until_on`` added to the running sums."""
    rows = read(conn, DAY_TOTAL, book)
    return np.asarray(rows[rows["booked_on"] <= until_on])


def first_seq(conn: psycopg.Connection, book: int, on: int) -> int:
    """Return the number of the first command after a day became the book's day; 0 if unknown."""
    row = conn.execute(
        f"SELECT first_seq FROM day WHERE book = {book:d} AND business_date = %s",
        (dt.date.fromordinal(on),),
    ).fetchone()
    return 0 if row is None else int(row[0])


def moved(
    conn: psycopg.Connection, book: int, after_on: int, until_on: int, from_seq: int
) -> list[tuple[int, int, int]]:
    """Return debit, credit and sum of the transfers booked on days after one, up to another.

    ``from_seq`` is a number before which none of them can be.
    """
    rows = conn.execute(
        "SELECT debit, credit, sum(amount_minor)::bigint FROM transfer"
        f" WHERE book = {book:d} AND seq >= %s AND booked_on > %s AND booked_on <= %s"
        " GROUP BY debit, credit",
        (from_seq, dt.date.fromordinal(max(after_on, 1)), dt.date.fromordinal(until_on)),
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


# --- What audit needs ---------------------------------------------------------------------------


def outbox(conn: psycopg.Connection, book: int) -> Rows:
    """Return the instructions of a book."""
    return read(conn, OUTBOX, book)


def details(conn: psycopg.Connection, book: int) -> dict[int, bytes]:
    """Return the JSON texts kept with commands, as they came, by number."""
    rows = conn.execute(
        f"SELECT seq, detail::text FROM command WHERE book = {book:d} AND detail IS NOT NULL"
        " ORDER BY seq"
    ).fetchall()
    return {row[0]: row[1].encode() for row in rows}


def decisions(conn: psycopg.Connection, book: int) -> dict[int, DecisionRow]:
    """Return the decisions of a book, by the number of their command."""
    rows = conn.execute(sql.select_decisions(book).encode(), binary=True).fetchall()
    return {row[0]: DecisionRow(*row[1:]) for row in rows}


def batches(conn: psycopg.Connection, book: int) -> Rows:
    """Return the chain of a book: first and last number, hash, hash before, in order."""
    rows = conn.execute(
        "SELECT first_seq, last_seq, hash, previous_hash FROM batch"
        f" WHERE book = {book:d} ORDER BY first_seq",
        binary=True,
    ).fetchall()
    out = np.empty(len(rows), BATCH_DTYPE)
    for name, values in zip(BATCH_DTYPE.names or (), zip(*rows, strict=True), strict=False):
        out[name] = values
    return out


BATCH_DTYPE = np.dtype(
    [("first_seq", "i8"), ("last_seq", "i8"), ("hash", "V32"), ("previous_hash", "V32")]
)


def everything(conn: psycopg.Connection, book: int) -> Mapping[str, Rows]:
    """Return every table of a book whose columns are those of ``core.columns``, by name."""
    return {name: read(conn, table, book) for name, table in TABLES.items()}
