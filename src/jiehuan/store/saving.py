"""One batch into the database: fence, check, write, commit.

The fence is a compare-and-set on the book's row (durability: F3): a writer that lost its
epoch, or that decided on an older state, commits nothing.  A small batch goes as one pipeline
of statements with array parameters; a large one by COPY.
"""

import contextlib
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import psycopg

from jiehuan.core.columns import Int64s, Rows
from jiehuan.core.errors import DiskFull, FenceLost, InDoubt, KeyTaken, Postponed
from jiehuan.store import chain, sql, wire
from jiehuan.store.books import Lease
from jiehuan.store.failpoints import reach
from jiehuan.store.tables import (
    COMMAND,
    DAY_TOTAL,
    DUE,
    HOLD,
    INSTALMENT,
    LOAN,
    STATEMENT,
    STATEMENT_ITEM,
    TRANSFER,
    Table,
)

COPY_ROWS_MIN = 2_000
CHILDREN = (DUE, LOAN, INSTALMENT, HOLD)


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision to store with the command that it was made for."""

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


@dataclasses.dataclass(frozen=True, slots=True)
class DayStep:
    """How far the close of day ``on`` has come: the last line done, how many in this batch."""

    on: int
    cursor: int
    lines: int
    closed: bool


@dataclasses.dataclass(slots=True)
class Batch:
    """All that one transaction writes; rows are those of the tables' dtypes.

    Attributes:
        journal: Rows of command, transfer, statement, statement_item, by table name.
        inserts: New rows by table.
        updates: Changed rows by table.
        replaced: Lines whose children are deleted before the inserts.
        details: JSON text by command number.
        decisions: By command number.
        totals: Rows of day_total to add.
        business_on: The day that the book moves on to; 0 leaves it.
        day: How far the close of a day has come with this batch.
    """

    journal: Mapping[str, Rows]
    inserts: dict[Table, Rows] = dataclasses.field(default_factory=dict)
    updates: dict[Table, Rows] = dataclasses.field(default_factory=dict)
    replaced: Int64s = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    details: Mapping[int, bytes] = dataclasses.field(default_factory=dict)
    decisions: Mapping[int, DecisionRow] = dataclasses.field(default_factory=dict)
    totals: Rows | None = None
    business_on: int = 0
    day: DayStep | None = None


Statement = tuple[str, tuple[Any, ...]]


def save(
    conn: psycopg.Connection, lease: Lease, batch: Batch, previous: bytes
) -> tuple[Lease, bytes]:
    """Write a batch; return where the book stands now, and the hash of the batch.

    Args:
        conn: The connection on which the lease was claimed.
        lease: Where the book stood when the batch was decided.
        batch: What to write.
        previous: The hash of the batch before.

    Raises:
        FenceLost: The book has moved on; nothing was written.
        KeyTaken: A key of the batch is in the journal; nothing was written.
        InDoubt: COMMIT gave no answer.
    """
    commands = batch.journal[COMMAND.name]
    n = len(commands)
    digest = chain.batch_hash(previous, batch.journal, _texts(batch)) if n else previous
    large = sum(map(len, batch.inserts.values())) + n > COPY_ROWS_MIN
    reach("before_fence")
    try:
        with conn.pipeline() if not large else _nothing():
            conn.execute("BEGIN")
            for statement, values in _fence(lease, n, batch.business_on):
                conn.execute(statement, values)
            reach("after_fence")
            for statement, values in _writes(lease.book, batch, digest, previous):
                conn.execute(statement, values)
            _insert_commands(conn, lease.book, batch, large=large)
            for table, rows in _new_rows(batch):
                _insert(conn, table, lease.book, rows, large=large)
            reach("before_commit")
            conn.execute("COMMIT")
    except psycopg.Error as error:
        raise _explained(conn, error) from error
    reach("after_commit")
    on = batch.business_on or lease.business_on
    return dataclasses.replace(lease, seq=lease.seq + n, business_on=on), digest


@contextlib.contextmanager
def _nothing() -> Iterator[None]:
    yield


def _texts(batch: Batch) -> list[tuple[int, bytes]]:
    """Return the texts that the chain covers: details, then decisions, in order."""
    details = [(number, batch.details[number]) for number in sorted(batch.details)]
    return details + [
        (number, decision_text(batch.decisions[number])) for number in sorted(batch.decisions)
    ]


def decision_text(decision: DecisionRow) -> bytes:
    """Return a decision as the bytes that the chain covers."""
    values = [x.hex() if isinstance(x, bytes) else str(x) for x in dataclasses.astuple(decision)]
    return json.dumps(values, ensure_ascii=False).encode()


def _fence(lease: Lease, n: int, business_on: int) -> list[Statement]:
    """Return the compare-and-set of the book's row, and the check that stops a pipeline."""
    book, on = lease.book, business_on or lease.business_on
    return [
        (
            (
                f"UPDATE book SET seq = seq + {n:d}, business_date = %s"
                f" WHERE book = {book:d} AND epoch = %s AND seq = %s AND business_date = %s"
            ),
            (_date(on), lease.epoch, lease.seq, _date(lease.business_on)),
        ),
        (
            (
                f"SELECT 1 / count(*) FROM book WHERE book = {book:d} AND epoch = %s"
                " AND seq = %s AND business_date = %s"
            ),
            (lease.epoch, lease.seq + n, _date(on)),
        ),
    ]


