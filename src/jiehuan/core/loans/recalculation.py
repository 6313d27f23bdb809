"""Interest reckoned anew at each payment, on what is really owed.

A payment makes its own period and all later ones anew; earlier periods stay as they were
when they passed.  In its own period, principal paid in advance stops bearing interest, and
what is past due bears it until the day of the payment.
"""

import dataclasses
import itertools
from collections.abc import Sequence

from jiehuan.core.loans import whole
from jiehuan.core.loans.events import Event
from jiehuan.core.loans.exact import half_even
from jiehuan.core.loans.loan import Loan, lay, pay
from jiehuan.core.loans.periods import Stretch, cost
from jiehuan.core.loans.terms import INTEREST, PRINCIPAL
from jiehuan.core.loans.whole import Sheet


@dataclasses.dataclass(frozen=True, slots=True)
class Paid:
    """What one payment did to the periods before the one that is made anew.

    Attributes:
        on: Its day.
        past_minor: What it paid of that in them which bears interest.
        left_minor: What was left after all that was owed of them.
    """

    on: int
    past_minor: int
    left_minor: int


def run(loan: Loan, sheet: Sheet, payments: Sequence[Event]) -> None:
    """Make the schedule anew at each payment, in place."""
    for place, payment in enumerate(payments):
        row = _row_of(sheet, payment.on)
        if row is None:
            return
        _anew(loan, sheet, _poured(loan, sheet, payments[: place + 1], row), row)


def _row_of(sheet: Sheet, on: int) -> int | None:
    """Return the period in which a day lies, its due day included."""
    return next((row for row, p in enumerate(sheet.periods) if on <= p.due_on), None)


def _poured(loan: Loan, sheet: Sheet, payments: Sequence[Event], row: int) -> list[Paid]:
    """Pour payments over the schedule as it is; say what each did to the rows before one."""
    lay(loan, sheet)
    poured = []
    for payment in payments:
        parts = pay(loan, payment.on, payment.amount_minor, payment.kind.value)
        principal, interest = (int(parts[part][:row].sum()) for part in (PRINCIPAL, INTEREST))
        past = principal + interest * loan.terms.compound
        poured.append(Paid(payment.on, past, payment.amount_minor - principal - interest))
    loan.overpaid = []
    return poured


def _anew(loan: Loan, sheet: Sheet, poured: Sequence[Paid], row: int) -> None:
    """Make the period of the last payment anew, and all that follow."""
    terms, period = loan.terms, sheet.periods[row]
    lent = whole.net(terms, loan.paid_out)
    balance = whole.balance_at(sheet, lent, row)
    interest = _interest(loan, sheet, poured, row)
    whole.settle(sheet, row, balance, interest)
    asked = sheet.principal[row]
    own = [p for p in poured if row == 0 or p.on > period.from_on]
    by_day = terms.rest == "daily"
    before = sum(p.left_minor for p in own if by_day and p.on < period.due_on)
    covered = max(before, sum(p.left_minor for p in own) - interest)
    sheet.principal[row] = min(balance, max(asked, covered))
    if sheet.principal[row] > asked:
        _too_much(loan, sheet, row, sheet.principal[row] - asked)
    for later in range(row + 1, len(sheet.periods)):
        whole.fill(terms, sheet, lent, later)


def _too_much(loan: Loan, sheet: Sheet, row: int, more_minor: int) -> None:
    """Let principal paid above what was asked make later instalments smaller or skip them."""
    ahead = sheet.periods[row + 1 :]
    if loan.terms.early == "skip":
        sheet.skip[row + 1] += more_minor
    elif loan.terms.early == "smaller" and ahead:
        lent = whole.net(loan.terms, loan.paid_out)
        balance = whole.balance_at(sheet, lent, row + 1)
        payment = whole.level_minor(loan.terms, balance, ahead)
        sheet.payment[row + 1 :] = [payment] * len(ahead)


def _interest(loan: Loan, sheet: Sheet, poured: Sequence[Paid], row: int) -> int:
    """Return the interest of the running period, rounded stretch by stretch."""
    terms, period = loan.terms, sheet.periods[row]
    by_day = terms.rest == "daily"
    until = poured[-1].on if by_day else period.due_on
    past = sum(sheet.principal[:row]) + terms.compound * sum(sheet.interest[:row])
    own = [p for p in poured if row == 0 or p.on > period.from_on]
    lent = whole.net(terms, loan.paid_out)
    cuts = {period.from_on, period.due_on, until} | {e.on for e in loan.paid_out}
    cuts |= {p.on for p in own} if by_day else set()
    inside = sorted(on for on in cuts if period.from_on <= on <= period.due_on)
    minor = 0
    for from_on, until_on in itertools.pairwise(inside):
        owed = sum(amount for on, amount in lent if on <= from_on)
        owed -= sum(sheet.principal[:row])
        owed -= sum(p.left_minor for p in own if by_day and p.on <= from_on)
        if from_on < until and terms.late_bears_interest:
            seen = from_on if by_day else period.from_on
            owed += past - sum(p.past_minor for p in poured if p.on <= seen)
        stretch = Stretch(from_on, until_on, max(0, owed), terms.rate_ppm)
        minor += half_even(*cost(terms, period, stretch))
    return minor
