"""What did the lines of a book look like at the start of each month?

The book's journal, folded month by month in memory.  A run that was cut short finds its
plans again here: they follow from the lines on the 1st, whatever was booked since.
"""

import numpy as np

from jiehuan.core.apply import apply, order_of
from jiehuan.core.columns import Commands
from jiehuan.core.commands import CLIENT_DAY, Kind
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded, State, build
from jiehuan.core.terms import TermsTable
from jiehuan.simulate import ahead
from jiehuan.simulate.plan import first_of
from jiehuan.store import reading
from jiehuan.store.database import Connection


class Journal:
    """The accepted commands of a book, read as they come, in journal order.

    Attributes:
        callers: Commands that callers sent, by what was read last.
        refused: How many of them were refused.
        events: Commands that the passing of days sent.
    """

    def __init__(self, conn: Connection, book: int) -> None:
        """Read from ``book``; nothing is read yet."""
        self._conn, self._book = conn, book
        self._last = 0
        self._read: list[Commands] = []
        self.callers = self.refused = self.events = 0

    def commands(self) -> Commands:
        """Return all accepted commands that are booked by now, but those of the whole book."""
        while len(rows := reading.commands_after(self._conn, self._book, self._last)):
            self._last = int(rows["seq"][-1])
            events = int((rows["client"] == CLIENT_DAY).sum())
            self.events += events
            self.callers += len(rows) - events
            self.refused += int((rows["outcome"] != Outcome.DONE).sum())
            keep = (rows["outcome"] == Outcome.DONE) & (rows["line"] > 0)
            self._read.append(Commands.from_rows(rows[keep]))
        self._read = [ahead.joined(Commands.empty(0), *self._read)]
        return self._read[0]

    def lines_on_first(self, terms: TermsTable, month: int) -> Loaded:
        """Return the lines on the 1st of a month, after its statement.

        In April, the first month, they have just been opened.
        """
        every = self.commands()
        if month:
            before = ahead.positions(every) <= ahead.opening(first_of(month))
        else:
            before = every.kind == Kind.OPEN
        return ahead.loaded_of(fold(terms, Commands.from_rows(every.to_rows(before))))


def fold(terms: TermsTable, commands: Commands) -> State:
    """Return the lines of accepted commands, from nothing."""
    state, ordered = begin(terms, commands)
    apply(state, ordered)
    return state


def begin(terms: TermsTable, commands: Commands) -> tuple[State, Commands]:
    """Return lines that do not exist yet, with room for ``commands``; and these in fold order."""
    ordered = Commands.from_rows(commands.to_rows(order_of(commands)))
    loaded = Loaded.nothing(np.unique(ordered.line))
    return build(terms, loaded, ordered, accepted=True, track=True), ordered
