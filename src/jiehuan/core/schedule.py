"""Into which terms does an instalment plan fall, and what is each of them?

Principal and fee are each split evenly; what does not divide is in the last term.  Terms
of many plans lie in one run of rows: those of plan ``i`` are ``at[i] : at[i + 1]``.
"""

import dataclasses

import numpy as np

from jiehuan.core import price
from jiehuan.core.columns import Codes, Int64s
from jiehuan.core.errors import UsageError
from jiehuan.core.money import PRINCIPAL_MINOR_MAX, format_amount, half_up, half_up_ppm
from jiehuan.core.terms import Product
from jiehuan.core.terms_forms import INSTALMENTS_MAX

# No sum of even parts can leave int64.
assert (PRINCIPAL_MINOR_MAX + 1) * INSTALMENTS_MAX < 2**63


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """The terms of ``k`` plans.

    Attributes:
        at: Where each plan's terms begin, and where the last one's end, shape (k + 1,).
        no: The number of the term in its plan, from 1, shape (terms,).
        principal_minor: Shape (terms,).
        fee_minor: Shape (terms,).
    """

    at: Int64s
    no: Int64s
    principal_minor: Int64s
    fee_minor: Int64s


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """One instalment of a quote; ``amount_minor`` is principal and fee together."""

    no: int
    principal_minor: int
    fee_minor: int
    amount_minor: int


@dataclasses.dataclass(frozen=True, slots=True)
class Quote:
    """What a plan would cost.

    Attributes:
        amount_minor: The principal.
        count: Instalments.
        fee_ppm: The whole fee, of the principal.
        fee_minor: The same in money, rounded once.
        yearly_ppm: 12 x the monthly rate of return, rounded up; the rate ``cn``.
        terms: The instalments, the first one first.
    """

    amount_minor: int
    count: int
    fee_ppm: int
    fee_minor: int
    yearly_ppm: int
    terms: tuple[Term, ...]


def split_evenly(total_minor: Int64s, count: Int64s | Codes) -> tuple[Int64s, Int64s]:
    """Split each total into even parts, what does not divide being in the last.

    A part is total / count rounded half up, or what is left if that is less; so the last
    part may be a few units more or less than the others, and of a total smaller than its
    count the last parts are 0.

    Args:
        total_minor: None negative, shape (k,).
        count: Parts of each, 1 .. 60, shape (k,).

    Returns:
        The parts, shape (sum of count,), and where each total's parts begin and the last
        one's end, shape (k + 1,).

    Examples:
        >>> parts, at = split_evenly(np.array([10_000, 2]), np.array([3, 4]))
        >>> parts.tolist(), at.tolist()
        ([3333, 3333, 3334, 1, 1, 0, 0], [0, 3, 7])
    """
    assert total_minor.shape == count.shape
    assert total_minor.min(initial=0) >= 0
    assert total_minor.max(initial=0) <= PRINCIPAL_MINOR_MAX
    assert count.min(initial=1) >= 1
    assert count.max(initial=1) <= INSTALMENTS_MAX

    at, row, of = _layout(count)
    even = half_up(total_minor, count.astype(np.int64))[of]
    left = np.maximum(total_minor[of] - even * row, 0)
    is_last = row == count[of] - 1
    return np.where(is_last, left, np.minimum(even, left)), at


def _layout(count: Int64s | Codes) -> tuple[Int64s, Int64s, Int64s]:
    """Return where runs begin (k + 1,), each row's place in its run, and its run (rows,)."""
    at = np.zeros(len(count) + 1, np.int64)
    np.cumsum(count, out=at[1:])
    of = np.repeat(np.arange(len(count)), count)
    return at, np.arange(at[-1]) - at[of], of


def plan(principal_minor: Int64s, fee_ppm: Int64s, count: Int64s | Codes) -> Plans:
    """Return the terms of plans.

    Args:
        principal_minor: What is converted, shape (k,).
        fee_ppm: The whole fee, of the principal, shape (k,); it is rounded once, half up.
        count: Instalments of each, 1 .. 60, shape (k,).

    Returns:
        The terms.  Principal and fee add up to the whole of each, to the cent.
    """
    principal, at = split_evenly(principal_minor, count)
    fee, _ = split_evenly(half_up_ppm(principal_minor, fee_ppm), count)
    _, row, _ = _layout(count)
    return Plans(at, row + 1, principal, fee)


def quote(product: Product, amount_minor: int, count: int) -> Quote:
    """Return what it would cost to pay an amount in instalments.

    Args:
        product: The terms.
        amount_minor: What would be converted.
        count: Instalments.

    Raises:
        UsageError: The product does not offer that number, or the amount is out of range.
    """
    if count not in product.plans:
        offered = ", ".join(map(str, product.plans)) or "no"
        raise UsageError(f"{product.name} offers {offered} instalments, not {count}")
    if not 0 < amount_minor <= PRINCIPAL_MINOR_MAX:
        most = format_amount(PRINCIPAL_MINOR_MAX)
        raise UsageError(f"{format_amount(amount_minor)} is out of range, 0.01 to {most}")

    fee_ppm = product.plans[count]
    plans = plan(np.array([amount_minor]), np.array([fee_ppm]), np.array([count]))
    terms = tuple(
        Term(no, principal, fee, principal + fee)
        for no, principal, fee in zip(
            plans.no.tolist(), plans.principal_minor.tolist(), plans.fee_minor.tolist(), strict=True
        )
    )
    payments = [term.amount_minor for term in terms]
    fee_minor = sum(payments) - amount_minor
    yearly_ppm = price.cn_ppm(amount_minor, payments)
    return Quote(amount_minor, count, fee_ppm, fee_minor, yearly_ppm, terms)
