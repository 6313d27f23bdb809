"""Annual rates that regulators and others published, and those of instalments with a fee."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from jiehuan.core import counting, price
from jiehuan.core.columns import Int64s
from jiehuan.core.flows import Flows, Status
from jiehuan.reports.conform.reading import Case, NotApplicable, minor, ppm

_HUNDRED = 100
# Fractions of unit-periods are published as decimals of days / 365 and the like.
_PART_MAX = 366
_PART_OF_LOAN = 1_000_000
_UNITS = {"day": 1, "week": counting.WEEK_DAYS, "month": counting.MONTH_DAYS}


def run_apr(case: Case) -> str:
    """Return why an annual rate is not the published one; nothing if it is."""
    counted = [_counted(case)]
    if case["method"] == "us_actuarial":
        counted += [_us_given(case), _us_by_days(case)]
    return next((why for one in counted if (why := _differs(case, one))), "")


def run_fee(case: Case) -> str:
    """Return why the yearly cost of instalments with a fee is not the published one."""
    count, fee = int(case["instalments"]), ppm(case["total_fee_pct"])
    got = Decimal(price.cn_ppm(count * _PART_OF_LOAN, [_PART_OF_LOAN + fee] * count)) / 10_000
    told = Decimal(str(case["annual_irr_pct"]))
    return "" if _near(got, told, 2) else f"{got} instead of {told} %"


def _differs(case: Case, counted: price.Counted) -> str:
    """Say how a rate differs from the published one, to the decimals that its flows give."""
    found = price.rate_of(counted)
    if found.status[0] != Status.OK:
        return Status(found.status[0]).name.lower()
    got = Decimal(repr(float(found.rate[0]))) * _HUNDRED
    told = Decimal(str(case["rate_pct"]))
    return "" if _near(got, told, case["agrees_to_decimals"]) else f"{got:.8f} instead of {told} %"


def _near(got: Decimal, told: Decimal, decimals: int) -> bool:
    return abs(got - told) * 2 <= Decimal(10) ** -decimals


def _counted(case: Case) -> price.Counted:
    """Count a case's flows as its method does."""
    if case["method"] == "us_actuarial":
        return price.us_actuarial(_dated(case))
    if case["method"] not in ("eu_xirr", "uk_conc"):
        raise NotApplicable(f"method {case['method']}")
    if "runs" in case:
        return price.Counted(_runs(case["runs"]))
    start = min(_day(flow) for flow in case["flows"])
    days = np.array([_day(flow) - start for flow in case["flows"]])
    # A year of 365 days, or four of 1,461 days.
    per_year = {"days / 365": (1, counting.DAYS), "days / 365.25": (4, 4 * counting.DAYS + 1)}
    if case["time"] not in per_year:
        raise NotApplicable(f"time {case['time']}")
    times, unit = per_year[case["time"]]
    return price.Counted(Flows(_at(days), _amounts(case["flows"]), days * times, unit))


def _runs(runs: list[dict[str, Any]]) -> Flows:
    """Return flows told as so many times an amount, so many months apart."""
    rows = [
        (run["months"] + step * (run["every_months"] or 0), run, minor(run["amount"]))
        for run in runs
        for step in range(run["times"])
    ]
    months = np.array([row[0] for row in rows])
    days = np.array([row[1]["days"] or 0 for row in rows])
    years = np.array([row[1]["days_in_year"] or counting.DAYS for row in rows])
    time = counting.eu_time(months, np.zeros_like(months), days, years)
    return Flows(_at(time), np.array([row[2] for row in rows]), time, counting.YEAR)


def _us_by_days(case: Case) -> price.Counted:
    """Count the days of a case in the unit-period that it names."""
    unit, length = case["unit_period"]["unit"], case["unit_period"]["length"]
    if unit not in _UNITS:
        raise NotApplicable(f"unit-period {unit}")
    months = np.array([length if unit == "month" else 0])
    days = np.array([0 if unit == "month" else length * _UNITS[unit]])
    no = np.zeros(1, bool)
    return price.us_actuarial(_dated(case), counting.UnitPeriods(months, days, no, no))


def _us_given(case: Case) -> price.Counted:
    """Take unit-periods and fractions as the case gives them."""
    parts = [Fraction(str(flow["fraction"])).limit_denominator(_PART_MAX) for flow in case["flows"]]
    unit = int(np.lcm.reduce([part.denominator for part in parts]))
    part = np.array([int(part * unit) for part in parts])
    time = np.array([int(flow["unit_periods"]) for flow in case["flows"]])
    a_year = Fraction(str(case["unit_periods_per_year"]))
    flows = Flows(_at(time), _amounts(case["flows"]), time, 1, part, np.array([unit]))
    return price.Counted(flows, a_year.numerator, a_year.denominator)


def _dated(case: Case) -> counting.Dated:
    """Return the flows of a case by day."""
    flows = sorted(case["flows"], key=_day)
    on = np.array([_day(flow) for flow in flows], np.int32)
    return counting.Dated(_at(on), _amounts(flows), on)


def _day(flow: dict[str, Any]) -> int:
    """Return a flow's day; days of a case reach back beyond those of our books."""
    return dt.date.fromisoformat(flow["on"]).toordinal() if "on" in flow else int(flow["day"])


def _amounts(flows: list[dict[str, Any]]) -> Int64s:
    return np.array([minor(flow["amount"]) for flow in flows], np.int64)


def _at(flows: np.ndarray[Any, Any]) -> Int64s:
    """Return where the flows of one loan begin and end."""
    return np.array([0, len(flows)], np.int64)
