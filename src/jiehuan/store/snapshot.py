"""A whole book as it stands at one moment, for audit.

What changes (lines, loans, days ..) is read in one short transaction that sees one snapshot;
that says which command was the last.  The journal is only added to, so it is read afterwards,
a page a transaction, up to that command: a writer may go on meanwhile, and no old snapshot
holds up vacuum however large the book is.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import psycopg
from psycopg.pq import TransactionStatus

from jiehuan.core.columns import Rows
from jiehuan.core.errors import DatabaseRefused, InvariantBroken, UsageError
from jiehuan.store import inbox, lookup, reading, registry
from jiehuan.store.chain import ORDER
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.inbox import InboxSeen
from jiehuan.store.lookup import BookRow
from jiehuan.store.migrate import migrations
from jiehuan.store.registry import ModelRow, PolicyRow
from jiehuan.store.tables import TABLES

DAY_DTYPE = np.dtype(
    [
        ("business_on", "i4"),
        ("cursor", "i8"),
        ("lines", "i8"),
        ("commands", "i8"),
        ("first_seq", "i8"),
        ("closed", "?"),
    ]
)


@dataclasses.dataclass(frozen=True, slots=True)
class TermsRow:
    """A version of terms as it is stored."""

    id: int
    product: int
    name: str
    version: int
    from_on: int
    text: str
    hash: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is stored of a book, and what it refers to.

    Attributes:
        book: Its row.
        tables: Rows by name of table, in the order of their keys.
        batches: The chain, in order.
        days: Rows of ``DAY_DTYPE``, in order.
        details: JSON texts by the number of their command.
        decisions: By the number of their command.
        clients: Names by number.
        terms: All versions, in order.
        policies: All versions of all.
        models: All versions of all.
        inbox: What the outside world said, in order.
        moved: Debit, credit and sum of all transfers between two accounts, summed by the
            database itself.
    """

    book: BookRow
    tables: Mapping[str, Rows]
    batches: Rows
    days: Rows
    details: Mapping[int, bytes]
    decisions: Mapping[int, DecisionRow]
    clients: Mapping[int, str]
    terms: list[TermsRow]
    policies: list[PolicyRow]
    models: list[ModelRow]
    inbox: list[InboxSeen]
    moved: list[tuple[int, int, int]]


def books(conn: psycopg.Connection) -> list[int]:
    """Return the numbers of the books of a database, which is left as it is.

    Raises:
        DatabaseRefused: It is not ours, or has the schema of another version of the program.
    """
    with one_moment(conn):
        found = conn.execute("SELECT to_regclass('public.schema_version')").fetchone()
        if found is None or found[0] is None:
            raise DatabaseRefused("the database holds no books of ours")
        steps = conn.execute("SELECT version, hash FROM schema_version ORDER BY version").fetchall()
        if [(row[0], bytes(row[1])) for row in steps] != [
            (step.version, step.hash) for step in migrations()
        ]:
            raise DatabaseRefused(
                f"the database has the schema of another version of jiehuan ({len(steps)} steps,"
                f" this one knows {len(migrations())}); use that one"
            )
        rows = conn.execute("SELECT book FROM book ORDER BY book").fetchall()
    return [row[0] for row in rows]


def read(
    conn: psycopg.Connection, book: int, progress: Callable[[str], None] | None = None
) -> Snapshot:
    """Read a whole book.

    Args:
        conn: A connection; if it is in a transaction, that one's view is read.
        book: Its number.
        progress: Called with the name of each table that is read.

    Raises:
        UsageError: There is no such book.
        InvariantBroken: Something in it is no value that we could have written.
    """
    try:
        return _read(conn, book, progress or _quiet)
    except psycopg.DataError as error:
        raise InvariantBroken(f"book {book} holds what cannot be read: {error}") from error


def _quiet(_table: str) -> None:
    """Tell nobody."""


def _read(conn: psycopg.Connection, book: int, progress: Callable[[str], None]) -> Snapshot:
    with one_moment(conn):
        row = lookup.book(conn, book)
        if row is None:
            raise UsageError(f"there is no book {book}")
        tables = {}
        for name, table in TABLES.items():
            if name not in _NUMBER:
                progress(name)
                tables[name] = reading.read(conn, table, book)
        days = _days(conn, book)
        messages = inbox.seen(conn, book)
    for name in _NUMBER:
        progress(name)
        tables[name] = reading.read(conn, TABLES[name], book)
    batches, details = reading.batches(conn, book), reading.details(conn, book)
    decisions = reading.decisions(conn, book)
    now = lookup.book(conn, book)
    since = range(row.seq + 1, (now or row).seq + 1)
    return Snapshot(
        row,
        {name: _but(since, rows, _NUMBER.get(name)) for name, rows in tables.items()},
        _but(since, batches, "first_seq"),
        days,
        {number: text for number, text in details.items() if number not in since},
        {number: one for number, one in decisions.items() if number not in since},
        _clients(conn),
        _terms(conn),
        registry.policies(conn),
        registry.models(conn),
        messages,
        _moved(conn, book, row.seq),
    )


# The journal, and the column that says of which command a row is.
_NUMBER = {name: number for name, (number, *_) in ORDER.items()}


def _but(since: range, rows: Rows, number: str | None) -> Rows:
    """Leave out the rows that were added since the state was read.

    Rows that are numbered beyond the book's last command stay: no writer wrote them.
    """
    if number is None or not since:
        return rows
    return rows[(rows[number] < since.start) | (rows[number] >= since.stop)]


@contextlib.contextmanager
def one_moment(conn: psycopg.Connection) -> Iterator[None]:
    """Let all that is read be of one moment."""
    if conn.info.transaction_status is not TransactionStatus.IDLE:
        yield
        return
    conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("ROLLBACK")


def _days(conn: psycopg.Connection, book: int) -> Rows:
    rows = conn.execute(
        "SELECT business_date, cursor, lines, commands, first_seq, closed FROM day"
        f" WHERE book = {book:d} ORDER BY business_date"
    ).fetchall()
    return np.array([(row[0].toordinal(), *row[1:]) for row in rows], DAY_DTYPE)


def _clients(conn: psycopg.Connection) -> dict[int, str]:
    return dict(conn.execute("SELECT id, name FROM client ORDER BY id").fetchall())


def _terms(conn: psycopg.Connection) -> list[TermsRow]:
    rows = conn.execute(
        "SELECT id, product, name, version, from_on, text, hash FROM terms ORDER BY id"
    ).fetchall()
    return [
        TermsRow(row[0], row[1], row[2], row[3], row[4].toordinal(), row[5], bytes(row[6]))
        for row in rows
    ]


def _moved(conn: psycopg.Connection, book: int, seq: int) -> list[tuple[int, int, int]]:
    rows = conn.execute(
        "SELECT debit, credit, sum(amount_minor)::bigint FROM transfer"
        f" WHERE book = {book:d} AND seq <= {seq:d} GROUP BY debit, credit ORDER BY debit, credit"
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]
