"""Interest by the day: what a loan earns, lazily, as an exact numerator.

Interest runs on principal only, for every night the money was out: the first day of a span
bears interest, the last does not.  A numerator counts ``MICRO`` parts of a minor unit; it
becomes minor units when it is billed, rounded half up, and the rest is carried.
"""

import numpy as np

from jiehuan.core.columns import MICRO, ZERO, Days, Flags, Ids, Int64s
from jiehuan.core.days import EPOCH_ON
from jiehuan.core.ledger import Account
from jiehuan.core.line import LoanKind
from jiehuan.core.money import half_up
from jiehuan.core.segments import Index, Segments
from jiehuan.core.state import Call, State


def accrue(principal_minor: Int64s, rate_ppm: Ids | Int64s, days: Days) -> Int64s:
    """Return what each principal earns over its own number of nights.

    Args:
        principal_minor: Principal outstanding, unchanged over the nights, shape (n,).
        rate_ppm: Rate a day in parts per million, shape (n,).
        days: Nights, shape (n,).

    Returns:
        Numerators over ``MICRO``, shape (n,).  Exact: nothing is rounded here.

    Examples:
        1,000.00 at 500 ppm a day for 30 nights costs 15.00:

        >>> accrue(np.array([100_000]), np.array([500]), np.array([30])) // MICRO
        array([1500])
    """
    return np.asarray(principal_minor * rate_ppm.astype(np.int64) * days.astype(np.int64))


def bearing(state: State, rows: Index, i: Index) -> tuple[Int64s, Int64s]:
    """Return the principal that bears the loan's own rate, and the late rate, shapes (m,).

    ``rows`` are loans, ``i`` the line of each.  While a line is past due, all its carried
    principal bears the late rate in place of its own (terms.md 2, "late").
    """
    loans = state.loans.rows
    own = carried = loans.carried_minor[rows]
    draw = loans.kind[rows] == _DRAW
    if np.count_nonzero(draw):
        own = own + (loans.unbilled_minor[rows] + loans.billed_minor[rows]) * draw
    if not np.count_nonzero(own):
        return own, own
    alive, past_due_on = ~state.is_gone(i), state.lines.past_due_on[i]
    own = own * alive
    if not np.count_nonzero(past_due_on):
        return own, np.zeros(len(own), np.int64)
    penal = carried * (alive & (past_due_on > 0))
    return own - penal, penal


_DRAW = np.array(LoanKind.DRAW, np.int16)


def reckon(state: State, rows: Index, i: Index, until_on: Days) -> None:
    """Bring loans ``rows`` (m,) of lines ``i`` (m,) up to ``until_on`` (m,)."""
    loans = state.loans.rows
    days = until_on - loans.reckoned_on[rows]
    own, late = bearing(state, rows, i)
    assert not np.count_nonzero((own + late)[days < ZERO])
    if np.count_nonzero(own):
        loans.interest_num[rows] += accrue(own, loans.rate_ppm[rows], days)
    if np.count_nonzero(late):
        late_ppm = state.terms.late_rate_ppm[loans.terms[rows]]
        loans.penalty_num[rows] += accrue(late, late_ppm, days)
    loans.reckoned_on[rows] = until_on


def bill(call: Call, s: Segments, chosen: Flags | None = None) -> list[Int64s]:
    """Bill what loans ``s.at[chosen]`` have accrued: rounded half up, the rest carried.

    ``chosen`` (m,) is all of them when None.  Returns interest and penalty of each line (k,).
    """
    loans, rows = call.state.loans.rows, s.at
    billed = []
    for name, receivable, accrued in _BILLED:
        num = getattr(loans, f"{name}_num")
        minor = num[rows]
        if np.count_nonzero(minor):
            minor = half_up(minor, MICRO)
        if chosen is not None:
            minor = minor * chosen
        billed.append(s.sum(minor))
        if np.count_nonzero(minor):
            num[rows] -= minor * MICRO
            getattr(loans, f"{name}_due_minor")[rows] += minor
            getattr(loans, f"{name}_new_minor")[rows] += minor
            source = call.receivable(receivable, Account.RECOVERY)
            call.move(source, call.account(accrued), billed[-1])
    return billed


_BILLED = (
    ("interest", Account.INTEREST, Account.ACCRUED_INTEREST),
    ("penalty", Account.PENALTY, Account.ACCRUED_PENALTY),
)


def running(state: State, rows: Index, i: Index) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """Return each loan's numerators as if reckoned from ``EPOCH_ON``, and what a day adds.

    The order is interest numerator, interest slope, penalty numerator, penalty slope: a
    loan's interest on day d is ``num + slope * (d - EPOCH_ON)`` until something happens.
    """
    loans = state.loans.rows
    own, late = bearing(state, rows, i)
    interest, penalty = loans.interest_num[rows], loans.penalty_num[rows]
    if not np.count_nonzero(own) and not np.count_nonzero(late):
        return interest, own, penalty, late
    days = (loans.reckoned_on[rows] - EPOCH_ON).astype(np.int64)
    own_slope = own * loans.rate_ppm[rows]
    late_slope = late * state.terms.late_rate_ppm[loans.terms[rows]]
    return interest - own_slope * days, own_slope, penalty - late_slope * days, late_slope
