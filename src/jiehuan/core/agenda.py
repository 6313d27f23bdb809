"""What the calendar asks of a line: its next statement, due day, ageing and write-off.

A day event exists only if it would do something; an idle line has none (terms.md 1).  A
position is ``effective_on * 3 + moment``, so positions compare as moments in time do.
"""

import functools
from collections.abc import Callable

import numpy as np

from jiehuan.core.columns import NEVER, ZERO, Commands, Days, Flags, Ids
from jiehuan.core.commands import CLIENT_DAY, Kind, Moment
from jiehuan.core.days import next_cut_on
from jiehuan.core.line import BUCKET_MAX, DAYS_A_BUCKET, HoldState
from jiehuan.core.segments import Index
from jiehuan.core.state import IN_FORCE, State

MOMENTS = len(Moment)


def position(on: Days | int, moment: Moment | Ids) -> Ids:
    """Return the position of a moment of a day."""
    at = _AT[moment] if isinstance(moment, Moment) else np.asarray(moment, np.int32)
    return np.asarray(np.asarray(on, np.int32) * _MOMENTS + at)


# For one line, an array without dimensions costs half of what a number does.
_MOMENTS = np.array(MOMENTS, np.int32)
_AT = [np.array(moment, np.int32) for moment in Moment]
_ONE = np.array(1, np.int32)
_TO_CLOSE = np.array(MOMENTS - Moment.CLOSES, np.int32)
_NEVER = np.array(NEVER, np.int32)


def upcoming(state: State, i: Index) -> dict[Kind, Ids]:
    """Return the position of the next event of each kind of lines ``i``; NEVER if none."""
    return {kind: coming(state, i) for kind, coming in COMING.items()}


def _where(state: State, i: Index, when: Flags, on: Days, moment: Moment) -> Ids:
    """Return the position of a moment of ``on``, if it is to be and is not over; or NEVER."""
    at = position(on, moment)
    at[~(when & (at > state.lines.position[i]))] = NEVER
    return at


def _statement_at(state: State, i: Index) -> Ids:
    lines = state.lines
    when = IN_FORCE[lines.status[i]] & ~state.is_idle(i)
    cut_on = _cut_after(state, i, lines.position[i] // _MOMENTS)
    return _where(state, i, when, cut_on, Moment.OPENS)


def _due_passed_at(state: State, i: Index) -> Ids:
    """Something is late once the due day closes."""
    lines, dues = state.lines, state.dues.rows
    d = state.dues.gather(i)
    due_on = lines.due_on[i]
    mine = (dues.due_on[d.at] == due_on[d.of]) & (dues.unmet_minor[d.at] > ZERO)
    waits = lines.fresh_minor[i] > ZERO
    waits[d.of[mine]] = True
    return _where(state, i, waits, due_on, Moment.CLOSES)


def _aged_at(state: State, i: Index) -> Ids:
    """Days go on counting after a write-off."""
    past, bucket = state.lines.past_due_on[i], state.lines.bucket[i]
    if not np.count_nonzero(past):
        return _NEVER.repeat(len(i))
    aged_on = past + (bucket * np.int32(DAYS_A_BUCKET) + np.int32(1))
    return _where(state, i, (past > 0) & (bucket < BUCKET_MAX), aged_on, Moment.CLOSES)


def _hold_expired_at(state: State, i: Index) -> Ids:
    first = _NEVER.repeat(len(i))
    if not state.holds.roomy:
        return first
    h = state.holds.gather(i)
    np.minimum.at(first, h.of, _hold_ends_at(state, h.at))
    first[first <= state.lines.position[i]] = NEVER
    return first


def _hold_ends_at(state: State, rows: Index) -> Ids:
    """Return the position at which holds end by themselves; NEVER if they do not."""
    holds = state.holds.rows
    on = holds.expires_on[rows]
    at = position(on, Moment.CLOSES)  # of NEVER it is anything
    at[(holds.state[rows] != HoldState.HELD.value) | (on == _NEVER)] = NEVER
    return at


def _write_off_at(state: State, i: Index) -> Ids:
    """The close of the day at which a line is given up, if it stays late till then."""
    late = state.lines.past_due_on[i] > 0
    if not np.count_nonzero(late):
        return _NEVER.repeat(len(i))
    when = late & IN_FORCE[state.lines.status[i]] & ~state.lines.spared[i]
    return _where(state, i, when, _write_off_on(state, i), Moment.CLOSES)


def _write_off_on(state: State, i: Index) -> Days:
    lines, terms = state.lines, state.terms
    ids = lines.terms[i]
    # What is left of today counts, unless it is closed.
    today = (lines.position[i] + _TO_CLOSE) // _MOMENTS
    on = lines.past_due_on[i] + terms.write_off_days_min[ids].astype(np.int32)
    on = np.maximum(on, today)
    at_cut = _cut_after(state, i, on - _ONE)
    return np.where(terms.write_off_on_statement_day[ids], at_cut, on).astype(np.int32)


def _cut_after(state: State, i: Index, on: Days) -> Days:
    """Return each line's next cycle day; a line that was never opened has none to speak of."""
    return next_cut_on(np.maximum(on, _ONE), np.maximum(state.lines.cycle_day[i], _ONE))


# In the order in which the events of one moment happen.
COMING: dict[Kind, Callable[[State, Index], Ids]] = {
    Kind.STATEMENT: _statement_at,
    Kind.DUE_PASSED: _due_passed_at,
    Kind.AGED: _aged_at,
    Kind.HOLD_EXPIRED: _hold_expired_at,
    Kind.WRITE_OFF: _write_off_at,
}


def refresh(state: State, i: Index) -> None:
    """Set ``next_event_at`` of lines ``i``.

    Lines loaded without their loans had commands that can only bring an event near: a
    statement, or the end of a hold.
    """
    full = state.full[i]
    whole, light = i[full], i[~full]
    next_at = state.lines.next_event_at
    if len(whole):
        coming = [event_at(state, whole) for event_at in COMING.values()]
        next_at[whole] = functools.reduce(np.minimum, coming)
    if len(light):
        near = np.minimum(_statement_at(state, light), _hold_expired_at(state, light))
        next_at[light] = np.minimum(next_at[light], near)


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
    first = functools.reduce(np.minimum, coming.values())
    made = []
    for kind, at in coming.items():
        mine = np.flatnonzero((at == first) & (at <= until))
        if not len(mine):
            continue
        ref = np.zeros(len(mine), np.int64)
        if kind is Kind.HOLD_EXPIRED:
            h = state.holds.gather(lines[mine])
            ends = _hold_ends_at(state, h.at) == first[mine][h.of]
            mine, ref = mine[h.of[ends]], state.holds.rows.no[h.at[ends]]
        made.append(_commands(state, lines[mine], kind, first[mine], ref).to_rows())
    if not made:
        return Commands.empty(0)
    rows = np.concatenate(made)
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
