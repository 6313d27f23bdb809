"""Into which bin does a value fall, and how bad is each bin?

Bin 0 holds what is not known; the others are ranges of values between edges, a value equal
to an edge lying left of it.  Nothing forces neighbouring bins to rise or fall together:
being very young and being very old may both be worse than the middle.

Source: N. Siddiqi, "Credit Risk Scorecards" (Wiley 2006), chapter 6 (fine and coarse
classing, weight of evidence).
"""

import numpy as np

from jiehuan.core.columns import Flags, Int64s
from jiehuan.risk.features import Floats

BINS_MAX = 20
ROWS_MIN = 50  # fewer rows say nothing about a range
PRIOR_ROWS = 20.0  # rows of the average kind that each bin is taken to hold beforehand


def edges_of(value: Floats, unknown: float) -> Floats:
    """Cut the known values into ranges of about a ``BINS_MAX``-th of the rows each.

    A value is never split over two ranges, so one that many rows share has its own.

    Args:
        value: A feature, shape (n,).
        unknown: The value that stands for "not known".

    Returns:
        Increasing edges, shape (k,) for k + 1 ranges; k may be 0.

    Examples:
        >>> edges_of(np.repeat([0.0, 1.0, 2.0, 3.0], [60, 800, 70, 70]), -1.0)
        array([0., 1., 2.])
    """
    values, counts = np.unique(value[value != unknown], return_counts=True)
    seen = np.cumsum(counts)
    wanted = max(len(value) // BINS_MAX, ROWS_MIN)
    edges: list[float] = []
    done = 0
    while True:
        at = int(np.searchsorted(seen, done + wanted))
        # The last range must not be too thin: what is left joins the one before.
        if at >= len(values) or seen[-1] - seen[at] < ROWS_MIN:
            return np.array(edges, np.float64)
        # A common value gets a range of its own, not one shared with rarer smaller ones.
        if counts[at] >= wanted and seen[at] - counts[at] - done >= ROWS_MIN:
            at -= 1
        edges.append(float(values[at]))
        done = int(seen[at])


def bin_of(value: Floats, unknown: float, edges: Floats) -> Int64s:
    """Return the bin of each value: 0 not known, 1 .. len(edges) + 1 the ranges.

    Examples:
        >>> bin_of(np.array([-1.0, 0.0, 0.5, 9.0]), -1.0, np.array([0.0, 1.0]))
        array([0, 1, 2, 3])
    """
    return np.where(value == unknown, 0, 1 + np.searchsorted(edges, value, side="left"))


def evidence(at: Int64s, bad: Flags, bins: int) -> tuple[Floats, Int64s, Int64s]:
    """Return the weight of evidence of each bin for default, and its counts.

    The weight is the log-odds of default in the bin less those of all rows, drawn towards 0
    as if ``PRIOR_ROWS`` average rows had been seen, so an empty bin weighs 0.

    Args:
        at: Bin of each row, shape (n,).
        bad: Whether the row defaulted, shape (n,); both kinds occur.
        bins: How many bins there are.

    Returns:
        Weight, rows and bad rows of each bin, shape (bins,).
    """
    rows = np.bincount(at, minlength=bins).astype(np.int64)
    bads = np.bincount(at[bad], minlength=bins).astype(np.int64)
    rate = bads.sum() / rows.sum()
    wrong = bads + PRIOR_ROWS * rate
    right = rows - bads + PRIOR_ROWS * (1.0 - rate)
    return np.log(wrong / right) - np.log(rate / (1.0 - rate)), rows, bads
