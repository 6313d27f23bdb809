"""One batch into the database: fence, check, write, commit.

The fence is a compare-and-set on the book's row (durability: F3): a writer that lost its
epoch, or that decided on an older state, commits nothing.  A small batch goes as one pipeline
of statements with array parameters; a large one by COPY.  A batch is saved when this returns,
which is after the answer to COMMIT was read.
"""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import psycopg

from jiehuan.core.columns import Int64s, Rows
from jiehuan.core.commands import FINISHES, InstructionKind
from jiehuan.core.errors import DiskFull, FenceLost, InDoubt, JiehuanError, KeyTaken, Postponed
from jiehuan.core.outcomes import Outcome
from jiehuan.store import books, chain, decisions, sql, wire
from jiehuan.store.books import Lease
from jiehuan.store.decisions import DecisionRow
from jiehuan.store.failpoints import reach
from jiehuan.store.sql import Statement
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
    OutboxState,
    Table,
)
from jiehuan.store.wire import BIGINT

__all__ = ["Batch", "DayStep", "DecisionRow", "save"]

# From so many new rows on COPY beats arrays, though it needs a round trip a table.
COPY_ROWS_MIN = 2_000
CHILDREN = (DUE, LOAN, INSTALMENT, HOLD)


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
        journal: Rows of command, transfer, statement, statement_item, by table name; the
            commands have the numbers right after the book's last, in order.
        inserts: New rows by table.
        updates: Changed rows by table.
        replaced: Lines whose children are deleted before the inserts.
        details: JSON text by command number.
        decisions: By command number.
        totals: Rows of day_total to add.
        business_on: The day that the book moves on to; 0 leaves it.
        day: How far the close of a day has come with this batch.
        beside: What is written beside the journal, as ``store.outbox``, ``store.inbox`` and
            ``store.vault`` make it.
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
    beside: Sequence[Statement] = ()


def save(
    conn: psycopg.Connection, lease: Lease, batch: Batch, previous: bytes
) -> tuple[Lease, bytes]:
    """Write a batch; return where the book stands now, and the hash of the batch.

    Args:
        conn: The connection on which the lease was claimed.
        lease: Where the book stood when the batch was decided; renewed when it is old.
        batch: What to write.
        previous: The hash of the batch before.

    Raises:
        FenceLost: The book has moved on; nothing was written.
        KeyTaken: A key of the batch is in the journal; nothing was written.
        Postponed: Others held the rows for too long; nothing was written.
        DiskFull: There is no room; nothing was written.
        InDoubt: COMMIT gave no answer; the connection is closed.
    """
    commands = batch.journal[COMMAND.name]
    n = len(commands)
    _check(lease, batch)
    texts = chain.texts_of(batch.details, batch.decisions)
    digest = chain.batch_hash(previous, batch.journal, texts) if n else previous
    try:
        if lease.is_stale:
            lease = books.renew(conn, lease)
        reach("before_fence")
        _transact(conn, lease, batch, _batch_row(lease.book, commands, digest, previous))
        reach("after_commit")
    except psycopg.Error as error:
        raise _explained(conn, error) from error
    except JiehuanError:
        raise
    except BaseException:
        # Stopped in the middle, by Ctrl-C or by a test: whatever is open must not be committed.
        conn.close()
        raise
    on = batch.business_on or lease.business_on
    return dataclasses.replace(lease, seq=lease.seq + n, business_on=on), digest


def _check(lease: Lease, batch: Batch) -> None:
    """Assert that every row belongs to a command of this batch, as the chain will have it."""
    seq = batch.journal[COMMAND.name]["seq"]
    first, last = lease.seq + 1, lease.seq + len(seq)
    assert (seq == np.arange(first, last + 1)).all(), "the numbers of commands are dense"
    for table, column in ((TRANSFER, "seq"), (STATEMENT, "no"), (STATEMENT_ITEM, "no")):
        numbers = batch.journal[table.name][column]
        assert not len(numbers) or first <= numbers.min() <= numbers.max() <= last
    assert all(first <= number <= last for number in (*batch.details, *batch.decisions))


