"""The level payment of a loan by the day: the least whole unit that does what is asked.

Where interest is rounded every period there is no formula; the payment is searched for.
Loans of one number of payments are searched for together.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np

from jiehuan.core.columns import Int64s

FINALS: Final = ("lower", "higher", "nearest")

Rounding: TypeAlias = Callable[[Int64s, Int64s | int], Int64s]


def _half_up(num: Int64s, den: Int64s | int) -> Int64s:
    """Round to the nearest whole, a half upwards."""
    return (num + den // 2) // den


def _half_even(num: Int64s, den: Int64s | int) -> Int64s:
    """Round to the nearest whole, a half to the even neighbour."""
    whole = num // den
    twice = 2 * (num - whole * den)
    return np.asarray(whole + ((twice > den) | ((twice == den) & (whole % 2 == 1))))


def _down(num: Int64s, den: Int64s | int) -> Int64s:
    """Round down."""
    return num // den


ROUNDINGS: Final[Mapping[str, Rounding]] = {
    "half_up": _half_up,
    "half_even": _half_even,
    "down": _down,
}


def lay_out(
    principal_minor: Int64s,
    payment_minor: Int64s,
    cost: list[Int64s],
    cost_per: Int64s | int,
    rounding: str,
) -> tuple[list[Int64s], list[Int64s]]:
    """Return principal and interest of each payment; the last takes what is left.

    Args:
        principal_minor: Shape (n,).
        payment_minor: Shape (n,).
        cost: What a unit costs in each period, k numerators of shape (n,).
        cost_per: Their denominator.
        rounding: Of the interest of a period, of ``ROUNDINGS``.

    Returns:
        k columns of principal and k of interest, each of shape (n,).
    """
    left, principal, interest = principal_minor, [], []
    for one in cost:
        interest.append(ROUNDINGS[rounding](left * one, cost_per))
        principal.append(payment_minor - interest[-1])
        left = left - principal[-1]
    principal[-1] = principal[-1] + left
    return principal, interest


def payment_minor(
    principal_minor: Int64s,
    cost: list[Int64s],
    cost_per: Int64s | int,
    rounding: str,
    final: str,
) -> Int64s:
    """Return the level payment of each loan, shape (n,).

    Args:
        principal_minor: Shape (n,).
        cost: What a unit costs in each period, k numerators of shape (n,).
        cost_per: Their denominator.
        rounding: Of the interest of a period, of ``ROUNDINGS``.
        final: The least payment with which the last one is not above it ("lower"), one unit
            less ("higher"), or which of both leaves the last one "nearest" to it.

    Examples:
        1,500.00 at 0.8 % a day, paid back after 4, 35, 66, 94 and 125 days:

        >>> cost = [np.array([nights * 8]) for nights in (4, 31, 31, 28, 31)]
        >>> payment_minor(np.array([150_000]), cost, 1_000, "half_up", "lower").tolist()
        [45688]
    """
    assert rounding in ROUNDINGS
    assert final in FINALS
    most = max(int(one.max(initial=0)) for one in cost)
    # A payment never is more than the principal and the dearest period's interest.
    assert int(principal_minor.max(initial=0)) * (most + int(np.max(cost_per))) < 2**62

    low = np.zeros_like(principal_minor)
    high = principal_minor + principal_minor * most // cost_per + 1
    while (high - low > 1).any():
        middle = (low + high) // 2
        fits = _last_is_above(principal_minor, middle, cost, cost_per, rounding) <= 0
        low, high = np.where(fits, low, middle), np.where(fits, middle, high)
    if final == "lower":
        return high
    if final == "higher":
        return high - 1
    off = [
        np.abs(_last_is_above(principal_minor, chosen, cost, cost_per, rounding))
        for chosen in (high, high - 1)
    ]
    return np.where(off[0] <= off[1], high, high - 1)


def _last_is_above(
    principal: Int64s, payment: Int64s, cost: list[Int64s], cost_per: Int64s | int, rounding: str
) -> Int64s:
    """Return by how much the last payment is above the others, shape (n,)."""
    parts, interest = lay_out(principal, payment, cost, cost_per, rounding)
    return parts[-1] + interest[-1] - payment
