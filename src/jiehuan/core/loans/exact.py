"""Division of whole numbers of any size, rounded in a way that has a name.

One loan's figures may be numerators over the product of all its periods; Python's integers
hold them exactly, so a level payment is never off because of a rounding on the way to it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

Fraction: TypeAlias = tuple[int, int]  # numerator, positive denominator


def half_up(num: int, den: int) -> int:
    """Return num / den rounded to the nearest whole, a half upwards."""
    return (2 * num + den) // (2 * den)


def half_even(num: int, den: int) -> int:
    """Return num / den rounded to the nearest whole, a half to the even neighbour.

    Examples:
        >>> [half_even(n, 2) for n in (1, 3, 5, -1)]
        [0, 2, 2, 0]
    """
    whole, rest = divmod(num, den)
    return whole + (2 * rest > den or (2 * rest == den and whole % 2 == 1))


def down(num: int, den: int) -> int:
    """Return num / den rounded towards zero."""
    return num // den if num >= 0 else -(-num // den)


def up(num: int, den: int) -> int:
    """Return num / den rounded away from zero."""
    return -(-num // den) if num >= 0 else num // den


Rounding: TypeAlias = Callable[[int, int], int]
ROUNDINGS: Final[Mapping[str, Rounding]] = {
    "half_up": half_up,
    "half_even": half_even,
    "down": down,
    "up": up,
}


def to_unit(num: int, den: int, unit: int) -> int:
    """Return num / den rounded, a half upwards, to a multiple of ``unit``.

    Examples:
        >>> to_unit(100_000, 6, 100)  # 1,000.00 in six whole units
        16700
    """
    return half_up(num, den * unit) * unit


def level(principal: int, factors: Sequence[Fraction]) -> Fraction:
    """Return the payment that repays a principal in as many periods as there are factors.

    Args:
        principal: Owed at the start of the first period.
        factors: What one unit costs in each period; all over one denominator.

    Returns:
        The payment at the end of every period, exactly.

    Examples:
        >>> half_up(*level(120_000, [(1, 100)] * 12))  # 1 % a month
        10662
        >>> level(900, [(0, 1)] * 3)
        (900, 3)
    """
    den = factors[0][1]
    assert all(other == den for _, other in factors)

    # After i rounds what one unit grows to is grown / den**i, and the payments that one
    # unit at the end of each period is worth then are annuity / den**(i - 1).
    grown, annuity = 1, 0
    for num, _ in reversed(factors):
        annuity = annuity * den + grown
        grown *= den + num
    return principal * grown, annuity * den
