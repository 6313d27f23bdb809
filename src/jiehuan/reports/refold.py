"""Does the journal, played again from nothing, give what the books say?

Lines on which every command was booked on its own day are played all at once, by the same
kernel and in the order of the journal: outcomes, transfers, statements, instructions and the
lines themselves must come out as they are stored.  Before each command the calendar is asked
what should have happened by then, so a day event that was left out or made up shows too.
Lines with backdated commands are played by ``late_lines``.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np

from jiehuan.core.agenda import events, position
from jiehuan.core.apply import apply
from jiehuan.core.backdate import Rebooked
from jiehuan.core.columns import (
    Codes,
    Columns,
    Commands,
    Dues,
    Flags,
    Holds,
    Ids,
    Instructions,
    Int64s,
    Items,
    Lines,
    Loans,
    Parts,
    Rows,
    Statements,
    Transfers,
)
from jiehuan.core.commands import MOMENT, Kind, Moment
from jiehuan.core.commands import is_event as of_day
from jiehuan.core.line import Status
from jiehuan.core.segments import Index
from jiehuan.core.state import SUMS, Loaded, Out, State, build
from jiehuan.core.terms import TermsTable

T = TypeVar("T", bound=Columns)

# What tells day events apart.
EVENT = ("line", "effective_on", "kind", "ref")
EVENT_DTYPE = np.dtype([(name, Commands.DTYPE[name]) for name in EVENT])

# What a command added to the running sums of a product.
SUMS_DTYPE = np.dtype([("booked_on", "i4"), ("product", "i2"), *((name, "i8") for name in SUMS)])

_MOMENT_OF = np.zeros(max(Kind) + 1, np.int32)
for _kind, _moment in MOMENT.items():
    _MOMENT_OF[_kind] = _moment


@dataclasses.dataclass(slots=True)
class Played:
    """What a journal gives when it is played again; rows as they should be stored.

    ``commands`` have the outcomes that came out; ``events`` are the day events that should
    have happened; ``sums`` what each command added to the running sums.
    """

    commands: Rows
    events: Rows
    sums: Rows
    transfers: Rows
    statements: Rows
    items: Rows
    instructions: Rows
    lines: Rows
    dues: Rows
    loans: Rows
    parts: Rows
    holds: Rows


def together(played: Iterable[Played]) -> Played:
    """Return what several journals gave, as one."""
    every = list(played)
    return Played(
        **{
            field.name: np.concatenate([getattr(one, field.name) for one in every])
            for field in dataclasses.fields(Played)
        }
    )


def rows_of(cls: type[T], tables: Iterable[T]) -> Rows:
    """Return the rows of several tables, one after the other."""
    return np.concatenate([cls.empty(0).to_rows(), *(table.to_rows() for table in tables)])


def positions(commands: Commands) -> Ids:
    """Return where in time each command stands."""
    return position(commands.effective_on, _MOMENT_OF[commands.kind])


def is_event(commands: Commands) -> Flags:
    """Return which commands are a day's doing, shape (n,)."""
    return of_day(commands.kind)


def is_late(commands: Commands) -> Flags:
    """Return which commands changed what had passed: booked after their day, or reversals."""
    late = (commands.effective_on < commands.booked_on) | (commands.kind == Kind.REVERSE)
    return np.asarray(late & ~is_event(commands) & (commands.kind != Kind.OPEN))


class Calendar:
    """Asks, before each command, what the day should have done by then."""

    def __init__(self, state: State, commands: Commands) -> None:
        """Watch ``commands`` (c,) being applied to ``state``."""
        self.state = state
        self.is_event = is_event(commands)
        self.at = positions(commands)
        opened = position(commands.booked_on, Moment.OPENS)
        self.until = np.where(self.is_event, self.at, opened)
        self.found: list[Rows] = []

    def watch(self, c: Index, i: Index) -> None:
        """Note the events that wait on lines ``i`` (k,) before commands ``c`` (k,).

        Events of one moment come together, so the later ones of them were noted already.
        """
        begins = ~self.is_event[c] | (self.at[c] != self.state.lines.position[i])
        self._note(i[begins], self.until[c[begins]])

    def end(self, closed_on: int) -> None:
        """Note what still waits although day ``closed_on`` is closed."""
        i = np.arange(len(self.state.lines))
        self._note(i, int(position(closed_on + 1, Moment.OPENS)))

    def _note(self, i: Index, until: Ids | int) -> None:
        waiting = events(self.state, until, i)
        if len(waiting):
            self.found.append(event_rows(waiting))

    @property
    def rows(self) -> Rows:
        """The events that should be in the journal, each once, shape (m,)."""
        every = np.concatenate([np.zeros(0, EVENT_DTYPE), *self.found])
        return np.unique(every)


