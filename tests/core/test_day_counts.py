"""Parts of a year on every basis, and due days that a calendar moves."""

import calendar as months
import datetime as dt
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

import jiehuan
from jiehuan.core.calendars import (
    RULES,
    first_due_on,
    is_open,
    later_due_on,
    payable_on,
    read,
)
from jiehuan.core.day_counts import BASES, PERS, cost
from jiehuan.core.days import EPOCH_ON, LAST_ON, days, to_texts
from jiehuan.core.errors import UsageError

SHIPPED = Path(jiehuan.__file__).with_name("calendars.toml").read_bytes()
CN = read(SHIPPED)["cn", 1]


def test_worked_parts_of_a_year():
    for case in table("""
        basis   from        until       num    den
        365     2024-01-01  2025-01-01  366    365
        360     2026-01-31  2026-02-28  28     360
        actual  2023-12-31  2024-01-02  731    133590   # a night of 365 and one of 366
        30/360  2026-01-31  2026-02-28  28     360
        30/360  2026-01-30  2026-03-31  60     360
        30/360  2026-02-28  2026-03-31  33     360
        period  2026-01-31  2026-04-30  3      12
    """):
        num, den = BASES[str(case.basis)](days(case.__dict__["from"]), days(case.until))
        assert (case.num, case.den) == (int(num[0]), den), case


all_days = st.integers(EPOCH_ON, LAST_ON)


@given(all_days, st.integers(0, 1_500))
def test_the_actual_year_agrees_with_a_count_night_by_night(on, nights):
    exact = sum(
        Fraction(1, 366 if months.isleap(dt.date.fromordinal(night).year) else 365)
        for night in range(on, on + nights)
    )
    num, den = BASES["actual"](np.array([on], np.int32), np.array([on + nights], np.int32))

    assert exact == Fraction(int(num[0]), den)


@pytest.mark.parametrize("basis", sorted(set(BASES) - {"30/360"}))
@given(all_days, st.integers(0, 400), st.integers(0, 400))
def test_two_stretches_are_as_long_as_both_together(basis, on, first, second):
    a, b, c = (np.array([on + days], np.int32) for days in (0, first, first + second))
    parts = [BASES[basis](*pair)[0][0] for pair in ((a, b), (b, c), (a, c))]

    assert parts[0] + parts[1] == parts[2]


def test_a_rate_is_a_day_a_month_or_a_year():
    month = days("2026-04-01"), days("2026-05-01")
    a_unit = [Fraction(int(num[0]), den) for num, den in (
        cost(np.array([rate]), per, "period", *month)
        for per, rate in zip(PERS, (1_000, 360_000, 30_000), strict=True)
    )]  # fmt: skip

    assert [Fraction(3, 100)] * 3 == a_unit


def test_a_holiday_moves_the_payable_day():
    for case in table("""
        due         following   preceding   modified_following
        2026-02-16  2026-02-24  2026-02-14  2026-02-24   # the 14th is a Saturday that is worked
        2026-10-03  2026-10-08  2026-09-30  2026-10-08
        2026-05-30  2026-06-01  2026-05-29  2026-05-29   # the next open day is in June
        2026-01-04  2026-01-04  2026-01-04  2026-01-04   # a Sunday that is worked
        2026-03-10  2026-03-10  2026-03-10  2026-03-10
    """):
        due = days(case.due)
        assert case.due == to_texts(payable_on(CN, due, "none"))[0]
        for rule in RULES[1:]:
            assert getattr(case, rule) == to_texts(payable_on(CN, due, rule))[0], case


@given(st.lists(all_days, min_size=1), st.sampled_from(RULES[1:]))
def test_a_payable_day_is_open_and_near(on, rule):
    due = np.array(on, np.int32)
    moved = payable_on(CN, due, rule)

    assert is_open(CN, moved).all()
    assert (np.abs(moved - due) <= 10).all()
    assert (moved == due)[is_open(CN, due)].all()


def test_the_first_period_is_shorter_or_longer():
    start = days("2026-01-05", "2026-01-31", "2026-01-10")

    assert ["2026-01-10", "2026-02-10", "2026-02-10"] == to_texts(
        first_due_on(start, 10, 1)
    ).tolist()
    assert ["2026-02-10", "2026-03-10", "2026-02-10"] == to_texts(
        first_due_on(start, 10, 28)
    ).tolist()


def test_later_due_days_clamp_and_return():
    first = days("2026-01-31")
    due = [to_texts(later_due_on(first, term, 1, "months"))[0] for term in range(3)]

    assert ["2026-01-31", "2026-02-28", "2026-03-31"] == due
    assert "2026-03-02" == to_texts(later_due_on(first, 2, 15, "days"))[0]


@pytest.mark.parametrize(
    "text", ["[[calendar]]", "x = ", '[[calendar]]\nname="a"\nversion=1\noff=["x"]\nworked=[]']
)
def test_a_calendar_that_cannot_be_read_is_refused(text):
    with pytest.raises(UsageError):
        read(text)


def test_a_version_is_there_once():
    with pytest.raises(UsageError, match="twice"):
        read(SHIPPED * 2)
