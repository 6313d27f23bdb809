"""How money is rounded, read and written, and how much of it there may be.

Units: ``minor`` is the book's smallest coin (0.01), ``ppm`` parts per million, a ``num`` is
an exact numerator over ``MICRO``.  Nothing here is a float, and nothing can leave int64 as
long as the limits below hold, which this module asserts when it is imported.
"""

import re

import numpy as np

from jiehuan.core.columns import MICRO, Int64s
from jiehuan.core.days import HORIZON_DAYS
from jiehuan.core.errors import UsageError

# All principal of one line, and so every amount of one command.
PRINCIPAL_MINOR_MAX = 10**11
# A day: 1,000 ppm is 0.1 % a day, 36.5 % a year.
RATE_PPM_MAX = 1_000
# A share of an amount, such as a plan's whole fee: all of it.
SHARE_PPM_MAX = MICRO

MINOR_DIGITS = 2
MINOR_PER_MAJOR = 10**MINOR_DIGITS

INT64_MAX = 2**63 - 1

# Interest over the whole horizon, with room for the half that rounds it.
assert PRINCIPAL_MINOR_MAX * RATE_PPM_MAX * HORIZON_DAYS + MICRO < INT64_MAX
# A share of a principal, before it is divided.
assert PRINCIPAL_MINOR_MAX * SHARE_PPM_MAX + MICRO < INT64_MAX

_AMOUNT = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?", re.ASCII)


def half_up(num: Int64s, den: Int64s | int) -> Int64s:
    """Divide and round to the nearest whole, a half upwards: floor(num / den + 1/2).

    Args:
        num: Numerators of either sign, shape (n,).
        den: Positive denominators, shape (n,), (1,) or a number.

    Returns:
        Whole units, shape (n,).  Exact for every int64.

    Examples:
        >>> half_up(np.array([14, 15, -15, -16]), 10).tolist()
        [1, 2, -1, -2]
    """
    assert den > 0 if isinstance(den, int) else not np.count_nonzero(den <= 0)

    whole = num // den
    rest = num - whole * den
    return whole + (rest >= den - den // 2)


def half_up_ppm(amount_minor: Int64s, share_ppm: Int64s | int) -> Int64s:
    """Return a share of each amount, rounded half up.

    Args:
        amount_minor: Amounts, shape (n,); sums of many lines are welcome.
        share_ppm: 0 .. 1,000,000, shape (n,), (1,) or a number.

    Returns:
        Minor units, shape (n,).

    Examples:
        >>> half_up_ppm(np.array([100_020]), 25_000).tolist()
        [2501]
    """
    whole, rest = _split(amount_minor, share_ppm)
    return whole + half_up(rest, MICRO)


def ceil_ppm(amount_minor: Int64s, share_ppm: Int64s | int) -> Int64s:
    """Return a share of each amount, rounded up: what a minimum due asks for.

    Args:
        amount_minor: Amounts, shape (n,); sums of many lines are welcome.
        share_ppm: 0 .. 1,000,000, shape (n,), (1,) or a number.

    Returns:
        Minor units, shape (n,).

    Examples:
        >>> ceil_ppm(np.array([317_655]), 100_000).tolist()
        [31766]
    """
    whole, rest = _split(amount_minor, share_ppm)
    return whole - (-rest // MICRO)


def _split(amount_minor: Int64s, share_ppm: Int64s | int) -> tuple[Int64s, Int64s]:
    """Return amount x share as whole units and a numerator that cannot leave int64."""
    assert not np.count_nonzero(np.less(share_ppm, 0))
    assert not np.count_nonzero(np.greater(share_ppm, SHARE_PPM_MAX))

    millions = amount_minor // MICRO
    return millions * share_ppm, (amount_minor - millions * MICRO) * share_ppm


def parse_amount(text: str) -> int:
    """Read an amount as people write it: ``10``, ``10.5``, ``1,000.00``, ``-3.20``.

    Returns:
        Minor units.

    Raises:
        UsageError: It is not an amount, has more than two decimals, or is above the limit.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"{text!r} is not an amount; write it with at most two decimals, like 1,000.00"
        )
    sign, major, minor = match.groups()
    amount_minor: int = int(major.replace(",", "")) * MINOR_PER_MAJOR
    amount_minor += int((minor or "").ljust(MINOR_DIGITS, "0"))
    if amount_minor > PRINCIPAL_MINOR_MAX:
        raise UsageError(f"{text} is too much; the most is {format_amount(PRINCIPAL_MINOR_MAX)}")
    return -amount_minor if sign else amount_minor


def format_amount(amount_minor: int) -> str:
    """Write an amount for people: ``1,000.00``, ``-3.20``.  ``parse_amount`` reads it back."""
    major, minor = divmod(abs(int(amount_minor)), MINOR_PER_MAJOR)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{major:,}.{minor:0{MINOR_DIGITS}}"
