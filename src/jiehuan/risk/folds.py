"""Which rows are kept aside from whom?  A fixed hash decides, never chance.

The same subject falls into the same fold on every machine and in every run, whoever else
is in the book, so a score "out of fold" can be replayed years later.
"""

import numpy as np

from jiehuan.core.columns import Int64s

FOLDS_MAX = 20


def fold_of(subject: Int64s, folds: int) -> Int64s:
    """Return the fold of each subject.

    Args:
        subject: Number of the subject, shape (n,).
        folds: How many folds, 1 .. ``FOLDS_MAX``.

    Returns:
        0 .. folds - 1, shape (n,).

    Examples:
        >>> fold_of(np.array([1, 2, 3, 4, 5, 6]), 3)
        array([2, 1, 0, 1, 2, 2])
    """
    assert 1 <= folds <= FOLDS_MAX
    return (mix(subject) % np.uint64(folds)).astype(np.int64)


def mix(number: Int64s) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint64]]":
    """Stir the bits of each number: splitmix64 of Steele, Lea and Flood (OOPSLA 2014).

    Args:
        number: Any numbers, shape (n,).

    Returns:
        64 well-mixed bits each, shape (n,).  Overflow is part of the definition.
    """
    bits = number.astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
