"""The books of a database: made once, claimed by one writer at a time.

A connection is an epoch (durability: F2): claiming, renewing and every reconnect take a new
one, committed alone, before anything is read.  Leases use the database's own clock.
"""

import dataclasses
import datetime as dt
import time

import numpy as np
import psycopg
from numpy.typing import NDArray

from jiehuan.core import days
from jiehuan.core.columns import Ids, Rows
from jiehuan.core.errors import (
    BookTaken,
    FenceLost,
    InvariantBroken,
    JiehuanError,
    Postponed,
    UsageError,
)
from jiehuan.core.terms import Product, parse
from jiehuan.store import reading
from jiehuan.store.chain import FIRST

Hashes = NDArray[np.void]

LEASE_SECONDS = 6
RENEW_SECONDS = 2
_CLAIM_PAUSE_SECONDS = 0.05


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """A writer's right to a book, and where the book stood.

    Attributes:
        book: Which book.
        owner: Who has it.
        epoch: Told apart from every other claim of the book.
        seq: Number of the book's last command.
        business_on: The book's day.
        since: When it was claimed, on our own clock that never jumps; only says when to renew.
    """

    book: int
    owner: str
    epoch: int
    seq: int
    business_on: int
    since: float = 0.0

    @property
    def is_stale(self) -> bool:
        """Whether it is time to renew it."""
        return time.monotonic() - self.since > RENEW_SECONDS


def create(
    conn: psycopg.Connection, book: int, currency: str, business_on: int, *, virtual: bool
) -> None:
    """Make an empty book.

    Raises:
        UsageError: The book exists.
    """
    clock = "virtual" if virtual else "real"
    with conn.transaction():
        made = conn.execute(
            "INSERT INTO book (book, business_date, currency, clock, opened_on)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (book) DO NOTHING RETURNING book",
            (book, _date(business_on), currency, clock, _date(business_on)),
        ).fetchone()
        if made is None:
            raise UsageError(f"book {book} exists already; open it instead of making it")
        conn.execute(
            "INSERT INTO day (book, business_date, first_seq)"
            f" SELECT b.book, b.business_date, 1 FROM book b WHERE b.book = {book:d}"
        )


def _date(on: int) -> dt.date:
    return dt.date.fromisoformat(days.to_text(on))


def claim(conn: psycopg.Connection, book: int, owner: str, wait_seconds: float = 0.0) -> Lease:
    """Take a book, or keep it: a new epoch, before anything is read.

    Whoever still holds the book's row, a ghost whose COMMIT is under way, is waited for.

    Args:
        conn: A connection outside any transaction.
        book: Which book.
        owner: Who claims it; a book that is ours can be claimed again at any time, so two
            programs that should not fight must not share a name.
        wait_seconds: How long to wait for another owner's lease to run out.

    Raises:
        UsageError: There is no such book.
        BookTaken: Another writer holds it and its lease still runs.
        Postponed: A transaction holds its row.
    """
    until = time.monotonic() + wait_seconds
    while True:
        try:
            return _try_claim(conn, book, owner)
        except psycopg.errors.LockNotAvailable:
            refusal: JiehuanError = Postponed(f"book {book}: a transaction holds its row")
        except BookTaken as taken:
            refusal = taken
        if time.monotonic() > until:
            raise refusal
        time.sleep(_CLAIM_PAUSE_SECONDS)


def _try_claim(conn: psycopg.Connection, book: int, owner: str) -> Lease:
    """Take a book now or say who holds it."""
    row = conn.execute(
        "UPDATE book SET epoch = epoch + 1, owner = %s,"
        " expires_at = now() + make_interval(secs => %s)"
        f" WHERE book = {book:d} AND (owner = %s OR expires_at < now())"
        " RETURNING epoch, seq, business_date",
        (owner, LEASE_SECONDS, owner),
    ).fetchone()
    if row is not None:
        return Lease(book, owner, row[0], row[1], row[2].toordinal(), time.monotonic())
    held = conn.execute(
        "SELECT owner, extract(epoch FROM expires_at - now())::float8"
        f" FROM book WHERE book = {book:d}"
    ).fetchone()
    if held is None:
        raise UsageError(f"there is no book {book}; make it first")
    raise BookTaken(f"book {book} is held by {held[0]} for {max(held[1], 0):.1f} s more")


