"""Every way of repaying: worked tables, laws for all, and fractions as the oracle."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.level import level_minor
from jiehuan.core.methods import COUNT_MAX, LOAN_MINOR_MAX, METHODS, Loans, schedules

PER = 12_000_000  # a rate a year in ppm, for a month


def a(*values):
    return np.array(values, np.int64)


def one(method, principal, count, ppm=0, **others):
    """Return a loan's principal, interest and fee by instalment, and what is paid at once."""
    columns = {name: a(value) for name, value in others.items()}
    due = schedules(method, Loans.of(a(principal), a(count), a(ppm), PER, **columns))
    rows = zip(
        due.principal_minor.tolist(), due.interest_minor.tolist(), due.fee_minor.tolist(),
        strict=True,
    )  # fmt: skip
    return list(rows), int(due.down_minor[0]), int(due.down_fee_minor[0])


def half_up(x):
    return (2 * x.numerator + x.denominator) // (2 * x.denominator)


def test_every_method_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "loans.md").read_text(encoding="utf-8")
    methods = text.partition("## Methods")[2].partition("\n## ")[0]

    assert list(METHODS) == re.findall(r"^\| `([\w-]+)` \|", methods, re.MULTILINE)


def test_worked_methods():
    for case in table("""
        method              principal  count      ppm  first               last
        interest-free           10000      3        0  (3333, 0, 0)        (3334, 0, 0)
        equal-instalments      120000     12   120000  (9462, 1200, 0)     (10554, 106, 0)
        equal-principal        120000     12   120000  (10000, 1200, 0)    (10000, 100, 0)
        interest-first         120000     12   120000  (0, 1200, 0)        (120000, 1200, 0)
        bullet                 120000     12   120000  (0, 0, 0)           (120000, 14400, 0)
        by-day                 120000      1   120000  (120000, 1200, 0)   (120000, 1200, 0)
        flat                   120000     12   120000  (10000, 1200, 0)    (10000, 1200, 0)
        pay-in-n               100000      4        0  (25000, 0, 0)       (25000, 0, 0)
        equal-instalments           1      3   120000  (0, 0, 0)           (1, 0, 0)
    """):
        rows, _, _ = one(case.method, case.principal, case.count, case.ppm)
        assert (case.first, case.last) == (str(rows[0]), str(rows[-1])), case


def test_fees_are_split_or_paid_at_once():
    assert [(5000, 0, 75)] * 2 == one("fee-per-instalment", 10_000, 2, fee_ppm=15_000)[0]
    assert ([(5000, 0, 0)] * 2, 0, 150) == one("fee-up-front", 10_000, 2, fee_ppm=15_000)


def test_a_quarter_is_paid_at_once_and_the_rest_in_three():
    rows, down, _ = one("pay-in-n", 10_000, 3, down_ppm=250_000)

    assert (2500, [2500] * 3) == (down, [principal for principal, _, _ in rows])


def test_an_odd_first_period_is_in_every_payment():
    rows, _, _ = one("equal-instalments", 120_000, 3, 120_000, first_cost=180_000)

    assert [1800, 41005] == [rows[0][1], sum(rows[0])]
    assert 41005 == sum(rows[1])


def test_instalments_are_multiples_of_a_unit_and_the_last_takes_the_rest():
    rows, _, _ = one("equal-instalments", 500_000, 6, 120_000, unit_minor=100)

    assert [86300] * 5 == [sum(row) for row in rows[:-1]]
    assert 0 < sum(rows[-1]) != 86300


def test_grace_on_principal_and_on_interest():
    rows, _, _ = one("equal-instalments", 500_000, 18, 120_000, unit_minor=100, no_principal=3)
    assert [(0, 5000, 0)] * 3 == rows[:3]
    assert 36100 == sum(rows[3])

    rows, _, _ = one("interest-first", 120_000, 3, 120_000, no_interest=2)
    assert [(0, 0, 0), (0, 0, 0), (120_000, 3600, 0)] == rows


def test_loans_of_many_lengths_keep_their_places():
    count = a(3, 36, 1, 3, 12)
    due = schedules("equal-principal", Loans.of(count * 100, count, count * 0, PER))

    for place, n in enumerate(count.tolist()):
        first = due.first[place]
        assert [100] * n == due.principal_minor[first : first + n].tolist()


principals = st.integers(1, LOAN_MINOR_MAX) | st.integers(1, 300)
counts = st.integers(1, COUNT_MAX)
rates = st.integers(0, 1_000_000)
loans = st.lists(st.tuples(principals, counts, rates, rates), min_size=1, max_size=9)


def columns(drawn, **others):
    principal, count, rate, first = (
        np.array(column, np.int64) for column in zip(*drawn, strict=True)
    )
    return Loans.of(principal, count, rate, PER, first_cost=first, **others)


def runs(due, count):
    """Yield the rows of each loan."""
    for first, n in zip(due.first.tolist(), count.tolist(), strict=True):
        yield slice(first, first + n)


@pytest.mark.parametrize("method", METHODS)
@given(loans, st.sampled_from([0, 88_000]), st.sampled_from([0, 250_000]))
def test_every_minor_lent_falls_due_once(method, drawn, fee_ppm, down_ppm):
    some = a(*[1] * len(drawn))
    lent = columns(drawn, fee_ppm=some * fee_ppm, down_ppm=some * down_ppm)
    due = schedules(method, lent)

    for place, rows in enumerate(runs(due, lent.count)):
        asked = due.principal_minor[rows].sum() + due.down_minor[place]
        assert lent.principal_minor[place] == asked
    for column in (due.principal_minor, due.interest_minor, due.fee_minor):
        assert column.min() >= 0


@pytest.mark.parametrize("method", METHODS)
@given(loans)
def test_many_loans_are_as_one_by_one(method, drawn):
    together = schedules(method, columns(drawn))
    for loan, rows in zip(drawn, runs(together, columns(drawn).count), strict=True):
        alone = schedules(method, columns([loan]))
        assert alone.principal_minor.tolist() == together.principal_minor[rows].tolist()
        assert alone.interest_minor.tolist() == together.interest_minor[rows].tolist()


@given(loans)
def test_level_payments_agree_with_fractions(drawn):
    lent = columns(drawn)
    got = level_minor(
        lent.principal_minor, lent.count, lent.cost, lent.first_cost, PER, lent.unit_minor
    )

    for (principal, count, rate, first), payment in zip(drawn, got.tolist(), strict=True):
        cost = [Fraction(first, PER)] + [Fraction(rate, PER)] * (count - 1)
        worth, discount = Fraction(0), Fraction(1)
        for one_period in cost:
            discount /= 1 + one_period
            worth += discount
        assert half_up(principal / worth) == payment


@given(loans)
def test_interest_agrees_with_fractions(drawn):
    lent = columns(drawn)
    due = schedules("equal-instalments", lent)

    for (principal, _, rate, first), rows in zip(drawn, runs(due, lent.count), strict=True):
        left = principal
        for place, (part, interest) in enumerate(
            zip(due.principal_minor[rows].tolist(), due.interest_minor[rows].tolist(), strict=True)
        ):
            assert half_up(Fraction(left * (rate if place else first), PER)) == interest
            left -= part


def test_a_half_is_decided_exactly():
    """5 in two parts at no price is 2.5 each: up, though cut off digits would not tell."""
    got = level_minor(a(5, 15), a(2, 2), a(0, 0), a(0, 0), 1, a(1, 1))

    assert [3, 8] == got.tolist()
