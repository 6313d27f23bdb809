"""Rates of return: worked cases, laws, refusals, and the word of another program."""

import datetime as dt
from decimal import Decimal, localcontext

import numpy as np
import pytest
import pyxirr
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.core.flows_by_chance import KINDS, by_chance, packed

from jiehuan.core import flows as flows_module
from jiehuan.core.flows import Flows, Status
from jiehuan.core.irr import compound, irr, solve, to_ppm, xirr

amounts = st.integers(1, 10**9)
# With both rates and all kinds: 100,000 loans.
LOANS = 50_000 // len(KINDS)
DAY_1 = dt.date(2026, 1, 1).toordinal()


def one(*amount):
    """Return what ``irr`` makes of the flows of one loan."""
    made = irr(np.array([0, len(amount)]), np.array(amount, np.int64))
    return made.rate[0], Status(made.status[0])


@st.composite
def loans(draw):
    """Draw a loan: when and how much, the advance first."""
    paid = draw(st.lists(amounts, min_size=1, max_size=24))
    gaps = draw(st.lists(st.integers(1, 90), min_size=len(paid), max_size=len(paid)))
    lent = max(1, sum(paid) * draw(st.integers(30, 130)) // 100)
    return np.cumsum([0, *gaps]), np.array([-lent, *paid])


def rate_of(time, amount, unit=365, **how):
    """Return the rate of one loan."""
    made = solve(Flows(np.array([0, len(amount)]), amount, time, unit), **how)
    return made.rate[0]


def near(expected, got):
    return abs(expected - got) <= 1e-11 * max(1, abs(expected))


# --- Worked cases -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "rate"),
    [
        ([-100, 110], 0.1),
        ([-100, 10, 110], 0.1),
        ([-100, 0, 121], 0.1),
        ([-100, 100], 0.0),
        ([-100, 90], -0.1),
        ([-100, 1], -0.99),
        ([-100, 50, 50], 0.0),
        ([100, -110], 0.1),  # the lender's flows, or the borrower's
        ([-100, -100, 210 + 21], 0.1),
        ([-1, 1_001], 1_000.0),
        ([-(10**11), 10**11 + 1], 1e-11),
    ],
)
def test_worked_rates(amount, rate):
    got, status = one(*amount)

    assert Status.OK == status
    assert abs(rate - got) < 1e-12 * max(1, rate)


def test_a_fraction_of_a_period_is_simple_interest():
    """Appendix J (b)(8): 100 x (1 + 0.5 x 2 %) x 1.02 after a month and a half."""
    part = np.array([0, 15])
    flows = Flows(
        np.array([0, 2]), np.array([-10_000_000, 10_302_000]), np.array([0, 1]), 1, part,
        np.array([30]),
    )  # fmt: skip

    assert near(0.02, solve(flows).rate[0])


def test_days_are_counted_from_any_day_and_in_any_order():
    """The annex of Directive 98/7/EC: 13.07 %."""
    on = np.array([dt.date(year, 1, 1).toordinal() for year in (1995, 1994, 1996)])

    made = xirr(np.array([0, 3]), np.array([600, -1_000, 600]), on)

    assert "13.07" == f"{made.rate[0] * 100:.2f}"


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        ([], Status.NO_SIGN_CHANGE),
        ([0, 0], Status.NO_SIGN_CHANGE),
        ([100], Status.NO_SIGN_CHANGE),
        ([-100, -10], Status.NO_SIGN_CHANGE),
        ([100, 0, 10], Status.NO_SIGN_CHANGE),
        ([-100, 230, -132], Status.SEVERAL_SIGN_CHANGES),  # 10 % and 20 %
        ([-100, 60, -10, 80], Status.SEVERAL_SIGN_CHANGES),
        ([10, -100, 120], Status.SEVERAL_SIGN_CHANGES),
    ],
)
def test_what_has_no_rate_or_several_is_refused(amount, status):
    rate, said = one(*amount)

    assert status == said
    assert np.isnan(rate)


def test_flows_of_one_moment_are_one_flow():
    at = np.array([0, 3, 6])
    time = np.array([0, 0, 1, 0, 0, 1])

    made = solve(Flows(at, np.array([-100, 20, 88, -100, 150, 7]), time))

    assert [Status.OK, Status.NO_SIGN_CHANGE] == made.status.tolist()
    assert near(0.1, made.rate[0])


def test_a_rate_beyond_all_bounds_is_no_rate():
    made = xirr(np.array([0, 2]), np.array([-1, 10**11]), np.array([DAY_1, DAY_1 + 1]))

    assert [Status.NO_ROOT] == made.status.tolist()


def test_no_loans_have_no_rates():
    made = irr(np.array([0]), np.empty(0, np.int64))

    assert 0 == len(made.rate) == len(made.status)


@pytest.mark.parametrize(
    ("amount", "rate"),
    [
        ([-1_000, 100, -1_000, 1_200, 931], 0.047_831_04),  # drawn in two parts
        ([-50, 25, -50, 75], 0.0),
        ([15, -3_000, 0, 3_600], 0.098_465_836),  # a charge before the first advance
    ],
)
def test_a_loan_drawn_in_parts_has_a_rate_by_its_balance(amount, rate):
    at, amount = np.array([0, len(amount)]), np.array(amount)
    time = np.arange(len(amount))

    strict = solve(Flows(at, amount, time))
    made = solve(Flows(at, amount, time), by_balance=True)

    assert [Status.SEVERAL_SIGN_CHANGES] == strict.status.tolist()
    assert [Status.OK] == made.status.tolist()
    worth = sum(paid / (1 + made.rate[0]) ** when for when, paid in enumerate(amount.tolist()))
    assert abs(worth) < 1e-8
    assert abs(rate - made.rate[0]) < 1e-7


