"""Rounding is exact and half up; amounts are read back as written."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.columns import MICRO
from jiehuan.core.days import HORIZON_DAYS
from jiehuan.core.errors import UsageError
from jiehuan.core.money import (
    INT64_MAX,
    PRINCIPAL_MINOR_MAX,
    RATE_PPM_MAX,
    ceil_ppm,
    format_amount,
    half_up,
    half_up_ppm,
    parse_amount,
)

int64s = st.integers(-(2**63), INT64_MAX)
positive = st.integers(1, INT64_MAX)
amounts = st.integers(0, 10**15)
shares = st.integers(0, MICRO)


def a(*values):
    return np.array(values, np.int64)


def test_worked_roundings():
    for case in table("""
        num            den        half_up
                 0           7          0
                14          10          1
                15          10          2     # a half goes up,
               -15          10         -1     # below zero too
               -16          10         -2
                 1           2          1
                -1           2          0
                 1           3          0
                 2           3          1
        1932102500     1000000       1932     # terms.md 11, the statement of May
         292500000     1000000        293     # and of June
    """):
        assert [case.half_up] == half_up(a(case.num), case.den).tolist(), case


@given(int64s, positive)
def test_half_up_is_the_floor_of_a_half_more(num, den):
    expected = (Fraction(num, den) + Fraction(1, 2)).__floor__()
    if expected > INT64_MAX:
        return  # only of the largest number, over 1

    assert [expected] == half_up(a(num), a(den)).tolist()


@given(st.integers(-(10**15), 10**15), st.integers(-1000, 1000), st.integers(1, 10**9))
def test_a_whole_more_rounds_to_a_whole_more(num, more, den):
    assert half_up(a(num), den) + more == half_up(a(num + more * den), den)


def test_worked_shares():
    for case in table("""
        amount       share     ceil     half_up
              0     100000        0           0
              1     100000        1           0
              5     100000        1           1     # a half goes up
         300000     100000    30000       30000     # terms.md 11: minimum of April
         317655     100000    31766       31766     # of May
         310889     100000    31089       31089     # of June
         100020      25000     2501        2501
             20      24999        1           0
              7    1000000        7           7
              7          0        0           0
    """):
        assert [case.ceil] == ceil_ppm(a(case.amount), case.share).tolist(), case
        assert [case.half_up] == half_up_ppm(a(case.amount), case.share).tolist(), case


@given(amounts, shares)
def test_a_share_is_rounded_once(amount, share):
    exact = Fraction(amount * share, MICRO)

    assert [exact.__ceil__()] == ceil_ppm(a(amount), a(share)).tolist()
    assert [(exact + Fraction(1, 2)).__floor__()] == half_up_ppm(a(amount), a(share)).tolist()


@given(st.lists(st.tuples(amounts, shares), max_size=20))
def test_a_batch_of_shares_is_its_rows_one_by_one(rows):
    amount, share = a(*(row[0] for row in rows)), a(*(row[1] for row in rows))

    for kernel in (ceil_ppm, half_up_ppm):
        alone = [kernel(a(x), a(y)).item() for x, y in rows]
        assert alone == kernel(amount, share).tolist()


@pytest.mark.parametrize("share", [-1, MICRO + 1])
def test_a_share_is_at_most_the_whole(share):
    with pytest.raises(AssertionError):
        ceil_ppm(a(1), share)


@pytest.mark.parametrize("den", [0, -1])
def test_a_denominator_is_positive(den):
    with pytest.raises(AssertionError):
        half_up(a(1), den)


def test_the_dearest_loan_of_the_longest_life_stays_in_int64():
    num = a(PRINCIPAL_MINOR_MAX) * a(RATE_PPM_MAX) * a(HORIZON_DAYS)

    assert PRINCIPAL_MINOR_MAX * RATE_PPM_MAX * HORIZON_DAYS == num.item()
    assert [HORIZON_DAYS * 10**8] == half_up(num, MICRO).tolist()


@pytest.mark.parametrize(
    ("text", "minor", "shown"),
    [
        ("10", 1_000, "10.00"),
        ("10.5", 1_050, "10.50"),
        ("10.05", 1_005, "10.05"),
        ("1,000.00", 100_000, "1,000.00"),
        ("12345678.90", 1_234_567_890, "12,345,678.90"),
        ("-3.20", -320, "-3.20"),
        ("-0", 0, "0.00"),
        ("-0.05", -5, "-0.05"),
        ("007", 700, "7.00"),
    ],
)
def test_worked_amounts(text, minor, shown):
    assert minor == parse_amount(text)
    assert shown == format_amount(minor)


@given(st.integers(-PRINCIPAL_MINOR_MAX, PRINCIPAL_MINOR_MAX))
def test_an_amount_is_read_back_as_written(amount_minor):
    assert amount_minor == parse_amount(format_amount(amount_minor))


@pytest.mark.parametrize(
    "text", ["", "ten", "1.005", "1.", ".5", "1,00.00", "1,0000", "1e3", "+1", "--1", "٣", "¥1"]
)
def test_what_is_no_amount_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"is not an amount; .* like 1,000\.00"):
        parse_amount(text)


def test_too_much_is_refused_with_the_limit():
    with pytest.raises(UsageError, match=r"the most is 1,000,000,000\.00"):
        parse_amount("1,000,000,000.01")
