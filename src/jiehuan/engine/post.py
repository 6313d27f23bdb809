"""One fenced writer of a book: load, decide, save, in batches.

A batch is loaded and decided outside the transaction; the fence makes that safe, since it
commits only if nothing else was booked in between.  An answer is given after COMMIT's own
result was read.  Whatever goes wrong, the writer takes a new epoch before it goes on.
"""

import dataclasses
import time
from collections.abc import Callable
from typing import Self

import numpy as np

from jiehuan.core.columns import Commands, Int64s, Lines, Rows, Transfers
from jiehuan.core.errors import FenceLost, InDoubt, KeyTaken, Postponed
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded
from jiehuan.core.terms import TermsTable
from jiehuan.engine.decide import Book, Decided, decide
from jiehuan.engine.keys import event_keys
from jiehuan.engine.ledger import Ledger
from jiehuan.engine.loading import find
from jiehuan.engine.requests import Answers, Requests, digests, key_hashes
from jiehuan.store import books, saving, tables
from jiehuan.store.database import Connection
from jiehuan.store.failpoints import reach
from jiehuan.store.saving import Batch, DayStep
from jiehuan.store.tables import Table

TRIES = 5
OUTBOX_INSTRUCTED = 1
NO_IDS = np.zeros(0, np.int64)
CHILDREN = {
    tables.DUE: "dues",
    tables.LOAN: "loans",
    tables.INSTALMENT: "parts",
    tables.HOLD: "holds",
}


class Writer:
    """The writer of one book; it owns its connection.

    Attributes:
        business_on: The book's day.
        closed_on: The last day whose closing was booked.
        terms: All versions of terms, by number.
        ledger: Balances at the last close.
    """

    def __init__(self, connect: Callable[[], Connection], book: int, owner: str) -> None:
        """Claim ``book`` for ``owner``.

        Raises:
            UsageError: There is no such book.
            BookTaken: Another writer holds it.
        """
        self._connect = connect
        self._owner = owner
        self.book = book
        self._conn = connect()
        self._claim()

    def _claim(self) -> None:
        """Take a new epoch, then read where the book stands."""
        if self._conn.closed:
            self._conn = self._connect()
        self._lease = books.claim(self._conn, self.book, self._owner)
        self.terms = TermsTable(books.terms(self._conn))
        self.closed_on = books.closed_on(self._conn, self.book)
        self._hash = books.last_hash(self._conn, self.book)
        self.ledger = Ledger()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the book back."""
        self.close()

    def close(self) -> None:
        """Give the book back at once; without this its lease runs out by itself."""
        if not self._conn.closed:
            books.release(self._conn, self._lease)
            self._conn.close()

    @property
    def conn(self) -> Connection:
        """The connection on which the book is held."""
        return self._conn

    @property
    def business_on(self) -> int:
        """The book's day."""
        return self._lease.business_on

    @property
    def seq(self) -> int:
        """The number of the last command."""
        return self._lease.seq

    def renew(self) -> None:
        """Take a new epoch; to be called before the lease runs out while nothing is posted."""
        self._claim()

    def post(self, requests: Requests) -> Answers:
        """Book ``requests`` in one batch and answer them once they are durable.

        Raises:
            FenceLost: Another writer has taken the book; nothing was booked.
            InDoubt: The database does not answer; whether it was booked is not known.
        """
        answers = Answers.empty(len(requests.keys))
        todo = _first_of_each_key(requests)
        for attempt in range(TRIES):
            try:
                self._post(requests, answers, todo)
            except (KeyTaken, FenceLost, InDoubt, Postponed):
                if attempt == TRIES - 1:
                    raise
                self._claim()
                todo = self._answer_known(requests, answers, todo)
            else:
                break
        _copy_doubles(requests, answers)
        return answers

    def _answer_known(self, requests: Requests, answers: Answers, todo: Int64s) -> Int64s:
        """Answer the requests whose keys are in the journal; return the others."""
        known = books.find_keys(
            self._conn, self.book, requests.commands.client[todo], requests.keys[todo]
        )
        left = []
        for place in todo.tolist():
            row = known.get((int(requests.commands.client[place]), requests.keys[place].tobytes()))
            if row is None:
                left.append(place)
            else:
                _answer_again(requests, answers, place, row)
        return np.array(left, np.int64)

    def _post(self, requests: Requests, answers: Answers, todo: Int64s) -> None:
        asked = requests.take(todo)
        if not len(todo):
            return
        before, decided = self._decide(asked.commands, NO_IDS)
        self._save(batch_of(before, decided, asked))
        mine = decided.asked >= 0
        places = todo[decided.asked[mine]]
        for name in ("seq", "line", "outcome", "applied_minor"):
            getattr(answers, name)[places] = getattr(decided.commands, name)[mine]

    def _decide(self, asked: Commands, also: Int64s) -> tuple[Loaded, Decided]:
        """Load what a batch needs and decide it; return what was loaded, and the decision."""
        found = find(self._conn, self.book, self.business_on, asked, also)
        reach("after_load")
        before = Loaded(
            Lines.from_rows(found.loaded.lines.to_rows()),
            found.loaded.dues,
            found.loaded.loans,
            found.loaded.parts,
            found.loaded.holds,
            found.loaded.full,
        )
        book = Book(self.terms, self.business_on, self.closed_on, self._lease.seq)
        return before, decide(book, found, asked)

    def _save(self, batch: Batch) -> None:
        self._lease, self._hash = saving.save(self._conn, self._lease, batch, self._hash)
        reach("before_answer")

    def play_events(self, ids: Int64s, on: int) -> int:
        """Play the events that wait on lines ``ids`` as day ``on`` closes; return how many."""
        before, decided = self._decide(Commands.empty(0), ids)
        batch = batch_of(before, decided, None)
        batch.day = DayStep(on, int(ids[-1]), len(ids), closed=False)
        self._save(batch)
        return len(decided.commands)

    def move_on(self, business_on: int) -> None:
        """Move the book's day on."""
        self._save(Batch(empty_journal(), business_on=business_on))

    def close_day(self, commands: Commands, transfers: Transfers) -> None:
        """Book the closing of a day."""
        on = int(commands.effective_on[0])
        journal = empty_journal()
        journal[tables.COMMAND.name] = _journalled(commands, np.full(1, -1), None)
        journal[tables.TRANSFER.name] = transfers.to_rows()
        self._save(Batch(journal, day=DayStep(on, 0, 0, closed=True)))
        self.closed_on = on
        for debit, credit, amount in zip(
            transfers.debit.tolist(),
            transfers.credit.tolist(),
            transfers.amount_minor.tolist(),
            strict=True,
        ):
            self.ledger.add(debit, credit, amount)


