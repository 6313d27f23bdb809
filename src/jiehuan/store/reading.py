"""What a batch reads before it is decided, as whole columns."""

import datetime as dt

import numpy as np
import psycopg

from jiehuan.core.columns import Commands, Int64s, Rows
from jiehuan.core.outcomes import Outcome
from jiehuan.store import sql, wire
from jiehuan.store.tables import (
    COMMAND,
    DAY_TOTAL,
    DUE,
    HOLD,
    INSTALMENT,
    LINE,
    LOAN,
    OUTBOX,
    Table,
)


def read(conn: psycopg.Connection, table: Table, book: int, where: str = "") -> Rows:
    """Return the rows of a book's table, in the order of its key."""
    with conn.cursor() as cursor, cursor.copy(sql.copy_out(table, book, where)) as copy:
        data = b"".join(copy)
    return wire.copy_out(data, table.dtype)


def lines(conn: psycopg.Connection, book: int, ids: Int64s) -> Rows:
    """Return the lines that exist among ``ids``."""
    return read(conn, LINE, book, sql.of_lines(ids.tolist(), "id"))


def loans(conn: psycopg.Connection, book: int, ids: Int64s) -> Rows:
    """Return the open loans of lines."""
    return read(conn, LOAN, book, sql.of_lines(ids.tolist(), "line") + " AND t.open")


def dues(conn: psycopg.Connection, book: int, ids: Int64s) -> Rows:
    """Return the unmet minimums of lines."""
    return read(conn, DUE, book, sql.of_lines(ids.tolist(), "line") + " AND t.unmet_minor > 0")


def instalments(conn: psycopg.Connection, book: int, loan_lines: Int64s, loans: Int64s) -> Rows:
    """Return the instalments of loans; ``loan_lines`` are the lines they are on."""
    if not len(loans):
        return read(conn, INSTALMENT, book, " AND false")
    where = sql.of_lines(loan_lines.tolist(), "line") + sql.of_lines(loans.tolist(), "loan")
    return read(conn, INSTALMENT, book, where)


def holds(conn: psycopg.Connection, book: int, ids: Int64s, refs: Int64s) -> Rows:
    """Return the open holds of lines, and those numbered ``refs`` whatever became of them."""
    named = "" if not len(refs) else f" OR t.no = ANY('{{{','.join(map(str, refs.tolist()))}}}')"
    where = sql.of_lines(ids.tolist(), "line") + f" AND (t.state = 1{named})"
    return read(conn, HOLD, book, where)


def journal(conn: psycopg.Connection, book: int, ids: Int64s) -> Commands:
    """Return the accepted commands of lines, in journal order."""
    where = sql.of_lines(ids.tolist(), "line") + f" AND t.outcome = {Outcome.DONE:d}"
    rows = read(conn, COMMAND, book, where)
    return Commands.from_rows(rows)


def lines_with_events(
    conn: psycopg.Connection, book: int, until: int, after: int, limit: int
) -> Int64s:
    """Return the ids of the next lines whose event is at or before position ``until``."""
    where = (
        f" AND t.next_event_at <= {until} AND t.id > {after}"
        f" AND t.id IN (SELECT l.id FROM line l WHERE l.book = {book}"
        f" AND l.next_event_at <= {until} AND l.id > {after} ORDER BY l.id LIMIT {limit})"
    )
    ids: Int64s = read(conn, LINE, book, where)["id"]
    return ids


def day_totals(conn: psycopg.Connection, book: int, until_on: int) -> Rows:
    """Return what every day up to ``until_on`` added to the running sums."""
    rows = read(conn, DAY_TOTAL, book)
    return np.asarray(rows[rows["booked_on"] <= until_on])


def outbox(conn: psycopg.Connection, book: int) -> Rows:
    """Return the instructions of a book."""
    return read(conn, OUTBOX, book)


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
