"""What credit may cost at most, by lender and day."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.caps import parse
from jiehuan.core.columns import MICRO
from jiehuan.core.days import parse as day
from jiehuan.core.errors import UsageError
from jiehuan.core.interest import accrue
from jiehuan.engine.book import shipped_caps, shipped_products

CAPS = shipped_caps()


def test_a_cap_is_that_of_the_day():
    for case in table("""
        lender      on          ppm
        licensed    2017-08-04  240_000
        licensed    2026-11-24  240_000
        small-loan  2026-11-24  240_000
        small-loan  2027-12-31  240_000
        small-loan  2028-01-01  120_000   # 4 x 3 %
        private     2020-08-19  360_000
        private     2020-08-20  154_000   # 4 x 3.85 %
        private     2022-08-21  148_000
        private     2022-08-22  146_000
        private     2024-10-21  124_000
        private     2025-05-20  120_000
    """):
        found = CAPS.in_force(case.lender, "CNY", day(case.on))

        assert [case.ppm] == [one.rate_ppm for one in found], case


def test_before_the_first_row_and_in_other_currencies_there_is_no_cap():
    assert () == CAPS.in_force("licensed", "CNY", day("2017-08-03"))
    assert () == CAPS.in_force("licensed", "TWD", day("2026-01-01"))
    assert "" == CAPS.refusal("licensed", "TWD", day("2026-01-01"), 900_000)


def test_what_is_at_the_cap_may_be_lent_and_what_is_above_is_refused_with_the_reason():
    on = day("2028-02-01")

    assert "" == CAPS.refusal("small-loan", "CNY", on, 120_000)
    assert (
        "it costs 12.0001 % a year, and small-loan lenders may take 12 %, 4 x the loan prime rate "
        "of 3 %, at most from 2028-01-01 ("
    ) in CAPS.refusal("small-loan", "CNY", on, 120_001)


def test_every_row_has_its_source_and_rows_of_a_lender_follow_one_another():
    for lender in CAPS.lenders:
        rows = [cap for cap in CAPS.caps if cap.lender == lender]
        assert all(row.source for row in rows)
        for before, after in itertools.pairwise(rows):
            assert before.until_on == after.from_on
    primes = [prime.from_on for prime in CAPS.primes]
    assert sorted(set(primes)) == primes


ROW = 'lender = "x"\ncurrency = "CNY"\nfrom_on = 2020-01-01\nsource = "s"\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[cap]", "not TOML"),
        ("[[caps]]", "'caps' is neither"),
        ("[[cap]]\n" + ROW, "cap 1: it is either a rate or a multiple"),
        ("[[cap]]\n" + ROW + 'rate = "1 %"\nprime_times = 4', "either a rate or a multiple"),
        ("[[cap]]\n" + ROW + "prime_times = 40", "prime_times = 40 is not 1 to 10"),
        ("[[cap]]\n" + ROW + "prime_times = true", "prime_times = true is not"),
        ("[[cap]]\n" + ROW + "rate = 24", "cap 1: rate = 24 is not written"),
        ("[[cap]]\n" + ROW + 'rat = "24 %"', "unknown field 'rat'; did you mean 'rate'"),
        ("[[cap]]\nfrom_on = 2020-01-01\nprime_times = 4", "lender is missing"),
        ("[[cap]]\n" + ROW.replace("2020-01-01", '"now"') + "prime_times = 4", "from_on is not"),
        ('[[prime]]\nrate = "3 %"', "prime 1: from_on is not a day"),
        ("[[prime]]\nfrom_on = 2020-01-01", "prime 1: rate = '' is not a percentage"),
    ],
)
def test_a_wrong_row_is_told(text, reason):
    with pytest.raises(UsageError, match=reason):
        parse(text)


def test_an_unknown_lender_is_told_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'small-loan'"):
        CAPS.in_force("small-loans", "CNY", 1)
    with pytest.raises(UsageError, match="there are licensed, small-loan, private"):
        CAPS.in_force("x", "CNY", 1)


def test_a_multiple_of_a_prime_rate_that_is_not_known_is_refused():
    caps = dataclasses.replace(CAPS, primes=())
    with pytest.raises(UsageError, match="no loan prime rate is known for 2028-01-01"):
        caps.in_force("small-loan", "CNY", day("2028-01-01"))


@given(
    st.sampled_from(shipped_products()),
    st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 400)), min_size=1, max_size=12),
)
def test_penalty_never_passes_its_ceiling(product, spans):
    """Charges on an overdue part <= cap x principal x days / 365, before any rounding."""
    principal = np.array([minor for minor, _ in spans], np.int64)
    nights = np.array([count for _, count in spans], np.int32)

    accrued = int(accrue(principal, np.array([product.late_rate_ppm]), nights).sum())

    ceiling = sum(minor * count for minor, count in spans) * product.yearly_cap_ppm
    assert accrued * 365 <= ceiling
    assert product.late_rate_ppm * MICRO <= product.late_cap_ppm * product.draw_rate_ppm