def _transact(
    conn: psycopg.Connection, lease: Lease, batch: Batch, batch_row: list[Statement]
) -> None:
    """Do it all in one transaction and read the answer to its COMMIT."""
    new = sum(map(len, (*batch.inserts.values(), *batch.journal.values())))
    large = new >= COPY_ROWS_MIN
    n = len(batch.journal[COMMAND.name])
    writes = [
        *batch_row,
        *_writes(lease.book, batch),
    ]  # before BEGIN: the book is held from there on
    with contextlib.nullcontext() if large else conn.pipeline():
        conn.execute("BEGIN")
        for statement, values in _fence(lease, n, batch.business_on):
            conn.execute(statement.encode(), values)
        reach("after_fence")
        for statement, values in writes:
            conn.execute(statement.encode(), values)
        _insert_all(conn, lease.book, batch, large=large)
        reach("before_commit")
        committed = conn.execute("COMMIT")
        reach("commit_sent")
    if committed.statusmessage != "COMMIT":
        raise psycopg.OperationalError(f"COMMIT was answered by {committed.statusmessage}")


def _fence(lease: Lease, n: int, business_on: int) -> list[Statement]:
    """Return the compare-and-set of the book's row, and the check that stops a pipeline."""
    book, on = lease.book, business_on or lease.business_on
    move = (
        "UPDATE book SET seq = seq + %s, business_date = %s"
        f" WHERE book = {book:d} AND epoch = %s AND seq = %s AND business_date = %s"
    )
    check = (
        f"SELECT 1 / count(*) FROM book WHERE book = {book:d} AND epoch = %s"
        " AND seq = %s AND business_date = %s"
    )
    return [
        (move, (n, _date(on), lease.epoch, lease.seq, _date(lease.business_on))),
        (check, (lease.epoch, lease.seq + n, _date(on))),
    ]


def _date(on: int) -> dt.date:
    """Return a day as the driver sends it."""
    return dt.date.fromordinal(on)


def _batch_row(book: int, commands: Rows, digest: bytes, previous: bytes) -> list[Statement]:
    """Return the insert of the chain's next link; a batch without commands has none."""
    if not len(commands):
        return []
    statement = (
        "INSERT INTO batch (book, first_seq, last_seq, hash, previous_hash)"
        f" SELECT b.book, %s, %s, %s, %s FROM book b WHERE b.book = {book:d}"
    )
    return [(statement, (int(commands["seq"][0]), int(commands["seq"][-1]), digest, previous))]


def delete_of_lines(table: Table, book: int) -> str:
    """Return the delete of all rows of some lines."""
    return f"DELETE FROM {table.name} WHERE book = {book:d} AND line = ANY(%s)"


def _writes(book: int, batch: Batch) -> Iterator[Statement]:
    """Yield every statement but the inserts of rows that may go by COPY."""
    if len(batch.replaced):
        lines = wire.array(np.asarray(batch.replaced, np.int64), BIGINT)
        for table in CHILDREN:
            yield delete_of_lines(table, book), (lines,)
    for table, rows in batch.updates.items():
        if len(rows):
            yield sql.update(table, book), wire.arrays(rows)
    if batch.totals is not None and len(batch.totals):
        yield sql.add(DAY_TOTAL, book), wire.arrays(batch.totals)
    if batch.decisions:
        yield sql.insert_decisions(book), decisions.columns(batch.decisions)
    yield from _days(book, batch)
    yield from batch.beside
    yield from _answers(book, batch.journal[COMMAND.name])


def _days(book: int, batch: Batch) -> Iterator[Statement]:
    """Yield what begins a day, and what says how far the close of one has come."""
    if batch.business_on:
        begin = (
            "INSERT INTO day (book, business_date, first_seq)"
            f" SELECT b.book, %s, b.seq + 1 FROM book b WHERE b.book = {book:d}"
        )
        yield begin, (_date(batch.business_on),)
    step = batch.day
    if step is not None:
        go_on = (
            "UPDATE day SET cursor = %s, lines = lines + %s, commands = commands + %s,"
            f" closed = %s WHERE book = {book:d} AND business_date = %s"
        )
        n = len(batch.journal[COMMAND.name])
        yield go_on, (step.cursor, step.lines, n, step.closed, _date(step.on))


