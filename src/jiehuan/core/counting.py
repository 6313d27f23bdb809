"""How much time lies between two payments, as each rule book of annual rates counts it?

All count periods back from the later day: the months (or years, or weeks) between two days
are those that fit, ending on the later one, and the odd days lie at the beginning.

* US: Regulation Z, 12 CFR 1026, Appendix J (b)(3) to (b)(5): unit-periods and a fraction.
* EU: Directive 2008/48/EC, Annex I, remark (c): a year is 365 days (366 in leap years), 52
  weeks or 12 equal months.  Directive 2014/17/EU, Annex I, remark (c) (i) to (iii) tells how
  days are counted: periods and then days backwards to the first drawdown, the days divided by
  the 365 or 366 of the year that ends where they end.  Directive (EU) 2023/2225 keeps it.
* UK: FCA Handbook, CONC App 1.2.6 R, the EU's rule.
"""

import dataclasses
from typing import Final

import numpy as np

from jiehuan.core.columns import NEVER, Codes, Days, Flags, Int64s
from jiehuan.core.days import CYCLE_DAY_MAX, add_months, month_of, on_day_of_month
from jiehuan.core.flows import Flows

# Of a year: the smallest count of which a month, a week, 1 / 365 and 1 / 366 are whole numbers.
YEAR: Final = 3_473_340
MONTHS: Final = 12
WEEKS: Final = 52
DAYS: Final = 365
MONTH: Final = YEAR // MONTHS
WEEK: Final = YEAR // WEEKS

# Of Regulation Z: a month, and half a month, have so many days.
MONTH_DAYS: Final = 30
HALF_DAYS: Final = 15
WEEK_DAYS: Final = 7
HALVES: Final = 2 * MONTHS

# Of a whole number of months less than a year, or of days.
_YEAR_PARTS: Final = MONTHS * DAYS

