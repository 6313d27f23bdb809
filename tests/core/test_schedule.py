"""Instalments: even parts, nothing lost, and the quote that people see."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

import jiehuan
from jiehuan.core.errors import UsageError
from jiehuan.core.money import PRINCIPAL_MINOR_MAX
from jiehuan.core.schedule import plan, quote, split_evenly
from jiehuan.core.terms import parse
from jiehuan.core.terms_forms import INSTALMENTS_MAX

TERMS = Path(jiehuan.__file__).with_name("terms.toml").read_bytes()
PAY_LATER, CARD_TW_2005, _ = parse(TERMS)

totals = st.integers(0, PRINCIPAL_MINOR_MAX) | st.integers(0, 200)
counts = st.integers(1, INSTALMENTS_MAX)
shares = st.integers(0, 1_000_000)


def a(*values):
    return np.array(values, np.int64)


def test_worked_splits():
    for case in table("""
        total   count  parts
        10_000      4  2500 2500 2500 2500
        10_000      3  3333 3333 3334        # rounded down: the last has more
        10_001      3  3334 3334 3333        # rounded up: the last has less
            10      4  3 3 3 1               # a half goes up
             5      4  1 1 1 2
             2      4  1 1 0 0               # until nothing is left
             1      4  0 0 0 1
             0      3  0 0 0
             7      1  7
    """):
        parts, at = split_evenly(a(case.total), a(case.count))

        assert str(case.parts) == " ".join(map(str, parts.tolist())), case
        assert [0, case.count] == at.tolist()


@given(totals, counts)
def test_a_part_is_the_rounded_share_or_what_is_left_and_the_last_is_the_rest(total, count):
    even, left, expected = (2 * total + count) // (2 * count), total, []
    for _ in range(count - 1):
        expected.append(min(even, left))
        left -= expected[-1]
    expected.append(left)

    assert expected == split_evenly(a(total), a(count))[0].tolist()


@given(st.lists(st.tuples(totals, counts), max_size=20))
def test_nothing_is_lost_and_a_batch_is_its_rows_one_by_one(rows):
    total, count = a(*(row[0] for row in rows)), a(*(row[1] for row in rows))

    parts, at = split_evenly(total, count)

    assert np.int64 == parts.dtype == at.dtype
    assert len(parts) == at[-1] == count.sum()
    for i, (whole, n) in enumerate(rows):
        own = parts[at[i] : at[i + 1]].tolist()
        assert split_evenly(a(whole), a(n))[0].tolist() == own
        assert whole == sum(own)
        assert min(own) >= 0


def test_counts_may_be_of_the_type_of_their_column():
    parts, at = split_evenly(a(10, 9), np.array([2, 3], np.int16))

    assert [5, 5, 3, 3, 3] == parts.tolist()
    assert [0, 2, 5] == at.tolist()


@pytest.mark.parametrize(
    ("total", "count"),
    [(-1, 3), (PRINCIPAL_MINOR_MAX + 1, 3), (100, 0), (100, INSTALMENTS_MAX + 1)],
)
def test_what_cannot_be_split_is_a_mistake_of_ours(total, count):
    with pytest.raises(AssertionError):
        split_evenly(a(total), a(count))


@given(st.lists(st.tuples(totals, shares, counts), max_size=20))
def test_a_plan_returns_its_principal_and_its_fee_rounded_once(rows):
    principal, fee_ppm, count = (a(*(row[i] for row in rows)) for i in range(3))

    plans = plan(principal, fee_ppm, count)

    for i, (whole, ppm, n) in enumerate(rows):
        own = slice(plans.at[i], plans.at[i + 1])
        assert list(range(1, n + 1)) == plans.no[own].tolist()
        assert whole == plans.principal_minor[own].sum()
        assert (2 * whole * ppm + 1_000_000) // 2_000_000 == plans.fee_minor[own].sum()


def test_a_quote_tells_every_term():
    told = quote(PAY_LATER, 100_001, 3)

    assert (100_001, 3, 25_000, 2_500) == (
        told.amount_minor,
        told.count,
        told.fee_ppm,
        told.fee_minor,
    )
    assert [
        (1, 33_334, 833, 34_167),
        (2, 33_334, 833, 34_167),
        (3, 33_333, 834, 34_167),
    ] == [(term.no, term.principal_minor, term.fee_minor, term.amount_minor) for term in told.terms]


@pytest.mark.parametrize("product", [PAY_LATER, CARD_TW_2005], ids=lambda product: product.name)
def test_a_quote_of_a_good_amount_tells_the_published_yearly_rate(product):
    yearly = {count: quote(product, 10**8, count).yearly_ppm for count in product.plans}

    assert {3: 1494, 6: 1527, 9: 1534, 12: 1586} == {n: (x + 50) // 100 for n, x in yearly.items()}


@given(st.integers(1, PRINCIPAL_MINOR_MAX), st.sampled_from(list(PAY_LATER.plans)))
def test_a_quote_is_the_plan_that_a_conversion_makes(amount, count):
    told = quote(PAY_LATER, amount, count)
    made = plan(a(amount), a(PAY_LATER.plans[count]), a(count))

    assert made.principal_minor.tolist() == [term.principal_minor for term in told.terms]
    assert made.fee_minor.tolist() == [term.fee_minor for term in told.terms]
    assert amount + told.fee_minor == sum(term.amount_minor for term in told.terms)


def test_what_is_not_offered_is_refused_with_what_is():
    with pytest.raises(UsageError, match="pay-later offers 3, 6, 9, 12 instalments, not 5"):
        quote(PAY_LATER, 10_000, 5)


@pytest.mark.parametrize("amount", [0, -1, PRINCIPAL_MINOR_MAX + 1])
def test_an_amount_out_of_range_is_refused_with_the_range(amount):
    with pytest.raises(UsageError, match=r"is out of range, 0\.01 to 1,000,000,000\.00"):
        quote(PAY_LATER, amount, 3)
