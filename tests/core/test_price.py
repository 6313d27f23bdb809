"""The four annual rates, against published figures and one another."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiehuan.core import price
from jiehuan.core.columns import MICRO
from jiehuan.core.counting import Dated
from jiehuan.core.days import add_months, days
from jiehuan.core.flows import Status
from jiehuan.core.irr import to_ppm
from jiehuan.reports.conform import rates

CASES = Path(__file__).parents[1] / "cases"


def cases(name):
    """Read a file of published cases."""
    text = (CASES / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text, parse_float=Decimal)["cases"]


def monthly(lent, paid, start="2026-01-15"):
    """Return one loan with a payment each month."""
    begin = days(start)
    later = add_months(np.repeat(begin, len(paid)), np.arange(1, len(paid) + 1))
    on = np.append(begin, later).astype(np.int32)
    return Dated(np.array([0, len(on)]), np.array([-lent, *paid]), on)


def ppm_of(name, loan):
    """Return one loan's rate and effective rate in ppm."""
    made = price.annual_rate(name, loan)
    assert [Status.OK] == made.status.tolist()
    return int(to_ppm(made.rate)[0]), int(to_ppm(made.effective)[0])


@pytest.mark.parametrize("case", cases("apr_published"), ids=lambda case: case["id"])
def test_a_published_rate_is_met_to_its_decimals(case):
    assert "" == rates.run_apr(case)


@pytest.mark.parametrize("case", cases("fee_instalments"), ids=lambda case: case["instalments"])
def test_the_yearly_cost_of_published_fees_is_met(case):
    assert "" == rates.run_fee(case)


def test_a_wrong_rate_is_told():
    case = next(case for case in cases("apr_published") if case["method"] == "us_actuarial")

    said = rates.run_apr(case | {"rate_pct": case["rate_pct"] + Decimal("0.02")})

    assert "instead of" in said


@pytest.mark.parametrize("name", price.METHODS)
def test_no_cost_is_no_rate_above_0(name):
    assert (0, 0) == ppm_of(name, monthly(1_200, [100] * 12))


def test_one_percent_a_month_by_each_name():
    loan = monthly(10**10, [888_487_887] * 12)

    assert {
        "cn": (120_000, 126_825),
        "us_actuarial": (120_000, 126_825),
        "eu": (126_825, 126_825),
        "uk": (126_825, 126_825),
    } == {name: ppm_of(name, loan) for name in price.METHODS}


@given(st.lists(st.integers(1, 10**8), min_size=2, max_size=36), st.integers(50, 99))
def test_with_whole_months_the_names_say_the_same(paid, percent):
    loan = monthly(sum(paid) * percent // 100 + 1, paid)
    cn, us, eu = (price.annual_rate(name, loan) for name in ("cn", "us_actuarial", "eu"))

    assert cn.rate == pytest.approx(us.rate, rel=1e-9)
    assert cn.effective == pytest.approx(eu.rate, rel=1e-9)


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=36), st.integers(50, 99))
def test_the_rate_to_the_ppm_is_the_rate_rounded_up(paid, percent):
    lent = sum(paid) * percent // 100 + 1
    rate = price.annual_rate("cn", monthly(lent, paid)).rate[0]

    assert -1e-3 < price.cn_ppm(lent, paid) - rate * MICRO < 1 + 1e-3


@given(st.integers(2, 12))  # one day early, in February, leaves a month of 30 days
def test_an_earlier_first_payment_makes_credit_dearer(early):
    loan = monthly(100_000, [9_000] * 12)
    on = loan.on.copy()
    on[1:] -= np.int32(early)
    earlier = Dated(loan.at, loan.amount_minor, on)

    for name in price.METHODS:
        assert ppm_of(name, loan) < ppm_of(name, earlier)


def test_less_paid_than_lent_is_a_rate_below_0():
    assert price.annual_rate("eu", monthly(1_200, [90] * 12)).rate[0] < 0


def test_what_has_no_rate_says_so():
    on = days("2026-01-15", "2026-02-15", "2026-03-15")
    twice = Dated(np.array([0, 3]), np.array([-100, 230, -132]), on)
    never = Dated(np.array([0, 3]), np.array([-100, -230, -132]), on)

    said = [price.annual_rate("eu", one).status[0] for one in (twice, never)]

    assert [Status.SEVERAL_SIGN_CHANGES, Status.NO_SIGN_CHANGE] == said