def _answers(book: int, commands: Rows) -> Iterator[Statement]:
    """Yield what ends the instructions that the outside world has answered.

    What has succeeded stays so, and also what was thought to have failed succeeds: money that
    has come is there.
    """
    done = commands[commands["outcome"] == Outcome.DONE]
    for kind in InstructionKind:
        for state, ids in zip(ENDS, answered(done, kind), strict=True):
            if len(ids):
                statement = (
                    f"UPDATE outbox SET state = %s WHERE book = {book:d} AND id = ANY(%s)"
                    f" AND kind = {kind:d} AND state <> {OutboxState.SUCCEEDED:d}"
                )
                yield statement, (int(state), wire.array(ids, BIGINT))


ENDS = (OutboxState.SUCCEEDED, OutboxState.FAILED)


def answered(done: Rows, kind: InstructionKind) -> tuple[Int64s, Int64s]:
    """Return the instructions of a kind that succeeded by some commands, and those that failed.

    A repayment says in ``merchant`` which collection it pays, 0 is none; the others say in
    ``ref`` what they finish.
    """
    succeeded, failed = FINISHES[kind]
    column = "merchant" if kind is InstructionKind.COLLECT else "ref"
    paid = done[column][done["kind"] == succeeded]
    return paid[paid > 0], done["ref"][done["kind"] == failed]


def _insert_all(conn: psycopg.Connection, book: int, batch: Batch, *, large: bool) -> None:
    """Insert the journal, then the new rows of state: a key seen twice is met early."""
    commands = batch.journal[COMMAND.name]
    if batch.details:
        named = np.isin(commands["seq"], list(batch.details))
        texts = wire.texts([batch.details[no] for no in sorted(batch.details)], wire.TEXT)
        conn.execute(
            sql.insert_with_detail(COMMAND, book).encode(), [*wire.arrays(commands[named]), texts]
        )
        commands = commands[~named]
    _insert(conn, COMMAND, book, commands, large=large)
    for table in (TRANSFER, STATEMENT, STATEMENT_ITEM):
        _insert(conn, table, book, batch.journal[table.name], large=large)
    for table, rows in batch.inserts.items():
        _insert(conn, table, book, rows, large=large)


def _insert(conn: psycopg.Connection, table: Table, book: int, rows: Rows, *, large: bool) -> None:
    """Insert rows, by COPY if the batch is large."""
    if not len(rows):
        return
    if large:
        with conn.cursor() as cursor, cursor.copy(sql.copy_in(table).encode()) as copy:
            copy.write(wire.copy_in(rows, book))
    else:
        conn.execute(sql.insert(table, book).encode(), wire.arrays(rows))


def _explained(conn: psycopg.Connection, error: psycopg.Error) -> JiehuanError:
    """Say what an error of the database means for the batch (durability: F4, F6).

    Of a few it is known that nothing was committed; any other leaves it open, even when the
    connection lives.
    """
    if error.sqlstate in _ROLLED_BACK and not conn.broken:
        kind, words = _ROLLED_BACK[error.sqlstate]
        with contextlib.suppress(psycopg.Error):
            conn.execute("ROLLBACK")
        return kind(words)
    conn.close()
    return InDoubt(f"no answer to COMMIT: {error}")


_ROLLED_BACK: dict[str | None, tuple[type[JiehuanError], str]] = {
    "22012": (FenceLost, "the book has moved on since this batch was decided"),
    "23505": (KeyTaken, "a key or number of this batch is in the journal already"),
    "40P01": (Postponed, "others hold the rows; try again"),
    "55P03": (Postponed, "others hold the rows; try again"),
    "53100": (DiskFull, "the disk is full: nothing was written; make room and try again"),
}
