"""Cycle days, months and the writing of days."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core import days
from jiehuan.core.columns import NEVER
from jiehuan.core.days import EPOCH_ON, LAST_ON, add_months, next_cut_on, to_texts
from jiehuan.core.errors import UsageError

ordinals = st.integers(EPOCH_ON, LAST_ON)
cycle_days = st.integers(1, 31)
columns = st.lists(st.tuples(ordinals, cycle_days), max_size=30)


def test_worked_cuts():
    for case in table("""
        after       cycle_day  cut
        2026-03-31          1  2026-04-01
        2026-04-01          1  2026-05-01     # strictly after
        2025-12-15          1  2026-01-01     # over the year
        2026-01-01         31  2026-01-31     # a month that is too short clamps,
        2026-01-31         31  2026-02-28
        2026-02-28         31  2026-03-31     # and the next one returns
        2028-01-31         31  2028-02-29
        2026-02-27         29  2026-02-28
        2028-02-28         29  2028-02-29
        2026-04-29         30  2026-04-30
        2026-04-30         31  2026-05-31
        2089-12-31         15  2090-01-15     # beyond the horizon, not beyond the calendar
    """):
        cut_on = next_cut_on(days.days(case.after), case.cycle_day)

        assert [case.cut] == to_texts(cut_on).tolist(), case


def test_worked_months():
    for case in table("""
        on          months  later
        2026-01-31       0  2026-01-31
        2026-01-31       1  2026-02-28
        2026-01-31       2  2026-03-31     # from the 31st, not from the 28th
        2026-02-28       1  2026-03-28     # what was clamped stays clamped
        2028-02-29      12  2029-02-28
        2025-11-30       3  2026-02-28
        2000-01-01    1200  2100-01-01
    """):
        later_on = add_months(days.days(case.on), case.months)

        assert [case.later] == to_texts(later_on).tolist(), case


def test_every_day_lies_in_its_month():
    on = np.arange(EPOCH_ON - 1_000, LAST_ON + 40_000, dtype=np.int32)
    dates = [dt.date.fromordinal(day) for day in on.tolist()]

    assert [12 * (day.year - 1) + day.month - 1 for day in dates] == days.month_of(on).tolist()
    assert on.tolist() == add_months(on, 0).tolist()


@given(ordinals, cycle_days)
def test_a_cut_is_the_first_day_after_that_is_a_cycle_day(after_on, cycle_day):
    def is_cycle_day(on):
        day = dt.date.fromordinal(on)
        is_last = dt.date.fromordinal(on + 1).month != day.month
        return day.day == cycle_day or (is_last and day.day < cycle_day)

    expected = next(on for on in range(after_on + 1, after_on + 63) if is_cycle_day(on))

    assert [expected] == next_cut_on(np.array([after_on], np.int32), cycle_day).tolist()


@given(ordinals, cycle_days)
def test_a_year_has_twelve_cuts_and_ends_where_it_began(after_on, cycle_day):
    first_on = cut_on = next_cut_on(np.array([after_on], np.int32), cycle_day)
    for _ in range(48):
        following_on = next_cut_on(cut_on, cycle_day)
        assert 28 <= (following_on - cut_on).item() <= 31
        cut_on = following_on

    first, last = (dt.date.fromordinal(on.item()) for on in (first_on, cut_on))
    assert (first.year + 4, first.month) == (last.year, last.month)
    assert abs(first.day - last.day) <= 1  # a February may be a leap one


@given(columns)
def test_a_batch_of_cuts_is_its_lines_one_by_one(rows):
    after_on = np.array([on for on, _ in rows], np.int32)
    cycle_day = np.array([day for _, day in rows], np.int16)

    whole = next_cut_on(after_on, cycle_day)
    alone = [next_cut_on(after_on[i : i + 1], cycle_day[i : i + 1]) for i in range(len(rows))]

    assert np.int32 == whole.dtype
    assert whole.tolist() == [on.item() for on in alone]


@given(ordinals, st.integers(0, 600), st.integers(0, 600))
def test_months_add_up_when_nothing_clamps(on, first, second):
    start_on = np.array([on], np.int32)
    start_on = start_on - max(0, dt.date.fromordinal(on).day - 28)

    assert (
        add_months(start_on, first + second).tolist()
        == add_months(add_months(start_on, first), second).tolist()
    )


def test_no_lines_have_no_cuts():
    none = np.zeros(0, np.int32)

    assert np.int32 == next_cut_on(none, 1).dtype == add_months(none, 1).dtype
    assert [] == next_cut_on(none, np.zeros(0, np.int16)).tolist() == to_texts(none).tolist()


@pytest.mark.parametrize("on", [0, -1, NEVER])
def test_what_is_no_day_has_no_month(on):
    with pytest.raises(AssertionError, match=r"no day|no month"):
        next_cut_on(np.array([EPOCH_ON, on], np.int32), 1)


@pytest.mark.parametrize("cycle_day", [0, 32])
def test_a_cycle_day_is_a_day_of_the_month(cycle_day):
    with pytest.raises(AssertionError):
        next_cut_on(np.array([EPOCH_ON], np.int32), cycle_day)


@given(ordinals)
def test_a_day_is_read_back_as_written(on):
    text = days.to_text(on)

    assert on == days.parse(text)
    assert [text] == to_texts(np.array([on], np.int32)).tolist()


@pytest.mark.parametrize(("on", "text"), [(0, "none"), (NEVER, "never")])
def test_no_day_and_never_are_written_as_words(on, text):
    assert text == days.to_text(on)
    assert [text, "2000-01-01"] == to_texts(np.array([on, EPOCH_ON], np.int32)).tolist()


@pytest.mark.parametrize(
    "text", ["", "2026-3-1", "20260301", "2026-W09-7", "2026-02-29", " 2026-03-01", "none"]
)
def test_what_is_not_written_as_a_day_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"is not a day; write it as .* like 2026-03-01"):
        days.parse(text)


@pytest.mark.parametrize("text", ["1999-12-31", "2090-01-01"])
def test_a_day_outside_the_horizon_is_refused_with_the_horizon(text):
    with pytest.raises(UsageError, match="days run from 2000-01-01 to 2089-12-31"):
        days.parse(text)
