"""One term loan on its way through the fold, and what every event may do to it."""

import dataclasses

import numpy as np

from jiehuan.core.columns import Int64s
from jiehuan.core.loans.allocation import allocate, by_part, cells
from jiehuan.core.loans.events import Event, down_minor
from jiehuan.core.loans.instalments import Instalments, Of
from jiehuan.core.loans.terms import FEE, INTEREST, PENALTY, PRINCIPAL, LoanTerms
from jiehuan.core.loans.whole import Sheet


@dataclasses.dataclass(slots=True)
class Loan:
    """What a loan is on a day.

    Attributes:
        terms: The contract.
        rows: The instalments.
        paid_out: The disbursements, in the order of the fold.
        charges: What was charged besides.
        overpaid: What was paid and is owed to nobody but the payer: day and amount of each
            payment that was too much, oldest first.
        given_back: Day and amount of what was given back though it was not overpaid.
    """

    terms: LoanTerms
    rows: Instalments = dataclasses.field(default_factory=Instalments.empty)
    paid_out: list[Event] = dataclasses.field(default_factory=list)
    charges: list[Event] = dataclasses.field(default_factory=list)
    overpaid: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    given_back: list[tuple[int, int]] = dataclasses.field(default_factory=list)

    @property
    def overpaid_minor(self) -> int:
        """What is overpaid in all."""
        return sum(amount for _, amount in self.overpaid)


def lay(loan: Loan, sheet: Sheet) -> None:
    """Make the rows of a schedule, nothing paid; empty ones at its end are left out."""
    loan.rows = rows = Instalments.empty()
    last = max(
        (
            row
            for row, both in enumerate(zip(sheet.principal, sheet.interest, strict=True))
            if any(both)
        ),
        default=len(sheet.periods) - 1,
    )
    for row, period in enumerate(sheet.periods[: last + 1]):
        rows.insert(row, Of.PERIOD, period.from_on, period.due_on, sheet.principal[row])
        rows.due[INTEREST][row] = sheet.interest[row]
    for event in loan.paid_out:
        same = (rows.due_on == event.on) & (rows.of == Of.DOWN)
        lay_down(loan, event, int(np.count_nonzero((rows.due_on < event.on) | same)))


def lay_down(loan: Loan, event: Event, at: int) -> None:
    """Put in what falls due on the day of a disbursement."""
    if down := down_minor(loan.terms, event.amount_minor):
        loan.rows.insert(at, Of.DOWN, event.on, event.on, down)


def place(loan: Loan, charge: Event) -> None:
    """Put a charge into the period in which it falls due."""
    loan.rows.add_due(row_of(loan, charge.on), charge.part, charge.amount_minor)
    loan.charges.append(charge)


def row_of(loan: Loan, on: int) -> int:
    """Return the row in whose period a day lies; one after the last is made if need be."""
    rows = loan.rows
    inside = np.flatnonzero((rows.of == Of.PERIOD) & (rows.due_on >= on))
    if len(inside):
        return int(inside[0])
    if rows.of[-1] != Of.AFTER:
        rows.insert(len(rows), Of.AFTER, int(rows.due_on[-1]), on)
    rows.due_on[-1] = max(int(rows.due_on[-1]), on)
    return len(rows) - 1


def pay(loan: Loan, on: int, amount_minor: int, kind: str) -> list[Int64s]:
    """Pour a payment over what is owed; what is left over is overpaid.

    Returns:
        What was paid, a column each of ``PARTS``.
    """
    terms, rows = loan.terms.allocation, loan.rows
    of = cells(rows, on, terms, charged(loan, on))
    got = allocate(of, amount_minor, terms, terms.advance.get(kind, "next"))
    parts = by_part(of, got, len(rows))
    rows.pay(on, parts)
    if over := amount_minor - int(got.sum()):
        loan.overpaid.append((on, over))
    return parts


def charged(loan: Loan, on: int) -> list[Int64s]:
    """Return the charges whose own day has come, a column each of penalty and fee."""
    columns = [np.zeros(len(loan.rows), np.int64) for _ in (PENALTY, FEE)]
    for charge in loan.charges:
        if charge.on <= on:
            columns[charge.part][row_of(loan, charge.on)] += charge.amount_minor
    return columns


def refund_balance(loan: Loan, event: Event) -> None:
    """Give overpaid money back; what was not overpaid is owed."""
    rest, kept = event.amount_minor, []
    for on, amount in loan.overpaid:
        back = min(amount, rest)
        rest -= back
        if amount > back:
            kept.append((on, amount - back))
    loan.overpaid = kept
    if rest:
        loan.rows.add_due(row_of(loan, event.on), PRINCIPAL, rest)
        loan.given_back.append((event.on, rest))
