"""The level payment, exactly: rounded once, as if reckoned with endless digits.

What repays one unit depends on price and number of periods only, so it is worked out once
for each such pair, in whole numbers of any size, and then applied to all loans that have
it.  A product that lies too near a half to be decided with 81 binary digits is decided with
all of them.
"""

import numpy as np

from jiehuan.core.columns import Int64s

_LIMB = 27
_LIMBS = 3
_SCALE = 1 << (_LIMB * _LIMBS)
_MASK = (1 << _LIMB) - 1
# A share is at most 2, a principal below 2**34.
_PRINCIPAL_MAX = (1 << 34) - 1
assert (_PRINCIPAL_MAX << (_LIMB + 1)) < 2**63
# Values that lie so near to one another are numbered without sorting them.
_TABLE_MAX = 1 << 20


def level_minor(
    principal_minor: Int64s,
    count: Int64s,
    cost: Int64s,
    first_cost: Int64s,
    cost_per: Int64s | int,
    unit_minor: Int64s,
) -> Int64s:
    """Return the payment that repays each loan in its number of periods.

    Args:
        principal_minor: Shape (n,), below 2**34.
        count: Periods, shape (n,), at least 1.
        cost: What a unit costs in a period, a numerator, shape (n,).
        first_cost: The same in the first period, shape (n,).
        cost_per: The denominator of both, shape (n,) or a number.
        unit_minor: The payment is rounded half up to a multiple of it, shape (n,).

    Returns:
        Minor units, shape (n,).

    Examples:
        1,200.00 in twelve months at 1 % a month:

        >>> one = np.array([1])
        >>> level_minor(one * 120_000, one * 12, one, one, 100, one).tolist()
        [10662]
    """
    assert principal_minor.max(initial=0) <= _PRINCIPAL_MAX
    keys = [count, cost, first_cost, np.broadcast_to(cost_per, count.shape), unit_minor]
    heads, which = _alike(keys)
    terms, by, first, per, unit = (key[heads] for key in keys)
    # In lowest terms, the numbers of any size are smaller.
    common = np.gcd(np.gcd(by, first), per)
    lowest = (terms, by // common, first // common, per // common, unit)
    shares = [_share(*key) for key in zip(*(k.tolist() for k in lowest), strict=True)]
    units = _apply(principal_minor, which, shares)
    return units * unit_minor


def _alike(keys: list[Int64s]) -> tuple[Int64s, Int64s]:
    """Return the place of one loan of each kind, and the kind of every loan, shape (n,)."""
    kind, kinds = np.zeros(len(keys[0]), np.int64), 1
    for key in keys:
        if (key != key[:1]).any():
            one, values = _numbered(key)
            kind, kinds = _numbered(kind * values + one)
    place = np.empty(kinds, np.int64)
    place[kind] = np.arange(len(kind))
    return place[: len(kind)], kind


def _numbered(column: Int64s) -> tuple[Int64s, int]:
    """Number the values of a column; return the numbers, shape (n,), and how many there are."""
    low = int(column.min())
    span = int(column.max()) - low + 1
    if span > _TABLE_MAX:
        values, number = np.unique(column, return_inverse=True)
        return number, len(values)
    seen = np.zeros(span, np.int64)
    seen[column - low] = 1
    number = np.cumsum(seen) - 1
    return number[column - low], int(number[-1]) + 1


def _share(count: int, cost: int, first_cost: int, per: int, unit: int) -> tuple[int, int]:
    """Return the units of a payment that repay one minor unit, as a fraction.

    What n payments of one are worth at their end is ``annuity / per**(n - 1)``; what the
    principal has grown to by then ``grown / per**n``.
    """
    more = per + cost
    annuity = (more**count - per**count) // cost if cost else count * per ** (count - 1)
    grown = more ** (count - 1) * (per + first_cost)
    return grown, annuity * per * unit


def _apply(principal: Int64s, which: Int64s, shares: list[tuple[int, int]]) -> Int64s:
    """Return each principal times its share, rounded half up, shape (n,)."""
    scaled = [num * _SCALE // den for num, den in shares]
    assert all(share <= 2 * _SCALE for share in scaled)
    limbs = [
        np.array([(share >> (_LIMB * i)) & (_MASK if i < _LIMBS - 1 else -1) for share in scaled])
        for i in range(_LIMBS)
    ]
    carry = np.zeros(len(principal), np.int64)
    low = carry
    for i, limb in enumerate(limbs):
        total = principal * limb[which].astype(np.int64) + carry
        carry = total >> _LIMB
        low = total & _MASK if i == _LIMBS - 1 else low
    # ``carry`` is the whole part; ``low`` the first 27 binary digits of the rest, cut off.
    half = 1 << (_LIMB - 1)
    rounded = carry + (low >= half)
    for at in np.flatnonzero(low == half - 1).tolist() + np.flatnonzero(low == half).tolist():
        num, den = shares[which[at]]
        rounded[at] = (2 * int(principal[at]) * num + den) // (2 * den)
    return np.asarray(rounded)
