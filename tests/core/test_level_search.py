"""The least whole payment of a loan by the day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.level_search import FINALS, ROUNDINGS, lay_out, payment_minor

PER = 1_000_000


def columns(nights, ppm=8_000):
    return [np.array([n * ppm]) for n in nights]


def test_worked_searches():
    nights = [3, 30, 31, 30, 31]
    for case in table("""
        rounding   final    payment   last
        down       lower       9572   9566
        down       higher      9571   9572
        down       nearest     9571   9572
        half_up    lower       9572   9571
    """):
        cost = columns(nights, 7_980)
        lent = np.array([31_726])
        payment = payment_minor(lent, cost, PER, case.rounding, case.final)
        parts, interest = lay_out(lent, payment, cost, PER, case.rounding)
        assert (case.payment, case.last) == (int(payment[0]), int((parts[-1] + interest[-1])[0]))


lents = st.lists(st.integers(1, 10**8), min_size=1, max_size=6)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(lents, st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_the_payment_is_the_least_that_fits(rounding, lents, nights):
    lent = np.array(lents)
    cost = [np.full(len(lent), n * 8_000) for n in nights]
    low = payment_minor(lent, cost, PER, rounding, "lower")

    for payment, fits in ((low, True), (low - 1, False)):
        parts, interest = lay_out(lent, payment, cost, PER, rounding)
        assert (lent == sum(parts)).all()
        assert (((parts[-1] + interest[-1]) <= payment) == fits).all()


@given(lents, st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_nearest_is_one_of_both_and_not_farther_than_either(lents, nights):
    lent = np.array(lents)
    cost = [np.full(len(lent), n * 8_000) for n in nights]
    off = {}
    for final in FINALS:
        payment = payment_minor(lent, cost, PER, "half_up", final)
        parts, interest = lay_out(lent, payment, cost, PER, "half_up")
        off[final] = np.abs(parts[-1] + interest[-1] - payment)

    assert (off["nearest"] == np.minimum(off["lower"], off["higher"])).all()