def event_rows(commands: Commands) -> Rows:
    """Return what tells day events apart."""
    out = np.empty(len(commands), EVENT_DTYPE)
    for name in EVENT:
        out[name] = getattr(commands, name)
    return out


def play(terms: TermsTable, journal: Commands, closed_on: int) -> Played:
    """Play lines with no backdated command, all at once.

    Args:
        terms: All versions.
        journal: All commands of these lines, refused ones too, in journal order.
        closed_on: The last day that was closed.
    """
    order = np.argsort(journal.line, kind="stable")
    commands = Commands.from_rows(journal.to_rows(order))
    nothing = Loaded.nothing(np.unique(commands.line))
    state = build(terms, nothing, commands, track=True)
    calendar = Calendar(state, commands)
    out = apply(state, commands, calendar.watch)
    calendar.end(closed_on)
    commands.outcome[:] = out.outcome
    commands.applied_minor[:] = out.applied_minor
    line = np.searchsorted(state.lines.id, commands.line)
    return Played(
        commands.to_rows(),
        calendar.rows,
        sums_of(commands, state.lines.product[line], out.sums),
        out.transfers(commands).to_rows(),
        *given_out([out]),
        *stored(state),
    )


def sums_of(commands: Commands, product: Codes, sums: Mapping[str, Int64s]) -> Rows:
    """Return what each command added to the running sums, shape (n,)."""
    rows = np.zeros(len(commands), SUMS_DTYPE)
    rows["booked_on"], rows["product"] = commands.booked_on, product
    for name in SUMS:
        rows[name] = sums[name]
    return rows


def given_out(outs: Iterable[Out | Rebooked]) -> tuple[Rows, Rows, Rows]:
    """Return the statements, their items and the instructions that batches gave out."""
    every = list(outs)
    return (
        rows_of(Statements, [x for out in every for x in out.statements]),
        rows_of(Items, [x for out in every for x in out.items]),
        rows_of(Instructions, [x for out in every for x in out.instructions]),
    )


def stored(state: State) -> tuple[Rows, Rows, Rows, Rows, Rows]:
    """Return lines, dues, loans, instalments and holds as they should be stored.

    A line that was asked for and never opened is not stored.
    """
    opened = state.lines.status != Status.NONE
    children = (state.dues, state.loans, state.parts, state.holds)
    dues, loans, parts, holds = (child.rows.to_rows(child.in_use()) for child in children)
    return state.lines.to_rows(opened), dues, loans, parts, holds


def split(journal: Commands) -> tuple[Commands, dict[int, Commands]]:
    """Return the commands of lines with no backdated command, and each other line's own."""
    late = np.unique(journal.line[is_late(journal)])
    mine = np.isin(journal.line, late)
    rows = journal.to_rows(mine)
    lines = {int(line): Commands.from_rows(rows[rows["line"] == line]) for line in late}
    return Commands.from_rows(journal.to_rows(~mine)), lines


NOTHING = Played(
    Commands.empty(0).to_rows(),
    np.zeros(0, EVENT_DTYPE),
    np.zeros(0, SUMS_DTYPE),
    Transfers.empty(0).to_rows(),
    Statements.empty(0).to_rows(),
    Items.empty(0).to_rows(),
    Instructions.empty(0).to_rows(),
    Lines.empty(0).to_rows(),
    Dues.empty(0).to_rows(),
    Loans.empty(0).to_rows(),
    Parts.empty(0).to_rows(),
    Holds.empty(0).to_rows(),
)
