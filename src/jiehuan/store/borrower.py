"""What does one borrower see of the books?  Reads for the pages of one line.

All of it is by a key or an index of the line or its party, so none of it grows with the book.
"""

from collections.abc import Collection

import numpy as np
import psycopg

from jiehuan.core.columns import Int64s, Rows
from jiehuan.core.commands import FINISHES, InstructionKind, Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.store.reading import keyed, read
from jiehuan.store.tables import (
    COMMAND,
    DUE,
    INSTALMENT,
    LINE,
    LOAN,
    STATEMENT,
    STATEMENT_ITEM,
    TRANSFER,
)


def lines(conn: psycopg.Connection, book: int, party: int) -> Rows:
    """Return the lines of a party, the oldest first."""
    return read(conn, LINE, book, f" AND t.party = {party:d}")


def last_seq(conn: psycopg.Connection, book: int, line: int) -> int:
    """Return the number of a line's last command, whatever became of it; 0 if there is none."""
    row = conn.execute(
        f"SELECT coalesce(max(seq), 0) FROM command WHERE book = {book:d} AND line = {line:d}"
    ).fetchone()
    assert row is not None
    return int(row[0])


def commands(
    conn: psycopg.Connection,
    book: int,
    line: int,
    kinds: Collection[int],
    most: int,
    before: int = 2**63 - 1,
) -> Rows:
    """Return the newest ``most`` commands of some kinds before a number, the newest first."""
    listed = ", ".join(f"{kind:d}" for kind in sorted(kinds))
    rows = read(
        conn,
        COMMAND,
        book,
        f" AND t.seq IN (SELECT c.seq FROM command c WHERE c.book = {book:d}"
        f" AND c.line = {line:d} AND c.kind IN ({listed}) AND c.seq < {before:d}"
        f" ORDER BY c.seq DESC LIMIT {most:d})",
    )
    return np.asarray(rows[::-1])


def transfers(conn: psycopg.Connection, book: int, seq: int) -> Rows:
    """Return the transfers that one command made."""
    return read(conn, TRANSFER, book, f" AND t.seq = {seq:d}")


def instalments(conn: psycopg.Connection, book: int, line: int) -> Rows:
    """Return the instalments of all plans of a line, by loan and number."""
    return read(conn, INSTALMENT, book, f" AND t.line = {line:d}")


def unmet(conn: psycopg.Connection, book: int, line: int) -> Rows:
    """Return the minimums of a line that are not met, the oldest first."""
    return read(conn, DUE, book, f" AND t.line = {line:d} AND t.unmet_minor > 0")


def statement(conn: psycopg.Connection, book: int, line: int, no: int) -> tuple[Rows, Rows]:
    """Return a statement of a line, shape (1,) or (0,), and its items."""
    where = f" AND t.line = {line:d} AND t.no = {no:d}"
    return read(conn, STATEMENT, book, where), read(conn, STATEMENT_ITEM, book, where)


def billed(conn: psycopg.Connection, book: int, line: int, loan: int) -> Int64s:
    """Return the billed principal of a loan that is unpaid, shape (1,) or (0,)."""
    rows = read(conn, LOAN, book, f" AND t.line = {line:d} AND t.no = {loan:d} AND t.open")
    return np.asarray(rows["billed_minor"] + rows["carried_minor"])


def newest_statements(conn: psycopg.Connection, book: int, line: int, most: int) -> Rows:
    """Return the newest ``most`` statements of a line, the newest first."""
    newest = (
        f" AND t.line = {line:d} AND t.no IN (SELECT s.no FROM statement s"
        f" WHERE s.book = {book:d} AND s.line = {line:d} ORDER BY s.no DESC LIMIT {most:d})"
    )
    return np.asarray(read(conn, STATEMENT, book, newest)[::-1])


def finisher(
    conn: psycopg.Connection, book: int, line: int, order: int, kind: InstructionKind
) -> Rows:
    """Return the command that says that an instruction was done, shape (1,) or (0,).

    A repayment names the collection that it pays as its merchant; all others as their ref.
    """
    done, _ = FINISHES[kind]
    column = "merchant" if done is Kind.REPAY else "ref"
    return read(
        conn,
        COMMAND,
        book,
        f" AND t.line = {line:d} AND t.seq > {order:d} AND t.kind = {done:d}"
        f" AND t.{column} = {order:d} AND t.outcome = {Outcome.DONE:d}",
    )


def under_keys(conn: psycopg.Connection, book: int, client: int, hashes: np.ndarray) -> Rows:
    """Return the commands that a client had journalled under some keys, in journal order."""
    return keyed(conn, book, np.full(len(hashes), client, np.int32), hashes)
