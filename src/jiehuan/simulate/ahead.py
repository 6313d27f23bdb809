"""What will lines look like some days from now, if these commands come in between?

The pure kernel runs a copy of the lines ahead: commands and the day events that fall
between them, each line on its own clock, all lines at once.  Nothing is written.
"""

import dataclasses

import numpy as np

from jiehuan.core import agenda
from jiehuan.core.apply import apply
from jiehuan.core.columns import NEVER, Codes, Columns, Commands, Flags, Ids, Int64s
from jiehuan.core.commands import MOMENT, Kind, Moment, is_event
from jiehuan.core.line import HoldState
from jiehuan.core.segments import C, Child, Index
from jiehuan.core.state import Loaded, Out, State, build
from jiehuan.core.terms import TermsTable

# Day events of a run are numbered from here: above every command that has been planned.
EVENT_SEQ_MIN = 2**56

_MOMENTS = np.zeros(max(Kind) + 1, np.int32)
for _kind, _moment in MOMENT.items():
    _MOMENTS[_kind] = _moment


@dataclasses.dataclass(slots=True, eq=False)
class Run:
    """A finished run.

    Attributes:
        state: The lines afterwards.
        outcome: What became of each command, shape (c,).
        outs: What each wave gave out, with the commands of that wave.
    """

    state: State
    outcome: Codes
    outs: list[tuple[Commands, Out]]

    @property
    def events(self) -> int:
        """How many day events fell in between."""
        return sum(int(is_event(wave.kind).sum()) for wave, _ in self.outs)


def joined(*tables: Commands) -> Commands:
    """Return the rows of several tables of commands, one after the other."""
    return Commands.from_rows(np.concatenate([table.to_rows() for table in tables]))


def positions(commands: Commands) -> Ids:
    """Return where in time each command stands: ``effective_on * 3 + moment``, shape (c,)."""
    return agenda.position(commands.effective_on, _MOMENTS[commands.kind])


def copy_of(loaded: Loaded, chosen: Flags | None = None) -> Loaded:
    """Return a copy of the chosen lines (n,) and their children; of all when None."""
    if chosen is None:
        chosen = np.ones(len(loaded.lines), np.bool_)
    ids = loaded.lines.id[chosen]

    def mine(table: Columns, line: Int64s) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
        return table.to_rows(np.isin(line, ids))

    return Loaded(
        type(loaded.lines).from_rows(loaded.lines.to_rows(chosen)),
        type(loaded.dues).from_rows(mine(loaded.dues, loaded.dues.line)),
        type(loaded.loans).from_rows(mine(loaded.loans, loaded.loans.line)),
        type(loaded.parts).from_rows(mine(loaded.parts, loaded.parts.line)),
        type(loaded.holds).from_rows(mine(loaded.holds, loaded.holds.line)),
        loaded.full[chosen].copy(),
        type(loaded.purchases).from_rows(mine(loaded.purchases, loaded.purchases.line)),
    )


def loaded_of(state: State) -> Loaded:
    """Return the lines of a state with what is still open of their children."""
    dues, loans, parts, holds = state.dues, state.loans, state.parts, state.holds
    open_loans = loans.rows.no[loans.in_use() & loans.rows.open]
    return Loaded(
        state.lines,
        _rows(dues, dues.rows.unmet_minor > 0),
        _rows(loans, loans.rows.open),
        _rows(parts, np.isin(parts.rows.loan, open_loans)),
        _rows(holds, holds.rows.state == HoldState.HELD),
        np.ones(len(state.lines), np.bool_),
    )


def _rows(child: Child[C], where: Flags) -> C:
    return type(child.rows).from_rows(child.rows.to_rows(child.in_use() & where))


def run(terms: TermsTable, loaded: Loaded, commands: Commands, until: int) -> Run:
    """Run lines ahead, up to and including position ``until``.

    Args:
        terms: The terms table.
        loaded: The lines, all with their children; they are not changed.
        commands: Callers' commands, each line's in the order of their positions; all before
            ``until``, and a line's cycle is empty when it begins.
        until: The last position; at most one statement a line lies before it.

    Returns:
        The lines then, and what became of each command.
    """
    own = copy_of(loaded)
    n = len(own.lines)
    cut = Commands.empty(n)
    cut.line[:], cut.kind[:] = own.lines.id, Kind.STATEMENT
    state = build(terms, own, joined(commands, cut), track=True)
    line = np.searchsorted(own.lines.id, commands.line)
    queue = _Queue(commands, line, n)
    result = Run(state, np.zeros(len(commands), np.int16), [])
    seq = EVENT_SEQ_MIN
    while True:
        events = agenda.events(state, until)
        events_line = np.searchsorted(own.lines.id, events.line)
        taken = queue.take(events, events_line)
        waits = np.zeros(n, np.bool_)
        waits[line[taken]] = True
        events = Commands.from_rows(events.to_rows(~waits[events_line]))
        if not len(taken) and not len(events):
            return result
        events.seq[:] = seq + np.arange(len(events))
        events.booked_on[:] = events.effective_on
        seq += len(events)
        wave = joined(Commands.from_rows(commands.to_rows(taken)), events)
        out = apply(state, wave)
        result.outcome[taken] = out.outcome[: len(taken)]
        result.outs.append((wave, out))


class _Queue:
    """Commands that wait for their turn, line by line."""

    def __init__(self, commands: Commands, line: Index, n: int) -> None:
        self.order = np.argsort(line, kind="stable")
        self.line = line[self.order]
        self.at = positions(commands)[self.order]
        holds = commands.kind[self.order] == Kind.HOLD
        self.holds_before = np.concatenate(([0], np.cumsum(holds)))
        self.next = np.searchsorted(self.line, np.arange(n))

    def take(self, events: Commands, events_line: Index) -> Index:
        """Take each line's commands that come before its next event, in order.

        A hold may bring an event nearer than all others, its own end: so a line's turn ends
        with it, and its events are asked for again.
        """
        until = np.full(len(self.next), NEVER, np.int32)
        until[events_line] = positions(events)
        row = np.arange(len(self.line))
        waiting = (row >= self.next[self.line]) & (self.at < until[self.line])
        before = self.holds_before[row] - self.holds_before[self.next[self.line]]
        mine = np.flatnonzero(waiting & (before == 0))
        self.next += np.bincount(self.line[mine], minlength=len(self.next))
        return self.order[mine]


def opening(on: int) -> int:
    """Return the position of what opens a day."""
    return on * len(Moment) + Moment.OPENS
