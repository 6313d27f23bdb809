"""A schedule made as a whole: every disbursement is known before the first instalment."""

import dataclasses
from collections.abc import Sequence

from jiehuan.core.loans.events import Event, down_minor
from jiehuan.core.loans.exact import half_even, level, to_unit
from jiehuan.core.loans.periods import Period, Stretch, cost, factors, periods_from, total
from jiehuan.core.loans.terms import LoanTerms


@dataclasses.dataclass(slots=True)
class Sheet:
    """A schedule under way, a list each of one entry a period.

    Attributes:
        periods: From and to which day.
        principal: Minor units.
        interest: Minor units.
        payment: The level payment in force, in minor units.
        skip: What was paid too much and lowers the principal of this period and the next.
    """

    periods: list[Period]
    principal: list[int]
    interest: list[int]
    payment: list[int]
    skip: list[int]


def net(terms: LoanTerms, paid_out: Sequence[Event]) -> list[tuple[int, int]]:
    """Return day and amount of each disbursement, without its down payment."""
    return [(e.on, e.amount_minor - down_minor(terms, e.amount_minor)) for e in paid_out]


def balance_at(sheet: Sheet, lent: Sequence[tuple[int, int]], row: int) -> int:
    """Return the balance on which a row's period begins; the last row's is all there is."""
    is_last = row == len(sheet.periods) - 1
    begun = [amount for on, amount in lent if is_last or on <= sheet.periods[row].from_on]
    return sum(begun) - sum(sheet.principal[:row])


def make(terms: LoanTerms, paid_out: Sequence[Event], start_on: int) -> Sheet:
    """Return the schedule of all disbursements."""
    periods = periods_from(terms, start_on)
    n = len(periods)
    sheet = Sheet(periods, [0] * n, [0] * n, [0] * n, [0] * (n + 1))
    if terms.interest == "flat":
        _flat(terms, sheet, paid_out)
    else:
        lent = net(terms, paid_out)
        principal = terms.approved_minor or sum(amount for _, amount in lent)
        sheet.payment = [level_minor(terms, principal, periods)] * n
        for row in range(n):
            fill(terms, sheet, lent, row)
    return sheet


def level_minor(terms: LoanTerms, principal_minor: int, periods: Sequence[Period]) -> int:
    """Return the level payment, a multiple of the terms' unit."""
    num, den = level(principal_minor, factors(terms, periods, terms.rate_ppm))
    return half_even(num, den) if terms.unit_minor == 1 else to_unit(num, den, terms.unit_minor)


def fill(terms: LoanTerms, sheet: Sheet, lent: Sequence[tuple[int, int]], row: int) -> None:
    """Work one row out: interest on the balance, the rest of the payment is principal."""
    period = sheet.periods[row]
    within = [(on, amount) for on, amount in lent if period.from_on < on < period.due_on]
    begun = sum(amount for on, amount in lent if on <= period.from_on)
    moves = [(period.from_on, begun - sum(sheet.principal[:row])), *within]
    interest = half_even(
        *total(
            [
                cost(terms, period, Stretch(on, period.due_on, amount, terms.rate_ppm))
                for on, amount in moves
            ]
        )
    )
    is_last = row == len(sheet.periods) - 1
    balance = balance_at(sheet, lent, row) + sum(amount for _, amount in within) * (not is_last)
    settle(sheet, row, balance, interest)


def settle(sheet: Sheet, row: int, balance_minor: int, interest_minor: int) -> None:
    """Write a row's interest and principal; what was paid too much before is taken off."""
    principal = max(0, sheet.payment[row] - interest_minor)
    used = min(sheet.skip[row], principal)
    sheet.skip[row + 1] = sheet.skip[row] - used
    is_last = row == len(sheet.periods) - 1
    sheet.interest[row] = interest_minor
    sheet.principal[row] = balance_minor if is_last else min(principal - used, balance_minor)


def _flat(terms: LoanTerms, sheet: Sheet, paid_out: Sequence[Event]) -> None:
    """Give each period its even part of what was lent by its due day; the last has the rest."""
    n = terms.count
    lent = sum(e.amount_minor for e in paid_out)
    interest_left = _flat_interest(terms, sheet, lent)
    left = lent - sum(down_minor(terms, e.amount_minor) for e in paid_out)
    for row, period in enumerate(sheet.periods):
        by_then = [e.amount_minor for e in paid_out if e.on <= period.due_on]
        asked = sum(by_then) - sum(down_minor(terms, amount) for amount in by_then)
        interest = min(half_even(_flat_interest(terms, sheet, sum(by_then)), n), interest_left)
        principal = to_unit(asked + n * interest, n, terms.unit_minor) - interest
        is_last = row == n - 1
        sheet.principal[row] = left if is_last else min(principal, left)
        sheet.interest[row] = interest_left if is_last else interest
        left -= sheet.principal[row]
        interest_left -= sheet.interest[row]


def _flat_interest(terms: LoanTerms, sheet: Sheet, lent_minor: int) -> int:
    """Return the interest of all periods on what was lent."""
    stretches = [
        cost(terms, p, Stretch(p.from_on, p.due_on, lent_minor, terms.rate_ppm))
        for p in sheet.periods
    ]
    return half_even(*total(stretches))
