"""AUC and KS against what their definitions say."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.core.errors import UsageError
from jiehuan.risk.measures import auc, ks


def both_kinds(rows):
    return len({bad for _, bad in rows}) == 2


histories = st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=2).filter(both_kinds)


def columns(rows):
    return np.array([score for score, _ in rows]), np.array([bad for _, bad in rows])


def test_worked_cases():
    for case in table("""
        scores         bads           auc     ks
        1 2 3 4        0 0 1 1        1.0     1.0      # perfect
        4 3 2 1        0 0 1 1        0.0     1.0      # perfectly wrong
        5 5 5 5        0 1 0 1        0.5     0.0      # says nothing
        1 2            0 1            1.0     1.0
        10 20 20 40    0 0 1 1        0.875   0.5      # a tie counts a half
        1 2 3 4        0 1 0 1        0.75    0.5
    """):
        score = np.array(list(map(int, case.scores.split())))
        bad = np.array(list(map(int, case.bads.split()))) == 1

        assert float(case.auc) == auc(score, bad)
        assert float(case.ks) == ks(score, bad)


@pytest.mark.parametrize("measure", [auc, ks])
@pytest.mark.parametrize("bad", [[], [True], [False, False]])
def test_one_kind_of_rows_cannot_be_told_apart(measure, bad):
    with pytest.raises(UsageError, match=f"of {len(bad)} rows {sum(bad)} are bad"):
        measure(np.arange(len(bad)), np.array(bad, np.bool_))


@given(histories)
def test_auc_is_the_share_of_pairs_in_order(rows):
    goods = [score for score, bad in rows if not bad]
    bads = [score for score, bad in rows if bad]
    won = sum((b > g) + (b == g) / 2 for g, b in itertools.product(goods, bads))

    assert won / (len(goods) * len(bads)) == pytest.approx(auc(*columns(rows)), abs=1e-12)


@given(histories)
def test_ks_is_the_widest_gap(rows):
    goods = [score for score, bad in rows if not bad]
    bads = [score for score, bad in rows if bad]
    gaps = [
        abs(sum(g <= at for g in goods) / len(goods) - sum(b <= at for b in bads) / len(bads))
        for at, _ in rows
    ]

    assert max(gaps) == pytest.approx(ks(*columns(rows)), abs=1e-12)


@pytest.mark.parametrize("measure", [auc, ks])
@given(histories, st.permutations(range(19)))
def test_only_the_order_of_the_scores_counts(measure, rows, shuffle):
    score, bad = columns(rows)
    mixed = np.array([i for i in shuffle if i < len(rows)], np.int64)
    rest = np.arange(19, max(19, len(rows)))
    order = np.concatenate([mixed, rest])

    assert measure(score, bad) == measure(score**3 * 7 + 1, bad)
    assert measure(score, bad) == measure(np.exp(score / 3), bad)
    assert measure(score, bad) == measure(score[order], bad[order])


@given(histories)
def test_turning_the_scores_round_turns_the_auc_round(rows):
    score, bad = columns(rows)

    assert 1 - auc(score, bad) == pytest.approx(auc(-score, bad), abs=1e-12)
    assert ks(score, bad) == pytest.approx(ks(-score, bad), abs=1e-12)
