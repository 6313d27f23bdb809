"""A fresh line, played in memory through the same decisions as in a book.

Days pass event by event; a command is decided as the engine decides a batch of one, on the
business day on which it is booked.  Nothing is written and no database is asked.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from jiehuan.core.agenda import events, position
from jiehuan.core.apply import apply
from jiehuan.core.columns import Commands, Items, Rows, Statements, Transfers
from jiehuan.core.commands import MOMENT, Kind, Moment
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded, Out, build
from jiehuan.core.terms import TermsTable
from jiehuan.engine.decide import Book, Decided, Found, decide, is_whole

LINE = 1  # the number of the line: that of the command that opens it
CLIENT = 1
NOBODY = 10**15  # a number that nothing has


class Life:
    """A line and all that happened to it.

    Attributes:
        terms: The terms it is played under.
        at: The position up to which its days have been played.
        loaded: The line with all its rows.
        journal: All commands in the order of booking, day events and refusals too.
        transfers: Their transfers, in order.
        statements: As they were issued.
        items: What the statements' balances are made of.
    """

    def __init__(self, terms: TermsTable, watch: Callable[["Life"], None] | None = None) -> None:
        """Begin with nothing; ``watch`` is called after each event and each command."""
        self.terms = terms
        self.at = 0
        self.loaded = Loaded.nothing(np.array([LINE]))
        self.journal: list[Rows] = []
        self.transfers: list[Rows] = []
        self.statements: list[Rows] = []
        self.items: list[Rows] = []
        self._watch = watch or _nobody

    @property
    def closed_on(self) -> int:
        """The last day that has closed."""
        return (self.at + len(Moment) - Moment.CLOSES) // len(Moment) - 1

    @property
    def is_open(self) -> bool:
        """Whether the line was ever opened."""
        return bool(self.loaded.lines.status[0] != Status.NONE)

    def accepted(self) -> Commands:
        """Return the commands that were done, in the order of booking."""
        rows = [row for row in self.journal if row["outcome"] == Outcome.DONE]
        return Commands.from_rows(np.array(rows, Commands.DTYPE))

    def pass_to(self, on: int, moment: Moment) -> None:
        """Let days pass up to and with a moment of a day."""
        until = int(position(on, moment))
        while self.is_open and self.loaded.lines.next_event_at[0] <= until:
            self._one_wave(until)
        self.at = max(self.at, until)

    def _one_wave(self, until: int) -> None:
        """Play the events of the line's next position, one after the other."""
        room = Commands.empty(1)
        room.line[:], room.kind[:] = LINE, Kind.STATEMENT
        state = build(self.terms, self.loaded, room)
        wave = events(state, until)
        wave.booked_on[:] = wave.effective_on
        for row in wave.to_rows():
            one = Commands.from_rows(np.array([row], Commands.DTYPE))
            one.seq[:] = len(self.journal) + 1
            self.at = int(position(int(row["effective_on"]), MOMENT[Kind(int(row["kind"]))]))
            out = apply(state, one)
            one.applied_minor[:] = out.applied_minor
            self.loaded = _without_purchases(state.unload())
            self._keep(one, out.transfers(one), out)

    def post(self, asked: Commands, booked_on: int) -> Commands:
        """Book a command (one row) on a day; return it as it was journalled."""
        self.pass_to(booked_on, Moment.OPENS)
        self.at = max(self.at, int(position(booked_on, Moment.DURING)))
        opens = bool(asked.kind[0] == Kind.OPEN)
        whole = not opens and bool(is_whole(asked, booked_on)[0]) and self.is_open
        found = Found(
            Loaded.nothing(np.zeros(0, np.int64)) if opens else self.loaded,
            {LINE: self.accepted()} if whole else {},
        )
        book = Book(self.terms, booked_on, booked_on - 1, len(self.journal))
        decided = decide(book, found, asked)
        for part in (decided.after, decided.replaced):
            if len(part.lines):
                self.loaded = _without_purchases(part)
        self._keep(decided.commands, decided.transfers, decided)
        return Commands.from_rows(decided.commands.to_rows(slice(-1, None)))

    def _keep(self, commands: Commands, transfers: Transfers, out: Out | Decided) -> None:
        """Keep what a step gave out, then let it be seen."""
        self.journal += list(commands.to_rows())
        self.transfers += list(transfers.to_rows())
        for name, rows in (("statements", self.statements), ("items", self.items)):
            given: Statements | Items | list[Statements] | list[Items] = getattr(out, name)
            for table in given if isinstance(given, list) else [given]:
                rows += list(table.to_rows())
        self._watch(self)


def _nobody(_life: Life) -> None:
    """Watch nothing."""


def _without_purchases(loaded: Loaded) -> Loaded:
    """Return a line as it would be loaded: its purchases follow from its journal."""
    nothing = Loaded.nothing(loaded.lines.id).purchases
    return dataclasses.replace(loaded, full=np.ones(1, np.bool_), purchases=nothing)
