"""What does credit cost a year, as each law wants it named?

Four annual rates, each by its name, for one loan or for millions:

* ``cn``: twelve times the monthly rate of return ("simple"), as disclosed in China since the
  People's Bank's announcement No. 3 of 2021; the rate with interest on interest stands beside.
* ``us_actuarial``: the nominal rate of Regulation Z, 12 CFR 1026, Appendix J (b)(1) and (8):
  unit-periods a year times the rate i that makes the sum of amount / ((1 + f i) (1 + i)^t)
  zero, t being whole unit-periods and f the fraction left.
* ``eu``: the annual percentage rate of charge, Directive 2008/48/EC, Annex I: the effective
  rate X that makes the sum of amount / (1 + X)^years zero.
* ``uk``: the APR of the FCA's CONC App 1.2.6 R, by the same equation.

The rates are found by ``core.irr``; what is told or compared with a cap is whole ppm.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from jiehuan.core import irr
from jiehuan.core.columns import MICRO, Codes, Int64s
from jiehuan.core.counting import (
    DAYS,
    MONTH,
    MONTHS,
    Dated,
    UnitPeriods,
    eu_flows,
    unit_periods,
    us_flows,
)
from jiehuan.core.errors import UsageError
from jiehuan.core.flows import Flows
from jiehuan.core.irr import Float64s

# 10,000 % a year: what is dearer is refused, not searched for.
YEARLY_PPM_MAX: Final = 100 * MICRO


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Flows as a rule book counts their time, and what its rate a period is multiplied by.

    Attributes:
        flows: With times in periods.
        over: Periods a year, shape (k,) or one number.
        under: What that is divided by, shape (k,) or one number.
    """

    flows: Flows
    over: Int64s | int = 1
    under: Int64s | int = 1


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class AnnualRates:
    """What each loan costs a year; not a number where there is no rate.

    Attributes:
        rate: As its name defines it; 0.01 is 1 %, shape (k,).
        effective: With interest on interest, shape (k,).
        status: Of ``flows.Status``, shape (k,).
    """

    rate: Float64s
    effective: Float64s
    status: Codes


def cn(flows: Dated) -> Counted:
    """Count in months of 365 / 12 days: whole months back, then days."""
    counted = eu_flows(flows)
    return Counted(dataclasses.replace(counted, time_unit=MONTH), MONTHS)


def us_actuarial(flows: Dated, unit: UnitPeriods | None = None) -> Counted:
    """Count in unit-periods; ``unit`` are the loans' own, else they are found."""
    unit = unit_periods(flows) if unit is None else unit
    return Counted(us_flows(flows, unit), *unit.a_year)


def eu(flows: Dated) -> Counted:
    """Count in years."""
    return Counted(eu_flows(flows))


# The name of each annual rate, and how it counts; the British rule is the European one.
METHODS: Final[dict[str, Callable[[Dated], Counted]]] = {
    "cn": cn,
    "us_actuarial": us_actuarial,
    "eu": eu,
    "uk": eu,
}


def annual_rate(method: str, flows: Dated) -> AnnualRates:
    """Return an annual rate of each loan.

    Args:
        method: A name in ``METHODS``.
        flows: What the borrower gets is negative, what is paid positive.

    Examples:
        1,000,000 lent for a year at 1 % a month, in twelve payments:

        >>> from jiehuan.core.days import days
        >>> due = [f"2026-{month:02}-15" for month in range(2, 13)] + ["2027-01-15"]
        >>> on = days("2026-01-15", *due)
        >>> one = Dated(np.array([0, 13]), np.array([-(10**8)] + [8_884_879] * 12), on)
        >>> {name: irr.to_ppm(annual_rate(name, one).rate).tolist() for name in METHODS}
        {'cn': [120000], 'us_actuarial': [120000], 'eu': [126825], 'uk': [126825]}
    """
    return rate_of(METHODS[method](flows))


def rate_of(counted: Counted) -> AnnualRates:
    """Return the annual rate of flows whose time is counted already."""
    found = irr.solve(counted.flows, by_balance=True)
    rate = irr.a_year(found.rate, counted.over, counted.under)
    return AnnualRates(rate, irr.compound(found.rate, counted.over, counted.under), found.status)


# --- To the ppm ---------------------------------------------------------------------------------


def of_daily_ppm(rate_ppm: int) -> int:
    """Return what a daily rate comes to in a year of 365 days, in ppm."""
    return rate_ppm * DAYS


def cn_ppm(lent_minor: int, payments_minor: Sequence[int]) -> int:
    """Return 12 x the monthly rate at which the payments are worth what was lent.

    The root is found as any other; to which side of it a whole ppm lies is then decided with
    whole numbers, so a cap is never met or broken by the last bit of a float.

    Args:
        lent_minor: Paid out now, positive.
        payments_minor: Paid back after one month, two months and so on; none negative.

    Returns:
        Parts per million a year, rounded up to a whole one, so never told too low.

    Raises:
        UsageError: Less is paid back than was lent, or the rate is above 10,000 %.

    Examples:
        >>> cn_ppm(1_200_000, [108_800] * 12)  # 12 terms at 8.8 %: 15.86 % a year
        158644
    """
    if lent_minor <= 0 or min(payments_minor, default=-1) < 0:
        raise UsageError("a yearly rate needs a positive amount lent and payments of 0 or more")
    if sum(payments_minor) < lent_minor:
        raise UsageError("less is paid back than was lent: there is no yearly rate")
    if _outweigh(lent_minor, payments_minor, YEARLY_PPM_MAX):
        raise UsageError(f"the yearly rate is above {YEARLY_PPM_MAX // 10_000} %")

    amounts = np.array([-lent_minor, *payments_minor])
    monthly = irr.irr(np.array([0, len(amounts)]), amounts).rate
    ppm = max(int(irr.to_ppm(monthly * MONTHS)[0]), 0)
    while _outweigh(lent_minor, payments_minor, ppm):
        ppm += 1
    while ppm and not _outweigh(lent_minor, payments_minor, ppm - 1):
        ppm -= 1
    return ppm


def _outweigh(lent_minor: int, payments_minor: Sequence[int], yearly_ppm: int) -> bool:
    """Say whether the payments are worth more than what was lent, at a yearly rate."""
    one = MONTHS * MICRO
    grown, owed = 1, lent_minor
    for payment_minor in payments_minor:
        grown *= one
        owed = owed * (one + yearly_ppm) - payment_minor * grown
    return owed < 0
