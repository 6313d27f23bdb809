"""What would money borrowed by the day cost, if it is repaid on its first due day?

A draw without instalments is billed whole at the next cut, has no free days and keeps its rate
until it is repaid (terms.md 3).  So its interest comes in two bills: up to the cut with the
principal, and from the cut to the day it was repaid with the next one.
"""

import dataclasses

import numpy as np

from jiehuan.core import price
from jiehuan.core.columns import MICRO
from jiehuan.core.days import next_cut_on
from jiehuan.core.interest import accrue
from jiehuan.core.money import half_up
from jiehuan.core.terms import Product


@dataclasses.dataclass(frozen=True, slots=True)
class ByDay:
    """What a draw by the day would cost.

    Attributes:
        due_on: The first due day.
        next_due_on: The due day of the bill after it.
        first_minor: Interest in the first bill.
        rest_minor: Interest in the next one, if all is repaid on ``due_on``.
        daily_minor: Interest of one day, rounded half up.
        yearly_ppm: The rate of 365 days.
    """

    due_on: int
    next_due_on: int
    first_minor: int
    rest_minor: int
    daily_minor: int
    yearly_ppm: int


def by_day(product: Product, amount_minor: int, on: int, cycle_day: int) -> ByDay:
    """Return what a draw of a day would cost.

    Args:
        product: The terms.
        amount_minor: How much is drawn.
        on: The day on which it arrives.
        cycle_day: Day of the month of the line's statements.
    """
    cut = next_cut_on(np.array([on], np.int32), cycle_day)
    after = next_cut_on(cut, cycle_day)
    due = cut + np.int32(product.due_after_days)
    principal, rate = np.array([amount_minor], np.int64), np.array([product.draw_rate_ppm])
    first_num = accrue(principal, rate, cut - np.int32(on))
    first = half_up(first_num, MICRO)
    rest = half_up(first_num - first * MICRO + accrue(principal, rate, due - cut), MICRO)
    daily = half_up(accrue(principal, rate, np.array([1], np.int32)), MICRO)
    return ByDay(
        due_on=int(due[0]),
        next_due_on=int(after[0]) + product.due_after_days,
        first_minor=int(first[0]),
        rest_minor=int(rest[0]),
        daily_minor=int(daily[0]),
        yearly_ppm=price.of_daily_ppm(product.draw_rate_ppm),
    )
