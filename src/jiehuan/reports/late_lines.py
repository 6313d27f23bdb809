"""Does a line with backdated commands come out as it is stored?

Such a line is played as it was booked: what was booked on its own day by the kernel, each
backdated command by ``backdate.rebook`` on the journal up to it.  The day events that
``rebook`` makes stand in the journal just before its command; they are those that the
calendar does not give by itself.
"""

import numpy as np

from jiehuan.core.agenda import events, position
from jiehuan.core.apply import apply
from jiehuan.core.backdate import Rebooked, rebook
from jiehuan.core.columns import Commands, Lines, Rows
from jiehuan.core.commands import Moment
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded, Out, State, build
from jiehuan.core.terms import TermsTable
from jiehuan.reports.refold import (
    EVENT_DTYPE,
    Calendar,
    Played,
    event_rows,
    given_out,
    is_event,
    is_late,
    stored,
    sums_of,
)


def play_line(terms: TermsTable, journal: Commands, closed_on: int) -> Played:
    """Play one line as it was booked.

    Args:
        terms: All versions.
        journal: All its commands, refused ones too, in journal order.
        closed_on: The last day that was closed.
    """
    line = _Line(terms, journal)
    at = 0
    for late in np.flatnonzero(is_late(journal)).tolist():
        at = line.rebook(at, late)
    line.post(at, len(journal))
    line.note(Calendar(line.state, Commands.empty(0)), closed_on)
    return line.played()


class _Line:
    """A line being played; ``commands`` are rewritten with what came out."""

    def __init__(self, terms: TermsTable, journal: Commands) -> None:
        self.terms = terms
        self.commands = journal.to_rows()
        self.state = self._room(Loaded.nothing(journal.line[:1]))
        self.transfers: list[Rows] = []
        self.outs: list[Out | Rebooked] = []
        self.events: list[Rows] = [np.zeros(0, EVENT_DTYPE)]
        self.sums: list[Rows] = []

    def _room(self, loaded: Loaded) -> State:
        """Lay the line out with room for its whole journal."""
        every = Commands.from_rows(self.commands)
        return build(self.terms, loaded, every, track=True)

    def post(self, begin: int, end: int) -> None:
        """Play commands that were booked on their own day."""
        if begin == end:
            return
        commands = Commands.from_rows(self.commands[begin:end])
        calendar = Calendar(self.state, commands)
        out = apply(self.state, commands, calendar.watch)
        self.events.append(calendar.rows)
        commands.outcome[:], commands.applied_minor[:] = out.outcome, out.applied_minor
        self.commands[begin:end] = commands.to_rows()
        self.transfers.append(out.transfers(commands).to_rows())
        self.outs.append(out)
        product = np.repeat(self.state.lines.product, len(commands))
        self.sums.append(sums_of(commands, product, out.sums))

    def rebook(self, begin: int, late: int) -> int:
        """Play up to and with the backdated command at ``late``; return what comes next."""
        made = self._post_natural(begin, late)
        booked = self.commands[:made]
        journal = Commands.from_rows(booked[booked["outcome"] == Outcome.DONE])
        if not len(journal):  # nothing to fold: it is judged as any other
            self.post(made, late + 1)
            return late + 1
        one = Commands.from_rows(self.commands[late : late + 1])
        today = Lines.from_rows(self.state.lines.to_rows())
        out = rebook(self.terms, journal, one, today, int(self.commands["seq"][made]))
        self.events.append(event_rows(out.events))
        self.commands[late : late + 1] = out.command.to_rows()
        if out.outcome == Outcome.DONE:
            self.transfers.append(out.transfers.to_rows())
            self.outs.append(out)
            self.sums.append(sums_of(out.command, out.state.lines.product, out.sums))
            self.state = self._room(out.state.unload())
        return late + 1

    def _post_natural(self, begin: int, late: int) -> int:
        """Play what comes before a backdated command; return where the events it makes begin.

        These have the numbers just before its own, and the calendar does not give them.
        """
        first = late
        seq, event = self.commands["seq"], is_event(Commands.from_rows(self.commands))
        while first > begin and event[first - 1] and seq[first - 1] == seq[first] - 1:
            first -= 1
        self.post(begin, first)
        until = int(position(int(self.commands["booked_on"][late]), Moment.OPENS))
        while first < late:
            wave = np.sort(event_rows(events(self.state, until)))
            next_rows = event_rows(Commands.from_rows(self.commands[first : first + len(wave)]))
            if not len(wave) or (len(next_rows) != len(wave)) or (np.sort(next_rows) != wave).any():
                break
            self.post(first, first + len(wave))
            first += len(wave)
        return first

    def note(self, calendar: Calendar, closed_on: int) -> None:
        """Note what still waits although its day is closed."""
        calendar.end(closed_on)
        self.events.append(calendar.rows)

    def played(self) -> Played:
        """Return what came out."""
        return Played(
            self.commands,
            np.unique(np.concatenate(self.events)),
            np.concatenate(self.sums),
            np.concatenate(self.transfers),
            *given_out(self.outs),
            *stored(self.state),
        )
