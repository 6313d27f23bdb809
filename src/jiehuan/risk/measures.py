"""How well does a score tell those who default from those who do not?

A score here is a probability of default: higher is worse.  Both measures look at the
order of the scores only, and both are exact ratios of counts, so they do not depend on the
order of the rows.

Source: D. J. Hand, "Modelling consumer credit risk", IMA J. Management Mathematics 12
(2001), 139-155, sections 5.1 and 5.2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import Flags, Int64s
from jiehuan.core.errors import UsageError

# The pair counts below are sums of products of counts.
ROWS_MAX = 10**9
assert ROWS_MAX * ROWS_MAX < 2**63


def auc(score: NDArray[Any], bad: Flags) -> float:
    """Return the share of (bad, good) pairs that the score puts in the right order.

    Args:
        score: Any ordered numbers, higher is worse, shape (n,).
        bad: Whether the row defaulted, shape (n,).

    Returns:
        The area under the ROC curve: 0.5 is chance, 1.0 is perfect; ties count a half.

    Raises:
        UsageError: There is no bad row or no good row.

    Examples:
        >>> auc(np.array([10, 20, 20, 40]), np.array([False, False, True, True]))
        0.875
    """
    good, wrong = _counts_by_score(score, bad)
    goods_below = np.cumsum(good) - good
    halves = int((wrong * (2 * goods_below + good)).sum())
    return halves / (2 * int(good.sum()) * int(wrong.sum()))


def ks(score: NDArray[Any], bad: Flags) -> float:
    """Return the largest gap between the share of bad and of good rows above a score.

    Args:
        score: Any ordered numbers, higher is worse, shape (n,).
        bad: Whether the row defaulted, shape (n,).

    Returns:
        The Kolmogorov-Smirnov distance, 0.0 .. 1.0.

    Raises:
        UsageError: There is no bad row or no good row.

    Examples:
        >>> ks(np.array([10, 20, 20, 40]), np.array([False, False, True, True]))
        0.5
    """
    good, wrong = _counts_by_score(score, bad)
    goods, wrongs = int(good.sum()), int(wrong.sum())
    gap = np.abs(np.cumsum(good) * wrongs - np.cumsum(wrong) * goods)
    return int(gap.max()) / (goods * wrongs)


def _counts_by_score(score: NDArray[Any], bad: Flags) -> tuple[Int64s, Int64s]:
    """Count the good and the bad rows of each distinct score, lowest first."""
    assert score.shape == bad.shape
    assert len(bad) <= ROWS_MAX
    if not bad.any() or bad.all():
        raise UsageError(
            f"a score is measured on good and bad rows; of {len(bad)} rows {int(bad.sum())} are bad"
        )
    values, at = np.unique(score, return_inverse=True)
    every = np.bincount(at, minlength=len(values)).astype(np.int64)
    wrong = np.bincount(at[bad], minlength=len(values)).astype(np.int64)
    return every - wrong, wrong
