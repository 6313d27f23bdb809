"""The periods of one loan, and what a balance costs in one of them."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from jiehuan.core.days import month_of, on_day_of_month
from jiehuan.core.loans.exact import Fraction
from jiehuan.core.loans.terms import LoanTerms

MILLION = 1_000_000
MONTHS = 12
YEAR_DAYS = {"365": 365, "360": 360}
LEAP_DAYS = 366
MONTH_NIGHTS = 30
# What a night costs in a common year and in a leap year, over one denominator.
_ACTUAL = 365 * LEAP_DAYS


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """From one day to another; a night belongs to the day on which it begins."""

    from_on: int
    due_on: int

    @property
    def nights(self) -> int:
        """How many nights it has."""
        return self.due_on - self.from_on


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """Nights of one period in which balance and rate stay the same."""

    from_on: int
    until_on: int
    balance_minor: int
    rate_ppm: int


def periods_from(terms: LoanTerms, start_on: int) -> list[Period]:
    """Return the periods of a loan; a month end clamps and returns."""
    if terms.agreed:
        return [Period(a, b) for a, b in terms.agreed]
    steps = np.arange(terms.count + 1) * terms.every
    if terms.unit == "days":
        on = (start_on + steps).tolist()
    else:
        start = np.array([start_on], np.int32)
        month = month_of(start)
        first = on_day_of_month(month, 1)
        on = on_day_of_month(month + steps, int(start[0] - first[0]) + 1).tolist()
    return [Period(a, b) for a, b in itertools.pairwise(on)]


def cost(terms: LoanTerms, period: Period, stretch: Stretch) -> Fraction:
    """Return the interest of a stretch of a period, exactly.

    The denominator depends on the terms only, but for a basis that counts the period's own
    nights.
    """
    num = stretch.balance_minor * stretch.rate_ppm
    nights = stretch.until_on - stretch.from_on
    if terms.basis in YEAR_DAYS:
        return num * nights, YEAR_DAYS[terms.basis] * MILLION
    if terms.basis == "actual":
        return num * _weighed(stretch), _ACTUAL * MILLION
    if terms.unit == "months":
        return num * nights * terms.every, MONTHS * MILLION * period.nights
    year = YEAR_DAYS[terms.basis.removeprefix("period-")]
    return num * nights, year * MILLION


def _weighed(stretch: Stretch) -> int:
    """Return the nights over the days of the year in which each lies, as a numerator."""
    on = np.arange(stretch.from_on, stretch.until_on, dtype=np.int64)
    years = (on - _UNIX_ON).view("datetime64[D]").astype("datetime64[Y]").view(np.int64) + 1970
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    return int(np.where(leap, 365, LEAP_DAYS).sum())


_UNIX_ON = 719_163  # 1970-01-01


def factors(terms: LoanTerms, of: Sequence[Period], rate_ppm: int) -> list[Fraction]:
    """Return what one unit costs in each period, over one denominator, for a level payment."""
    if terms.level_nights:
        nights = terms.every * (MONTH_NIGHTS if terms.unit == "months" else 1)
        return [(rate_ppm * nights, terms.level_nights * MILLION)] * len(of)
    exact = [cost(terms, p, Stretch(p.from_on, p.due_on, 1, rate_ppm)) for p in of]
    return common(exact)


def common(of: Sequence[Fraction]) -> list[Fraction]:
    """Return fractions over one denominator."""
    den = 1
    for _, other in of:
        den = den * other // _gcd(den, other)
    return [(num * (den // other), den) for num, other in of]


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def total(of: Sequence[Fraction]) -> Fraction:
    """Return a sum of fractions."""
    shared = common(of)
    return (sum(num for num, _ in shared), shared[0][1]) if shared else (0, 1)
