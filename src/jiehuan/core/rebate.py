"""What is given back when a loan is settled early: the rebate of charges not yet earned."""

from typing import Final

from jiehuan.core.loans.exact import half_up

MONTHS: Final = 12
_ONE: Final = 10**40
_PPM: Final = 1_000_000


def root(number: int, degree: int) -> int:
    """Return the whole part of a root.

    Examples:
        >>> root(1_728, 3), root(1_727, 3)
        (12, 11)
    """
    assert number >= 0
    low, high = 0, 1
    while high**degree <= number:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle)
    return low


def monthly_ppm(yearly_ppm: int) -> int:
    """Return the monthly rate that compounds to a yearly one, rounded half up to 1 ppm."""
    grown = (_PPM + yearly_ppm) * _ONE // _PPM
    a_month = root(grown * _ONE ** (MONTHS - 1), MONTHS) - _ONE
    return half_up(a_month * _PPM, _ONE)


def actuarial(
    lent_minor: int, due_minor: int, count: int, yearly_ppm: int, after: tuple[int, int, int]
) -> int:
    """Return what is still to be paid, less the balance reckoned with the rate.

    Args:
        lent_minor: The principal.
        due_minor: Of each instalment.
        count: Instalments, one a month.
        yearly_ppm: The effective rate.
        after: Months after which it is settled, days after that, and days of that month;
            whole and part months compound.
    """
    months, days, days_in_month = after
    grow = _PPM + monthly_ppm(yearly_ppm)
    balance = lent_minor
    for done in range(months):
        balance = balance * grow - due_minor * _PPM ** (done + 1)
    part = root((grow * _ONE // _PPM) ** days * _ONE ** (days_in_month - days), days_in_month)
    settled = half_up(balance * part, _PPM**months * _ONE)
    return (count - months) * due_minor - settled


def rule_of_78(charge_minor: int, count: int, left: int) -> int:
    """Return the share of a charge that the sum of digits leaves unearned.

    Args:
        charge_minor: All of it.
        count: Instalments.
        left: Those not yet due.

    Examples:
        >>> rule_of_78(78_00, 12, 6)
        2100
    """
    return half_up(charge_minor * left * (left + 1), count * (count + 1))
