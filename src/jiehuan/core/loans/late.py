"""For how many days is something past due?"""

import numpy as np

from jiehuan.core.columns import Days


def days_past_due(due_on: Days, on: Days | int, *, due_day_counts: bool) -> Days:
    """Return the days, 0 while nothing is past due, shape (n,).

    Args:
        due_on: The oldest due day that was missed, shape (n,).
        on: The day on which one looks, shape (n,) or a number.
        due_day_counts: The due day itself is the first of them.

    Examples:
        >>> due = np.array([10, 12, 13], np.int32)
        >>> days_past_due(due, 12, due_day_counts=False).tolist()
        [2, 0, 0]
        >>> days_past_due(due, 12, due_day_counts=True).tolist()
        [3, 1, 0]
    """
    return np.maximum(on - due_on + due_day_counts, 0).astype(np.int32)
