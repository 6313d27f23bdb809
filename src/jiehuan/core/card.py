"""What a card's bill costs when it is not paid in full: other lenders' ways of reckoning it.

A bill's purchases cost nothing if it is met by its due day.  If not, interest goes back: on
the whole bill or on the part that is unpaid, from the posting of each purchase or from the
day after the statement.  New purchases bear nothing in their own cycle.
"""

import dataclasses
from collections.abc import Sequence

from jiehuan.core.loans.exact import ROUNDINGS, Fraction, half_up
from jiehuan.core.loans.periods import total

PPM = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CardTerms:
    """How a bill is reckoned.

    Attributes:
        a_night: What one unit costs a night.
        whole_bill: Interest runs on the whole bill, each part until it was paid; else on
            the part that is unpaid after the due day.
        from_posting: From the posting of each purchase, else from the day after the
            statement.
        statement_day_counts: The day of the next statement bears interest too.
        unit_minor: Interest is rounded to a multiple of it.
        rounding: Of ``ROUNDINGS``.
        forgiven_minor: A rest below it is taken for paid in full.
        late_fee_ppm: Share of the interest that is charged besides.
        new_ppm: Share of new purchases in the minimum payment.
        rest_ppm: Share of older ones.
        minimum_minor: The least minimum, before interest and fees are added.
    """

    a_night: Fraction
    whole_bill: bool
    from_posting: bool
    statement_day_counts: bool
    unit_minor: int = 1
    rounding: str = "half_up"
    forgiven_minor: int = 0
    late_fee_ppm: int = 0
    new_ppm: int = 0
    rest_ppm: int = 0
    minimum_minor: int = 0


@dataclasses.dataclass(slots=True)
class Part:
    """A part of a bill: how much of it is unpaid, and from which day it bears interest."""

    minor: int
    from_on: int


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A balance over some days, the last one not counted."""

    minor: int
    from_on: int
    until_on: int


@dataclasses.dataclass(slots=True, kw_only=True)
class Bill:
    """One statement.

    Attributes:
        on: Its day.
        due_on: 0 where it is not told.
        parts: Older parts first.
        interest_minor: Of the bill before.
        charge_minor: Fees.
        new_minor: Purchases of its cycle.
        spans: What the interest was reckoned on.
        minimum_minor: The minimum payment.
    """

    on: int
    due_on: int
    parts: list[Part]
    interest_minor: int = 0
    charge_minor: int = 0
    new_minor: int = 0
    spans: list[Span] = dataclasses.field(default_factory=list)
    minimum_minor: int = 0

    @property
    def balance_minor(self) -> int:
        """All that is billed."""
        return sum(part.minor for part in self.parts) + self.interest_minor + self.charge_minor


def bills(
    terms: CardTerms,
    purchases: Sequence[tuple[int, int]],
    payments: Sequence[tuple[int, int]],
    charges: Sequence[tuple[int, int]],
    cuts: Sequence[tuple[int, int]],
) -> list[Bill]:
    """Return the statements.

    Args:
        terms: How a bill is reckoned.
        purchases: Day of posting and amount.
        payments: Day and amount; interest and fees are paid first, then the oldest part.
        charges: Day and amount.
        cuts: Day of each statement and its due day, in order.
    """
    made: list[Bill] = []
    for on, due_on in cuts:
        before = made[-1] if made else Bill(on=0, due_on=0, parts=[])
        bill = Bill(on=on, due_on=due_on, parts=[])
        paid = [(day, minor) for day, minor in payments if before.on <= day < on]
        rest = [dataclasses.replace(part) for part in before.parts]
        bill.spans = _spans(terms, before, rest, paid, on)
        bill.interest_minor = interest_minor(terms, bill.spans)
        bill.charge_minor = sum(minor for day, minor in charges if before.on < day <= on)
        bill.charge_minor += half_up(bill.interest_minor * terms.late_fee_ppm, PPM)
        since = on + terms.statement_day_counts
        bill.parts = [Part(part.minor, since) for part in rest if part.minor]
        for day, minor in purchases:
            if before.on < day <= on:
                bill.parts.append(Part(minor, day if terms.from_posting else on + 1))
                bill.new_minor += minor
        bill.minimum_minor = _minimum(terms, bill)
        made.append(bill)
    return made


def _spans(
    terms: CardTerms,
    bill: Bill,
    parts: list[Part],
    payments: Sequence[tuple[int, int]],
    next_on: int,
) -> list[Span]:
    """Pour payments over a bill's parts, in place; return what bears interest, and how long."""
    by_due = sum(minor for day, minor in payments if day <= bill.due_on)
    rest = bill.balance_minor - by_due
    is_met = rest <= 0 or rest < terms.forgiven_minor
    spans, first = [], bill.interest_minor + bill.charge_minor
    for day, minor in payments:
        to_first = min(first, minor)
        first -= to_first
        left = minor - to_first
        bears = terms.whole_bill or day > bill.due_on
        for part in parts:
            took = min(left, part.minor)
            part.minor -= took
            left -= took
            if took and bears:
                spans.append(Span(took, part.from_on, day))
    end = next_on + terms.statement_day_counts
    spans += [Span(part.minor, part.from_on, end) for part in parts if part.minor]
    return [] if is_met else spans


def interest_minor(terms: CardTerms, spans: Sequence[Span]) -> int:
    """Return the interest of balances, rounded once."""
    num, den = terms.a_night
    sums = [(s.minor * num * (s.until_on - s.from_on), den) for s in spans]
    num, den = total(sums)
    return ROUNDINGS[terms.rounding](num, den * terms.unit_minor) * terms.unit_minor


def _minimum(terms: CardTerms, bill: Bill) -> int:
    """Return the minimum payment: a share of the principal, then interest and fees."""
    older = sum(part.minor for part in bill.parts) - bill.new_minor
    share = half_up(bill.new_minor * terms.new_ppm + older * terms.rest_ppm, PPM)
    principal = min(bill.new_minor + older, max(share, terms.minimum_minor))
    return principal + bill.interest_minor + bill.charge_minor


def average_balance(moves: Sequence[tuple[int, int]], from_on: int, until_on: int) -> Fraction:
    """Return the average daily balance, the last day not counted.

    Args:
        moves: Day and amount by which the balance moves, from that day on.
        from_on: First day of the cycle.
        until_on: The day of the statement.
    """
    weighed = sum(minor * (until_on - max(day, from_on)) for day, minor in moves)
    return weighed, until_on - from_on


def months_of_minimum(
    balance_minor: int, rate_ppm: int, share_ppm: int, least_minor: int
) -> tuple[int, int, int]:
    """Pay nothing but the minimum until nothing is left.

    Args:
        balance_minor: Owed at first.
        rate_ppm: A month.
        share_ppm: Of the principal, paid each month on top of the interest.
        least_minor: The least payment.

    Returns:
        Months, what was paid in all, and the interest in it.
    """
    months = paid = interest = 0
    left = balance_minor
    while left > 0:
        cost = half_up(left * rate_ppm, PPM)
        payment = max(cost + half_up(left * share_ppm, PPM), least_minor)
        payment = min(payment, left + cost)
        assert payment > cost, "a payment that is all interest never ends"
        left += cost - payment
        months, paid, interest = months + 1, paid + payment, interest + cost
    return months, paid, interest