def empty_journal() -> dict[str, Rows]:
    """Return a batch's journal with no rows."""
    kept = (tables.COMMAND, tables.TRANSFER, tables.STATEMENT, tables.STATEMENT_ITEM)
    return {table.name: np.zeros(0, table.dtype) for table in kept}


def batch_of(before: Loaded, decided: Decided, asked: Requests | None) -> Batch:
    """Return what a decided batch writes."""
    batch = Batch(
        {
            tables.COMMAND.name: _journalled(decided.commands, decided.asked, asked),
            tables.TRANSFER.name: decided.transfers.to_rows(),
            tables.STATEMENT.name: _by(decided.statements.to_rows(), "no"),
            tables.STATEMENT_ITEM.name: _by(decided.items.to_rows(), "no", "item"),
        }
    )
    batch.totals = decided.totals.to_rows()
    batch.inserts[tables.OUTBOX] = _outbox(decided.instructions.to_rows())
    _compare_lines(batch, before, decided)
    for table, name in CHILDREN.items():
        new, changed = _compare(
            table, getattr(before, name).to_rows(), getattr(decided.after, name).to_rows()
        )
        again: Rows = getattr(decided.replaced, name).to_rows()
        batch.inserts[table] = np.concatenate((new, again))
        batch.updates[table] = changed
    batch.replaced = decided.replaced.lines.id
    if asked is not None:
        seq = dict(zip(decided.asked.tolist(), decided.commands.seq.tolist(), strict=True))
        batch.details = {seq[place]: text for place, text in asked.details.items()}
        line = dict(zip(decided.asked.tolist(), decided.commands.line.tolist(), strict=True))
        batch.decisions = {
            seq[place]: dataclasses.replace(row, line=line[place])
            for place, row in asked.decisions.items()
        }
    return batch


def _compare_lines(batch: Batch, before: Loaded, decided: Decided) -> None:
    """Tell the lines that were opened from those that changed."""
    lines = np.concatenate((decided.after.lines.to_rows(), decided.replaced.lines.to_rows()))
    opened = lines[lines["status"] != Status.NONE]
    was = before.lines.to_rows(before.lines.status != Status.NONE)
    batch.inserts[tables.LINE], batch.updates[tables.LINE] = _compare(tables.LINE, was, opened)


