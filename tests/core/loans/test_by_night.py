"""Loans by the night: caps, free days, promotions, credit."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from jiehuan.core.loans.by_night import Day, NightTerms, Rate, fold

PPM = 1_000_000
DAILY = (8_000, PPM)


def live(lent, *days, **others):
    """Return what each day does; the loan is paid out on day 0."""
    return fold(NightTerms(**({"rate": DAILY} | others)), lent, 0, days)


def test_interest_is_paid_in_whole_units_and_what_is_left_under_one_is_dropped():
    [line] = live(91_112, Day(on=31, paid_minor=45_688))

    assert (22_595_78, 22_595, 23_093) == (
        line.new_ticks, line.interest_paid_minor, line.principal_paid_minor,
    )  # fmt: skip
    assert 0 == line.interest_ticks


def test_a_payment_below_the_interest_leaves_all_of_the_rest():
    [line] = live(100_00, Day(on=58, paid_minor=35_48))

    assert (46_40_00 - 35_48_00, 100_00) == (line.interest_ticks, line.principal_minor)


def test_charges_are_paid_first():
    [line] = live(100_00, Day(on=1, charged_minor=10_00, paid_minor=10_50))

    assert (10_00, 50, 0) == (
        line.charge_paid_minor, line.interest_paid_minor, line.principal_paid_minor,
    )  # fmt: skip


def test_interest_stops_at_its_cap():
    lines = live(100_00, Day(on=100), Day(on=150), Day(on=200), cap_ticks=100_00_00)

    assert [80_00_00, 20_00_00, 0] == [line.new_ticks for line in lines]


def test_a_night_never_costs_more_than_its_cap():
    [line] = live(100_00, Day(on=10), rate=(9_000, PPM), cap_a_night=DAILY)

    assert 8_00_00 == line.new_ticks


def test_a_promotion_prices_the_nights_before_its_days():
    free = Rate(5, 6, (0, 1))
    lines = live(100_00, Day(on=4), Day(on=6), Day(on=7), rates=(free,))

    assert [3_20_00, 0, 80_00] == [line.new_ticks for line in lines]


def test_settled_within_its_free_days_a_loan_costs_nothing():
    settled = Day(on=3, paid_minor=100_00)

    assert 0 == live(100_00, settled, free_nights=3)[0].figure_minor
    assert 2_40 == live(100_00, settled, free_nights=2)[0].figure_minor


def test_credit_bears_its_own_rate_and_is_told_rounded_down():
    lines = live(149_00, Day(on=0, paid_minor=161_94), Day(on=15), credit_rate=(80_000, 365 * PPM))

    assert (-4_25, -12_99) == (lines[1].new_ticks, lines[1].figure_minor)


def test_what_is_supposed_to_be_paid():
    kept = Day(on=1, asked_minor=60_00, keeps_plan=True)
    lines = live(100_00, kept, Day(on=2, asked_minor=60_00, keeps_plan=True))

    assert [60_00, 41_12] == [line.paid_minor for line in lines]
    assert 100_80 == live(100_00, Day(on=1, settles=True))[0].paid_minor


days = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60_00)), max_size=8)


@given(st.integers(1, 10**8), days)
def test_every_payment_is_charge_interest_or_principal(lent, days):
    on, asked = 0, []
    for wait, paid in days:
        on += wait
        asked.append(Day(on=on, paid_minor=paid))
    lines = live(lent, *asked)

    assert sum(line.principal_paid_minor for line in lines) == lent - (
        lines[-1].principal_minor if lines else lent
    )
    for line in lines:
        parts = line.charge_paid_minor + line.interest_paid_minor + line.principal_paid_minor
        assert line.paid_minor == parts


@given(st.integers(1, 10**8), st.integers(0, 300), st.integers(0, 300))
def test_interest_in_two_stretches_is_that_of_both_together(lent, first, second):
    split = live(lent, Day(on=first), Day(on=first + second))
    exact = Fraction(lent * 8_000 * (first + second), PPM) * 100

    assert split[-1].interest_ticks == live(lent, Day(on=first + second))[0].interest_ticks
    assert abs(split[-1].interest_ticks - exact) <= Fraction(1, 2)