assert not any(YEAR % parts for parts in (MONTHS, WEEKS, DAYS, DAYS + 1))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Dated:
    """The flows of ``k`` loans by day; those of loan ``i`` are ``at[i] : at[i + 1]``.

    Attributes:
        at: Where each loan's flows begin, and where the last one's end, shape (k + 1,).
        amount_minor: What the borrower gets is negative, what is paid positive, shape (n,).
        on: The day of each flow, none before the one above it in its loan, shape (n,).
    """

    at: Int64s
    amount_minor: Int64s
    on: Days

    def __post_init__(self) -> None:
        """Check that each loan has flows, in the order of their days."""
        assert self.amount_minor.shape == self.on.shape == (self.at[-1],)
        assert not np.count_nonzero(self.at[1:] <= self.at[:-1]), "a loan without flows"
        begins = np.zeros(len(self.on), bool)
        begins[self.at[:-1]] = True
        assert not np.count_nonzero((self.on[1:] < self.on[:-1]) & ~begins[1:])

    @property
    def loan(self) -> Int64s:
        """Each flow's loan, from 0, shape (n,)."""
        return np.repeat(np.arange(len(self.at) - 1), np.diff(self.at))

    @property
    def start_on(self) -> Days:
        """Each loan's first advance, or its first flow if there is none, shape (k,)."""
        got = np.where(self.amount_minor < 0, self.on, NEVER).astype(np.int32)
        first = np.minimum.reduceat(got, self.at[:-1])
        return np.where(first == NEVER, self.on[self.at[:-1]], first).astype(np.int32)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class UnitPeriods:
    """The unit-period of each loan.

    Attributes:
        months: How many months it is, or 0, shape (k,).
        days: How many days, or 0: 7 is a week, 15 half a month where ``half`` says so.
        half: Whether it is half a month, shape (k,).
        single: Whether the loan is one advance and one payment less than a year later.
    """

    months: Int64s
    days: Int64s
    half: Flags
    single: Flags

    @property
    def a_year(self) -> tuple[Int64s, Int64s]:
        """How many there are in a year, as numerator and denominator, shape (k,) each.

        Appendix J (b)(5): 12 / months; 24 half months; 52 / weeks; 365 days.  A single
        payment's unit-period is its term: 365 / days, if it is no whole number of months.
        """
        weeks = (self.days % WEEK_DAYS == 0) & ~self.single
        kinds = [self.months > 0, self.half, weeks]
        over = np.select(kinds, [MONTHS, HALVES, WEEKS], DAYS)
        under = np.select(kinds, [self.months, 1, self.days // WEEK_DAYS], self.days)
        return over, np.maximum(under, 1)


def months_back(from_on: Days, on: Days, day: Codes | Days) -> tuple[Int64s, Int64s]:
    """Return the full months between two days, counted back from the later, and the odd days.

    Args:
        from_on: The earlier days, shape (n,).
        on: The later ones, shape (n,).
        day: Day of the month on which a month ends, or its last day; shape (n,).

    Returns:
        Months and days, shape (n,) each; both negative or 0 where ``on`` is the earlier.

    Examples:
        >>> from jiehuan.core.days import days
        >>> early, late = days("2012-01-12"), days("2012-02-15")
        >>> [part.tolist() for part in months_back(early, late, np.array([15]))]
        [[1], [3]]
    """
    forward = on >= from_on
    early, late = np.minimum(on, from_on), np.maximum(on, from_on)
    months = month_of(late) - month_of(early)
    begins = on_day_of_month(month_of(early), day)
    # Too long by a month: it begins before the earlier day.
    long = begins < early
    months = months - long
    begins = np.where(long, on_day_of_month(month_of(early) + 1, day), begins)
    # Within one month nothing fits, whatever day its months end on.
    none = (months <= 0) | (begins > late)
    sign = np.where(forward, 1, -1)
    odd = np.where(none, late - early, begins - early).astype(np.int64)
    return np.where(none, 0, months) * sign, odd * sign


def _month_days(flows: Dated) -> Days:
    """Return the day of the month on which each flow's months end, shape (n,).

    Appendix J (b)(3)(iv): payments on the last day of each month are measured from last day
    to last day; those on the 29th or 30th lie on the last day of February.
    """
    day = _day_of_month(flows.on)
    last = _day_of_month(on_day_of_month(month_of(flows.on), CYCLE_DAY_MAX))
    loan, begins = flows.loan, flows.at[:-1]
    later = flows.on > flows.start_on[loan]
    most = np.maximum.reduceat(np.where(later, day, 0), begins)
    many = np.add.reduceat(later.astype(np.int64), begins) > 1
    at_end = np.logical_and.reduceat(~later | (day == last), begins) & many
    one_day = np.logical_and.reduceat(~later | (day == np.minimum(most[loan], last)), begins)
    ends = np.where(at_end, CYCLE_DAY_MAX, most)
    # What was paid before the first advance is counted back from that day.
    own = np.where(flows.on < flows.start_on[loan], _day_of_month(flows.start_on)[loan], day)
    return np.where((one_day | at_end)[loan] & later, ends[loan], own).astype(np.int32)


def _day_of_month(on: Days) -> Days:
    """Return 1 .. 31, shape (n,)."""
    day: Days = on - on_day_of_month(month_of(on), 1) + np.int32(1)
    return day


# --- European Union, United Kingdom -------------------------------------------------------------


def eu_time(months: Int64s, weeks: Int64s, days: Int64s, year_days: Int64s) -> Int64s:
    """Return times in ``YEAR`` parts of a year, shape (n,).

    Args:
        months: Whole months, shape (n,).
        weeks: Whole weeks, shape (n,).
        days: What is left, shape (n,).
        year_days: 365 or 366, of which the days are a part, shape (n,).

    Examples:
        >>> one, none = np.array([1]), np.array([0])
        >>> (eu_time(one, none, np.array([3]), np.array([366])) - MONTH).tolist() == [3 * 9_490]
        True
    """
    return months * MONTH + weeks * WEEK + days * (YEAR // year_days)


def eu_flows(flows: Dated) -> Flows:
    """Return the flows with their times in years since the first drawdown.

    The period is that in which the loan is paid: years, weeks, or else months; what is paid
    every so many days, or with no period at all, is counted in months and days.
    """
    loan, start = flows.loan, flows.start_on[flows.loan]
    unit = unit_periods(flows)
    months, odd = months_back(start, flows.on, _month_days(flows))
    yearly = (unit.months == MONTHS)[loan]
    by_week = ((unit.months == 0) & (unit.days % WEEK_DAYS == 0) & ~unit.single)[loan]

    gap = (flows.on - start).astype(np.int64)
    weeks = np.where(by_week, np.sign(gap) * (np.abs(gap) // WEEK_DAYS), 0)
    whole = np.where(by_week, 0, np.where(yearly, months - np.fmod(months, MONTHS), months))
    # The day on which the years begin and the days end.
    back = on_day_of_month(month_of(flows.on) - whole, _month_days(flows))
    left = np.where(yearly & (gap > 0), back - start, odd)
    left = np.where(by_week, gap - weeks * WEEK_DAYS, left)
    ends = np.maximum(start, start + left.astype(np.int32))
    year_days = (ends - _year_before(ends)).astype(np.int64)
    time = eu_time(whole, weeks, left, year_days)
    return Flows(flows.at, flows.amount_minor, time, YEAR)


def _year_before(on: Days) -> Days:
    """Return the same day of the year before; 29 February comes from the 28th."""
    return on_day_of_month(month_of(on) - MONTHS, _day_of_month(on))


# --- United States ------------------------------------------------------------------------------


def unit_periods(flows: Dated) -> UnitPeriods:
    """Return the unit-period of each loan: Appendix J (b)(4).

    It is the period that occurs most often, the smaller of two that do so equally; without
    one that occurs twice it is the average, rounded to a whole standard interval: days below
    a week, weeks below a month, months.  It is a year at the most.
    """
    loan, day = flows.loan, _month_days(flows)
    gap = (np.diff(loan) == 0) & (np.diff(flows.on) > 0)
    rows = np.flatnonzero(gap)
    months, odd = months_back(flows.on[rows], flows.on[rows + 1], day[rows + 1])
    length = (flows.on[rows + 1] - flows.on[rows]).astype(np.int64)
    by_month = (odd == 0) & (months > 0)
    months = np.where(by_month, np.minimum(months, MONTHS), 0)
    length = np.where(by_month, 0, np.minimum(length, DAYS))
    owner = loan[rows]
    loans = len(flows.at) - 1
    intervals = np.bincount(owner, minlength=loans)

    often, most_months, most_days = _most_often(owner, months, length, loans)
    average = _average(flows, intervals)
    alone = intervals == 1
    common = (often > 1) | alone
    unit_months = np.where(common, most_months, average[0])
    unit_days = np.where(common, most_days, average[1])
    half = common & ~alone & (unit_months == 0) & _is_half_monthly(flows, loans)
    unit_days = np.where(half, HALF_DAYS, unit_days)
    # 365 or 366 days without a fit are more than a year: its unit-period is a year.
    long = (unit_months == 0) & (unit_days >= DAYS)
    unit_months = np.where(long, MONTHS, unit_months)
    single = alone & (unit_months < MONTHS)
    return UnitPeriods(unit_months, np.where(long, 0, unit_days), half, single)


def _most_often(
    owner: Int64s, months: Int64s, days: Int64s, loans: int
) -> tuple[Int64s, Int64s, Int64s]:
    """Return how often each loan's commonest interval occurs, and its months and days."""
    # The smaller of two comes first; the base is more than any size.
    base = 2 * DAYS + 2
    size = (months * MONTH_DAYS + days) * 2 + (months > 0)
    found, many = np.unique(owner * base + size, return_counts=True)
    order = np.lexsort((found, -many, found // base))
    found, many = found[order], many[order]
    best = np.flatnonzero(np.diff(found // base, prepend=-1))
    often, size = np.zeros(loans, np.int64), np.zeros(loans, np.int64)
    often[found[best] // base] = many[best]
    size[found[best] // base] = found[best] % base
    by_month, length = size % 2 == 1, size // 2
    return often, np.where(by_month, length // MONTH_DAYS, 0), np.where(by_month, 0, length)


def _average(flows: Dated, intervals: Int64s) -> tuple[Int64s, Int64s]:
    """Return the average interval as a standard one, in months or in days, shape (k,) each."""
    span = (flows.on[flows.at[1:] - 1] - flows.on[flows.at[:-1]]).astype(np.int64)
    many = np.maximum(intervals, 1)
    days = np.maximum(_nearest(span, many, 1), 1)
    weeks = np.maximum(_nearest(span, many, WEEK_DAYS), 1) * WEEK_DAYS
    months = np.clip(_nearest(span, many, MONTH_DAYS), 1, MONTHS)
    off_weeks = np.abs(span - weeks * many)
    off_months = np.abs(span - months * MONTH_DAYS * many)
    by_month = (off_months < off_weeks) | (
        (off_months == off_weeks) & (months * MONTH_DAYS < weeks)
    )
    short = np.where(span < WEEK_DAYS * many, days, weeks)
    return np.where(by_month, months, 0), np.where(by_month, 0, short)


def _nearest(span: Int64s, many: Int64s, size: int) -> Int64s:
    """Return span / many in multiples of a size, rounded; a half goes down: ceil(x - 1/2)."""
    return -((size * many - 2 * span) // (2 * size * many))


def _is_half_monthly(flows: Dated, loans: int) -> Flags:
    """Say whether most flows lie a month before the next but one, shape (k,)."""
    loan = flows.loan
    rows = np.flatnonzero(loan[2:] == loan[:-2])
    month_on = add_months(flows.on[rows], 1)
    hit = np.bincount(loan[rows[month_on == flows.on[rows + 2]]], minlength=loans)
    return (hit > 1) & (2 * hit > np.bincount(loan[rows], minlength=loans))


def us_flows(flows: Dated, unit: UnitPeriods | None = None) -> Flows:
    """Return the flows with their times in unit-periods and fractions: Appendix J (b)(5).

    Args:
        flows: By day.
        unit: Each loan's unit-period; else what ``unit_periods`` finds.
    """
    unit = unit_periods(flows) if unit is None else unit
    loan, start = flows.loan, flows.start_on[flows.loan]
    months, odd = months_back(start, flows.on, _month_days(flows))
    gap = (flows.on - start).astype(np.int64)
    yearly = unit.months == MONTHS
    kinds = [unit.single, yearly, unit.months > 0, unit.half]
    size = np.select(
        kinds, [1, _YEAR_PARTS, unit.months * MONTH_DAYS, HALF_DAYS], np.maximum(unit.days, 1)
    )
    some = np.fmod(months, MONTHS)
    back = on_day_of_month(month_of(flows.on) - months + some, _month_days(flows))
    rest = np.where(odd == 0, some * DAYS, (back - start) * MONTHS)
    in_years = (months - some) // MONTHS * _YEAR_PARTS + rest
    in_months = months * MONTH_DAYS + odd
    each = [kind[loan] for kind in kinds]
    count = np.select(each, [np.sign(gap), in_years, in_months, in_months], gap)
    time = count // size[loan]
    part = count - time * size[loan]
    return Flows(flows.at, flows.amount_minor, time, 1, part, size)
