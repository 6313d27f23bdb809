"""A loan's schedule as people see it: disbursements and instalments, in order."""

import dataclasses

from jiehuan.core.loans.instalments import Of
from jiehuan.core.loans.loan import Loan
from jiehuan.core.loans.terms import FEE, INTEREST, PENALTY, PRINCIPAL


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a schedule; of a disbursement only day and balance are told.

    Attributes:
        no: The number of the instalment, from 1; 0 for a disbursement.
        days: Of its period.
        on: The day on which it falls due, or on which money was paid out.
        paid_on: The day on which the last of it was paid; 0 while something is owed.
        balance_minor: What is left of the loan after it, or what was paid out.
        principal_minor: What is due; so are the next three.
        interest_minor: .
        fee_minor: .
        penalty_minor: .
        paid_minor: What was paid of it all; so are the next two.
        advance_minor: Before the due day.
        late_minor: After it.
    """

    no: int
    on: int
    balance_minor: int
    days: int = 0
    paid_on: int = 0
    principal_minor: int = 0
    interest_minor: int = 0
    fee_minor: int = 0
    penalty_minor: int = 0
    paid_minor: int = 0
    advance_minor: int = 0
    late_minor: int = 0

    @property
    def due_minor(self) -> int:
        """All that falls due."""
        return self.principal_minor + self.interest_minor + self.fee_minor + self.penalty_minor


def schedule(loan: Loan) -> list[Row]:
    """Return the rows: a disbursement stands before what falls due because of it."""
    places = _in_order(loan)
    balance, no, shown = 0, 0, []
    for kind, at in places:
        if kind == "out":
            event = loan.paid_out[at]
            balance += event.amount_minor
            shown.append(Row(no=0, on=event.on, balance_minor=event.amount_minor))
        else:
            no += 1
            balance -= int(loan.rows.due[PRINCIPAL][at])
            shown.append(_row(loan, at, no, max(0, balance)))
    return shown


def _in_order(loan: Loan) -> list[tuple[str, int]]:
    """Return disbursements and instalments by day."""
    rows, whole = loan.rows, loan.terms.plan == "whole"
    # Of one day: a whole schedule begins with what was paid out, one that goes onward ends so.
    period = 2 if whole else 0
    keyed = [((e.on, 1 if not whole else 0), "out", i) for i, e in enumerate(loan.paid_out)]
    for at in range(len(rows)):
        of = rows.of[at]
        on = int(rows.due_on[at])
        place = {Of.PERIOD: period, Of.DOWN: 1 if whole else 2, Of.AFTER: 3}[Of(of)]
        keyed.append(((on, place), "row", at))
    return [(kind, at) for _, kind, at in sorted(keyed, key=lambda k: (k[0], k[1] != "out", k[2]))]


def _row(loan: Loan, at: int, no: int, balance_minor: int) -> Row:
    """Return an instalment as a row."""
    rows = loan.rows
    due = [int(column[at]) for column in rows.due]
    return Row(
        no=no,
        on=int(rows.due_on[at]),
        balance_minor=balance_minor,
        days=int(rows.due_on[at] - rows.from_on[at]),
        paid_on=int(rows.met_on[at]),
        principal_minor=due[PRINCIPAL],
        interest_minor=due[INTEREST],
        fee_minor=due[FEE],
        penalty_minor=due[PENALTY],
        paid_minor=int(sum(column[at] for column in rows.paid)),
        advance_minor=int(rows.advance_minor[at]),
        late_minor=int(rows.late_minor[at]),
    )