@pytest.mark.parametrize("amount", [[-100, 230, -132], [-100, 150, -60, 15], [-10, 5, -10, 2]])
def test_a_balance_that_turns_twice_or_never_is_refused(amount):
    flows = Flows(np.array([0, len(amount)]), np.array(amount), np.arange(len(amount)))

    assert [Status.SEVERAL_SIGN_CHANGES] == solve(flows, by_balance=True).status.tolist()


# --- Laws ---------------------------------------------------------------------------------------


@given(loans(), st.integers(1, 1_000))
def test_the_currency_unit_does_not_matter(loan, factor):
    time, amount = loan

    assert near(rate_of(time, amount), rate_of(time, amount * factor))


@given(loans())
def test_nor_whose_flows_they_are(loan):
    time, amount = loan

    assert near(rate_of(time, amount), rate_of(time, -amount))


@given(loans(), st.integers(-(10**6), 10**6))
def test_nor_when_it_began(loan, shift):
    time, amount = loan

    assert near(rate_of(time, amount), rate_of(time + shift, amount))


@given(loans(), st.randoms(use_true_random=False))
def test_nor_in_which_order_flows_are_told(loan, chance):
    time, amount = loan
    order = list(range(len(time)))
    chance.shuffle(order)

    assert near(rate_of(time, amount), rate_of(time[order], amount[order]))


@given(loans(), st.data())
def test_to_pay_more_or_earlier_costs_more(loan, data):
    time, amount = loan
    place = data.draw(st.integers(1, len(amount) - 1))
    more, earlier = amount.copy(), time.copy()
    more[place] += max(1, amount[place] // 100)
    earlier[place] = time[place - 1]
    rate = rate_of(time, amount)
    assume(np.isfinite(rate))

    assert rate < rate_of(time, more)
    if rate > 0 and place > 1:
        assert rate <= rate_of(earlier, amount) + 1e-12


@given(loans())
def test_at_its_rate_the_flows_come_to_nothing(loan):
    time, amount = loan
    rate = rate_of(time, amount)
    assume(np.isfinite(rate) and rate > -0.999)

    with localcontext(prec=40):
        grown = 1 + Decimal(float(rate))
        worth = [
            Decimal(int(paid)) / grown ** (Decimal(int(when)) / 365)
            for when, paid in zip(time, amount, strict=True)
        ]
        delay = sum((each * int(when) for each, when in zip(worth, time, strict=True)), Decimal())
        off = sum(worth, Decimal()) / delay * 365 * grown

    assert abs(off) < Decimal("1e-11") * grown


@given(st.lists(loans(), min_size=1, max_size=8))
def test_a_batch_is_as_one_by_one(several):
    at, amount, time = packed(several)

    made = solve(Flows(at, amount, time, 365))

    for place, (when, paid) in enumerate(several):
        assert near(rate_of(when, paid), made.rate[place])


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_change_nothing(kind, monkeypatch):
    at, amount, on = by_chance(kind, 500, seed=2)
    whole = xirr(at, amount, on)
    monkeypatch.setattr(flows_module, "_CHUNK", 1_000)

    parts = xirr(at, amount, on)

    assert np.array_equal(whole.status, parts.status)
    assert np.allclose(whole.rate, parts.rate, rtol=1e-11, atol=1e-11, equal_nan=True)


# --- Another program ----------------------------------------------------------------------------


def said_by_pyxirr(ask, *columns):
    """Return pyxirr's rate, or not a number where it finds none."""
    try:
        rate = ask(*columns)
    except pyxirr.InvalidPaymentsError:
        rate = None
    return np.nan if rate is None else rate


@pytest.mark.parametrize("kind", KINDS)
def test_xirr_agrees_with_pyxirr(kind):
    at, amount, on = by_chance(kind, LOANS, seed=1)
    days = [dt.date.fromordinal(day) for day in on.tolist()]
    paid = amount.tolist()

    ours = xirr(at, amount, on)

    theirs = [
        said_by_pyxirr(pyxirr.xirr, days[low:high], paid[low:high])
        for low, high in zip(at[:-1].tolist(), at[1:].tolist(), strict=True)
    ]
    assert_agreed(ours, np.array(theirs))


@pytest.mark.parametrize("kind", KINDS)
def test_irr_agrees_with_pyxirr(kind):
    at, amount, _ = by_chance(kind, LOANS, seed=3)
    paid = amount.tolist()

    ours = irr(at, amount)

    theirs = [
        said_by_pyxirr(pyxirr.irr, paid[low:high])
        for low, high in zip(at[:-1].tolist(), at[1:].tolist(), strict=True)
    ]
    assert_agreed(ours, np.array(theirs))


def assert_agreed(ours, theirs):
    """See that both have the same rate wherever flows have one and the other finds it.

    Rates above 1 are compared by what they are off for each unit.
    """
    both = (ours.status == Status.OK) & np.isfinite(theirs)
    off = np.abs(ours.rate - theirs) / np.maximum(1, np.abs(theirs))

    assert both.sum() > 0.9 * (ours.status == Status.OK).sum()
    assert off[both].max(initial=0) < 1e-9


# --- Told ---------------------------------------------------------------------------------------


def test_a_rate_is_told_in_ppm_a_half_upwards():
    rates = np.array([0.1, 0.000_000_5, -0.000_000_5, np.nan, 1e300])

    assert [100_000, 1, 0, 0, 10**18] == to_ppm(rates).tolist()


def test_a_monthly_rate_compounds():
    assert 126_825 == to_ppm(compound(np.array([0.01]), 12, 1))[0]
