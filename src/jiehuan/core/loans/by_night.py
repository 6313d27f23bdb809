"""A loan that bears simple interest night by night, whatever its plan asks.

Interest is exact; it is told to a hundredth of a minor unit (a *tick*), paid in whole minor
units, rounded down, and what is then left under a minor unit is dropped.  Interest stops when it
has reached its cap, and is forgiven when the loan is settled within its free days.
"""

import dataclasses
from collections.abc import Sequence

from jiehuan.core.loans.exact import Fraction, half_up
from jiehuan.core.loans.periods import total

TICKS = 100  # of a minor unit


@dataclasses.dataclass(frozen=True, slots=True)
class Rate:
    """What one unit costs a night, from the night before ``first_on`` to that of ``last_on``.

    The interest "of a day" is that of the night before it.
    """

    first_on: int
    last_on: int
    a_night: Fraction


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NightTerms:
    """The contract.

    Attributes:
        rate: What one unit costs a night.
        rates: Rates that replace it for a while.
        cap_a_night: What it never costs more than; none if None.
        cap_ticks: All interest together is never more; none if None.
        free_nights: Settled within so many nights, the loan costs nothing.
        credit_rate: What a balance in the payer's favour bears a night.
    """

    rate: Fraction
    rates: tuple[Rate, ...] = ()
    cap_a_night: Fraction | None = None
    cap_ticks: int | None = None
    free_nights: int = 0
    credit_rate: Fraction = (0, 1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a loan's life.

    Attributes:
        on: The day.
        paid_minor: What was paid; negative if it was given back.
        charged_minor: What was charged, before the payment.
        asked_minor: What the plan asks; with ``keeps_plan`` it is paid, or what is left.
        keeps_plan: Suppose that the plan is kept on this day.
        settles: Suppose that the loan is settled on this day.
    """

    on: int
    paid_minor: int = 0
    charged_minor: int = 0
    asked_minor: int = 0
    keeps_plan: bool = False
    settles: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a day does, and what is owed after it.

    Attributes:
        on: The day.
        paid_minor: What was paid, or is supposed to be.
        new_ticks: Interest of the nights since the day before.
        charge_paid_minor: What of the payment went to charges.
        interest_paid_minor: To interest.
        principal_paid_minor: To principal.
        charge_minor: Charges owed.
        interest_ticks: Interest owed.
        principal_minor: Principal owed; negative in the payer's favour.
        figure_minor: What would settle the loan after this day.
        quote_minor: What settles the loan on that day, after what was paid.
    """

    on: int
    paid_minor: int
    new_ticks: int
    charge_paid_minor: int
    interest_paid_minor: int
    principal_paid_minor: int
    charge_minor: int
    interest_ticks: int
    principal_minor: int
    figure_minor: int
    quote_minor: int


def fold(terms: NightTerms, lent_minor: int, lent_on: int, days: Sequence[Day]) -> list[Line]:
    """Return what each day does; the days come in order, none before the loan."""
    lines: list[Line] = []
    state = _State(on=lent_on, charge_minor=0, interest=(0, 1), principal_minor=lent_minor)
    for day in days:
        new = _new_interest(terms, state, day.on)
        state.interest = total([state.interest, new])
        state.accrued = total([state.accrued, new]) if new[0] > 0 else state.accrued
        lines.append(_live(terms, state, day, lent_on, half_up(new[0] * TICKS, new[1])))
    return lines


@dataclasses.dataclass(slots=True)
class _State:
    """What is owed; interest is exact, in minor units."""

    on: int
    charge_minor: int
    interest: Fraction
    principal_minor: int
    accrued: Fraction = (0, 1)


def _new_interest(terms: NightTerms, state: _State, on: int) -> Fraction:
    """Return the interest of the nights up to a day, in minor units."""
    balance = state.principal_minor
    if balance < 0:
        num, den = terms.credit_rate
        return balance * num * (on - state.on), den
    num, den = total([_cost(terms, day_on) for day_on in range(state.on + 1, on + 1)])
    if terms.cap_ticks is None:
        return balance * num, den
    left, left_den = total([(terms.cap_ticks, TICKS), (-state.accrued[0], state.accrued[1])])
    above = balance * num * left_den > left * den
    return (left, left_den) if above else (balance * num, den)


def _cost(terms: NightTerms, day_on: int) -> Fraction:
    """Return what one unit costs in the night before a day."""
    special = (r.a_night for r in terms.rates if r.first_on <= day_on <= r.last_on)
    num, den = next(special, terms.rate)
    if terms.cap_a_night and num * terms.cap_a_night[1] > terms.cap_a_night[0] * den:
        return terms.cap_a_night
    return num, den


def _live(terms: NightTerms, state: _State, day: Day, lent_on: int, new_ticks: int) -> Line:
    """Live a day: its payment is poured over charges, interest and principal."""
    state.charge_minor += day.charged_minor
    owed = state.charge_minor + state.principal_minor
    if day.on - lent_on <= terms.free_nights and day.paid_minor >= owed > 0:
        state.interest = (0, 1)
    whole = state.interest[0] // state.interest[1]
    figure = owed + whole
    paid = _paid(day, figure)
    to_charges = min(state.charge_minor, max(0, paid))
    to_interest = max(0, min(whole, paid - to_charges))
    to_principal = paid - to_charges - to_interest
    state.charge_minor -= to_charges
    state.principal_minor -= to_principal
    state.interest = total([state.interest, (-to_interest, 1)])
    if to_interest and to_interest == whole:
        state.interest = (0, 1)
    state.on = day.on
    num, den = state.interest
    return Line(
        on=day.on,
        paid_minor=paid,
        new_ticks=new_ticks,
        charge_paid_minor=to_charges,
        interest_paid_minor=to_interest,
        principal_paid_minor=to_principal,
        charge_minor=state.charge_minor,
        interest_ticks=half_up(num * TICKS, den),
        principal_minor=state.principal_minor,
        figure_minor=state.principal_minor + state.charge_minor + num // den,
        quote_minor=figure - day.paid_minor,
    )


def _paid(day: Day, figure_minor: int) -> int:
    """Return what is paid on a day, or supposed to be."""
    if day.settles:
        return figure_minor
    if day.keeps_plan and day.asked_minor:
        return max(day.paid_minor, min(day.asked_minor, max(0, figure_minor)))
    return day.paid_minor
