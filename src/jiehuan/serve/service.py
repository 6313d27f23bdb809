"""What stands between HTTP and a book: its writer's queue, its readers, its terms."""

import asyncio
import dataclasses
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, Self, TypeVar

import numpy as np

from jiehuan.core import days
from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome
from jiehuan.core.terms import Product, TermsTable
from jiehuan.engine import day
from jiehuan.engine.book import CLIENT_API
from jiehuan.engine.post import TAKEOVER_SECONDS, Writer
from jiehuan.engine.queue import WAITING_MAX, Queue
from jiehuan.engine.requests import Requests, Side, hashes, key_hashes
from jiehuan.reports import overview
from jiehuan.reports.overview import Overview
from jiehuan.serve.bell import Bell
from jiehuan.serve.problems import Problem
from jiehuan.store import books, lookup
from jiehuan.store.database import Connection, connect
from jiehuan.store.lookup import BookRow
from jiehuan.store.readers import Readers
from jiehuan.store.saving import DecisionRow
from jiehuan.store.sessions import Session
from jiehuan.store.sql import Statement

T = TypeVar("T")

ADVANCE_DAYS_MAX: Final = 400
CLOCK_KEYS_MAX: Final = 1_000

# What may leave something for the courier to do.
INSTRUCTS: Final = frozenset({Kind.DRAW, Kind.COLLECT, Kind.PAY_BACK})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command on its way to the journal.

    Attributes:
        kind: Which.
        key: The caller's, as it came.
        content: What the caller sent, in a form that JSON knows: what a retry must repeat.
        line: Its line; 0 for an application.
        effective_on: The day on which it takes effect; 0: the book's day.
        amount_minor: And what follows: columns of ``Commands``.
        ref: See there.
        terms: See there.
        count: See there.
        flags: See there.
        merchant: See there.
        decision: What was decided on an application.
        client: Who asks; keys are told apart by it.
        side: What is written in the same transaction.
    """

    kind: Kind
    key: str
    content: object
    line: int = 0
    effective_on: int = 0
    amount_minor: int = 0
    ref: int = 0
    terms: int = 0
    count: int = 0
    flags: int = 0
    merchant: int = 0
    decision: DecisionRow | None = None
    client: int = CLIENT_API
    side: Side | None = None

    def requests(self) -> Requests:
        """Return the order as a batch of one."""
        commands = Commands.empty(1)
        commands.client[:] = self.client
        commands.kind[:] = self.kind
        for name in (
            "line",
            "effective_on",
            "amount_minor",
            "ref",
            "terms",
            "count",
            "flags",
            "merchant",
        ):
            getattr(commands, name)[:] = getattr(self, name)
        said = json.dumps([self.kind.name, self.content], sort_keys=True).encode()
        decisions = {0: self.decision} if self.decision else {}
        side = {0: self.side} if self.side else {}
        return Requests(commands, key_hashes([self.key]), hashes([said]), {}, decisions, side)


@dataclasses.dataclass(frozen=True, slots=True)
class Booked:
    """What became of an order: its row in the journal, and whether it stood there before."""

    row: np.void
    replayed: bool

    @property
    def outcome(self) -> Outcome:
        """Done, or the first check that failed."""
        return Outcome(self.row["outcome"])


class Service:
    """One book, open for business.

    Attributes:
        book: Its number.
        currency: Its currency.
        virtual: Whether its clock is virtual.
        bell: Rings when there may be something new for the courier.
    """

    def __init__(self, found: BookRow, owner: str, queue: Queue, readers: Readers) -> None:
        """Join what ``open`` has made."""
        self.book = found.book
        self.currency = found.currency
        self.virtual = found.virtual
        self.bell = Bell()
        self._owner = owner
        self._queue = queue
        self._readers = readers
        self._page_lock = threading.Lock()
        self._page: Overview | None = None
        self._clock_keys: OrderedDict[str, tuple[int, tuple[int, int]]] = OrderedDict()

    @classmethod
    def open(
        cls,
        dsn: str,
        book: int,
        owner: str,
        *,
        waiting_max: int = WAITING_MAX,
        wait_seconds: float = TAKEOVER_SECONDS,
    ) -> Self:
        """Claim a book and open it.

        Args:
            dsn: The database, ready for us (``engine.book.prepare``).
            book: Its number.
            owner: Who we are; no two programs that run at once may share a name.
            waiting_max: How many requests may wait for the writer.
            wait_seconds: How long to wait for the lease of another writer to run out.

        Raises:
            UsageError: There is no such book.
            BookTaken: Another process writes it.
            DatabaseDown: The database does not answer.
        """
        readers = Readers(partial(connect, dsn, Session.READER))
        with readers.snapshot() as conn:
            found = lookup.book(conn, book)
        if found is None:
            readers.close()
            raise UsageError(f"there is no book {book}; make it first")
        try:
            writer = Writer(partial(connect, dsn), book, owner, wait_seconds=wait_seconds)
        except BaseException:
            readers.close()
            raise
        return cls(found, owner, Queue(writer, waiting_max), readers)

    def close(self) -> None:
        """Finish what waits and give the book back."""
        self._queue.close()
        self._readers.close()

    def snapshot(self) -> AbstractContextManager[Connection]:
        """Lend a session that reads one moment of the books."""
        return self._readers.snapshot()

    def ready(self) -> None:
        """Return if the book is ours and the database answers.

        Raises:
            Problem: The book is not ours now.
            JiehuanError: What else keeps us from writing or reading.
        """
        with self.snapshot() as conn:
            if self.row(conn).owner != self._owner:
                raise Problem("book_taken")
        self._queue.check()

    def row(self, conn: Connection) -> BookRow:
        """Return the book as it stands."""
        found = lookup.book(conn, self.book)
        assert found is not None
        return found

    def terms(self, conn: Connection) -> TermsTable:
        """Return all versions of terms."""
        return TermsTable(books.terms(conn))

    def product(self, conn: Connection, name: str) -> tuple[int, Product]:
        """Return the version of a product in force today, and its number.

        Raises:
            Problem: There is none of that name in the book's currency.
        """
        terms = self.terms(conn)
        try:
            number = terms.in_force(name, self.row(conn).business_on)
        except UsageError:
            raise Problem("product_not_found") from None
        if terms.products[number].currency != self.currency:
            raise Problem("product_not_found", currency=self.currency)
        return number, terms.products[number]

    def products(self, conn: Connection) -> list[Product]:
        """Return the versions in force today, of the book's currency, by product number."""
        on = self.row(conn).business_on
        newest = day.products_in_force(self.terms(conn), on)
        return [newest[number] for number in sorted(newest) if self._ours(newest[number])]

    def _ours(self, product: Product) -> bool:
        return product.currency == self.currency

    def knows(self, conn: Connection, key: str) -> bool:
        """Say whether a key is in the journal."""
        clients = np.array([CLIENT_API], np.int32)
        return bool(books.find_keys(conn, self.book, clients, key_hashes([key])))

    async def book_order(self, order: Order) -> Booked:
        """Have an order booked, with whatever else waits, and return its row.

        Raises:
            Problem: Its key was used for something else.
            JiehuanError: The batch could not be booked.
        """
        answers = await asyncio.wrap_future(self._queue.post(order.requests()))
        if answers.outcome[0] == Outcome.KEY_REUSED_WITH_OTHER_CONTENT:
            raise Problem("key_reused_with_other_content")
        if order.kind in INSTRUCTS:
            self.bell.ring()
        row = await self.reading(lambda conn: lookup.command(conn, self.book, int(answers.seq[0])))
        return Booked(row[0], bool(answers.replayed[0]))

    async def reading(self, read: Callable[[Connection], T]) -> T:
        """Read in another thread, in one snapshot."""

        def run() -> T:
            with self.snapshot() as conn:
                return read(conn)

        return await asyncio.to_thread(run)

    async def writing(self, work: Callable[[Connection], tuple[T, Sequence[Statement]]]) -> T:
        """Write beside the journal, in a fenced transaction, on the thread of the writer.

        Args:
            work: Reads, and returns what is answered and the statements to write, maybe none;
                nobody else writes the book in between.  It is called again if the database
                failed, and raises nothing.

        Raises:
            JiehuanError: It could not be written.
        """

        def job(writer: Writer) -> T:
            def once() -> T:
                found, statements = work(writer.conn)
                if statements:
                    writer.write_beside(statements)
                return found

            return writer.until_done(once)

        return await asyncio.wrap_future(self._queue.call(job))

    async def advance(self, until_on: int, key: str) -> tuple[tuple[int, int], bool]:
        """Move a virtual clock on to a day, closing the days before it.

        To move to a day is the same once and twice, so its keys are not journalled: they are
        kept here, the newest ``CLOCK_KEYS_MAX``.

        Returns:
            From which day and to which it moved, and whether this key did it before.

        Raises:
            Problem: The key was used for another day, or the day is past or too far.
        """
        known = self._clock_keys.get(key)
        if known is not None:
            if known[0] != until_on:
                raise Problem("key_reused_with_other_content")
            return known[1], True
        moved = await asyncio.wrap_future(self._queue.call(partial(_advance, until_on=until_on)))
        if until_on < moved[0]:
            raise Problem("clock_runs_forward", business_on=days.to_text(moved[0]))
        if until_on > moved[1]:
            on = days.to_text(moved[0])
            raise Problem("clock_too_far", business_on=on, days_max=ADVANCE_DAYS_MAX)
        self._clock_keys[key] = until_on, moved
        while len(self._clock_keys) > CLOCK_KEYS_MAX:
            self._clock_keys.popitem(last=False)
        return moved, False

    def overview(self) -> tuple[Overview, list[Product]]:
        """Return the book's figures; they are reckoned anew only when something was booked."""
        with self._page_lock, self.snapshot() as conn:
            row = self.row(conn)
            seen = self._page
            if seen is None or (seen.book.seq, seen.book.business_on) != (row.seq, row.business_on):
                seen = self._page = overview.read(conn, row)
            return seen, self.products(conn)


def _advance(writer: Writer, until_on: int) -> tuple[int, int]:
    """Move a book's day on, in the thread that owns its writer; return from where and to where.

    A day that is past, or too far, leaves it where it is.
    """
    from_on = writer.business_on
    if from_on <= until_on <= from_on + ADVANCE_DAYS_MAX:
        day.advance(writer, until_on)
    return from_on, writer.business_on