def renew(conn: psycopg.Connection, lease: Lease) -> Lease:
    """Take a new epoch for a lease that may run out soon.

    Raises:
        FenceLost: Somebody else has taken the book, or moved it on.
        BookTaken: Another writer holds it.
    """
    renewed = claim(conn, lease.book, lease.owner)
    if (renewed.epoch, renewed.seq, renewed.business_on) != (
        lease.epoch + 1,
        lease.seq,
        lease.business_on,
    ):
        raise FenceLost(f"book {lease.book}: another writer has had it meanwhile")
    return renewed


def release(conn: psycopg.Connection, lease: Lease) -> None:
    """Let a book go, so that the next writer need not wait for the lease to run out."""
    conn.execute(
        f"UPDATE book SET expires_at = now() WHERE book = {lease.book:d} AND epoch = %s",
        (lease.epoch,),
    )


def add_terms(conn: psycopg.Connection, products: tuple[Product, ...]) -> None:
    """Store versions of terms that are not there yet; their number is their place."""
    known = {(product.number, product.version) for product in terms(conn)}
    for product in products:
        if (product.number, product.version) not in known:
            conn.execute(
                "INSERT INTO terms (id, product, name, version, from_on, text, hash)"
                " SELECT count(*), %s, %s, %s, %s, %s, %s FROM terms",
                (
                    product.number,
                    product.name,
                    product.version,
                    _date(product.from_on),
                    product.text,
                    bytes.fromhex(product.sha256),
                ),
            )


def terms(conn: psycopg.Connection) -> tuple[Product, ...]:
    """Return all versions of terms, in the order of their numbers."""
    rows = conn.execute("SELECT id, text FROM terms ORDER BY id").fetchall()
    if [row[0] for row in rows] != list(range(len(rows))):
        raise InvariantBroken("the numbers of the terms have a gap")
    return tuple(parse(row[1])[0] for row in rows)


def count_terms(conn: psycopg.Connection) -> int:
    """Return how many versions of terms there are."""
    row = conn.execute("SELECT count(*)::integer FROM terms").fetchone()
    assert row is not None
    count: int = row[0]
    return count


def add_client(conn: psycopg.Connection, number: int, name: str) -> None:
    """Name a client; a name that is there already stays."""
    conn.execute(
        "INSERT INTO client (id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING", (number, name)
    )


def closed_on(conn: psycopg.Connection, book: int) -> int:
    """Return the last day that was closed; the day before the first if none was."""
    row = conn.execute(
        "SELECT coalesce(max(d.business_date), b.opened_on - 1) FROM book b"
        f" LEFT JOIN day d ON d.book = {book:d} AND d.closed"
        f" WHERE b.book = {book:d} GROUP BY b.opened_on"
    ).fetchone()
    assert row is not None
    on: int = row[0].toordinal()
    return on


def last_hash(conn: psycopg.Connection, book: int) -> bytes:
    """Return the hash of the last batch."""
    row = conn.execute(
        f"SELECT hash FROM batch WHERE book = {book:d} ORDER BY first_seq DESC LIMIT 1"
    ).fetchone()
    return FIRST if row is None else bytes(row[0])


def find_keys(
    conn: psycopg.Connection, book: int, clients: Ids, keys: Hashes
) -> dict[tuple[int, bytes], Rows]:
    """Return the commands that were journalled under keys, by client and key.

    Args:
        conn: A connection.
        book: Whose journal.
        clients: Who sent each key, shape (n,).
        keys: Their hashes, shape (n,) of 16 bytes.
    """
    asked = np.empty(len(keys), [("client", "i4"), ("key_hash", "V16")])
    asked["client"], asked["key_hash"] = clients, keys
    once = np.unique(asked.view("V20")).view(asked.dtype)
    rows = reading.keyed(conn, book, once["client"], once["key_hash"])
    return {(int(row["client"]), row["key_hash"].tobytes()): row for row in rows}
