"""What would a run of the Taiwan book put into its journal, reckoned in memory alone?

The same plans as of a real run, lived by the kernel without engine or database: seconds
instead of minutes.  Tests look at lives this way, and ``bench/apply.py`` has its journal.
"""

import dataclasses

import numpy as np

from jiehuan.core.columns import Commands, Int64s, Statements
from jiehuan.core.commands import MOMENT, Kind, Moment, is_event
from jiehuan.core.outcomes import Outcome
from jiehuan.core.state import Loaded, State
from jiehuan.core.terms import TermsTable
from jiehuan.simulate import ahead
from jiehuan.simulate.people import People
from jiehuan.simulate.plan import Plan, applications, first_of, plan_month
from jiehuan.simulate.run import PRODUCT


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """A finished rehearsal.

    Attributes:
        journal: All commands and day events in the order of booking, ``seq`` from 1.
        statements: All statements, by day and line; ``no`` is provisional.
        plans: The plan of each month.
        states: The lines on each 1st after a month, after its statement.
        end: The lines after the last close.
    """

    journal: Commands
    statements: Statements
    plans: list[Plan]
    states: list[State]
    end: State


def rehearse(terms: TermsTable, people: People, months: int) -> Rehearsal:
    """Live ``months`` with ``people``, from 1 April to the close of the last statement day."""
    opened = applications(terms, people, PRODUCT).commands
    opened.seq[:] = opened.line[:] = np.arange(1, len(people) + 1)
    first = ahead.run(terms, Loaded.nothing(opened.line), opened, ahead.opening(first_of(0)))
    runs, plans, states = [first], [], []
    for month in range(months):
        lines = ahead.loaded_of(runs[-1].state)
        plans.append(plan_month(terms, lines, people, month))
        until = ahead.opening(first_of(month + 1))
        runs.append(ahead.run(terms, lines, plans[-1].commands, until))
        states.append(runs[-1].state)
    until = ahead.opening(first_of(months) + 1) - 1
    lines = ahead.loaded_of(runs[-1].state)
    runs.append(ahead.run(terms, lines, Commands.empty(0), until))
    assert all((run.outcome == Outcome.DONE).all() for run in runs)
    waves = [[wave for wave, _ in run.outs] for run in runs]
    return Rehearsal(_journal(waves), _statements(runs), plans, states, runs[-1].state)


def _statements(runs: list[ahead.Run]) -> Statements:
    """Return the statements of all runs."""
    cuts = [cut.to_rows() for run in runs for _, out in run.outs for cut in out.statements]
    rows = np.concatenate([np.zeros(0, Statements.DTYPE), *cuts])
    return Statements.from_rows(rows[np.lexsort((rows["line"], rows["cut_on"]))])


def _journal(runs: list[list[Commands]]) -> Commands:
    """Put the commands of all runs in the order of booking, and number them."""
    stretch = np.repeat(np.arange(len(runs)), [sum(map(len, waves)) for waves in runs])
    every = ahead.joined(*(wave for waves in runs for wave in waves))
    closes = np.isin(every.kind, [kind for kind in Kind if MOMENT[kind] is Moment.CLOSES])
    kind = np.where(closes, every.kind, 0)
    order = np.lexsort((every.seq, stretch, kind, ahead.positions(every)))
    out = Commands.from_rows(every.to_rows(order))
    out.ref[:] = _renumbered(out, stretch[order])
    out.seq[:] = np.arange(1, len(out) + 1)
    return out


def _renumbered(commands: Commands, stretch: Int64s) -> Int64s:
    """Return what each command refers to, by its place in the journal.

    Numbers of day events begin anew in each stretch, but nothing refers to a day event.
    """
    callers = np.flatnonzero(~is_event(commands.kind))
    by_seq = callers[np.argsort(commands.seq[callers], kind="stable")]
    at = np.searchsorted(commands.seq[by_seq], commands.ref)
    at = by_seq[np.minimum(at, len(by_seq) - 1)]
    names = (commands.seq[at] == commands.ref) & np.isin(commands.kind, REFERRING)
    assert (stretch[at[names]] <= stretch[names]).all()
    return np.where(names, at + 1, commands.ref)


REFERRING = np.array(
    [
        Kind.CAPTURE,
        Kind.VOID,
        Kind.DRAW_SUCCEEDED,
        Kind.DRAW_FAILED,
        Kind.REFUND,
        Kind.CONVERT,
        Kind.HOLD_EXPIRED,
    ],
    np.int16,
)
