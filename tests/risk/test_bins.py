"""Where bins are cut, what falls into them, and what they weigh."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import table

from jiehuan.risk.bins import BINS_MAX, ROWS_MIN, bin_of, edges_of, evidence
from jiehuan.risk.folds import fold_of

few_values = st.lists(st.integers(0, 30), max_size=1_500).map(lambda v: np.array(v, np.float64))


def test_where_edges_lie():
    """``values`` are value x rows; the value -1 is not known."""
    for case in table("""
        values                       edges
        0x1000                       none        # one value, one range
        -1x1000                      none        # nothing is known
        0x500 1x500                  0
        0x500 1x49                   none        # the last range would be too thin
        0x500 1x50                   0
        0x49 1x800 2x100             1           # rare small values join the common one
        0x60 1x800 2x100             0 1         # the common one stands alone
        0x60 1x10 2x800 3x100        0 2         # too few to stand between
        -1x1100 0x50 1x50            none        # a range is a share of all rows
        -1x800 0x50 1x50             0
    """):
        cells = [cell.split("x") for cell in str(case.values).split()]
        value = np.concatenate([np.full(int(rows), float(at)) for at, rows in cells])
        edges = " ".join(f"{edge:g}" for edge in edges_of(value, -1.0)) or "none"

        assert str(case.edges) == edges, case


@given(few_values)
def test_every_value_falls_into_one_bin_that_holds_enough(value):
    edges = edges_of(value, 0.0)
    at = bin_of(value, 0.0, edges)
    rows = np.bincount(at, minlength=len(edges) + 2)

    assert len(edges) <= BINS_MAX
    assert np.all(np.diff(edges) > 0)
    assert np.array_equal(at == 0, value == 0.0)
    assert len(edges) == 0 or rows[1:].min() >= ROWS_MIN


@given(few_values)
def test_bins_do_not_care_for_the_scale(value):
    edges, other = edges_of(value, -1.0), edges_of(value**3 * 5 + 2, -1.0)

    assert np.array_equal(edges**3 * 5 + 2, other)
    assert np.array_equal(bin_of(value, -1.0, edges), bin_of(value**3 * 5 + 2, -1.0, other))


def test_evidence_weighs_what_it_should():
    at = np.repeat([0, 1, 2], [100, 1_000, 1_000])
    bad = np.concatenate([np.arange(100) < 50, np.arange(1_000) < 500, np.arange(1_000) < 100])
    weight, rows, bads = evidence(at, bad, 4)

    assert [100, 1_000, 1_000, 0] == rows.tolist()
    assert [50, 500, 100, 0] == bads.tolist()
    assert weight[1] == pytest.approx(np.log(1.0) - np.log(650 / 1_450), rel=0.03)
    assert 0 < weight[0] < weight[1]  # the same share of fewer rows says less
    assert weight[2] < 0
    assert weight[3] == 0.0


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 20))
def test_a_subject_has_one_fold_whoever_else_is_there(subject, folds):
    alone = fold_of(np.array([subject]), folds)
    amid = fold_of(np.array([1, subject, 2]), folds)

    assert 0 <= alone[0] < folds
    assert alone[0] == amid[1]


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_are_about_the_same_size(folds):
    sizes = np.bincount(fold_of(np.arange(20_000), folds))

    assert sizes.min() > 0.95 * 20_000 / folds
