"""Batches made by hand: what they say is nonsense as credit, and sound as rows."""

import numpy as np

from jiehuan.core import days
from jiehuan.core.columns import Columns
from jiehuan.core.commands import Kind
from jiehuan.store import books, chain, saving, tables
from jiehuan.store.database import connect
from jiehuan.store.saving import Batch
from jiehuan.store.sessions import Session

OPENED_ON = days.parse("2026-01-01")
BOOK = 7


def rows(table, **columns):
    """Rows of a table: zeros but for what is said; scalars are repeated."""
    n = max((len(value) for value in columns.values() if np.ndim(value)), default=1)
    out = np.zeros(n, table.dtype)
    for name, value in columns.items():
        out[name] = value
    return out


def hashes(*texts):
    """Keys of 16 bytes, made of short texts."""
    return np.frombuffer(b"".join(text.encode().rjust(16) for text in texts), "V16")


def journal(**given):
    """A journal with the rows given and no others."""
    kept = (tables.COMMAND, tables.TRANSFER, tables.STATEMENT, tables.STATEMENT_ITEM)
    return {table.name: given.get(table.name, np.zeros(0, table.dtype)) for table in kept}


def purchases(after, keys, *, line=1, client=1):
    """A batch of purchases with these keys, numbered after ``after``; each moves 5 cents."""
    seq = np.arange(after + 1, after + 1 + len(keys))
    command = rows(
        tables.COMMAND,
        seq=seq,
        line=line,
        kind=Kind.PURCHASE,
        client=client,
        amount_minor=5,
        effective_on=OPENED_ON,
        booked_on=OPENED_ON,
        key_hash=hashes(*keys),
        digest=hashes(*keys),
        booked_at=1_767_225_600_000_000,
    )
    transfer = rows(
        tables.TRANSFER,
        seq=seq,
        line=line,
        debit=1,
        credit=2,
        amount_minor=5,
        effective_on=OPENED_ON,
        booked_on=OPENED_ON,
    )
    return Batch(journal(command=command, transfer=transfer))


def line(number, **columns):
    """A row of a line with a limit of 100.00."""
    given = {"id": number, "limit_minor": 10_000, "opened_on": OPENED_ON} | columns
    return rows(tables.LINE, **given)


class Pen:
    """A writer of one book that knows no rules."""

    def __init__(self, dsn, owner="pen", session=Session.WRITER, book=BOOK):
        self.conn = connect(dsn, session)
        self.lease = books.claim(self.conn, book, owner)
        self.hash = books.last_hash(self.conn, book)

    def save(self, batch):
        self.lease, self.hash = saving.save(self.conn, self.lease, batch, self.hash)

    def buy(self, *keys, **more):
        self.save(purchases(self.lease.seq, keys, **more))

    def close(self):
        self.conn.close()


def make_book(dsn, book=BOOK):
    """Make an empty book."""
    with connect(dsn, Session.OWNER) as conn:
        books.create(conn, book, "CNY", OPENED_ON, virtual=True)


def keys_of(dsn, book=BOOK):
    """Return the keys in the journal, in order."""
    with connect(dsn, Session.READER) as conn:
        found = conn.execute(
            f"SELECT key_hash FROM command WHERE book = {book} ORDER BY seq"
        ).fetchall()
    return [row[0].bytes.decode().strip() for row in found]


__all__ = ["BOOK", "OPENED_ON", "Columns", "Pen", "chain", "keys_of", "make_book"]
