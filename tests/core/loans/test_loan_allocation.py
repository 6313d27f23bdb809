"""Where a payment goes: tables of ranks, across and down, next, last and spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.loans.lives import START, WAYS, allocation
from tests.tables import table

from jiehuan.core.loans.allocation import allocate, by_part, cells, pour
from jiehuan.core.loans.instalments import Instalments, Of
from jiehuan.core.loans.terms import FEE, INTEREST, PENALTY, PRINCIPAL, Allocation


def three():
    """Return three instalments: past due, due and not yet due on the 31st day."""
    rows = Instalments.empty()
    for row, (from_day, due_day) in enumerate([(0, 10), (10, 30), (30, 50)]):
        rows.insert(row, Of.PERIOD, START + from_day, START + due_day, 100)
    for part, minor in ((PENALTY, 1), (FEE, 10), (INTEREST, 20)):
        rows.due[part] += minor
    return rows


def poured(amount, way, advance="next", charged=None):
    """Return what each instalment gets of a payment on day 30."""
    rows = three()
    of = cells(rows, START + 30, way, charged)
    got = allocate(of, amount, way, advance)
    return by_part(of, got, len(rows))


def test_a_payment_goes_where_the_table_says():
    for case in table("""
        amount  way     advance  first  second  third
             1  across  next         1       0      0    # past due penalty first
           131  across  next       131       0      0    # an instalment through its ranks
           150  across  next       131      19      0
           300  across  next       131     131     38
           300  across  last       131     131     38
           393  across  spread     131     131    131
           400  across  next       131     131    131    # the rest is left over
            32  down    next        32       0      0    # penalty, fee, 20 interest, 1 principal
           140  down    next       131       9      0    # past due is above due
    """):
        way = allocation(across=case.way == "across")
        parts = poured(case.amount, way, case.advance)
        assert [case.first, case.second, case.third] == np.asarray(sum(parts)).tolist(), case


def test_down_settles_a_rank_through_all_instalments():
    later = tuple((phase, part) for part in range(4) for phase in range(3))
    parts = poured(3 + 30 + 5, Allocation(later, across=False))

    assert [1, 1, 1] == parts[PENALTY].tolist()
    assert [10, 10, 10] == parts[FEE].tolist()
    assert [5, 0, 0] == parts[INTEREST].tolist()


def test_a_charge_may_fall_due_on_its_own_day():
    due = tuple((phase, part) for phase in (0, 1) for part in range(4))
    ranks = (*due, (2, 3), (2, 0), (2, 1), (2, 2))
    way = Allocation(ranks, charges_by_own_day=True)
    come = [np.array([1, 1, 1]), np.array([10, 10, 0])]
    parts = poured(262 + 50, way, charged=come)

    assert [1, 1, 1] == parts[PENALTY].tolist()  # its day has come
    assert [10, 10, 0] == parts[FEE].tolist()  # its day has not: after the principal
    assert [100, 100, 49] == parts[PRINCIPAL].tolist()


def test_what_is_spread_is_shared_again_until_it_is_gone():
    rows = Instalments.empty()
    for row, minor in enumerate([125_00, 125_00, 16_66]):
        rows.insert(row, Of.PERIOD, START, START + 10 * (row + 1), minor)
    way = allocation()
    of = cells(rows, START, way)

    got = by_part(of, allocate(of, 100_00, way, "spread"), 3)[PRINCIPAL]

    assert [41_67, 41_67, 16_66] == got.tolist()


def test_every_pair_of_phase_and_part_has_one_rank():
    with pytest.raises(AssertionError):
        Allocation(tuple((0, part) for part in range(4)) * 3)


amounts = st.lists(st.integers(0, 10**6), min_size=1, max_size=8)


@given(st.integers(0, 10**7), amounts)
def test_nothing_is_poured_but_what_is_owed(amount, owed):
    got = pour(amount, np.array(owed))

    assert min(amount, sum(owed)) == got.sum()
    assert (got <= np.array(owed)).all()
    assert (got >= 0).all()


@given(st.integers(0, 500), WAYS, st.sampled_from(["next", "last", "spread"]))
def test_every_way_pours_the_same_sum(amount, way, advance):
    of = cells(three(), START + 30, way)
    got = allocate(of, amount, way, advance)

    assert min(amount, 393) == got.sum()
    assert (got <= of.owed_minor).all()
    assert (got >= 0).all()
