"""What would credit cost, payment by payment, in all and a year, by each law's name?

A quote lays out a loan that is paid out on a day: an instalment plan or a draw by the day as
a product offers them, or a loan of any terms by a method of ``methods.METHODS``.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np

from jiehuan.core import irr, methods, price, schedule
from jiehuan.core.by_day import by_day
from jiehuan.core.columns import MICRO
from jiehuan.core.counting import DAYS, MONTHS, Dated
from jiehuan.core.days import LAST_ON, add_months, next_cut_on, to_text
from jiehuan.core.errors import UsageError
from jiehuan.core.flows import Status
from jiehuan.core.money import PRINCIPAL_MINOR_MAX, format_amount
from jiehuan.core.terms import Product
from jiehuan.core.terms_forms import percent_text

EVERY_DAYS_MAX: Final = 366
_FEES: Final = frozenset({"fee-per-instalment", "fee-up-front"})
_DOWN: Final = frozenset({"pay-in-n"})
# Draws are quoted by the product: their interest depends on its statements.
METHODS: Final = tuple(name for name in methods.METHODS if name != "by-day")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan that somebody asks about.

    Attributes:
        amount_minor: What it is for.
        on: The day on which it is paid out.
        method: A name in ``METHODS``.
        count: Instalments, without a down payment.
        rate_ppm: Interest a year.
        fee_ppm: The whole fee, of what is lent.
        down_ppm: What is paid at once.
        every_days: Days from one instalment to the next; 0 is a month.
        unit_minor: Instalments are multiples of it, the last takes the rest.
    """

    amount_minor: int
    on: int
    method: str
    count: int
    rate_ppm: int = 0
    fee_ppm: int = 0
    down_ppm: int = 0
    every_days: int = 0
    unit_minor: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One payment; ``left_minor`` is the principal that is left after it."""

    no: int
    due_on: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    left_minor: int

    @property
    def amount_minor(self) -> int:
        """All of it."""
        return self.principal_minor + self.interest_minor + self.fee_minor


@dataclasses.dataclass(frozen=True, slots=True)
class Rate:
    """An annual rate; ``effective_ppm`` is the same with interest on interest."""

    ppm: int
    effective_ppm: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a loan would cost.

    Attributes:
        method: Its name in ``methods.METHODS``.
        amount_minor: What it is for.
        on: The day on which it is paid out.
        rows: What is paid, number 0 at once.
        daily_minor: Of a draw the interest of one day; else the cost of a day on the average.
        rates: By each name in ``price.METHODS``; ``cn`` is that which caps are compared with.
    """

    method: str
    amount_minor: int
    on: int
    rows: tuple[Row, ...]
    daily_minor: int
    rates: dict[str, Rate]

    @property
    def total_minor(self) -> int:
        """All that is paid."""
        return sum(row.amount_minor for row in self.rows)

    @property
    def cost_minor(self) -> int:
        """Interest and fees."""
        return self.total_minor - self.amount_minor

    @property
    def yearly_ppm(self) -> int:
        """What caps are compared with."""
        return self.rates["cn"].ppm


def of_plan(product: Product, amount_minor: int, count: int, on: int) -> Quote:
    """Return what a purchase or draw of a day costs in instalments, each in its own bill.

    Raises:
        UsageError: The product does not offer that number, or the amount is out of range.
    """
    made = schedule.quote(product, amount_minor, count)
    cut = np.array([on], np.int32)
    rows, left = [], amount_minor
    for term in made.terms:
        cut = next_cut_on(cut, product.cycle_day)
        left -= term.principal_minor
        due_on = int(cut[0]) + product.due_after_days
        rows.append(Row(term.no, due_on, term.principal_minor, 0, term.fee_minor, left))
    return _priced("fee-per-instalment", amount_minor, on, rows, made.yearly_ppm)


def of_draw(product: Product, amount_minor: int, on: int) -> Quote:
    """Return what a draw by the day costs that is repaid on its first due day.

    Raises:
        UsageError: The amount is out of range.
    """
    _in_range(amount_minor, PRINCIPAL_MINOR_MAX)
    made = by_day(product, amount_minor, on, product.cycle_day)
    rows = [Row(1, made.due_on, amount_minor, made.first_minor, 0, 0)]
    if made.rest_minor:
        # The nights from the statement to the payment are in the next bill.
        rows.append(Row(2, made.next_due_on, 0, made.rest_minor, 0, 0))
    quote = _priced("by-day", amount_minor, on, rows, made.yearly_ppm)
    return dataclasses.replace(quote, daily_minor=made.daily_minor)


