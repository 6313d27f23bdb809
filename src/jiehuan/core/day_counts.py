"""What part of a year lies between two days, and what a rate costs in it.

A part is a whole numerator over a denominator that the basis alone decides, so what accrues
on one basis is a sum of numerators; bases are never brought to one denominator (that would
leave int64).
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np

from jiehuan.core.columns import MICRO, Days, Int64s
from jiehuan.core.days import month_of, on_day_of_month

MONTHS: Final = 12
_COMMON, _LEAP = 365, 366
# One denominator for nights of common and of leap years.
ACTUAL: Final = _COMMON * _LEAP
_YEARS_KNOWN: Final = 2_400

# From first and last day, the last one not counted, to numerators over a denominator.
Basis: TypeAlias = Callable[[Days, Days], tuple[Int64s, int]]

_YEAR = np.arange(1, _YEARS_KNOWN + 1)
_IS_LEAP = (_YEAR % 4 == 0) & ((_YEAR % 100 != 0) | (_YEAR % 400 == 0))
# Days of leap years before the first of January of every year.
_LEAP_DAYS = np.concatenate((np.zeros(1, np.int64), np.cumsum(_IS_LEAP * _LEAP)))


def nights(from_on: Days, until_on: Days) -> Int64s:
    """Return how many nights lie between days, shape (n,)."""
    return until_on.astype(np.int64) - from_on


def _leap_nights(on: Days) -> Int64s:
    """Return how many days before each day lie in leap years, shape (n,)."""
    year = month_of(on) // MONTHS
    first = on_day_of_month(year * MONTHS, 1)
    return np.asarray(_LEAP_DAYS[year] + (on.astype(np.int64) - first) * _IS_LEAP[year])


def over_365(from_on: Days, until_on: Days) -> tuple[Int64s, int]:
    """Nights over 365, in every year."""
    return nights(from_on, until_on), _COMMON


def over_360(from_on: Days, until_on: Days) -> tuple[Int64s, int]:
    """Nights over 360."""
    return nights(from_on, until_on), 360


def over_actual(from_on: Days, until_on: Days) -> tuple[Int64s, int]:
    """Nights over the days of the year in which each lies: split on the first of January."""
    leap = _leap_nights(until_on) - _leap_nights(from_on)
    return (nights(from_on, until_on) - leap) * _LEAP + leap * _COMMON, ACTUAL


def thirty_360(from_on: Days, until_on: Days) -> tuple[Int64s, int]:
    """Every month has 30 days: a 31st is a 30th, the last one only after a 30th."""
    first, last = month_of(from_on), month_of(until_on)
    day = from_on.astype(np.int64) - on_day_of_month(first, 1) + 1
    until = until_on.astype(np.int64) - on_day_of_month(last, 1) + 1
    day = np.minimum(day, 30)
    until = np.where((until == 31) & (day == 30), 30, until)  # noqa: PLR2004  # last of a month
    return (last - first) * 30 + until - day, 360


def periods(from_on: Days, until_on: Days) -> tuple[Int64s, int]:
    """Whole months over 12, however many nights they have."""
    return month_of(until_on) - month_of(from_on), MONTHS


BASES: Final[Mapping[str, Basis]] = {
    "365": over_365,
    "360": over_360,
    "actual": over_actual,
    "30/360": thirty_360,
    "period": periods,
}
# How many times what the rate says is what it says a year.
_A_YEAR: Final = {"year": 1, "month": MONTHS}
PERS: Final = ("day", *_A_YEAR)


def cost(
    rate_ppm: Int64s, per: str, basis: str, from_on: Days, until_on: Days
) -> tuple[Int64s, int]:
    """Return what one unit costs between days.

    Args:
        rate_ppm: Shape (n,).
        per: Of ``PERS``; a rate a day counts nights and has no basis.
        basis: Of ``BASES``.
        from_on: First day, which bears interest, shape (n,).
        until_on: Last day, which does not, shape (n,).

    Returns:
        Numerators, shape (n,), over one denominator.

    Examples:
        >>> from jiehuan.core.days import days
        >>> month = days("2024-01-31"), days("2024-02-29")
        >>> [int(cost(np.array([120_000]), "year", b, *month)[0][0]) for b in BASES]
        [3480000, 3480000, 1270200000, 3480000, 120000]
    """
    assert per in PERS
    if per == "day":
        return rate_ppm * nights(from_on, until_on), MICRO
    num, den = BASES[basis](from_on, until_on)
    assert int(np.max(rate_ppm, initial=0)) * int(np.max(num, initial=0)) < 2**62
    return rate_ppm * (num * _A_YEAR[per]), MICRO * den
