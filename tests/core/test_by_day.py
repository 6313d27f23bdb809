"""What money borrowed by the day costs, if it is repaid on its first due day."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiehuan.core import days
from jiehuan.core.by_day import by_day
from jiehuan.core.columns import MICRO
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.engine.book import shipped_products

[TERMS] = [product for product in shipped_products() if product.name == "pay-later"]
ON = days.parse("2026-04-25")


@pytest.mark.parametrize(
    ("on", "amount", "cycle_day", "told"),
    [
        # terms.md 11: 80,000 from 04-25 bear 216 up to the cut on 05-01
        ("2026-04-25", 80_000, 1, ("2026-05-10", "2026-06-10", 216, 324, 36)),
        ("2026-05-01", 80_000, 1, ("2026-06-10", "2026-07-10", 1_116, 324, 36)),
        ("2026-01-31", 80_000, 31, ("2026-03-09", "2026-04-09", 1_008, 324, 36)),
        ("2026-04-25", 1, 1, ("2026-05-10", "2026-06-10", 0, 0, 0)),
    ],
)
def test_worked_cases(on, amount, cycle_day, told):
    made = by_day(TERMS, amount, days.parse(on), cycle_day)

    assert told == (
        days.to_text(made.due_on),
        days.to_text(made.next_due_on),
        made.first_minor,
        made.rest_minor,
        made.daily_minor,
    )
    assert 164_250 == made.yearly_ppm


@given(st.integers(1, PRINCIPAL_MINOR_MAX), st.integers(0, 60), st.integers(1, 31))
def test_both_bills_together_are_the_nights_rounded_once(amount, later, cycle_day):
    made = by_day(TERMS, amount, ON + later, cycle_day)
    exact = Fraction(amount * TERMS.draw_rate_ppm * (made.due_on - ON - later), MICRO)

    assert abs(made.first_minor + made.rest_minor - exact) <= Fraction(1, 2)


def test_a_dearer_rate_costs_more():
    dearer = dataclasses.replace(TERMS, draw_rate_ppm=TERMS.draw_rate_ppm + 1)

    assert by_day(dearer, 10**8, ON, 1).first_minor > by_day(TERMS, 10**8, ON, 1).first_minor
