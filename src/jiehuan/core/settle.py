"""What follows from every change of a line's loans: sums, the queue, lateness, bucket.

Called at the end of every command that touches loans, so that the columns of a line
always agree with its children.
"""

import numpy as np

from jiehuan.core.columns import MICRO, NEVER, ZERO, Codes, Days, Flags
from jiehuan.core.interest import reckon, running
from jiehuan.core.ledger import Account
from jiehuan.core.line import BUCKET_MAX, DAYS_A_BUCKET, TRANSITIONS, Happening, Status
from jiehuan.core.segments import Index, Segments
from jiehuan.core.state import Call, State

RUNNING = ("interest_num", "interest_slope", "penalty_num", "penalty_slope")


def settle(call: Call) -> None:
    """Bring the lines of ``call`` in agreement with their loans."""
    state, i = call.state, call.i
    s = state.open_loans(i)
    if state.parts.roomy:
        _share_out_paid(state, s, i)
    if len(s.at):
        _forget_rests(state, s, i)
    _add_up(state, s, i)
    d = state.dues.gather(i)
    if len(d.at):
        _cap_queue(state, d, i)
    _judge_lateness(call, s, d)
    add_running(state, s, i)


def add_running(state: State, s: Segments, i: Index) -> None:
    """Set the running sums of lines ``i`` from their loans ``s``."""
    for name, x in zip(RUNNING, running(state, s.at, i[s.of]), strict=True):
        state.sums[name][i] = s.sum(x)


def _share_out_paid(state: State, s: Segments, i: Index) -> None:
    """Say of each billed instalment what is paid: the oldest first."""
    parts, loans = state.parts.rows, state.loans.rows
    p = state.parts_of(s, i)
    billed = parts.billed[p.at]
    for due, left, paid in (
        (
            parts.principal_minor,
            loans.billed_minor[s.at] + loans.carried_minor[s.at],
            parts.principal_paid_minor,
        ),
        (parts.fee_minor, loans.fee_due_minor[s.at], parts.fee_paid_minor),
    ):
        cells = due[p.at] * billed
        paid[p.at] = p.pour(p.sum(cells) - left, cells)


def _forget_rests(state: State, s: Segments, i: Index) -> None:
    """Close the loans of which nothing is left but fractions of a unit (terms.md 2)."""
    loans, rows = state.loans.rows, s.at
    owed = loans.unbilled_minor[rows] + loans.billed_minor[rows] + loans.carried_minor[rows]
    for name in ("interest", "penalty"):
        new, due = getattr(loans, f"{name}_new_minor"), getattr(loans, f"{name}_due_minor")[rows]
        new[rows] = np.minimum(new[rows], due)
        owed = owed + due
    paid_off = (owed + loans.fee_due_minor[rows]) == ZERO
    if not np.count_nonzero(paid_off):
        return
    paid_off &= np.abs(loans.interest_num[rows]) < MICRO
    paid_off &= np.abs(loans.penalty_num[rows]) < MICRO
    paid_off &= ~_has_fees_to_come(state, s, i)
    for name in ("interest", "penalty"):
        num = getattr(loans, f"{name}_num")
        state.sums[f"{name}_dropped"][i] += s.sum(num[rows] * paid_off)
        num[rows[paid_off]] = 0
    loans.open[rows[paid_off]] = False


def _has_fees_to_come(state: State, s: Segments, i: Index) -> Flags:
    """Return which loans still have an instalment with a fee to bill, shape (m,)."""
    if not state.parts.roomy:
        return np.zeros(len(s.at), np.bool_)
    parts, p = state.parts.rows, state.parts_of(s, i)
    return np.asarray(p.sum(parts.fee_minor[p.at] * ~parts.billed[p.at]) > 0)


