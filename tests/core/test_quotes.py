"""What credit would cost: quotes of products and of any terms."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiehuan.core import price, schedule
from jiehuan.core.days import parse as day
from jiehuan.core.days import to_text
from jiehuan.core.errors import UsageError
from jiehuan.core.quotes import METHODS, Loan, of_draw, of_loan, of_plan
from jiehuan.engine.book import shipped_products

PRODUCTS = {product.name: product for product in shipped_products()}
PAY_LATER, PAY_LATER_12 = PRODUCTS["pay-later"], PRODUCTS["pay-later-12"]
ON = day("2026-03-20")


def loan(method, count=12, **others):
    return Loan(amount_minor=1_000_000, on=ON, method=method, count=count, **others)


# --- Products -----------------------------------------------------------------------------------


def test_a_plan_is_laid_out_bill_by_bill():
    made = of_plan(PAY_LATER, 1_000_000, 3, ON)

    assert [
        (1, "2026-04-10", 333_333, 8_333, 666_667),
        (2, "2026-05-10", 333_333, 8_333, 333_334),
        (3, "2026-06-10", 333_334, 8_334, 0),
    ] == [
        (row.no, to_text(row.due_on), row.principal_minor, row.fee_minor, row.left_minor)
        for row in made.rows
    ]
    assert (1_025_000, 25_000) == (made.total_minor, made.cost_minor)
    assert 305 == made.daily_minor  # 25,000 over 82 nights
    assert schedule.quote(PAY_LATER, 1_000_000, 3).yearly_ppm == made.yearly_ppm == 149_384


def test_a_draw_is_repaid_on_its_first_due_day():
    """450 ppm: 12 nights to 1 April, 9 more to the 10th."""
    made = of_draw(PAY_LATER, 1_000_000, ON)

    assert [("2026-04-10", 1_000_000, 5_400), ("2026-05-10", 0, 4_050)] == [
        (to_text(row.due_on), row.principal_minor, row.interest_minor) for row in made.rows
    ]
    assert 450 == made.daily_minor
    assert 164_250 == made.yearly_ppm


@pytest.mark.parametrize("count", PAY_LATER_12.plans)
@pytest.mark.parametrize("first", range(0, 366, 61))
def test_the_second_product_costs_less_than_12_percent_by_every_name_on_every_day(count, first):
    begin = day("2026-01-01") + first
    for on in range(begin, begin + 61, 2):
        made = of_plan(PAY_LATER_12, 1_000_000, count, on)
        assert max(rate.effective_ppm for rate in made.rates.values()) <= 120_000


def test_so_do_its_draws():
    for on in range(ON, ON + 62):
        made = of_draw(PAY_LATER_12, 1_000_000, on)
        assert max(rate.effective_ppm for rate in made.rates.values()) <= 120_000


# --- Any terms ----------------------------------------------------------------------------------


def test_equal_instalments_at_a_yearly_rate_cost_that_rate():
    made = of_loan(loan("equal-instalments", rate_ppm=120_000))

    assert [88_849] * 11 == [row.amount_minor for row in made.rows[:-1]]
    assert made.yearly_ppm == pytest.approx(120_000, abs=2)
    assert made.rates["us_actuarial"].ppm == pytest.approx(120_000, abs=2)
    assert made.rates["eu"].ppm == pytest.approx(126_825, abs=2)


def test_a_quarter_at_once_and_the_rest_every_14_days():
    made = of_loan(loan("pay-in-n", 3, down_ppm=250_000, every_days=14))

    assert [(0, 0), (1, 14), (2, 28), (3, 42)] == [(row.no, row.due_on - ON) for row in made.rows]
    assert {250_000} == {row.amount_minor for row in made.rows}
    assert {0} == {rate.ppm for rate in made.rates.values()}


def test_a_fee_up_front_costs_more_than_the_same_fee_by_and_by():
    at_once = of_loan(loan("fee-up-front", fee_ppm=60_000))
    later = of_loan(loan("fee-per-instalment", fee_ppm=60_000))

    assert at_once.cost_minor == later.cost_minor == 60_000
    assert 60_000 == at_once.rows[0].fee_minor
    for name in price.METHODS:
        assert at_once.rates[name].ppm > later.rates[name].ppm


@given(
    st.sampled_from(METHODS),
    st.integers(100, 10**9),
    st.integers(1, 36),
    st.integers(0, 240_000),
    st.sampled_from([0, 7, 14, 30]),
)
def test_principal_is_paid_to_the_cent_and_the_total_is_the_sum(method, amount, count, ppm, every):
    kind = {"fee-per-instalment": "fee_ppm", "fee-up-front": "fee_ppm"}.get(method, "rate_ppm")
    terms = {} if method in {"interest-free", "pay-in-n"} else {kind: ppm}
    asked = Loan(amount_minor=amount, on=ON, method=method, count=count, every_days=every, **terms)

    made = of_loan(asked)

    assert amount == sum(row.principal_minor for row in made.rows)
    assert 0 == made.rows[-1].left_minor
    assert made.total_minor == amount + made.cost_minor
    assert made.rows == tuple(sorted(made.rows, key=lambda row: row.due_on))
    assert (made.yearly_ppm > 0) == (made.cost_minor > 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "magic"}, "no method is called 'magic'; there are interest-free, "),
        ({"method": "by-day"}, "no method is called 'by-day'"),
        ({"amount_minor": 0}, "0.00 is out of range"),
        ({"count": 0}, "0 instalments are not 1 to 60"),
        ({"count": 61}, "61 instalments"),
        ({"every_days": 367}, "every 367 days"),
        ({"rate_ppm": 1_000_001}, "rate = 100.0001 % is not 0 % to 100 %"),
        ({"fee_ppm": 1}, "equal-instalments has no fee"),
        ({"method": "pay-in-n", "rate_ppm": 1}, "pay-in-n has no rate"),
        ({"unit_minor": 0}, "a unit of 0.00"),
        ({"on": day("2089-12-01")}, "due after 2089-12-31"),
    ],
)
def test_terms_that_cannot_be_are_refused(changes, reason):
    with pytest.raises(UsageError, match=reason):
        of_loan(dataclasses.replace(loan("equal-instalments"), **changes))


def test_what_a_product_does_not_offer_is_refused():
    with pytest.raises(UsageError, match="pay-later offers 3, 6, 9, 12 instalments, not 5"):
        of_plan(PAY_LATER, 100, 5, ON)
    with pytest.raises(UsageError, match="out of range"):
        of_draw(PAY_LATER, 0, ON)
