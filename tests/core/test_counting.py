"""How time is counted, against worked examples of the rule books."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core import counting
from jiehuan.core.counting import Dated, eu_flows, months_back, unit_periods, us_flows
from jiehuan.core.days import add_months, days, month_of, on_day_of_month


def dated(*texts):
    """Return one loan: 1.00 got on the first day, 1.00 paid on each other."""
    on = days(*texts)
    return Dated(np.array([0, len(on)]), np.array([-100] + [100] * (len(on) - 1)), on)


def monthly(start, first, count, step=1):
    """Return one loan with payments some months apart."""
    paid = add_months(np.repeat(days(first), count), np.arange(count) * step)
    on = np.append(days(start), paid).astype(np.int32)
    return Dated(np.array([0, count + 1]), np.append(-100, np.full(count, 100)), on)


def parts(flows):
    """Return the fraction of a period of each flow."""
    assert flows.part is not None
    unit = np.repeat(flows.part_unit, np.diff(flows.at))
    return flows.part / unit


def test_months_are_counted_back_from_the_later_day():
    for case in table("""
        early       late        months  days
        2012-01-12  2012-02-15       1     3   # ends on the 15th, begins on 15 January
        2012-03-12  2012-05-01       1    20
        2026-01-15  2026-01-15       0     0
        2026-01-15  2026-02-14       0    30
        2026-01-15  2026-02-15       1     0
        2026-01-31  2026-02-28       0    28   # the 28th: one month back is 28 January
        2026-02-28  2026-03-31       1     0   # the 31st of February is the 28th
        2026-01-30  2026-03-31       2     1
        2026-12-31  2027-01-01       0     1
    """):
        early, late = days(case.early), days(case.late)
        day = np.array([int(case.late[-2:])])

        months, odd = months_back(early, late, day)

        assert (case.months, case.days) == (months[0], odd[0]), case


@given(st.integers(730_000, 760_000), st.integers(0, 4_000))
def test_months_and_days_are_the_whole_time(early, gap):
    on = np.array([early], np.int32)
    late = on + np.int32(gap)
    day = counting._day_of_month(late)

    months, odd = months_back(on, late, day)

    begins = on_day_of_month(month_of(late) - months, day)
    assert begins - on == odd
    assert 0 <= odd[0] <= 30
    assert (months_back(late, on, day)[0] == -months).all()


# --- Regulation Z -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loan", "months", "unit_days", "a_year"),
    [
        (monthly("2026-01-10", "2026-02-10", 24), 1, 0, (12, 1)),
        (monthly("2026-05-23", "2026-10-01", 40, 3), 3, 0, (12, 3)),
        (monthly("2026-01-31", "2026-02-28", 12), 1, 0, (12, 1)),
        (monthly("2026-01-10", "2027-01-10", 5, 12), 12, 0, (12, 12)),
        (monthly("2026-01-10", "2028-01-10", 5, 24), 12, 0, (12, 12)),  # a year at the most
        (dated("2026-03-18", "2026-04-20", "2026-05-18", "2026-06-15"), 0, 28, (52, 4)),
        (dated("2026-10-26", "2026-11-30", "2026-12-01", "2026-12-02"), 0, 1, (365, 1)),
        (dated("2026-01-01", "2026-01-16", "2026-02-01", "2026-02-16", "2026-03-01"), 0, 15,
         (24, 1)),
        # One payment: its term, in months if they are whole, else in days.
        (dated("2026-01-10", "2026-07-10"), 6, 0, (12, 6)),
        (dated("2026-01-10", "2026-01-24"), 0, 14, (365, 14)),
        (dated("2026-01-10", "2027-01-10"), 12, 0, (12, 12)),
        (dated("2026-01-10", "2028-03-01"), 12, 0, (12, 12)),
        # Two periods equally often: the smaller.  None twice: the average.
        (dated("2026-01-01", "2026-01-08", "2026-01-15", "2026-02-15", "2026-03-15"), 0, 7,
         (52, 1)),
        (dated("2026-01-01", "2026-01-20", "2026-02-20", "2026-03-31"), 1, 0, (12, 1)),
        (dated("2026-01-01", "2026-01-03", "2026-01-09"), 0, 4, (365, 4)),
        (dated("2026-01-01", "2026-01-10", "2026-01-21"), 0, 7, (52, 1)),
    ],
)  # fmt: skip
def test_the_unit_period_is_the_commonest(loan, months, unit_days, a_year):
    unit = unit_periods(loan)

    assert (months, unit_days) == (unit.months[0], unit.days[0])
    assert a_year == tuple(int(part[0]) for part in unit.a_year)


@pytest.mark.parametrize(
    ("loan", "last"),
    [
        (monthly("2026-01-10", "2026-02-10", 24), (24, 0)),
        (monthly("2026-02-10", "2026-04-01", 36), (36, 19 / 30)),
        (monthly("2026-05-23", "2026-10-01", 40, 3), (40, 39 / 90)),
        (dated("2026-01-31", "2026-02-28", "2026-03-31"), (2, 0)),  # last day to last day
        (monthly("2026-01-10", "2026-03-01", 20, 2), (19, 52 / 60)),
        (monthly("2026-10-26", "2027-11-30", 4, 12), (4, 35 / 365)),
        (monthly("2026-10-26", "2027-12-26", 4, 12), (4, 2 / 12)),
        (dated("2026-03-18", "2026-04-20", "2026-05-18", "2026-06-15"), (3, 5 / 28)),
        (dated("2026-01-01", "2026-01-16", "2026-02-01", "2026-02-16", "2026-03-01"), (4, 0)),
        (dated("2026-01-10", "2026-01-24"), (1, 0)),
    ],
)
def test_periods_are_whole_and_a_fraction(loan, last):
    made = us_flows(loan)

    assert last[0] == made.time[-1]
    assert last[1] == pytest.approx(parts(made)[-1], abs=1e-12)
    assert (made.time[0], parts(made)[0]) == (0, 0)


def test_loans_are_counted_together_as_one_by_one():
    several = [
        monthly("2026-02-10", "2026-04-01", 36),
        dated("2026-01-10", "2026-01-24"),
        monthly("2026-10-26", "2027-11-30", 4, 12),
        dated("2026-01-01", "2026-01-16", "2026-02-01", "2026-02-16", "2026-03-01"),
        monthly("2026-01-31", "2026-02-28", 12),
    ]
    at = np.cumsum([0, *(len(loan.on) for loan in several)])
    joined = Dated(
        at,
        np.concatenate([loan.amount_minor for loan in several]),
        np.concatenate([loan.on for loan in several]),
    )

    for count in (us_flows, eu_flows):
        made = count(joined)
        alone = [count(loan) for loan in several]
        assert np.concatenate([one.time for one in alone]).tolist() == made.time.tolist()
    assert np.concatenate([parts(us_flows(loan)) for loan in several]).tolist() == (
        parts(us_flows(joined)).tolist()
    )


# --- European Union -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loan", "months", "odd", "year_days"),
    [
        # The Commission's examples 2 and 18.
        (monthly("2012-01-12", "2012-02-15", 240), 1, 3, 365),
        (monthly("2013-01-12", "2013-02-15", 240), 1, 3, 366),
        (monthly("2012-03-12", "2012-05-01", 240), 1, 20, 366),
        (monthly("2012-01-12", "2012-02-15", 20, 12), 0, 34, 365),
        (dated("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"), 1, 0, 365),
        (dated("2026-01-01", "2026-01-20"), 0, 19, 365),
    ],
)
def test_years_are_whole_periods_and_days_of_a_year(loan, months, odd, year_days):
    expected = months * counting.MONTH + odd * (counting.YEAR // year_days)

    made = eu_flows(loan)

    assert 0 == made.time[0]
    assert expected == made.time[1]


def test_weeks_are_fifty_seconds_of_a_year():
    made = eu_flows(dated("2026-01-01", "2026-01-10", "2026-01-17", "2026-01-24"))

    day = counting.YEAR // 365
    assert [0, *(weeks * counting.WEEK + 2 * day for weeks in (1, 2, 3))] == made.time.tolist()


def test_a_charge_before_the_first_advance_has_a_time_below_0():
    on = days("2025-01-10", "2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10")
    made = eu_flows(Dated(np.array([0, 5]), np.array([15, -300, 100, 100, 110]), on))

    assert [-12, 0, 1, 2, 3] == [time / counting.MONTH for time in made.time.tolist()]


def test_a_loan_without_flows_or_out_of_order_is_a_mistake():
    on = days("2026-01-10", "2026-01-09")
    with pytest.raises(AssertionError, match="without flows"):
        Dated(np.array([0, 0, 2]), np.array([-1, 1]), on)
    with pytest.raises(AssertionError):
        Dated(np.array([0, 2]), np.array([-1, 1]), on)
