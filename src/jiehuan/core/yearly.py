"""What credit costs a year, as the law wants it named.

``cn`` is the rate disclosed in China since 2021: twelve times the monthly internal rate of
return ("simple").  It is found with whole numbers, so it is the same on every machine.
"""

from collections.abc import Sequence

from jiehuan.core.columns import MICRO
from jiehuan.core.errors import UsageError

MONTHS = 12
DAYS = 365

# 10,000 % a year: what is dearer is refused, not searched for.
YEARLY_PPM_MAX = 100 * MICRO


def of_daily_ppm(rate_ppm: int) -> int:
    """Return what a daily rate comes to in a year of 365 days, in ppm."""
    return rate_ppm * DAYS


def cn_ppm(lent_minor: int, payments_minor: Sequence[int]) -> int:
    """Return 12 x the monthly rate at which the payments are worth what was lent.

    Args:
        lent_minor: Paid out now, positive.
        payments_minor: Paid back after one month, two months and so on; none negative.

    Returns:
        Parts per million a year, rounded up to a whole one, so never told too low.

    Raises:
        UsageError: Less is paid back than was lent, or the rate is above 10,000 %.

    Examples:
        >>> cn_ppm(1_200_000, [108_800] * 12)  # 12 terms at 8.8 %: 15.86 % a year
        158644
    """
    if lent_minor <= 0 or min(payments_minor, default=-1) < 0:
        raise UsageError("a yearly rate needs a positive amount lent and payments of 0 or more")
    if sum(payments_minor) < lent_minor:
        raise UsageError("less is paid back than was lent: there is no yearly rate")
    if _outweigh(lent_minor, payments_minor, YEARLY_PPM_MAX):
        raise UsageError(f"the yearly rate is above {YEARLY_PPM_MAX // 10_000} %")

    low, high = -1, YEARLY_PPM_MAX
    while high - low > 1:
        middle = (low + high) // 2
        if _outweigh(lent_minor, payments_minor, middle):
            low = middle
        else:
            high = middle
    return high


def _outweigh(lent_minor: int, payments_minor: Sequence[int], yearly_ppm: int) -> bool:
    """Say whether the payments are worth more than what was lent, at a yearly rate."""
    one = MONTHS * MICRO
    grown, owed = 1, lent_minor
    for payment_minor in payments_minor:
        grown *= one
        owed = owed * (one + yearly_ppm) - payment_minor * grown
    return owed < 0
