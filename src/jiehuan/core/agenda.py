"""What the calendar asks of a line: its next statement, due day, ageing and write-off.

A day event exists only if it would do something; an idle line has none (terms.md 1).  A
position is ``effective_on * 3 + moment``, so positions compare as moments in time do.
"""

import numpy as np

from jiehuan.core.columns import NEVER, Commands, Days, Flags, Ids
from jiehuan.core.commands import CLIENT_DAY, Kind, Moment
from jiehuan.core.days import next_cut_on
from jiehuan.core.line import BUCKET_MAX, DAYS_A_BUCKET, HoldState
from jiehuan.core.segments import Index
from jiehuan.core.state import IN_FORCE, State

MOMENTS = len(Moment)


def position(on: Days | int, moment: Moment | Ids) -> Ids:
    """Return the position of a moment of a day."""
    return np.asarray(np.asarray(on, np.int32) * np.int32(MOMENTS) + np.int32(moment), np.int32)


def upcoming(state: State, i: Index) -> dict[Kind, Ids]:
    """Return the position of the next event of each kind of lines ``i``; NEVER if none."""
    lines = state.lines
    status, now = lines.status[i], lines.position[i]
    in_force = IN_FORCE[status]
    busy = (lines.used_minor[i] != 0) | (lines.overpaid_minor[i] != 0) | (lines.loans_open[i] != 0)
    cut_on = _cut_after(state, i, now // MOMENTS)
    past = lines.past_due_on[i]
    late = past > 0  # days go on counting after a write-off
    aged_on = past + DAYS_A_BUCKET * lines.bucket[i].astype(np.int32) + np.int32(1)
    at = {
        Kind.STATEMENT: (in_force & busy, position(cut_on, Moment.OPENS)),
        Kind.DUE_PASSED: (_due_waits(state, i), position(lines.due_on[i], Moment.CLOSES)),
        Kind.AGED: (late & (lines.bucket[i] < BUCKET_MAX), position(aged_on, Moment.CLOSES)),
        Kind.HOLD_EXPIRED: _expires_at(state, i),
        Kind.WRITE_OFF: (in_force & late, position(_write_off_on(state, i), Moment.CLOSES)),
    }
    return {
        kind: np.where(when & (where > now), where, NEVER).astype(np.int32)
        for kind, (when, where) in at.items()
    }


def _cut_after(state: State, i: Index, on: Days) -> Days:
    """Return each line's next cycle day; a line that was never opened has none to speak of."""
    cycle_day = np.maximum(state.lines.cycle_day[i], 1)
    return next_cut_on(np.maximum(on, np.int32(1)), cycle_day)


def _expires_at(state: State, i: Index) -> tuple[Flags, Ids]:
    """Return which lines have a hold that ends by itself, and where the first one does."""
    h = state.holds.gather(i)
    first = np.full(len(i), NEVER, np.int32)
    np.minimum.at(first, h.of, _hold_ends_at(state, h.at))
    return first < NEVER, first


def _hold_ends_at(state: State, rows: Index) -> Ids:
    """Return the position at which holds end by themselves; NEVER if they do not."""
    holds = state.holds.rows
    ends = (holds.state[rows] == HoldState.HELD) & (holds.expires_on[rows] < NEVER)
    on = np.where(ends, holds.expires_on[rows], 0)
    return np.where(ends, position(on, Moment.CLOSES), NEVER).astype(np.int32)


def _due_waits(state: State, i: Index) -> Flags:
    """Return which lines have something that is late once their due day closes."""
    lines, dues = state.lines, state.dues.rows
    d = state.dues.gather(i)
    mine = (dues.due_on[d.at] == lines.due_on[i][d.of]) & (dues.unmet_minor[d.at] > 0)
    waits = np.bincount(d.of[mine], minlength=len(i)) > 0
    waits |= lines.fresh_minor[i] > 0
    return np.asarray(waits & (position(lines.due_on[i], Moment.CLOSES) > lines.position[i]))


def _write_off_on(state: State, i: Index) -> Days:
    """Return the day at whose close each line is given up, if it stays late till then."""
    lines, terms = state.lines, state.terms
    ids = lines.terms[i]
    closed = lines.position[i] % MOMENTS == Moment.CLOSES
    today = lines.position[i] // MOMENTS + closed.astype(np.int32)
    on = lines.past_due_on[i] + terms.write_off_days_min[ids].astype(np.int32)
    on = np.maximum(on, today)
    at_cut = _cut_after(state, i, on - np.int32(1))
    return np.where(terms.write_off_on_statement_day[ids], at_cut, on).astype(np.int32)


def refresh(state: State, i: Index) -> None:
    """Set ``next_event_at`` of lines ``i``.

    Lines loaded without their loans had commands that can only bring an event near: a
    statement, or the end of a hold.
    """
    full = state.full[i]
    whole, light = i[full], i[~full]
    state.lines.next_event_at[whole] = np.minimum.reduce(list(upcoming(state, whole).values()))
    near = upcoming(state, light)
    state.lines.next_event_at[light] = np.minimum.reduce(
        [state.lines.next_event_at[light], near[Kind.STATEMENT], near[Kind.HOLD_EXPIRED]]
    )


def events(state: State, until: int | Ids, i: Index | None = None) -> Commands:
    """Return the next wave of day events at or before position ``until``.

    A line gives all its events of its next position; holds that expire give one each.
    ``seq``, ``booked_on`` and ``client`` are left to the caller.

    Args:
        state: The lines.
        until: One position, or one for each of ``i``.
        i: Only these lines, shape (k,); None: all.
    """
    lines = np.arange(len(state.lines)) if i is None else i
    coming = upcoming(state, lines)
    first = np.minimum.reduce(list(coming.values()))
    made = []
    for kind, at in coming.items():
        mine = np.flatnonzero((at == first) & (at <= until))
        ref = np.zeros(len(mine), np.int64)
        if kind is Kind.HOLD_EXPIRED:
            h = state.holds.gather(lines[mine])
            ends = _hold_ends_at(state, h.at) == first[mine][h.of]
            mine, ref = mine[h.of[ends]], state.holds.rows.no[h.at[ends]]
        made.append(_commands(state, lines[mine], kind, first[mine], ref))
    rows = np.concatenate([commands.to_rows() for commands in made])
    return Commands.from_rows(rows[np.argsort(rows["line"], kind="stable")])


def _commands(state: State, i: Index, kind: Kind, at: Ids, ref: Index) -> Commands:
    out = Commands.empty(len(i))
    out.line[:] = state.lines.id[i]
    out.kind[:] = kind
    out.effective_on[:] = at // MOMENTS
    out.client[:] = CLIENT_DAY
    out.terms[:] = state.lines.terms[i]
    out.ref[:] = ref
    return out
