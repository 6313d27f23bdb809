"""What is one thing in the books, by its number?  Reads for answers and pages.

All of it is by a key or an index, so none of it grows with the book.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence

import numpy as np
import psycopg
from psycopg.rows import class_row

from jiehuan.core.columns import Rows
from jiehuan.store.reading import read
from jiehuan.store.tables import (
    COMMAND,
    HOLD,
    LINE,
    LOAN,
    OUTBOX,
    STATEMENT,
    STATEMENT_ITEM,
    TRANSFER,
)

FINISHED = 4  # of outbox.state: what is below is still to be done


@dataclasses.dataclass(frozen=True, slots=True)
class BookRow:
    """A book as it stands."""

    book: int
    currency: str
    clock: str
    business_date: dt.date
    opened_on: dt.date
    seq: int
    owner: str

    @property
    def business_on(self) -> int:
        """The business day, an ordinal."""
        return self.business_date.toordinal()

    @property
    def virtual(self) -> bool:
        """Whether its clock is virtual."""
        return self.clock == "virtual"


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionFound:
    """A decision as stored; attributes are columns of table ``decision``."""

    id: int
    line: int
    kind: int
    inputs: str
    policy: str
    policy_version: int
    policy_hash: bytes
    model_hash: bytes
    score_ppm: int
    outcome: int
    limit_minor: int
    reasons: str
    decided_on: dt.date


def book(conn: psycopg.Connection, number: int) -> BookRow | None:
    """Return a book, or None if there is none of that number."""
    with conn.cursor(row_factory=class_row(BookRow)) as cursor:
        return cursor.execute(
            "SELECT book, currency, clock, business_date, opened_on, seq, owner"
            f" FROM book WHERE book = {number:d}"
        ).fetchone()


def line(conn: psycopg.Connection, book: int, number: int) -> Rows:
    """Return a line, shape (1,) or (0,)."""
    return read(conn, LINE, book, f" AND t.id = {number:d}")


def lines_of_party(conn: psycopg.Connection, book: int, party: int) -> list[int]:
    """Return the numbers of a party's lines, the oldest first."""
    rows = conn.execute(
        f"SELECT id FROM line WHERE book = {book:d} AND party = %s ORDER BY id", (party,)
    ).fetchall()
    return [row[0] for row in rows]


def command(conn: psycopg.Connection, book: int, seq: int) -> Rows:
    """Return a command, shape (1,) or (0,)."""
    return read(conn, COMMAND, book, f" AND t.seq = {seq:d}")


def commands_of(conn: psycopg.Connection, book: int, line: int) -> Rows:
    """Return all commands of a line, refused ones too, in journal order."""
    return read(conn, COMMAND, book, f" AND t.line = {line:d}")


def hold(conn: psycopg.Connection, book: int, line: int, number: int) -> Rows:
    """Return a hold of a line, shape (1,) or (0,)."""
    return read(conn, HOLD, book, f" AND t.line = {line:d} AND t.no = {number:d}")


def loans(conn: psycopg.Connection, book: int, line: int) -> Rows:
    """Return all loans of a line, the oldest first."""
    return read(conn, LOAN, book, f" AND t.line = {line:d}")


def statements(conn: psycopg.Connection, book: int, line: int) -> tuple[Rows, Rows]:
    """Return the statements of a line and their items, the oldest first."""
    where = f" AND t.line = {line:d}"
    return read(conn, STATEMENT, book, where), read(conn, STATEMENT_ITEM, book, where)


def transfers(conn: psycopg.Connection, book: int, line: int, most: int) -> Rows:
    """Return the transfers of the newest ``most`` commands of a line, in journal order."""
    return read(
        conn,
        TRANSFER,
        book,
        f" AND t.line = {line:d} AND t.seq IN (SELECT c.seq FROM command c"
        f" WHERE c.book = {book:d} AND c.line = {line:d} ORDER BY c.seq DESC LIMIT {most:d})",
    )


def transfers_of(conn: psycopg.Connection, book: int, seqs: Sequence[int]) -> Rows:
    """Return the transfers of some commands, in journal order."""
    if not seqs:
        return np.zeros(0, TRANSFER.dtype)
    return read(conn, TRANSFER, book, f" AND t.seq IN ({', '.join(map(str, map(int, seqs)))})")


def instruction(conn: psycopg.Connection, book: int, number: int) -> Rows:
    """Return an instruction, finished or not, shape (1,) or (0,)."""
    return read(conn, OUTBOX, book, f" AND t.id = {number:d}")


def instructions(conn: psycopg.Connection, book: int, most: int) -> Rows:
    """Return the oldest ``most`` instructions that are not finished."""
    return read(
        conn,
        OUTBOX,
        book,
        f" AND t.id IN (SELECT o.id FROM outbox o WHERE o.book = {book:d}"
        f" AND o.state < {FINISHED:d} ORDER BY o.id LIMIT {most:d})",
    )


def decision(conn: psycopg.Connection, book: int, number: int) -> DecisionFound | None:
    """Return a decision by its number, that of the command it was made for."""
    names = ", ".join(field.name for field in dataclasses.fields(DecisionFound))
    with conn.cursor(row_factory=class_row(DecisionFound)) as cursor:
        return cursor.execute(
            f"SELECT {names} FROM decision WHERE book = {book:d} AND id = {number:d}"
        ).fetchone()