def _date(on: int) -> dt.date:
    return dt.date.fromordinal(on)


def _writes(book: int, batch: Batch, digest: bytes, previous: bytes) -> Iterator[Statement]:
    """Yield every statement but the inserts of rows: they go by array or by COPY."""
    commands = batch.journal[COMMAND.name]
    if len(commands):
        yield (
            (
                "INSERT INTO batch (book, first_seq, last_seq, hash, previous_hash)"
                " SELECT b.book, %s, %s, %s, %s FROM book b"
                f" WHERE b.book = {book:d}"
            ),
            (int(commands["seq"][0]), int(commands["seq"][-1]), digest, previous),
        )
    if len(batch.replaced):
        for table in CHILDREN:
            yield (
                f"DELETE FROM {table.name} WHERE book = {book:d} AND line = ANY(%s)",
                (batch.replaced.tolist(),),
            )
    for table, rows in batch.updates.items():
        if len(rows):
            yield sql.update(table, book), tuple(wire.arrays(rows))
    if batch.totals is not None and len(batch.totals):
        yield sql.add(DAY_TOTAL, book), tuple(wire.arrays(batch.totals))
    yield from _records(book, batch)


def _records(book: int, batch: Batch) -> Iterator[Statement]:
    """Yield the statements for decisions and the day."""
    if batch.decisions:
        rows = [
            (number, *dataclasses.astuple(row)) for number, row in sorted(batch.decisions.items())
        ]
        yield sql.insert_decisions(book), tuple(list(x) for x in zip(*rows, strict=True))
    if batch.business_on:
        yield (
            (
                "INSERT INTO day (book, business_date, first_seq)"
                f" SELECT b.book, %s, b.seq + 1 FROM book b WHERE b.book = {book:d}"
            ),
            (_date(batch.business_on),),
        )
    if batch.day is not None:
        yield (
            (
                "UPDATE day SET cursor = %s, lines = lines + %s, commands = commands + %s,"
                f" closed = %s WHERE book = {book:d} AND business_date = %s"
            ),
            (
                batch.day.cursor,
                batch.day.lines,
                len(batch.journal[COMMAND.name]),
                batch.day.closed,
                _date(batch.day.on),
            ),
        )


def _new_rows(batch: Batch) -> Iterator[tuple[Table, Rows]]:
    """Yield what is inserted: state first, then the journal."""
    for table, rows in batch.inserts.items():
        if len(rows):
            yield table, rows
    for table in (TRANSFER, STATEMENT, STATEMENT_ITEM):
        if len(batch.journal[table.name]):
            yield table, batch.journal[table.name]


def _insert(conn: psycopg.Connection, table: Table, book: int, rows: Rows, *, large: bool) -> None:
    if not large:
        conn.execute(sql.insert(table, book), wire.arrays(rows))
        return
    with conn.cursor() as cursor, cursor.copy(sql.copy_in(table)) as copy:
        copy.write(wire.copy_in(rows, book))


def _insert_commands(conn: psycopg.Connection, book: int, batch: Batch, *, large: bool) -> None:
    """Insert the journal's commands; their details, if any, in the same statement."""
    rows = batch.journal[COMMAND.name]
    if not len(rows):
        return
    if not batch.details:
        _insert(conn, COMMAND, book, rows, large=large)
        return
    texts = [batch.details.get(int(seq), b"").decode() or None for seq in rows["seq"]]
    conn.execute(sql.insert_with_detail(COMMAND, book), [*wire.arrays(rows), texts])


def _explained(conn: psycopg.Connection, error: psycopg.Error) -> Exception:
    """Say what an error of the database means for the batch (durability: F4, F6)."""
    state = error.sqlstate
    if state in _ROLLED_BACK and not conn.closed:
        with contextlib.suppress(psycopg.Error):
            conn.execute("ROLLBACK")
        kind, words = _ROLLED_BACK[state]
        return kind(words)
    conn.close()
    return InDoubt(f"no answer to COMMIT: {error}")


_ROLLED_BACK: dict[str | None, tuple[type[Exception], str]] = {
    "22012": (FenceLost, "the book has moved on since this batch was decided"),
    "23505": (KeyTaken, "a key or number of this batch is in the journal already"),
    "40P01": (Postponed, "others hold the rows; try again"),
    "55P03": (Postponed, "others hold the rows; try again"),
    "53100": (DiskFull, "the disk is full: nothing was written; make room and try again"),
}
