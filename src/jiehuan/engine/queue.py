"""How do many callers share the one writer of a book?  By a queue: one thread, small batches.

Whatever waits is posted as one batch, in the order in which it came, and each caller is
answered after its COMMIT.  A batch that fails as a whole fails nobody for ever: the writer
looks at the book again before the next, and a caller who was told "in doubt" retries with the
same key.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

import numpy as np

from jiehuan.core.columns import Commands
from jiehuan.core.errors import (
    BookTaken,
    DatabaseDown,
    DiskFull,
    FenceLost,
    InDoubt,
    JiehuanError,
    KeyTaken,
    Postponed,
    QueueFull,
)
from jiehuan.engine.post import Writer
from jiehuan.engine.requests import Answers, Requests, Side
from jiehuan.store.books import LEASE_SECONDS

T = TypeVar("T")

WAITING_MAX: Final = 1_024
BATCH_MAX: Final = 256
# A third of the lease: two renewals may fail before another writer can take the book.
RENEW_SECONDS: Final = LEASE_SECONDS / 3
# What befalls a whole batch, and none of those in it more than the others.
TROUBLE: Final = (BookTaken, DatabaseDown, DiskFull, FenceLost, InDoubt, KeyTaken, Postponed)


class Ask(Generic[T]):
    """Something for the writer's thread to do, and where its result goes."""

    __slots__ = ("future", "job", "requests")

    def __init__(self, job: Callable[[Writer], T] | None, requests: Requests | None) -> None:
        """Hold either a job or requests."""
        self.job = job
        self.requests = requests
        self.future: Future[T] = Future()


def join(parts: Sequence[Requests]) -> Requests:
    """Put requests behind one another, in order."""
    if len(parts) == 1:
        return parts[0]
    details: dict[int, bytes] = {}
    decisions: dict[int, Any] = {}
    side: dict[int, Side] = {}
    at = 0
    for part in parts:
        details |= {at + place: text for place, text in part.details.items()}
        decisions |= {at + place: row for place, row in part.decisions.items()}
        side |= {at + place: one for place, one in part.side.items()}
        at += len(part.commands)
    rows = np.concatenate([part.commands.to_rows() for part in parts])
    keys = np.concatenate([part.keys for part in parts])
    digests = np.concatenate([part.digests for part in parts])
    return Requests(Commands.from_rows(rows), keys, digests, details, decisions, side)


def _split(answers: Answers, parts: Sequence[Requests]) -> list[Answers]:
    """Give each part its own answers."""
    ends = np.cumsum([len(part.commands) for part in parts])[:-1]
    columns = [
        np.split(column, ends)
        for column in (
            answers.seq,
            answers.line,
            answers.outcome,
            answers.applied_minor,
            answers.replayed,
        )
    ]
    return [Answers(*part) for part in zip(*columns, strict=True)]


class Queue:
    """One thread that owns a book's writer, and those who wait for it."""

    def __init__(self, writer: Writer, waiting_max: int = WAITING_MAX) -> None:
        """Begin.

        Args:
            writer: Of the book; it is ours from here on.
            waiting_max: Beyond so many, who comes is refused at once.
        """
        self._writer = writer
        self._waiting_max = waiting_max
        self._waiting: deque[Ask[Any]] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._trouble: JiehuanError | None = None
        self._renew_at = time.monotonic() + RENEW_SECONDS
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Return if the book was ours when last we looked, and a thread is there to write it.

        Raises:
            QueueFull: We are closing.
            JiehuanError: What keeps us from writing.
        """
        if self._trouble is not None:
            raise self._trouble
        if self._closing or not self._thread.is_alive():
            raise QueueFull("the book is being closed")

    def post(self, requests: Requests) -> "Future[Answers]":
        """Have requests posted with whatever else waits.

        Returns:
            Their answers, after COMMIT, or the error that befell the whole batch.

        Raises:
            UsageError: See ``Requests.check``; nothing was done, nobody else is harmed.
            QueueFull: Too many wait, or we are closing; nothing was done.
        """
        requests.check()
        return self._put(Ask[Answers](None, requests))

    def call(self, job: Callable[[Writer], T]) -> "Future[T]":
        """Have something done by the thread that owns the writer, in its turn.

        Raises:
            QueueFull: Too many wait, or we are closing; nothing was done.
        """
        return self._put(Ask[T](job, None))

    def close(self) -> None:
        """Finish what waits, give the book back, and stop."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        self._thread.join()

    def _put(self, ask: Ask[T]) -> "Future[T]":
        with self._arrived:
            if self._closing or len(self._waiting) >= self._waiting_max:
                raise QueueFull("too many requests wait for the book; nothing was done")
            self._waiting.append(ask)
            self._arrived.notify()
        return ask.future

    def _run(self) -> None:
        """Serve, and keep the book, until all that waited before closing is done."""
        while True:
            asks = self._next()
            if not asks and self._closing:
                break
            # Whoever went away before it was begun is not served.
            live = [ask for ask in asks if ask.future.set_running_or_notify_cancel()]
            if live:
                self._serve(live)
            self._keep()
        self._writer.close()

    def _next(self) -> list[Ask[Any]]:
        """Wait for somebody, or until the lease wants renewing; take those right behind along."""
        with self._arrived:
            patience = max(self._renew_at - time.monotonic(), 0)
            self._arrived.wait_for(lambda: self._waiting or self._closing, patience)
            asks: list[Ask[Any]] = []
            while self._waiting and len(asks) < BATCH_MAX:
                alone = self._waiting[0].requests is None
                if asks and alone:
                    break
                asks.append(self._waiting.popleft())
                if alone:
                    break
            return asks

    def _keep(self) -> None:
        """Renew the lease in time, or take the book again if it was lost."""
        if time.monotonic() < self._renew_at:
            return
        self._renew_at = time.monotonic() + RENEW_SECONDS
        try:
            self._writer.renew()
        except JiehuanError as error:
            self._trouble = error
        else:
            self._trouble = None

    def _serve(self, asks: list[Ask[Any]]) -> None:
        """Do what is asked, and answer."""
        try:
            results = self._do(asks)
        except TROUBLE as error:
            self._trouble = error
            for ask in asks:
                ask.future.set_exception(error)
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait are told
            if len(asks) == 1:
                asks[0].future.set_exception(error)
                return
            # A fault of ours in one of them: alone it harms nobody else.
            for ask in asks:
                self._serve([ask])
        else:
            if asks[0].requests is not None:
                self._trouble = None
            for ask, result in zip(asks, results, strict=True):
                ask.future.set_result(result)

    def _do(self, asks: list[Ask[Any]]) -> list[Any]:
        """Run the job, or post the requests as one batch."""
        if asks[0].job is not None:
            return [asks[0].job(self._writer)]
        parts = [ask.requests for ask in asks if ask.requests is not None]
        return _split(self._writer.post(join(parts)), parts)
