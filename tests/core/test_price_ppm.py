"""What a plan costs a year, to the ppm, against published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.errors import UsageError
from jiehuan.core.price import YEARLY_PPM_MAX, cn_ppm, of_daily_ppm

payments = st.lists(st.integers(1, 10**9), min_size=1, max_size=36)


def test_the_plans_of_pay_later_cost_what_was_published():
    """Huabei's published fees and the yearly cost disclosed for them, to 0.01 %."""
    for case in table("""
        instalments  fee_ppm  published
                  3   25_000     14_94
                  6   45_000     15_27
                  9   65_000     15_34
                 12   88_000     15_86
    """):
        yearly_ppm = cn_ppm(
            case.instalments * 1_000_000, [1_000_000 + case.fee_ppm] * case.instalments
        )

        assert case.published == (yearly_ppm + 50) // 100, case


def test_worked_rates():
    for case in table("""
        lent     paid  months  yearly_ppm
        10_000  10_100       1     120_000     # 1 % a month
        10_000  10_000       1           0
        10_000  20_000       1  12_000_000
         1_000     334       3       11_997     # the cents that rounding adds are a rate too
    """):
        assert case.yearly_ppm == cn_ppm(case.lent, [case.paid] * case.months), case


@given(payments, st.integers(0, YEARLY_PPM_MAX))
def test_the_rate_is_the_first_at_which_the_payments_are_not_worth_more(paid, extra):
    lent = sum(paid) - extra % max(1, sum(paid) // 2)
    yearly_ppm = cn_ppm(lent, paid)

    def left_after(ppm):
        """Return what is owed at the end, times a power of 12,000,000."""
        owed = lent
        for month, payment in enumerate(paid, start=1):
            owed = owed * (12_000_000 + ppm) - payment * 12_000_000**month
        return owed

    assert left_after(yearly_ppm) >= 0
    assert yearly_ppm == 0 or left_after(yearly_ppm - 1) < 0


@given(payments, st.integers(2, 1_000))
def test_the_rate_does_not_depend_on_the_currency_unit(paid, unit):
    lent = max(1, sum(paid) * 9 // 10)

    assert cn_ppm(lent, paid) == cn_ppm(lent * unit, [payment * unit for payment in paid])


@pytest.mark.parametrize(
    ("lent", "paid", "reason"),
    [
        (0, [1], "positive amount"),
        (100, [], "positive amount"),
        (100, [-1, 200], "positive amount"),
        (100, [50, 49], "less is paid back"),
        (100, [1_000], r"above 10000 %"),
    ],
)
def test_what_has_no_rate_is_refused(lent, paid, reason):
    with pytest.raises(UsageError, match=reason):
        cn_ppm(lent, paid)


def test_a_daily_rate_is_told_for_365_days():
    assert [182_500, 164_250, 237_250] == [of_daily_ppm(ppm) for ppm in (500, 450, 650)]