def of_loan(asked: Loan) -> Quote:
    """Return what a loan of any terms costs.

    Raises:
        UsageError: The terms cannot be, or are not those of the method.
    """
    _check(asked)
    one = np.ones(1, np.int64)
    per = DAYS if asked.every_days else MONTHS
    due = methods.schedules(
        asked.method,
        methods.Loans.of(
            one * asked.amount_minor,
            one * asked.count,
            one * asked.rate_ppm * (asked.every_days or 1),
            per * MICRO,
            fee_ppm=one * asked.fee_ppm,
            down_ppm=one * asked.down_ppm,
            unit_minor=one * asked.unit_minor,
        ),
    )
    down, fee = int(due.down_minor[0]), int(due.down_fee_minor[0])
    left = asked.amount_minor - down
    rows = [Row(0, asked.on, down, 0, fee, left)] if down or fee else []
    parts = zip(
        due.principal_minor.tolist(),
        due.interest_minor.tolist(),
        due.fee_minor.tolist(),
        strict=True,
    )
    for no, (principal, interest, fee) in enumerate(parts, 1):
        left -= principal
        rows.append(Row(no, _due_on(asked, no), principal, interest, fee, left))
    return _priced(asked.method, asked.amount_minor, asked.on, rows, None)


def _check(asked: Loan) -> None:
    """Refuse terms that cannot be, or that the method has no use for."""
    if asked.method not in METHODS:
        raise UsageError(f"no method is called {asked.method!r}; there are {', '.join(METHODS)}")
    _in_range(asked.amount_minor, methods.LOAN_MINOR_MAX)
    if not 1 <= asked.count <= methods.COUNT_MAX:
        raise UsageError(f"{asked.count} instalments are not 1 to {methods.COUNT_MAX}")
    if not 0 <= asked.every_days <= EVERY_DAYS_MAX:
        raise UsageError(f"every {asked.every_days} days is not within {EVERY_DAYS_MAX}")
    for name, ppm in (("rate", asked.rate_ppm), ("fee", asked.fee_ppm), ("down", asked.down_ppm)):
        if not 0 <= ppm <= MICRO:
            raise UsageError(f"{name} = {percent_text(ppm)} is not 0 % to 100 %")
    free = _FEES | _DOWN | {"interest-free"}
    for name, ppm, useful in (
        ("rate", asked.rate_ppm, asked.method not in free),
        ("fee", asked.fee_ppm, asked.method in _FEES),
        ("down", asked.down_ppm, True),
    ):
        if ppm and not useful:
            raise UsageError(f"{asked.method} has no {name}")
    if not 1 <= asked.unit_minor <= asked.amount_minor:
        raise UsageError(f"a unit of {format_amount(asked.unit_minor)} is not within the amount")
    if _due_on(asked, asked.count) > LAST_ON:
        raise UsageError(f"the last instalment is due after {to_text(LAST_ON)}")


def _in_range(amount_minor: int, most_minor: int) -> None:
    if not 0 < amount_minor <= most_minor:
        most = format_amount(most_minor)
        raise UsageError(f"{format_amount(amount_minor)} is out of range, 0.01 to {most}")


def _due_on(asked: Loan, no: int) -> int:
    if asked.every_days:
        return asked.on + no * asked.every_days
    return int(add_months(np.array([asked.on], np.int32), no)[0])


def _priced(
    method: str, amount_minor: int, on: int, rows: Sequence[Row], cn_ppm: int | None
) -> Quote:
    """Return a quote with its rates; those that it is not given are found by its days."""
    flows = Dated(
        np.array([0, len(rows) + 1]),
        np.array([-amount_minor, *(row.amount_minor for row in rows)], np.int64),
        np.array([on, *(row.due_on for row in rows)], np.int32),
    )
    rates = {}
    for name in price.METHODS:
        made = price.annual_rate(name, flows)
        if made.status[0] != Status.OK:
            raise UsageError(f"it has no annual rate: {Status(made.status[0]).name.lower()}")
        rates[name] = Rate(int(irr.to_ppm(made.rate)[0]), int(irr.to_ppm(made.effective)[0]))
    if cn_ppm is not None:
        # As the law wants it: every instalment a month after the one before it.
        monthly = irr.of_ppm(np.array([cn_ppm]), MONTHS)
        rates["cn"] = Rate(cn_ppm, int(irr.to_ppm(irr.compound(monthly, MONTHS, 1))[0]))
    cost = sum(row.amount_minor for row in rows) - amount_minor
    nights = max(rows[-1].due_on - on, 1)
    return Quote(
        method=method,
        amount_minor=amount_minor,
        on=on,
        rows=tuple(rows),
        daily_minor=(2 * cost + nights) // (2 * nights),
        rates=rates,
    )