def _add_up(state: State, s: Segments, i: Index) -> None:
    lines, loans, rows = state.lines, state.loans.rows, s.at
    lines.unbilled_minor[i] = s.sum(loans.unbilled_minor[rows])
    lines.fresh_minor[i] = s.sum(loans.billed_minor[rows])
    carried = s.sum(loans.carried_minor[rows])
    lines.charges_minor[i] = s.sum(
        loans.interest_due_minor[rows] + loans.fee_due_minor[rows] + loans.penalty_due_minor[rows]
    )
    lines.loans_open[i] = s.sum(loans.open[rows].astype(np.int64))
    lines.used_minor[i] = (
        lines.cycle_minor[i] + lines.unbilled_minor[i] + lines.fresh_minor[i] + carried
    )


def _cap_queue(state: State, d: Segments, i: Index) -> None:
    """Keep the unmet minimums within what is billed and unpaid, from the newest back."""
    lines, dues = state.lines, state.dues.rows
    billed = lines.used_minor[i] - lines.cycle_minor[i] - lines.unbilled_minor[i]
    left = np.maximum(billed + lines.charges_minor[i] - lines.overpaid_minor[i], ZERO)
    dues.unmet_minor[d.at] = d.pour(left, dues.unmet_minor[d.at])


def _judge_lateness(call: Call, s: Segments, d: Segments) -> None:
    """Find the oldest passed due day that is unmet; a change of rate begins today."""
    state, i, until_on = call.state, call.i, call.until_on
    lines, dues = state.lines, state.dues.rows
    before = lines.past_due_on[i]
    late = (dues.unmet_minor[d.at] > ZERO) & (dues.due_on[d.at] < until_on[d.of])
    if not np.count_nonzero(late) and not np.count_nonzero(before):
        return
    oldest = np.full(len(i), NEVER, np.int32)
    np.minimum.at(oldest, d.of[late], dues.due_on[d.at[late]])
    oldest[oldest == NEVER] = 0
    changed = before != oldest
    if not np.count_nonzero(changed):
        return
    turned = ((before > 0) != (oldest > 0))[s.of] & (state.loans.rows.carried_minor[s.at] > 0)
    reckon(state, s.at[turned], i[s.of[turned]], until_on[s.of[turned]])
    lines.past_due_on[i] = oldest
    lines.spared[i] &= oldest > 0
    lines.status[i] = _AFTER[(oldest > 0).astype(np.int8), lines.status[i]]
    rebucket(call.keep(changed))


def _after(happening: Happening) -> Codes:
    """Return of each status which one follows when something happens, or the same."""
    return np.array([TRANSITIONS[status].get(happening, status) for status in Status], np.int16)


# What follows of each status from nothing being past due, and from something being so.
_AFTER = np.stack((_after(Happening.CAUGHT_UP), _after(Happening.MISSED_DUE)))


def bucket_of(past_due_on: Days, at_close_of: Days) -> Codes:
    """Return M0..M6 at the close of a day (terms.md 7): Mk is 30 (k - 1) + 1 .. 30 k days."""
    days = np.where(past_due_on > 0, at_close_of - past_due_on, 0)
    return np.asarray(np.minimum(-(-days // DAYS_A_BUCKET), BUCKET_MAX), np.int16)


def rebucket(call: Call) -> None:
    """Move all that the lines owe to the bucket they stand in at the last close.

    What was written off is on no balance sheet, so nothing of it moves.
    """
    state, lines, i = call.state, call.state.lines, call.i
    before = lines.bucket[i]
    after = bucket_of(lines.past_due_on[i], call.until_on - np.int32(1))
    s = state.open_loans(i)
    loans = state.loans.rows
    moved = (before != after) & ~state.is_gone(i)
    for kind, owed in (
        (Account.PRINCIPAL, lines.used_minor[i]),
        (Account.INTEREST, s.sum(loans.interest_due_minor[s.at])),
        (Account.FEE, s.sum(loans.fee_due_minor[s.at])),
        (Account.PENALTY, s.sum(loans.penalty_due_minor[s.at])),
    ):
        amount = owed * moved
        if np.count_nonzero(amount):
            call.move(state.account(kind, i, after), state.account(kind, i, before), amount)
    lines.bucket[i] = after
