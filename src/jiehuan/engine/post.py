"""One fenced writer of a book: load, decide, save, in batches.

A batch is loaded and decided outside the transaction; the fence makes that safe, since it
commits only if nothing else was booked in between.  An answer is given after COMMIT's own
result was read.  Whatever goes wrong, the writer takes a new epoch before it goes on, and
finds out from the book itself what became of the last batch.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

import numpy as np

from jiehuan.core.columns import Commands, Int64s, Lines, Transfers
from jiehuan.core.errors import (
    BookTaken,
    DatabaseDown,
    FenceLost,
    InDoubt,
    InvariantBroken,
    KeyTaken,
    Postponed,
)
from jiehuan.core.state import Loaded
from jiehuan.core.terms import TermsTable
from jiehuan.engine.batches import batch_of, closing_batch, empty_journal
from jiehuan.engine.decide import Book, Decided, decide
from jiehuan.engine.ledger import Closing, Ledger
from jiehuan.engine.loading import find
from jiehuan.engine.requests import ANSWERED, Answers, Requests
from jiehuan.store import books, saving, trouble
from jiehuan.store.books import Lease
from jiehuan.store.database import Connection
from jiehuan.store.failpoints import reach
from jiehuan.store.saving import Batch, DayStep
from jiehuan.store.sql import Statement

T = TypeVar("T")

TRIES = 5
# How long a database that is down is waited for: a restart with its recovery.
PATIENCE_SECONDS = 10.0
# How long a new writer waits for the book: the lease of one that has died, and its transaction.
TAKEOVER_SECONDS = 10.0
PAUSE_SECONDS = 0.05
NO_IDS = np.zeros(0, np.int64)


class Writer:
    """The writer of one book; it owns its connection.

    One thread uses it at a time.  After any exception it may be used on: it looks at the book
    again first.

    Attributes:
        book: Its number.
        closed_on: The last day whose closing was booked.
        terms: All versions of terms, by number.
        ledger: Balances at the last close.
    """

    book: int
    closed_on: int
    terms: TermsTable
    ledger: Ledger

    def __init__(
        self,
        connect: Callable[[], Connection],
        book: int,
        owner: str,
        *,
        wait_seconds: float = TAKEOVER_SECONDS,
    ) -> None:
        """Claim ``book`` for ``owner``.

        Args:
            connect: Makes a connection; called again whenever one has broken.
            book: Which book.
            owner: Who claims it; no two programs that run at once may share a name.
            wait_seconds: How long to wait for the lease of another writer to run out.

        Raises:
            UsageError: There is no such book.
            BookTaken: Another writer holds it.
            DatabaseDown: The database does not answer.
        """
        self.book = book
        self.ledger = Ledger()
        self.terms = TermsTable(())
        self._connect = connect
        self._owner = owner
        self._conn: Connection | None = None
        self._lease: Lease | None = None
        self._hash = b""
        self._known = False  # what was read of the book is as it is
        self._holds = False  # the book is ours as far as we know
        try:
            self._take_once(wait_seconds)
        except BaseException:
            self._hang_up()
            raise

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the book back."""
        self.close()

    def close(self) -> None:
        """Give the book back at once; without this its lease runs out by itself."""
        if self._conn is not None and self._holds:
            with contextlib.suppress(DatabaseDown), trouble.named():
                books.release(self._conn, self._at)
        self._hang_up()

    @property
    def conn(self) -> Connection:
        """The connection on which the book is held; another one after trouble."""
        if self._conn is None:
            self._take(0.0)
        assert self._conn is not None
        return self._conn

    @property
    def _at(self) -> Lease:
        """Where the book stands."""
        assert self._lease is not None
        return self._lease

    @property
    def business_on(self) -> int:
        """The book's day."""
        return self._at.business_on

    @property
    def seq(self) -> int:
        """The number of the last command."""
        return self._at.seq

    # --- The claim ------------------------------------------------------------------------------

    def renew(self) -> None:
        """Take a new epoch; to be called before the lease runs out while nothing is posted.

        Raises:
            BookTaken: Another writer has taken the book.
            DatabaseDown: The database does not come back.
        """
        self._take(0.0)

    def _take(self, wait_seconds: float) -> None:
        """Take a new epoch, and wait for a database that is being started again.

        Raises:
            BookTaken: Another writer has taken the book.
            DatabaseDown: The database does not come back.
            InvariantBroken: It came back without what it had committed.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._take_once(wait_seconds)
            except (DatabaseDown, Postponed):
                self._hang_up()
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _take_once(self, wait_seconds: float) -> None:
        """Take a new epoch, committed alone; then read where the book stands, if it moved."""
        with trouble.named():
            if self._conn is None or self._conn.closed:
                self._conn = self._connect()
            before = self._lease
            lease = books.claim(self._conn, self.book, self._owner, wait_seconds)
            if before is not None and lease.seq < before.seq:
                raise InvariantBroken(
                    f"book {self.book} ends with command {lease.seq}, though {before.seq}"
                    " was committed: the database has lost what it had promised to keep"
                )
            stands = (lease.seq, lease.business_on)
            if before is None or stands != (before.seq, before.business_on):
                self._known = False
            self._lease = lease
            self._read(self._conn)
        self._holds = True

    def _read(self, conn: Connection) -> None:
        """Read what a writer knows of its book beside the lease, unless nothing has changed."""
        if books.count_terms(conn) != len(self.terms.products):
            self.terms = TermsTable(books.terms(conn))
        if self._known:
            return
        self.closed_on = books.closed_on(conn, self.book)
        self._hash = books.last_hash(conn, self.book)
        if self.ledger.on != self.closed_on:
            self.ledger = Ledger()
        self._known = True

    def _doubt(self) -> None:
        """Believe nothing: a step may have been cut short between its COMMIT and our memory."""
        self._holds = self._known = False

    def _hang_up(self) -> None:
        """Give up the connection: what is open on it must never be committed."""
        self._doubt()
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def until_done(self, work: Callable[[], T]) -> T:
        """Do ``work`` on the book, and again after whatever passes by itself.

        Args:
            work: Reads, decides and saves at most one batch.  It looks at the book afresh each
                time, since the batch of a time before may have been committed.

        Raises:
            BookTaken: Another writer has taken the book; nothing of this was committed.
            InDoubt: It may have been committed; ask again with the same keys.
            DatabaseDown: The database does not come back; nothing is known to be lost.
            DiskFull: There is no room; nothing was written.
        """
        doubt = False
        for left in reversed(range(TRIES)):
            self._ready(doubt=doubt)
            try:
                with trouble.named():
                    return work()
            except (FenceLost, KeyTaken, Postponed):
                self._doubt()
                doubt = False
                if not left:
                    raise
            except (InDoubt, DatabaseDown) as error:
                self._hang_up()
                doubt = isinstance(error, InDoubt)
                if not left:
                    raise
            except BaseException:
                self._hang_up()
                raise
        raise AssertionError("the last try returns or raises")

    def _ready(self, *, doubt: bool) -> None:
        """Hold the book, with some of the lease left; ``doubt``: a batch may be committed."""
        if self._holds and not self._at.is_stale:
            return
        try:
            self._take(0.0)
        except (BookTaken, DatabaseDown, Postponed) as error:
            if not doubt:
                raise
            raise InDoubt(f"{error}; ask again, with the same keys") from error

    # --- Batches --------------------------------------------------------------------------------

    def post(self, requests: Requests) -> Answers:
        """Book ``requests`` in one batch and answer them once they are durable.

        Each is booked once, however often it is asked; one that is refused changes nothing and
        fails nobody else.

        Raises:
            UsageError: See ``Requests.check``; nothing was done.
            JiehuanError: See ``until_done``.
        """
        requests.check()
        answers = Answers.empty(len(requests.keys))
        todo = requests.first_of_each_key()
        first = True

        def work() -> None:
            nonlocal todo, first
            if not first:
                todo = self._answer_known(requests, answers, todo)
            first = False
            self._post(requests, answers, todo)

        self.until_done(work)
        answers.copy_doubles(requests)
        return answers

    def _answer_known(self, requests: Requests, answers: Answers, todo: Int64s) -> Int64s:
        """Answer the requests whose keys are in the journal; return the others."""
        known = books.find_keys(
            self.conn, self.book, requests.commands.client[todo], requests.keys[todo]
        )
        left = []
        for place in todo.tolist():
            row = known.get((int(requests.commands.client[place]), requests.keys[place].tobytes()))
            if row is None:
                left.append(place)
            else:
                answers.again(requests, place, row)
        return np.array(left, np.int64)

    def _post(self, requests: Requests, answers: Answers, todo: Int64s) -> None:
        """Book the requests at some places, and answer them.

        What is to be written beside them is written of all, those also whose keys are known.
        """
        beside = requests.beside(self.book)
        if not len(todo):
            if beside:
                self.write_beside(beside)
            return
        asked = requests.take(todo)
        before, decided = self._decide(asked.commands, NO_IDS)
        batch = batch_of(before, decided, asked)
        batch.beside = beside
        self._save(batch)
        mine = decided.asked >= 0
        places = todo[decided.asked[mine]]
        for name in ANSWERED:
            getattr(answers, name)[places] = getattr(decided.commands, name)[mine]

    def _decide(self, asked: Commands, also: Int64s) -> tuple[Loaded, Decided]:
        """Load what a batch needs and decide it; return what was loaded, and the decision."""
        found = find(self.conn, self.book, self.business_on, asked, also)
        reach("after_load")
        before = Loaded(
            Lines.from_rows(found.loaded.lines.to_rows()),
            found.loaded.dues,
            found.loaded.loans,
            found.loaded.parts,
            found.loaded.holds,
            found.loaded.full,
        )
        book = Book(self.terms, self.business_on, self.closed_on, self.seq)
        return before, decide(book, found, asked)

    def _save(self, batch: Batch) -> None:
        """Commit a batch and know where the book stands now."""
        self._lease, self._hash = saving.save(self.conn, self._at, batch, self._hash)
        reach("before_answer")

    def write_beside(self, statements: Sequence[Statement]) -> None:
        """Write what is no command, fenced like a batch; to be done by ``until_done``.

        Args:
            statements: Of ``store.outbox``, ``store.inbox`` and ``store.vault``.
        """
        self._save(Batch(empty_journal(), beside=statements))

    # --- Steps of the day, each to be done by ``until_done`` ------------------------------------

    def play_events(self, ids: Int64s, on: int) -> None:
        """Play the events that wait on lines ``ids`` as day ``on`` closes."""
        before, decided = self._decide(Commands.empty(0), ids)
        batch = batch_of(before, decided, None)
        batch.day = DayStep(on, int(ids[-1]), len(ids), closed=False)
        self._save(batch)

    def move_on(self, business_on: int) -> None:
        """Move the book's day on to the next."""
        assert business_on == self.business_on + 1, "days pass one by one"
        self._save(Batch(empty_journal(), business_on=business_on))

    def close_day(self, closing: Closing, commands: Commands, transfers: Transfers) -> None:
        """Book the closing of a day: its command and transfers."""
        self._save(closing_batch(commands, transfers))
        self.closed_on = closing.on
        self.ledger.close(closing, transfers)
