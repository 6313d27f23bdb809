"""What does a whole book add up to?  Sums for reports and pages.

Each is one pass over one table of one book, in the reader's snapshot; the caller decides how
often.  Amounts are minor units, days ordinals.
"""

import dataclasses
import datetime as dt
from typing import Any

import psycopg
from psycopg.rows import class_row

from jiehuan.core.columns import Rows
from jiehuan.core.commands import CLIENT_DAY, Kind
from jiehuan.core.line import Status
from jiehuan.store.reading import read
from jiehuan.store.tables import COMMAND


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Lines of one status and one bucket."""

    status: int
    bucket: int
    lines: int
    limit_minor: int
    used_minor: int
    held_minor: int
    overpaid_minor: int
    charges_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of one kind of command, one outcome and one first reason."""

    kind: int
    outcome: int
    reason: str
    decisions: int


@dataclasses.dataclass(frozen=True, slots=True)
class Cut:
    """Statements of one day."""

    cut_on: dt.date
    statements: int
    balance_minor: int
    due_minor: int
    minimum_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Flow:
    """Commands of one month, one kind and one outcome."""

    month: dt.date
    kind: int
    outcome: int
    commands: int
    amount_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Closed:
    """What the close of a day moved between two accounts."""

    booked_on: dt.date
    debit: int
    credit: int
    amount_minor: int


def _rows(conn: psycopg.Connection, form: type[Any], query: str) -> list[Any]:
    with conn.cursor(row_factory=class_row(form)) as cursor:
        return cursor.execute(query).fetchall()


def standings(conn: psycopg.Connection, book: int) -> list[Standing]:
    """Return how many lines stand where, and what is on them."""
    sums = ", ".join(
        f"sum({name})::bigint AS {name}"
        for name in ("limit_minor", "used_minor", "held_minor", "overpaid_minor", "charges_minor")
    )
    return _rows(
        conn,
        Standing,
        f"SELECT status, bucket, count(*) AS lines, {sums} FROM line"
        f" WHERE book = {book:d} AND id > 0 GROUP BY status, bucket ORDER BY status, bucket",
    )


def decisions(conn: psycopg.Connection, book: int) -> list[Decided]:
    """Return how many decisions came out how, and why."""
    return _rows(
        conn,
        Decided,
        "SELECT kind, outcome, coalesce(reasons::json ->> 0, '') AS reason, count(*) AS decisions"
        f" FROM decision WHERE book = {book:d} GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC, 3",
    )


def cuts(conn: psycopg.Connection, book: int, most: int) -> list[Cut]:
    """Return the sums of the newest ``most`` statement days, the oldest first."""
    found = _rows(
        conn,
        Cut,
        "SELECT cut_on, count(*) AS statements, sum(balance_minor)::bigint AS balance_minor,"
        " sum(due_minor)::bigint AS due_minor, sum(minimum_minor)::bigint AS minimum_minor"
        f" FROM statement WHERE book = {book:d} GROUP BY cut_on"
        f" ORDER BY cut_on DESC LIMIT {most:d}",
    )
    return found[::-1]


def flows(conn: psycopg.Connection, book: int) -> list[Flow]:
    """Return what callers and days asked for, month by month of the effective day."""
    return _rows(
        conn,
        Flow,
        "SELECT date_trunc('month', effective_on)::date AS month, kind, outcome,"
        " count(*) AS commands, sum(amount_minor)::bigint AS amount_minor"
        f" FROM command WHERE book = {book:d} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def closes(conn: psycopg.Connection, book: int) -> list[Closed]:
    """Return what each close of a day moved, by day and accounts."""
    return _rows(
        conn,
        Closed,
        "SELECT t.booked_on, t.debit, t.credit, sum(t.amount_minor)::bigint AS amount_minor"
        f" FROM command c JOIN transfer t ON t.book = {book:d} AND t.seq = c.seq"
        f" WHERE c.book = {book:d} AND c.line = 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def movements(conn: psycopg.Connection, book: int) -> list[tuple[int, int, int]]:
    """Return debit account, credit account and sum of all transfers between the two."""
    return conn.execute(
        "SELECT debit, credit, sum(amount_minor)::bigint FROM transfer"
        f" WHERE book = {book:d} GROUP BY debit, credit ORDER BY debit, credit"
    ).fetchall()


def billed_minor(conn: psycopg.Connection, book: int) -> int:
    """Return what is billed and unpaid, over all lines that are not written off."""
    row = conn.execute(
        "SELECT coalesce(sum(o.billed_minor + o.carried_minor + o.interest_due_minor"
        " + o.fee_due_minor + o.penalty_due_minor), 0)::bigint"
        f" FROM loan o JOIN line l ON l.book = {book:d} AND l.id = o.line"
        f" WHERE o.book = {book:d} AND o.open AND l.status < {Status.WRITTEN_OFF:d}"
    ).fetchone()
    return int(row[0]) if row else 0


def last_closed_on(conn: psycopg.Connection, book: int) -> int:
    """Return the last day whose close is complete; 0 if none is."""
    row = conn.execute(
        f"SELECT max(business_date) FROM day WHERE book = {book:d} AND closed"
    ).fetchone()
    return row[0].toordinal() if row and row[0] else 0


def last_commands(conn: psycopg.Connection, book: int, most: int) -> Rows:
    """Return the newest ``most`` commands that callers sent, in journal order.

    Reviews are left out: they come in thousands at once, and are decisions.
    """
    return read(
        conn,
        COMMAND,
        book,
        f" AND t.seq IN (SELECT c.seq FROM command c WHERE c.book = {book:d}"
        f" AND c.client <> {CLIENT_DAY:d} AND c.kind <> {Kind.REVIEW:d}"
        f" ORDER BY c.seq DESC LIMIT {most:d})",
    )
