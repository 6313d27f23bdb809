"""The life of a term loan: what happened to it, folded into what is owed.

The fold goes by the day from which each event counts, so the order of booking does not
matter.  A schedule made as a "whole" is known before the first payment is poured over it;
one that goes "onward" grows as the fold meets each disbursement and charge.
"""

from collections.abc import Sequence

import numpy as np

from jiehuan.core.loans import onward, recalculation, whole
from jiehuan.core.loans.events import PAYMENTS, Event, Kind, movements
from jiehuan.core.loans.exact import half_even
from jiehuan.core.loans.loan import Loan, lay, pay, place, refund_balance
from jiehuan.core.loans.terms import INTEREST, PENALTY, PRINCIPAL, LoanTerms

MILLION = 1_000_000


def fold(terms: LoanTerms, events: Sequence[Event], start_on: int, as_of: int) -> Loan:
    """Return the loan that events make, as it is seen on a day.

    Args:
        terms: The contract.
        events: As they were booked, the first one first.
        start_on: The first day of the first period if nothing was paid out.
        as_of: The day on which one looks.

    Raises:
        NothingToUndo: An undo names a movement that is not there.
    """
    met = movements(terms, [e for e in events if e.booked_on <= as_of])
    loan = Loan(terms)
    if terms.plan == "whole":
        _whole(loan, met, start_on)
    else:
        onward.run(loan, met, start_on, as_of)
    _charge_late(loan, as_of)
    return loan


def _whole(loan: Loan, met: Sequence[Event], start_on: int) -> None:
    """Make the schedule from all disbursements, then pour the payments over it."""
    loan.paid_out = [e for e in met if e.kind is Kind.DISBURSE]
    start_on = loan.paid_out[0].on if loan.paid_out else start_on
    payments = [e for e in met if e.kind in PAYMENTS]
    sheet = whole.make(loan.terms, loan.paid_out, start_on)
    if loan.terms.rest != "none":
        recalculation.run(loan, sheet, payments)
    lay(loan, sheet)
    for event in met:
        if event.kind is Kind.CHARGE:
            place(loan, event)
    for event in met:
        if event.kind in PAYMENTS:
            pay(loan, event.on, event.amount_minor, event.kind.value)
        elif event.kind is Kind.BALANCE_REFUND:
            refund_balance(loan, event)


def _charge_late(loan: Loan, as_of: int) -> None:
    """Charge what a past due instalment costs, once."""
    terms, rows = loan.terms, loan.rows
    if not terms.late_fee_ppm:
        return
    base = rows.due[PRINCIPAL] - rows.paid[PRINCIPAL]
    if terms.late_fee_on_interest:
        base = base + rows.due[INTEREST] - rows.paid[INTEREST]
    for row in np.flatnonzero((rows.due_on < as_of) & (base > 0)).tolist():
        rows.add_due(row, PENALTY, half_even(int(base[row]) * terms.late_fee_ppm, MILLION))