def _by(rows: Rows, *names: str) -> Rows:
    return rows[np.lexsort([rows[name] for name in reversed(names)])]


def _outbox(rows: Rows) -> Rows:
    out = np.zeros(len(rows), tables.OUTBOX.dtype)
    for name in rows.dtype.names or ():
        out[name] = rows[name]
    out["state"] = OUTBOX_INSTRUCTED
    return out


def _journalled(commands: Commands, asked: Int64s, requests: Requests | None) -> Rows:
    """Return the journal's rows: commands with key, digest and the time of booking."""
    rows = np.zeros(len(commands), tables.COMMAND.dtype)
    for name in Commands.DTYPE.names or ():
        rows[name] = getattr(commands, name)
    event = asked < 0
    events = Commands.from_rows(commands.to_rows(event))
    rows["key_hash"][event] = key_hashes(event_keys(events))
    rows["digest"][event] = digests(events)
    if requests is not None:
        rows["key_hash"][~event] = requests.keys[asked[~event]]
        rows["digest"][~event] = requests.digests[asked[~event]]
    rows["booked_at"] = time.time_ns() // 1_000
    return rows


# What tells the rows of a table apart, as one number: numbers of loans and holds are those of
# their commands, so they are unique in the book.
_NUMBER: dict[Table, Callable[[Rows], Int64s]] = {
    tables.LINE: lambda rows: np.asarray(rows["id"]),
    tables.DUE: lambda rows: np.asarray(rows["line"] * 2**22 + rows["due_on"]),
    tables.LOAN: lambda rows: np.asarray(rows["no"]),
    tables.INSTALMENT: lambda rows: np.asarray(rows["loan"] * 2**8 + rows["no"]),
    tables.HOLD: lambda rows: np.asarray(rows["no"]),
}


def _compare(table: Table, before: Rows, after: Rows) -> tuple[Rows, Rows]:
    """Return the rows of ``after`` that are new, and those that differ from ``before``."""
    was, now = _NUMBER[table](before), _NUMBER[table](after)
    before = before[np.argsort(was)]
    was = np.sort(was)
    at = np.minimum(np.searchsorted(was, now), max(len(was) - 1, 0))
    there = was[at] == now if len(was) else np.zeros(len(now), np.bool_)
    kept, old = after[there], before[at[there]] if len(was) else before
    differs = np.zeros(len(kept), np.bool_)
    for name in table.values:
        differs |= old[name] != kept[name]
    return after[~there], kept[differs]


def _first_of_each_key(requests: Requests) -> Int64s:
    """Return the place of the first request with each key."""
    first: dict[tuple[int, bytes], int] = {}
    for place, key in enumerate(_keys(requests)):
        first.setdefault(key, place)
    return np.fromiter(first.values(), np.int64, len(first))


def _keys(requests: Requests) -> list[tuple[int, bytes]]:
    data, clients = requests.keys.tobytes(), requests.commands.client.tolist()
    return [(client, data[16 * n : 16 * n + 16]) for n, client in enumerate(clients)]


def _copy_doubles(requests: Requests, answers: Answers) -> None:
    """Answer a key that came twice in one batch: as before, or refused if it differs."""
    first: dict[tuple[int, bytes], int] = {}
    for place, key in enumerate(_keys(requests)):
        origin = first.setdefault(key, place)
        if origin == place:
            continue
        for name in ("seq", "line", "outcome", "applied_minor"):
            getattr(answers, name)[place] = getattr(answers, name)[origin]
        answers.replayed[place] = True
        if requests.digests[place] != requests.digests[origin]:
            _refuse_reuse(answers, place)


def _refuse_reuse(answers: Answers, place: int) -> None:
    answers.outcome[place] = Outcome.KEY_REUSED_WITH_OTHER_CONTENT
    answers.applied_minor[place] = answers.seq[place] = 0


def _answer_again(requests: Requests, answers: Answers, place: int, row: Rows) -> None:
    """Give the answer that was given before to the same key."""
    for name in ("seq", "line", "outcome", "applied_minor"):
        getattr(answers, name)[place] = row[name]
    answers.replayed[place] = True
    if row["digest"].tobytes() != requests.digests[place].tobytes():
        _refuse_reuse(answers, place)
