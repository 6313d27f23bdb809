"""Card bills that are not paid in full, and rebates of what is settled early."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiehuan.core import card, rebate
from jiehuan.core.loans.late import days_past_due

FIFTY = (500, 1_000_000)  # a night
CUTS = [(110, 125), (140, 155), (170, 185)]


def terms(**others):
    plain = {"whole_bill": True, "from_posting": True, "statement_day_counts": False}
    return card.CardTerms(a_night=FIFTY, **(plain | others))


def bills(paid, **others):
    return card.bills(terms(**others), [(100, 1_000_00)], paid, [], CUTS)


@pytest.mark.parametrize(
    ("paid", "others", "interest"),
    [
        ([(125, 1_000_00)], {}, 0),  # met on the due day
        ([(126, 1_000_00)], {}, 13_00),  # a day late: the whole bill from its posting
        ([(125, 100_00)], {}, 19_25),  # 1,000 for 25 nights, 900 for 15 more
        ([(125, 100_00)], {"whole_bill": False}, 18_00),  # 900 for 40 nights
        ([(125, 100_00)], {"whole_bill": False, "statement_day_counts": True}, 18_45),
        ([(125, 100_00)], {"from_posting": False}, 13_75),  # 1,000 for 14, 900 for 15
        ([(125, 995_00)], {"forgiven_minor": 10_00}, 0),
    ],
)
def test_interest_goes_back(paid, others, interest):
    assert interest == bills(paid, **others)[1].interest_minor


def test_interest_is_paid_first_and_the_rest_goes_on_from_the_statement():
    second, third = bills([(125, 100_00), (150, 118_00)], whole_bill=False)[1:]

    assert 918_00 == second.balance_minor
    assert ([(800_00, 140, 170)], 12_00) == (
        [(s.minor, s.from_on, s.until_on) for s in third.spans],
        third.interest_minor,
    )


def test_the_minimum_is_a_share_of_new_and_old_with_interest_on_top():
    first, second, _ = bills(
        [(125, 100_00)], whole_bill=False, new_ppm=100_000, rest_ppm=50_000, minimum_minor=60_00
    )

    assert (100_00, 60_00 + 18_00) == (first.minimum_minor, second.minimum_minor)


def test_an_average_balance_and_a_minimum_that_is_paid_for_ever():
    assert (150_00 * 30, 30) == card.average_balance([(0, 100_00), (15, 100_00)], 0, 30)
    assert (314, 67_536_42) == card.months_of_minimum(20_000_00, 25_000, 10_000, 50_00)[:2]


@given(st.integers(0, 1_000_00), st.booleans(), st.booleans())
def test_the_whole_bill_never_costs_less_than_its_unpaid_part(paid, from_posting, counts):
    whole, unpaid = (
        bills(
            [(120, paid)], whole_bill=way, from_posting=from_posting, statement_day_counts=counts
        )[1]
        for way in (True, False)
    )

    assert whole.interest_minor >= unpaid.interest_minor
    assert (0 == whole.interest_minor) == (paid == 1_000_00)


def test_rebates():
    assert 10_979 == rebate.monthly_ppm(140_000)
    assert 860_52 == rebate.actuarial(5_000_00, 134_57, 48, 140_000, (12, 0, 1))
    assert [78_00, 21_00, 1_00, 0] == [rebate.rule_of_78(78_00, 12, n) for n in (12, 6, 1, 0)]


@given(st.integers(0, 10**60), st.integers(1, 12))
def test_a_root_is_the_whole_part(number, degree):
    found = rebate.root(number, degree)

    assert found**degree <= number < (found + 1) ** degree


def test_days_past_due():
    due = np.array([100, 99, 101], np.int32)

    assert [0, 1, 0] == days_past_due(due, 100, due_day_counts=False).tolist()
    assert [1, 2, 0] == days_past_due(due, 100, due_day_counts=True).tolist()
