"""The Taiwan book day by day through the real engine: from application to write-off.

Each client applies on 1 April 2005.  On every 1st the month is planned (``plan``); each day
its commands are posted in a few large batches, and the night is closed.  All of it can be
taken up again after it was cut short: plans follow from the journal, and what was posted
before is known by its key.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from jiehuan.core import days
from jiehuan.core.columns import Commands, Int64s
from jiehuan.core.commands import Kind
from jiehuan.core.errors import UsageError
from jiehuan.core.segments import Index
from jiehuan.engine.day import advance
from jiehuan.engine.post import Writer
from jiehuan.engine.requests import HASH, Requests, key_hashes
from jiehuan.simulate.conduct import Months, follow
from jiehuan.simulate.decisions import APPLICATION, REVIEW, Decided, decide_on
from jiehuan.simulate.journal import Journal
from jiehuan.simulate.people import MONTHS, People
from jiehuan.simulate.plan import (
    CLIENT,
    FIRST_ON,
    Plan,
    What,
    applications,
    first_of,
    plan_month,
)
from jiehuan.store import books, registry
from jiehuan.store.decisions import DecisionRow

BOOK = 1
CURRENCY = "TWD"
PRODUCT = "card-tw-2005"

BATCH = 4_000
LINES_A_BATCH = 4_000
HASH_BYTES = HASH.itemsize

# Told after every day: how many days are done, of how many, and what is done next.
Tell = Callable[[int, int, str], None]


@dataclasses.dataclass(slots=True)
class Posted:
    """What this run itself has done.

    Attributes:
        commands: Callers' commands that were booked.
        refused: How many of them were refused.
        rows: Rows of the journal, day events included.
        seconds: Wall time from the first command to the last close.
    """

    commands: int = 0
    refused: int = 0
    rows: int = 0
    seconds: float = 0.0


class Taiwan:
    """A run of the Taiwan book.

    Attributes:
        posted: What this run has done.
        applied: The decisions on the applications.
        reviewed: The decisions of the review; None before it.
    """

    def __init__(self, writer: Writer, people: People, months: int, tell: Tell) -> None:
        """Run ``people`` for ``months`` through ``writer``.

        Raises:
            UsageError: ``months`` is out of range, or the book was made from other people.
        """
        if not 1 <= months <= MONTHS:
            raise UsageError(f"--months {months} is out of range; 1 .. {MONTHS}")
        self.writer, self.people, self.months, self.tell = writer, people, months, tell
        self.until_on = first_of(months) + 1
        self.journal = Journal(writer.conn, writer.book)
        self.posted = Posted()
        self.applied = self._decide_applications()
        self.reviewed: Decided | None = None
        self._seqs = np.zeros((len(What), len(people)), np.int64)
        self._check_people()

    def _check_people(self) -> None:
        """Refuse to go on with a book that others live in."""
        opened = self.journal.commands()
        parties = opened.ref[opened.kind == Kind.OPEN]
        all_there = self.writer.business_on > FIRST_ON
        if not np.isin(parties, self.people.id).all() or (
            all_there and len(parties) != len(self.people)
        ):
            raise UsageError(
                f"the book has {len(parties)} clients who are not the {len(self.people)} asked"
                " for; go on with the same --people and --input, or take another --data"
            )

    def _decide_applications(self) -> Decided:
        if not len(self.people):
            return Decided([], None)
        return decide_on(self.writer.conn, APPLICATION, self.people, None, FIRST_ON)

    def run(self) -> None:
        """Run to the close of the last statement day, from wherever the book stands.

        A book without clients stays on its first day.
        """
        if not len(self.people):
            return
        begun, seq = time.monotonic(), self.writer.seq
        if self.writer.business_on < self.until_on:
            self._advance(self.writer.business_on)
        if self.writer.business_on == FIRST_ON:
            self._apply()
        for month in range(self.months):
            if self.writer.business_on < first_of(month + 1):
                self._month(month)
        if self.writer.business_on < self.until_on:
            self._advance(self.until_on)
        self.posted.seconds = time.monotonic() - begun
        self.posted.rows = self.writer.seq - seq

    def _say(self, what: str) -> None:
        done = self.writer.business_on - FIRST_ON
        self.tell(min(done, self.until_on - FIRST_ON), self.until_on - FIRST_ON, what)

    def _advance(self, until_on: int) -> None:
        self._say(days.to_text(self.writer.business_on))
        advance(self.writer, until_on, lines_a_batch=LINES_A_BATCH)

    def _apply(self) -> None:
        """Let every client apply: party, line, and the decision recorded beside it."""
        self._say("applications")
        registry.add_parties(self.writer.conn, self.writer.book, self.people.id)
        plan = applications(self.writer.terms, self.people, PRODUCT)
        decisions = dict(enumerate(self.applied.rows))
        for chunk in _chunks(np.arange(len(plan.commands))):
            self._post(plan, 0, chunk, {at: decisions[at] for at in chunk.tolist()})

    def _month(self, month: int) -> None:
        """Plan a month and live it, from the book's day on."""
        self._say(f"planning {days.to_text(first_of(month))[:7]}")
        loaded = self.journal.lines_on_first(self.writer.terms, month)
        plan = plan_month(self.writer.terms, loaded, self.people, month)
        self._recall(plan, month)
        while self.writer.business_on < first_of(month + 1):
            self._day(plan, month)
            self._advance(self.writer.business_on + 1)

    def _day(self, plan: Plan, month: int) -> None:
        """Post what is planned for the book's day; draws first, what follows needs theirs."""
        mine = np.flatnonzero(plan.commands.effective_on == self.writer.business_on)
        mine = mine[np.lexsort((plan.client[mine], plan.what[mine]))]
        draws = plan.what[mine] == What.DRAW
        for group in (mine[draws], mine[~draws]):
            for chunk in _chunks(group):
                self._post(plan, month, chunk, {})

    def _post(
        self, plan: Plan, month: int, rows: Index, decisions: Mapping[int, DecisionRow]
    ) -> None:
        """Post rows of a plan as one batch, with real numbers for the provisional ones."""
        commands = Commands.from_rows(plan.commands.to_rows(rows))
        commands.seq[:] = 0
        commands.client[:] = CLIENT
        refers = np.flatnonzero(commands.ref >= 1 << _MONTH_BITS)
        commands.ref[refers] = self._seqs[_named(commands.ref[refers])]
        keys = _keys(plan, month, self.people.id, rows)
        places = {at: row for at, row in enumerate(map(decisions.get, rows.tolist())) if row}
        answers = self.writer.post(Requests.make(commands, keys, decisions=places))
        self._seqs[plan.what[rows], plan.client[rows]] = answers.seq
        self.posted.commands += int((~answers.replayed).sum())
        self.posted.refused += int((answers.outcome > 0).sum())

    def _recall(self, plan: Plan, month: int) -> None:
        """Find the real numbers of what an earlier run posted on the days before this one."""
        past = np.flatnonzero(plan.commands.effective_on < self.writer.business_on)
        if not len(past):
            return
        hashes = key_hashes(_keys(plan, month, self.people.id, past))
        clients = np.full(len(past), CLIENT, np.int32)
        found = books.find_keys(self.writer.conn, self.writer.book, clients, hashes)
        data = hashes.tobytes()
        rows = [
            found.get((CLIENT, data[at : at + HASH_BYTES]))
            for at in range(0, len(data), HASH_BYTES)
        ]
        for row, at in zip(rows, past.tolist(), strict=True):
            if row is None or row["amount_minor"] != plan.commands.amount_minor[at]:
                raise UsageError(
                    f"the book does not hold what {days.to_text(first_of(month))[:7]} has in store"
                    " for these people; it was made from another --input or by another version"
                )
            self._seqs[plan.what[at], plan.client[at]] = row["seq"]

    def follow(self) -> Months:
        """Return how the lines fared, from the journal."""
        return follow(self.writer.terms, self.journal.commands(), self.people, self.months)

    def review(self, months: Months) -> None:
        """Decide on every client again, on how the line was used; the limits stay."""
        if not len(self.people):
            return
        on = self.writer.business_on
        self._say("limit review")
        self.reviewed = decide_on(self.writer.conn, REVIEW, self.people, months.conduct(), on)
        opened = self.journal.commands()
        opened = Commands.from_rows(opened.to_rows(opened.kind == Kind.OPEN))
        commands = Commands.empty(len(self.people))
        commands.line[np.searchsorted(self.people.id, opened.ref)] = opened.line
        commands.kind[:], commands.client[:] = Kind.REVIEW, CLIENT
        commands.effective_on[:] = on
        for chunk in _chunks(np.arange(len(commands))):
            self.writer.post(
                Requests.make(
                    Commands.from_rows(commands.to_rows(chunk)),
                    [f"review/{on}/{client}" for client in self.people.id[chunk].tolist()],
                    decisions={at: self.reviewed.rows[row] for at, row in enumerate(chunk)},
                )
            )


_MONTH_BITS = 48


def _named(ref: Int64s) -> tuple[NDArray[np.int64], Int64s]:
    """Return what a provisional number names: ``What`` and client."""
    return (ref >> 40) & 0xFF, ref & ((1 << 40) - 1)


def _chunks(rows: Index) -> list[Index]:
    """Return rows in batches."""
    return [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]


_WORDS = {int(what): what.name.lower() for what in What}


def _keys(plan: Plan, month: int, people: Int64s, rows: Index) -> list[str]:
    """Return the caller's keys: month, client, what."""
    name = days.to_text(first_of(month))[:7]
    return [
        f"{name}/{client}/{_WORDS[what]}"
        for client, what in zip(
            people[plan.client[rows]].tolist(), plan.what[rows].tolist(), strict=True
        )
    ]
